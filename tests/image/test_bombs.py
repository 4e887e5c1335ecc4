"""Small files that would unpack to much: what is read of them is bounded by their own size."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import tifffile

from burnish.image import read
from burnish.image.containers import png as png_module
from burnish.image.containers import tiff as tiff_module
from burnish.image.tiffdir import open_stream, read_directory
from image.photo_files import XMP, picture, png

MEGABYTE = 1 << 20


def peak(call: Callable[[], Any]) -> tuple[Any, float]:
    """What the call returns, and the most megabytes that it held in Python."""
    tracemalloc.start()
    try:
        return call(), tracemalloc.get_traced_memory()[1] / MEGABYTE
    finally:
        tracemalloc.stop()


def test_a_directory_whose_entries_share_their_bytes():
    out = BytesIO()
    tifffile.imwrite(out, picture(), photometric="rgb", metadata=None)
    data = bytearray(out.getvalue())
    stream = open_stream(BytesIO(data))
    entries = read_directory(stream, stream.first)[0].values()
    rows = [
        struct.pack("<HHI", row.tag, row.type, row.length)
        + (row.data.ljust(4, b"\0") if len(row.data) <= 4 else struct.pack("<I", row.place))
        for row in entries
    ]
    rows += [struct.pack("<HHII", 60000 + i, 7, MEGABYTE, 0) for i in range(400)]
    struct.pack_into("<I", data, 4, len(data))
    data += struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4 + MEGABYTE)
    facts, used = peak(lambda: tiff_module.facts(BytesIO(data)))
    assert facts.compression == "none" and used < 8


def text(key: bytes, value: bytes) -> bytes:
    return png_module.chunk(b"zTXt", key + b"\0\0" + zlib.compress(value))


def with_chunks(*chunks: bytes) -> bytes:
    plain = png(picture())
    return plain[:33] + b"".join(chunks) + plain[33:]


def test_packed_texts_of_a_png(monkeypatch):
    monkeypatch.setattr(png_module, "MAX_TEXT", MEGABYTE)
    bomb = bytes(4 * MEGABYTE)
    data = with_chunks(*[text(b"Comment", bomb), text(png_module.IPTC_KEY, bomb)] * 10)
    assert len(data) < MEGABYTE / 8
    unpacked: list[tuple[bytes, bytes]] = []
    original = png_module.keyed_text

    def noted(*given: Any) -> tuple[bytes, bytes]:
        unpacked.append(original(*given))
        return unpacked[-1]

    monkeypatch.setattr(png_module, "keyed_text", noted)
    assert read(data).width == 56
    assert sum(len(value) for _, value in unpacked) <= MEGABYTE

    spaced = with_chunks(text(png_module.IPTC_KEY, b"\niptc\n 9\n" + b"4a " * (MEGABYTE // 4)))
    assert peak(lambda: png_module.facts(BytesIO(spaced)))[1] < 5

    monkeypatch.undo()
    assert (
        read(with_chunks(text(b"Comment", b"x"), text(png_module.XMP_KEY, XMP))).source.xmp == XMP
    )
