"""EXIF, changed in place: every byte stays where it was, so that makers' notes keep their offsets.

What is changed on keeping it: the orientation is reset (the pixels were turned), the sizes are
set, places move with the picture (see `exif_places`), and the thumbnail, which shows the old
picture, is unlinked and its bytes removed or blanked.
"""

from __future__ import annotations

import struct
from io import BytesIO

from burnish.image import exif_places
from burnish.image.change import Change
from burnish.image.tiffdir import (
    LONG,
    Entry,
    Stream,
    entry,
    open_stream,
    pack_directory,
    read_at,
    read_directory,
    read_rows,
)

ORIENTATION, ARTIST, COPYRIGHT = 0x112, 0x13B, 0x8298
EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
WIDTHS, HEIGHTS = (0x100, 0xA002), (0x101, 0xA003)
COLOUR_SPACE, INTEROP_INDEX = 0xA001, 1
THUMB_START, THUMB_SIZE, THUMB_STRIPS, THUMB_STRIP_SIZES = 0x201, 0x202, 273, 279
WHOLE = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q"}
"""Kinds of whole numbers, as struct names them."""
PREFIX = b"Exif\0\0"


def bare(blob: bytes | None) -> bytes | None:
    """The TIFF stream without JPEG's prefix; None where there is nothing useful."""
    if blob is None:
        return None
    while blob.startswith(PREFIX):
        blob = blob[len(PREFIX) :]
    return blob if blob[:4] in (b"II*\0", b"MM\0*") else None


def directories(blob: bytes) -> tuple[Stream, dict[int, Entry], dict[int, Entry], int]:
    """The stream, its first directory, its Exif directory, and the thumbnail's offset."""
    stream = open_stream(BytesIO(blob))
    first, thumbnail = read_directory(stream, stream.first)
    inner: dict[int, Entry] = {}
    if EXIF_IFD in first:
        try:
            inner, _ = read_directory(stream, first[EXIF_IFD].numbers()[0])
        except (ValueError, struct.error, IndexError):
            inner = {}
    return stream, first, inner, thumbnail


def orientation(blob: bytes | None) -> int:
    """1 to 8; 1 where it is missing or makes no sense."""
    if blob is None:
        return 1
    try:
        row = directories(blob)[1][ORIENTATION]
        value = row.numbers()[0]
    except (KeyError, ValueError, struct.error, IndexError):
        return 1
    return value if row.type in WHOLE and 1 <= value <= 8 else 1


def adobe_rgb(blob: bytes | None) -> tuple[Entry, Entry] | None:
    """The entries by which cameras say Adobe RGB (Exif 2.32, 4.6.5 and its annex), if they do."""
    if blob is None:
        return None
    try:
        stream, _, inner, _ = directories(blob)
        index = read_directory(stream, inner[INTEROP_IFD].numbers()[0])[0][INTEROP_INDEX]
        uncalibrated = inner[COLOUR_SPACE].numbers()[0] == 65535
    except (KeyError, ValueError, struct.error, IndexError):
        return None
    return (inner[COLOUR_SPACE], index) if uncalibrated and index.data[:3] == b"R03" else None


def as_srgb(blob: bytes) -> bytes:
    """The stream of a photo that is written as sRGB: it no longer says Adobe RGB."""
    found = adobe_rgb(blob)
    if found is None:
        return blob
    out = bytearray(blob)
    set_number(out, found[0], 1)
    out[found[1].place : found[1].place + 3] = b"R98"
    return bytes(out)


def refreshed(blob: bytes, change: Change) -> bytes:
    """The stream for the upright photo, without its thumbnail; a damaged one as it is."""
    try:
        stream, first, inner, thumbnail = directories(blob)
    except (ValueError, struct.error, IndexError):
        return blob  # damaged: nothing read from it, nothing changed in it
    out = bytearray(blob)
    width, height = change.size
    values = dict.fromkeys(WIDTHS, width) | dict.fromkeys(HEIGHTS, height) | {ORIENTATION: 1}
    places = first[EXIF_IFD].numbers()[:1] if inner else ()
    for offset in (stream.first, *places):
        for row in read_rows(stream, offset)[0]:  # a tag that is there twice is set twice
            if row.tag in values:
                set_number(out, row, values[row.tag])
    for offset in places:
        exif_places.move(out, offset, inner, change)
    if thumbnail:
        drop_thumbnail(out, stream, thumbnail)
    return bytes(out)


def set_number(out: bytearray, row: Entry, value: int) -> None:
    """Set the entry's number, or the first one; a kind that cannot hold it becomes one LONG."""
    if row.type not in WHOLE or not row.length:
        return
    try:
        number = struct.pack(f"{row.order}{WHOLE[row.type]}", value)
    except struct.error:
        struct.pack_into(f"{row.order}HHII", out, row.row, row.tag, LONG, 1, value)
    else:
        out[row.place : row.place + len(number)] = number


