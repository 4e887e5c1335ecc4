"""HEIF and AVIF: boxes. What the file says of colour and gain maps; inserting EXIF and XMP items.

Encoders rewrite EXIF, so it is put in here: items in `iinf`, `iloc` and `iref`, their bytes in an
`mdat` at the end; the offsets of the picture move by what `meta` grew.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from burnish.image.containers.facts import GAIN_MAP_URN, Facts
from burnish.image.metadata import Metadata

HEAD = 1 << 20
SEQUENCES = (b"avis", b"hevc", b"hevx", b"msf1")
APPLE_GAIN_MAP = b"urn:com:apple:photo:2020:aux:hdrgainmap"


def facts(file: BinaryIO) -> Facts:
    """What the head of the file says; EXIF, XMP and ICC come from the decoder."""
    file.seek(0)
    head = file.read(HEAD)
    at = head.find(b"colrnclx")
    primaries = transfer = matrix = None
    if at >= 0 and len(head) >= at + 15:
        primaries, transfer, matrix = struct.unpack_from(">HHH", head, at + 8)
    av1 = head.find(b"av1C")
    sampling = None
    if av1 >= 0 and len(head) >= av1 + 8:
        across, down = head[av1 + 6] & 8, head[av1 + 6] & 4
        sampling = "420" if across and down else "422" if across else "444"
    return Facts(
        frames=2 if head[8:12] in SEQUENCES else 1,
        subsampling=sampling,
        lossless=matrix == 0,
        primaries=primaries,
        transfer=transfer,
        gain_map=APPLE_GAIN_MAP in head or GAIN_MAP_URN in head or b"tmap" in head[:8192],
        premultiplied=b"prem" in references(head),
    )


def references(head: bytes) -> set[bytes]:
    """The kinds of references between the file's items."""
    try:
        meta = dict(boxes(head)).get(b"meta", b"")
        return {kind for kind, _ in boxes(dict(boxes(meta[4:])).get(b"iref", b"")[4:])}
    except (ValueError, struct.error):
        return set()


Box = tuple[bytes, bytes]  # kind, body


def boxes(data: bytes) -> list[Box]:
    """The boxes of a body, one after the other; ValueError for one without a size."""
    found, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        size = size or len(data) - at
        if size < head:
            raise ValueError("a box without a size")
        found.append((kind, data[at + head : at + size]))
        at += size
    return found


def pack(kind: bytes, *bodies: bytes) -> bytes:
    """One box."""
    body = b"".join(bodies)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def wrap(encoded: bytes, meta: Metadata) -> list[bytes]:
    """The file in parts, with EXIF and XMP as items that describe the primary picture."""
    items = []
    if meta.exif:
        items.append((b"Exif\0", b"\0\0\0\6Exif\0\0" + meta.exif))
    if meta.xmp:
        items.append((b"mime\0application/rdf+xml\0", meta.xmp))
    if not items:
        return [encoded]
    (start,) = struct.unpack_from(">I", encoded, 0)
    (length, kind) = struct.unpack_from(">I4s", encoded, start)
    assert kind == b"meta", "libheif writes ftyp and meta first"
    inner = dict(boxes(encoded[start + 12 : start + length]))
    first = max(item for item, _ in locations(inner[b"iloc"])) + 1
    grown = build_meta(encoded[start + 8 : start + 12], inner, items, first, 0, 0)
    shift = len(grown) - length
    end = len(encoded) + shift + 8
    grown = build_meta(encoded[start + 8 : start + 12], inner, items, first, shift, end)
    tail = pack(b"mdat", *(data for _, data in items))
    return [encoded[:start], grown, encoded[start + length :], tail]


def build_meta(
    version: bytes,
    inner: dict[bytes, bytes],
    items: list[tuple[bytes, bytes]],
    first: int,
    shift: int,
    end: int,
) -> bytes:
    """The meta box with items from number `first`, byte `end` on; the others moved by `shift`."""
    (primary,) = struct.unpack_from(">H", inner[b"pitm"], 4)
    extents, infos, references = locations(inner[b"iloc"]), b"", b""
    extents = [(item, [(at + shift, size) for at, size in parts]) for item, parts in extents]
    for i, (kind, data) in enumerate(items):
        extents.append((first + i, [(end, len(data))]))
        end += len(data)
        infos += pack(b"infe", struct.pack(">IHH", 2 << 24, first + i, 0), kind[:4], kind[4:])
        references += pack(b"cdsc", struct.pack(">HHH", first + i, 1, primary))
    (count,) = struct.unpack_from(">H", inner[b"iinf"], 4)
    changed = dict(inner)
    changed[b"iinf"] = struct.pack(">IH", 0, count + len(items)) + inner[b"iinf"][6:] + infos
    changed[b"iref"] = inner.get(b"iref", b"\0\0\0\0") + references
    changed[b"iloc"] = struct.pack(">IBBH", 0, 0x44, 0, len(extents)) + b"".join(
        struct.pack(">HHH", item, 0, len(parts))
        + b"".join(struct.pack(">II", at, size) for at, size in parts)
        for item, parts in extents
    )
    return pack(b"meta", version, *(pack(kind, body) for kind, body in changed.items()))


def locations(iloc: bytes) -> list[tuple[int, list[tuple[int, int]]]]:
    """(item, [(offset, size)]) for an `iloc` of version 0 or 1 without indirect construction."""
    version, sizes, more = iloc[0], iloc[4], iloc[5]
    (count,) = struct.unpack_from(">H", iloc, 6)
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, more >> 4
    at, found = 8, []

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(iloc[at - size : at], "big")

    for _ in range(count):
        item = number(2)
        method = number(2) if version == 1 else 0
        if version > 1 or method & 15:
            raise ValueError("an item location of an unknown kind")
        number(2)
        base = number(base_size)
        parts = []
        for _ in range(number(2)):
            number(more & 15 if version == 1 else 0)
            start = number(offset_size)
            parts.append((base + start, number(length_size)))
        found.append((item, parts))
    return found
