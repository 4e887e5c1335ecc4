"""PNG: chunks with a profile, EXIF, XMP and IPTC, read anywhere, written before the picture."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from burnish.image import exif, iptc
from burnish.image.containers.facts import Facts
from burnish.image.metadata import Metadata

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP_KEY = b"XML:com.adobe.xmp"
IPTC_KEY = b"Raw profile type iptc"
EXIF_KEYS = (b"Raw profile type exif", b"Raw profile type APP1")
KEYS = (XMP_KEY, IPTC_KEY, *EXIF_KEYS)
MAX_TEXT = 64 << 20  # bytes of one chunk, and of all texts that are unpacked


def facts(file: BinaryIO) -> Facts:
    """What the chunks say, before and behind the picture."""
    blobs: dict[str, bytes | None] = {}
    frames, cicp, room = 1, None, MAX_TEXT
    for kind, data in chunks(file):
        if kind == b"acTL" and len(data) == 8:
            frames = struct.unpack_from(">I", data)[0]
        elif kind == b"cICP" and len(data) == 4:
            cicp = data
        elif kind == b"eXIf":
            blobs["exif"] = exif.bare(data)
        elif kind in (b"iTXt", b"zTXt", b"tEXt") and data.partition(b"\0")[0] in KEYS:
            key, text = keyed_text(kind, data, room)
            room -= len(text)
            if key == XMP_KEY:
                blobs["xmp"] = text
            elif key == IPTC_KEY:
                blobs["iptc"] = iptc.unwrap(raw_profile(text))
            else:
                blobs.setdefault("exif", exif.bare(raw_profile(text)))
    return Facts(
        exif=blobs.get("exif"),
        xmp=blobs.get("xmp"),
        iptc=blobs.get("iptc"),
        frames=frames,
        lossless=True,
        primaries=cicp[0] if cicp else None,
        transfer=cicp[1] if cicp else None,
    )


def chunks(file: BinaryIO) -> list[tuple[bytes, bytes]]:
    """Every chunk but the picture's data."""
    found = []
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            break
        if kind == b"IDAT" or length > MAX_TEXT:
            file.seek(length + 4, 1)
            continue
        found.append((kind, file.read(length)))
        file.seek(4, 1)
    return found


def keyed_text(kind: bytes, data: bytes, room: int) -> tuple[bytes, bytes]:
    """Keyword and text of a text chunk, of at most `room` bytes; empty where it is damaged."""
    key, _, rest = data.partition(b"\0")
    compressed = kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    elif kind == b"iTXt":
        compressed = rest[:1] == b"\1"
        rest = rest[2:].split(b"\0", 2)[-1]
    if compressed:
        unpacker = zlib.decompressobj()
        try:
            rest = unpacker.decompress(rest, max(room, 1))  # 0 would mean no limit
        except zlib.error:
            rest = b""
    return key, rest[:room]


def raw_profile(text: bytes) -> bytes | None:
    """ImageMagick's way to put bytes into text: a name, a length, lines of hexadecimal digits."""
    try:
        _, _, digits = text.split(None, 2)
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return None


def wrap(encoded: bytes, meta: Metadata) -> list[bytes]:
    """The file in parts: metadata right behind the header of an encoded picture."""
    at = len(SIGNATURE) + 25  # the header chunk has a fixed length
    inserted = []
    if meta.icc:
        inserted.append(chunk(b"iCCP", b"icc\0\0" + zlib.compress(meta.icc)))
    if meta.exif:
        inserted.append(chunk(b"eXIf", meta.exif))
    if meta.xmp:
        inserted.append(chunk(b"iTXt", XMP_KEY + b"\0\0\0\0\0" + meta.xmp))
    if meta.iptc:
        blob = iptc.resource(meta.iptc)
        digits = blob.hex()
        lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
        text = f"\niptc\n{len(blob):8d}\n{lines}\n".encode()
        inserted.append(chunk(b"zTXt", IPTC_KEY + b"\0\0" + zlib.compress(text)))
    return [encoded[:at], *inserted, encoded[at:]]


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
