"""TIFF: its directory holds the picture's structure and what EXIF, XMP, IPTC and ICC say.

A written file begins with the photo's EXIF stream itself, so that all offsets inside it, a maker's
note's too, still hold; the picture's data and a new first directory follow.
"""

from __future__ import annotations

import contextlib
import struct
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO

from burnish.errors import OutputError
from burnish.image import exif, iptc
from burnish.image.containers.facts import Facts
from burnish.image.exif import EXIF_IFD, GPS_IFD, INTEROP_IFD
from burnish.image.metadata import Metadata
from burnish.image.tiffdir import (
    BYTE,
    LONG,
    SHORT,
    UNDEFINED,
    Entry,
    Stream,
    entry,
    open_stream,
    pack_directory,
    read_directory,
)

NEW_SUBFILE, COMPRESSION, PHOTOMETRIC, ORIENTATION = 254, 259, 262, 274
STRIPS, STRIP_SIZES, SUB_DIRECTORIES, BITS, CHANNELS = 273, 279, 330, 258, 277
XMP_TAG, IPTC_TAG, PHOTOSHOP_TAG, ICC_TAG, DNG_VERSION = 700, 33723, 34377, 34675, 50706
REDUCED, MASK = 1, 4  # of NewSubfileType: a smaller copy; what of the photo is to be seen
LAB = 8  # photometric
MOSAIC = {32803, 34892}  # photometric: a sensor's colour filters, and what is made of them
# Tags of the first directory that describe the photo and not the way it is stored.
DESCRIPTIVE = {269, 270, 271, 272, 274, 285, 305, 306, 315, 316, 18246, 18249, 33432}
DESCRIPTIVE |= {*range(40091, 40096)}
RESOLUTION = {282, 283, 296}
STRUCTURE = {254, *range(256, 260), 262, 266, 273, 277, 278, 279, 284, 317, 320, 338, 339}
RANGES = {266: (1, 2), 274: (1, 8), 282: (0, 1 << 32), 283: (0, 1 << 32), 296: (1, 3)}
"""Fill order, orientation, resolution and its unit: what libtiff takes for no error."""
COMPRESSIONS = {1: "none", 5: "lzw", 7: "jpeg", 8: "deflate", 32946: "deflate", 32773: "packbits"}
MAX_SIZE = (1 << 32) - (1 << 16)


def facts(file: BinaryIO) -> Facts:
    """What the first directory says, and how many pages follow."""
    stream = open_stream(file)
    first, following = read_directory(stream, stream.first)
    if is_raw(stream, first):
        return Facts(camera_raw=True)
    compression = first[COMPRESSION].numbers()[0] if COMPRESSION in first else 1
    return replace(
        described(stream, first),
        frames=count_pages(stream, following),
        compression=COMPRESSIONS.get(compression, "other"),
        lossless=compression != 7,
        odd_tags=any(
            not low <= number(first, tag) <= high
            for tag, (low, high) in RANGES.items()
            if tag in first
        ),
        refused=refusal(first, following),
    )


def metadata(file: BinaryIO) -> Facts:
    """EXIF, XMP and IPTC alone, whatever the file's pictures are."""
    stream = open_stream(file)
    return described(stream, read_directory(stream, stream.first)[0])


def described(stream: Stream, first: dict[int, Entry]) -> Facts:
    """EXIF, XMP and IPTC of the first directory."""
    block = first.get(IPTC_TAG)
    wrapped = first.get(PHOTOSHOP_TAG)
    iim = iptc.unwrap(block.data if block else None)
    if iim is None and wrapped:
        iim = iptc.unwrap(wrapped.data)
    return Facts(
        exif=gather_exif(stream, first),
        xmp=first[XMP_TAG].data if XMP_TAG in first else None,
        iptc=iim,
    )


def is_raw(stream: Stream, first: dict[int, Entry]) -> bool:
    """Whether this is a camera's raw file: DNG, or one with a sensor's mosaic, as in NEF."""
    if DNG_VERSION in first or number(first, PHOTOMETRIC) in MOSAIC:
        return True
    for at in first[SUB_DIRECTORIES].numbers()[:16] if SUB_DIRECTORIES in first else ():
        with contextlib.suppress(ValueError, struct.error):
            if number(read_directory(stream, at)[0], PHOTOMETRIC) in MOSAIC:
                return True
    return False


