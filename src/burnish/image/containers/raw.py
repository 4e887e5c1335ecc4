"""Camera raw: its EXIF, XMP and IPTC.

Most raw files are TIFF outside. FUJIFILM's RAF has them in its preview, a whole JPEG; Canon's CR3
is an ISO media file with TIFF streams in its boxes (https://github.com/lclevy/canon_cr3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from burnish.image import exif, xmp
from burnish.image.containers import heif, jpeg, tiff
from burnish.image.containers.facts import Facts
from burnish.image.tiffdir import Entry, open_stream, read_at, read_directory

RAF, RAF_PREVIEW = b"FUJIFILMCCD-RAW", 84  # where the JPEG's offset and length are
CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
CANON_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
ROOM = 1 << 26  # bytes of a box that is read
NO_EXIF = "No EXIF was found in this camera raw: the enhanced file says nothing of camera or date."


def facts(file: BinaryIO) -> Facts:
    """Metadata alone; a file that has none here, or a damaged one, says so in a note."""
    try:
        head = read_at(file, 0, 16)
        if head.startswith(RAF):
            found = of_preview(file)
        elif head[4:8] == b"ftyp":
            found = of_boxes(file)
        else:
            found = tiff.metadata(file)
    except (ValueError, struct.error, IndexError, KeyError):
        found = Facts()
    return Facts(
        exif=found.exif,
        xmp=found.xmp and xmp.without(found.xmp, xmp.RAW_SETTINGS),
        xmp_extended=found.xmp_extended,
        iptc=found.iptc,
        notes=() if found.exif else (NO_EXIF,),
    )


def of_preview(file: BinaryIO) -> Facts:
    """What a RAF's JPEG says."""
    start, size = struct.unpack(">II", read_at(file, RAF_PREVIEW, 8))
    return jpeg.facts(BytesIO(read_at(file, start, size)))


def of_boxes(file: BinaryIO) -> Facts:
    """What a CR3 says: each directory of EXIF is a stream of its own, XMP is in another box."""
    described: list[Entry] = []
    inner: list[Entry] = []
    gps: list[Entry] = []
    packet = None
    for kind, body in top_boxes(file):
        if kind == b"uuid" and body.startswith(CANON_XMP):
            packet = body[len(CANON_XMP) :].strip(b"\0") or None
        if kind != b"moov":
            continue
        for inside, content in heif.boxes(body):
            if inside == b"uuid" and content.startswith(CANON):
                streams = dict(heif.boxes(content[len(CANON) :]))
                described = [row for row in rows(streams, b"CMT1") if row.tag in tiff.DESCRIPTIVE]
                inner, gps = rows(streams, b"CMT2"), rows(streams, b"CMT4")
    return Facts(exif=exif.build(described, inner, gps) if described or inner else None, xmp=packet)


def top_boxes(file: BinaryIO) -> Iterator[heif.Box]:
    """The boxes of the file that are read here; the picture's own is passed over."""
    at, end = 0, file.seek(0, 2)
    while at + 16 <= end:
        size, kind, long = struct.unpack(">I4sQ", read_at(file, at, 16))
        head, size = (16, long) if size == 1 else (8, size or end - at)
        if size < head:
            return
        if kind in (b"moov", b"uuid") and size <= ROOM:
            yield kind, read_at(file, at + head, size - head)
        at += size


def rows(streams: dict[bytes, bytes], name: bytes) -> list[Entry]:
    """The entries of a box's directory."""
    if name not in streams:
        return []
    stream = open_stream(BytesIO(streams[name]))
    return list(read_directory(stream, stream.first)[0].values())
