"""Directories (IFDs) of TIFF streams: of TIFF and BigTIFF files, and of EXIF, which is one too."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
UNITS = {3: "H", 4: "I", 5: "II", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I", 16: "Q"}
UNITS |= {17: "q", 18: "Q"}
MAX_VALUES = 1 << 26  # bytes of all values of a directory
SHORT, LONG, RATIONAL, UNDEFINED, BYTE, ASCII = 3, 4, 5, 7, 1, 2


class Entry(NamedTuple):
    """One entry of a directory, with its value."""

    tag: int
    type: int
    length: int  # in units of the type
    data: bytes  # the value, in the stream's byte order
    place: int  # where the value lies in the stream
    order: str  # "<" or ">"
    row: int = 0  # where the entry itself lies in the stream

    def numbers(self) -> tuple[int, ...]:
        """The value as integers (bytes for text and unknown kinds)."""
        unit = UNITS.get(self.type)
        if unit is None:
            return tuple(self.data)
        return struct.unpack(f"{self.order}{unit * self.length}", self.data)

    def in_order(self, order: str) -> bytes:
        """The value in another byte order."""
        unit = UNITS.get(self.type)
        if unit is None or order == self.order:
            return self.data
        return struct.pack(f"{order}{unit * self.length}", *self.numbers())


class Stream(NamedTuple):
    """Where the first directory is, and how to read one."""

    file: BinaryIO
    order: str
    big: bool
    first: int


def read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """``size`` bytes; ValueError where the file is shorter, whatever number the offset is."""
    if offset + size > file.seek(0, 2):
        raise ValueError("a TIFF stream that ends too early")
    file.seek(offset)
    return file.read(size)


def open_stream(file: BinaryIO) -> Stream:
    """ValueError unless the file begins like a TIFF stream."""
    head = read_at(file, 0, 8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None:
        raise ValueError("not a TIFF stream")
    (magic,) = struct.unpack(f"{order}H", head[2:4])
    if magic == 43:
        return Stream(file, order, True, struct.unpack(f"{order}Q", read_at(file, 8, 8))[0])
    return Stream(file, order, False, struct.unpack(f"{order}I", head[4:8])[0])


def read_directory(
    stream: Stream, offset: int, room: int = MAX_VALUES
) -> tuple[dict[int, Entry], int]:
    """The entries of the directory at `offset` by tag, and the offset of the next directory."""
    rows, following = read_rows(stream, offset, room)
    return {row.tag: row for row in rows}, following


def read_rows(stream: Stream, offset: int, room: int = MAX_VALUES) -> tuple[list[Entry], int]:
    """`read_directory` with all entries of a tag that is there more than once.

    Entries whose values go beyond `room` bytes in all, or the file's size, are left out: many can
    point to the same bytes.
    """
    file, order, big, _ = stream
    counter, width, pointer, inline = ("Q", 20, "Q", 8) if big else ("H", 12, "I", 4)
    start = struct.calcsize(f"={counter}")
    (count,) = struct.unpack(f"{order}{counter}", read_at(file, offset, start))
    if count > 4096:
        raise ValueError("a directory with too many entries")
    table = read_at(file, offset + start, count * width)
    room = min(room, file.seek(0, 2))
    entries: list[Entry] = []
    for i in range(count):
        tag, kind, number = struct.unpack_from(f"{order}HH{pointer}", table, i * width)
        size = SIZES.get(kind, 1) * number
        row = offset + start + i * width
        place = row + width - inline
        if size > inline:
            (place,) = struct.unpack_from(f"{order}{pointer}", table, (i + 1) * width - inline)
        if size > room:
            continue
        try:
            data = read_at(file, place, size)
        except ValueError:
            continue  # one broken entry does not spoil the others
        room -= size
        entries.append(Entry(tag, kind, number, data, place, order, row))
    size = struct.calcsize(f"={pointer}")
    try:
        (following,) = struct.unpack(
            f"{order}{pointer}", read_at(file, offset + start + count * width, size)
        )
    except ValueError:
        following = 0
    return entries, following


def pack_directory(rows: Iterable[Entry], order: str, offset: int, following: int = 0) -> bytes:
    """A classic directory that is to lie at `offset`, its longer values right behind it."""
    rows = sorted(rows, key=lambda row: row.tag)
    table = struct.pack(f"{order}H", len(rows))
    values = b""
    after = offset + 2 + 12 * len(rows) + 4
    for row in rows:
        data = row.in_order(order)
        table += struct.pack(f"{order}HHI", row.tag, row.type, row.length)
        if len(data) <= 4:
            table += data.ljust(4, b"\0")
        elif row.place and row.place < offset and row.order == order:
            table += struct.pack(f"{order}I", row.place)  # its value already lies in this stream
        else:
            table += struct.pack(f"{order}I", after + len(values))
            values += data + b"\0" * (len(data) % 2)
    return table + struct.pack(f"{order}I", following) + values


def entry(tag: int, kind: int, values: bytes | Iterable[int], order: str = "<") -> Entry:
    """An entry made by hand."""
    if not isinstance(values, bytes):
        values = tuple(values)
        values = struct.pack(f"{order}{len(values)}{UNITS[kind]}", *values)
    return Entry(tag, kind, len(values) // SIZES[kind], values, 0, order)