def refusal(first: dict[int, Entry], following: int) -> str | None:
    """Why the file is not taken, as the rest of a sentence that begins with its name."""
    if number(first, NEW_SUBFILE) & REDUCED and (following or SUB_DIRECTORIES in first):
        return "begins with a smaller copy of its photo: save it as a plain TIFF file first"
    if (number(first, PHOTOMETRIC), number(first, BITS), number(first, CHANNELS)) == (LAB, 8, 3):
        return "is a Lab file of 8 bits; burnish reads Lab of 16 bits"  # the decoder knows no other
    return None


def number(directory: dict[int, Entry], tag: int) -> int:
    """The first number of an entry; 0 where there is none."""
    return next(iter(directory[tag].numbers()), 0) if tag in directory else 0


def count_pages(stream: Stream, offset: int) -> int:
    """1 + the full-sized pictures behind the first one."""
    pages = 1
    seen: set[int] = set()
    while offset and offset not in seen and len(seen) < 10000:
        seen.add(offset)
        try:
            page, offset = read_directory(stream, offset, room=1 << 12)
        except (ValueError, struct.error):
            break
        pages += not number(page, NEW_SUBFILE) & (REDUCED | MASK)
    return pages


def gather_exif(stream: Stream, first: dict[int, Entry]) -> bytes | None:
    """An EXIF stream of what the file says; None where that is nothing."""
    described = [row for tag, row in first.items() if tag in DESCRIPTIVE]
    inner = sub_directory(stream, first, EXIF_IFD)
    gps = sub_directory(stream, first, GPS_IFD)
    interop = sub_directory(stream, inner, INTEROP_IFD)
    if not inner and not gps and all(row.tag == ORIENTATION for row in described):
        return None
    rows = [list(found.values()) for found in (inner, gps, interop)]
    return exif.build(described, *rows)


def sub_directory(stream: Stream, parent: dict[int, Entry], tag: int) -> dict[int, Entry]:
    """The directory that an entry points to; empty where there is none or it is damaged."""
    try:
        return read_directory(stream, parent[tag].numbers()[0])[0]
    except (KeyError, ValueError, IndexError, struct.error):
        return {}


def wrap(encoded: bytes, meta: Metadata, file: BinaryIO | None = None) -> list[bytes]:
    """A new file in parts from an encoded picture's strips and the metadata.

    ``file`` is the same picture where that lies on disk.
    """
    stream = open_stream(file or BytesIO(encoded))
    picture, _ = read_directory(stream, stream.first)
    blob = meta.exif or struct.pack("<2sHI", b"II", 42, 0)
    blob += b"\0" * (-len(blob) % 16)
    order = "<" if blob[:2] == b"II" else ">"
    strips, sizes = picture[STRIPS].numbers(), picture[STRIP_SIZES].numbers()
    data = [encoded[at : at + size] for at, size in zip(strips, sizes, strict=True)]
    offsets, at = [], len(blob)
    for strip in data:
        offsets.append(at)
        at += len(strip)
    if at > MAX_SIZE:
        raise OutputError("The photo is too large for a TIFF file (4 GB): choose PNG instead.")
    padding = b"\0" * (-at % 2)
    at += len(padding)

    rows = {row.tag: row for row in described_rows(meta.exif)}
    if not rows.keys() >= RESOLUTION:  # numbers without their unit could mean anything
        rows = {tag: row for tag, row in rows.items() if tag not in RESOLUTION}
    if ORIENTATION in rows:
        rows[ORIENTATION] = entry(ORIENTATION, SHORT, [1])  # whatever its type was
    for tag, row in picture.items():
        if tag in STRUCTURE or (tag in RESOLUTION and tag not in rows):
            rows[tag] = row._replace(place=0)
    rows[STRIPS] = entry(STRIPS, LONG, offsets)
    for tag, kind, value in (
        (XMP_TAG, BYTE, meta.xmp),
        (IPTC_TAG, UNDEFINED, meta.iptc),
        (ICC_TAG, UNDEFINED, meta.icc),
    ):
        if value:
            rows[tag] = entry(tag, kind, value)
    head = blob[:4] + struct.pack(f"{order}I", at) + blob[8:]
    return [head, *data, padding, pack_directory(rows.values(), order, at)]


def described_rows(blob: bytes | None) -> list[Entry]:
    """The entries of an EXIF stream's first directory that describe, their values staying in place.

    Others would be taken for this file's own structure: cameras write some that hold for theirs.
    """
    if blob is None:
        return []
    try:
        first = exif.directories(blob)[1]
    except (ValueError, struct.error, IndexError):
        return []
    kept = DESCRIPTIVE | RESOLUTION | {EXIF_IFD, GPS_IFD}
    return [row for tag, row in first.items() if tag in kept]
