"""WebP: RIFF chunks with a profile, EXIF and XMP (IPTC has no place in it)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from burnish.image import exif
from burnish.image.containers.facts import Facts
from burnish.image.metadata import Metadata

ANIMATION, XMP_FLAG, EXIF_FLAG, ALPHA, ICC_FLAG = 0x02, 0x04, 0x08, 0x10, 0x20
PICTURE = (b"VP8 ", b"VP8L", b"ALPH", b"ANMF")


def facts(file: BinaryIO) -> Facts:
    """What the chunks say."""
    found: dict[bytes, bytes] = {}
    frames = 0
    for kind, data in chunks(file):
        frames += kind == b"ANMF"
        found.setdefault(kind, data)
    animated = bool(found.get(b"VP8X", b"\0")[:1][0] & ANIMATION) if b"VP8X" in found else False
    return Facts(
        exif=exif.bare(found.get(b"EXIF")),
        xmp=found.get(b"XMP "),
        frames=max(frames, 2 if animated and frames != 1 else 1),
        lossless=b"VP8L" in found,
    )


def chunks(file: BinaryIO) -> list[tuple[bytes, bytes]]:
    """All chunks; of the picture's own only the names."""
    found = []
    file.seek(12)
    while len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        if kind in PICTURE:
            found.append((kind, b""))
            file.seek(length + length % 2, 1)
        else:
            found.append((kind, file.read(length)))
            file.seek(length % 2, 1)
    return found


def wrap(encoded: bytes, meta: Metadata, width: int, height: int) -> list[bytes]:
    """The file in parts, in the extended form where there is metadata."""
    flags, picture, alpha = 0, encoded[12:], False
    if picture[:4] == b"VP8X":
        alpha = bool(picture[8] & ALPHA)
        picture = picture[18:]
    elif picture[:4] == b"VP8L":
        alpha = bool(picture[8 + 4] & 0x10)
    parts = [picture]
    for flag, kind, blob in (
        (ICC_FLAG, b"ICCP", meta.icc),
        (EXIF_FLAG, b"EXIF", meta.exif),
        (XMP_FLAG, b"XMP ", meta.xmp),
    ):
        if blob:
            flags |= flag
            parts.insert(0 if flag == ICC_FLAG else len(parts), chunk(kind, blob))
    if not flags:
        return [encoded]
    flags |= ALPHA if alpha else 0
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    parts.insert(0, chunk(b"VP8X", struct.pack("<I", flags) + size))
    return [b"RIFF" + struct.pack("<I", 4 + sum(map(len, parts))) + b"WEBP", *parts]


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk, filled up to an even length."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