def drop_thumbnail(out: bytearray, stream: Stream, offset: int) -> None:
    """Cut the link from the first directory to the second, and the picture it leads to."""
    (count,) = struct.unpack_from(f"{stream.order}H", out, stream.first)
    struct.pack_into(f"{stream.order}I", out, stream.first + 2 + 12 * count, 0)
    used = used_ranges(stream)
    try:
        second, _ = read_directory(stream, offset)
    except (ValueError, struct.error):
        return
    for starts, sizes in (THUMB_START, THUMB_SIZE), (THUMB_STRIPS, THUMB_STRIP_SIZES):
        if starts not in second or sizes not in second:
            continue
        for start, size in zip(second[starts].numbers(), second[sizes].numbers(), strict=False):
            end = min(start + size, len(out))
            strange = starts == THUMB_START and out[start : start + 2] != b"\xff\xd8"
            if strange or not 8 <= start < end:
                continue
            last = end >= len(out) - 8
            if any(a < (len(out) if last else end) and b > start for a, b in used):
                continue  # the sizes are wrong: nothing else is touched
            if last:
                del out[start:]
            else:
                out[start:end] = bytes(end - start)


def used_ranges(stream: Stream) -> list[tuple[int, int]]:
    """Where the directories but the thumbnail's lie, and their values."""
    ranges, offsets = [], [stream.first]
    for offset in offsets:
        try:
            rows, _ = read_rows(stream, offset)
            (count,) = struct.unpack(f"{stream.order}H", read_at(stream.file, offset, 2))
        except (ValueError, struct.error):
            continue
        ranges.append((offset, offset + 2 + 12 * count + 4))
        ranges += [(row.place, row.place + len(row.data)) for row in rows]
        links = [row for row in rows if row.tag in (EXIF_IFD, GPS_IFD, INTEROP_IFD)]
        offsets += [row.numbers()[0] for row in links if row.numbers()][: 8 - len(offsets)]
    return ranges


def only_copyright(blob: bytes) -> bytes | None:
    """A new small stream with the artist and the copyright alone."""
    try:
        first = directories(blob)[1]
    except (ValueError, struct.error, IndexError):
        return None
    kept = [first[tag]._replace(place=0) for tag in (ARTIST, COPYRIGHT) if tag in first]
    return build(kept) if kept else None


def build(
    first: list[Entry],
    inner: list[Entry] | None = None,
    gps: list[Entry] | None = None,
    interop: list[Entry] | None = None,
) -> bytes:
    """A stream from entries read elsewhere; the maker's note goes to where it lay if it can."""
    order = next((row.order for row in first + (inner or [])), "<")
    first, gps, interop = (  # their values lie in another stream: they are written out here
        [row._replace(place=0) for row in rows or []] for rows in (first, gps, interop)
    )
    out = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    out += bytes(len(pack_directory([*first, *pointers(inner, gps, order)], order, 8)))
    offsets = {}
    if interop:
        offsets[INTEROP_IFD] = len(out)
        out += pack_directory(interop, order, len(out))
    if inner:
        offsets[EXIF_IFD] = len(out)
        link = [entry(INTEROP_IFD, 4, [offsets[INTEROP_IFD]], order)] if interop else []
        rows = [row for row in inner if row.tag != INTEROP_IFD] + link
        note = next((row for row in rows if row.tag == MAKER_NOTE and len(row.data) > 4), None)
        plain = [row._replace(place=0) for row in rows if row is not note]
        if note:
            # All other values first; then the note, where it was, so that offsets inside it hold.
            size = len(pack_directory([*plain, note._replace(data=b"", place=0)], order, len(out)))
            gap = note.place - len(out) - size
            place = note.place if 0 <= gap < 65536 else len(out) + size
            marker = entry(MAKER_NOTE, 4, [place], order)
            marker = marker._replace(type=note.type, length=note.length)
            out += pack_directory([*plain, marker], order, len(out))
            out += bytes(place - len(out)) + note.data + b"\0" * (len(note.data) % 2)
        else:
            out += pack_directory(plain, order, len(out))
    if gps:
        offsets[GPS_IFD] = len(out)
        out += pack_directory(gps, order, len(out))
    links = [entry(tag, 4, [at], order) for tag, at in offsets.items() if tag != INTEROP_IFD]
    head = pack_directory([*first, *links], order, 8)
    return out[:8] + head + out[8 + len(head) :]


def pointers(inner: list[Entry] | None, gps: list[Entry] | None, order: str) -> list[Entry]:
    pairs = ((EXIF_IFD, inner), (GPS_IFD, gps))
    return [entry(tag, 4, [0], order) for tag, rows in pairs if rows]
