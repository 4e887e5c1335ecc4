"""JPEG: segments before the picture, its quality and subsampling, gain maps; writing it back."""

from __future__ import annotations

import struct
from hashlib import md5
from io import BytesIO
from typing import BinaryIO

import numpy as np

from burnish.image import exif, iptc, xmp
from burnish.image.containers.facts import GAIN_MAP_URN, Facts
from burnish.image.metadata import Metadata
from burnish.image.tiffdir import open_stream, read_directory

XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
ICC = b"ICC_PROFILE\0"
ROOM = 65533  # bytes of payload in one segment
PREVIEW = 1  # kind of a picture in a multi-picture index (CIPA DC-007)
MAX_PICTURES = 64  # that are looked at
SEVERAL = "The file holds several pictures: the main one was taken."
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
# The luminance table of the standard (Annex K), which libjpeg's quality scales.
STANDARD = np.frombuffer(
    bytes.fromhex(
        "100b0a101828333d0c0c0e131a3a3c370e0d1018283945380e11161d3357503e"
        "12162538446d674d182337405168715c31404e5767797865485c5f6270646763"
    ),
    np.uint8,
).astype(int)


def facts(file: BinaryIO) -> Facts:
    """What the segments before the picture say."""
    found: dict[str, bytes] = {}
    extension: dict[bytes, list[tuple[int, bytes]]] = {}
    profile: dict[int, int] = {}  # number of each segment: how many there should be
    comments: list[bytes] = []
    photoshop, luminance, subsampling, gain = b"", None, None, False
    area, others = 0, list[int]()  # pixels of the picture, and of those behind it
    for marker, offset, payload in segments(file):
        if marker == 0xE1 and payload.startswith(exif.PREFIX):
            found.setdefault("exif", payload)
        elif marker == 0xE1 and payload.startswith(XMP):
            found.setdefault("xmp", payload[len(XMP) :])
        elif marker == 0xE1 and payload.startswith(EXTENSION):
            head, part = payload[len(EXTENSION) :][:40], payload[len(EXTENSION) + 40 :]
            if len(head) == 40:  # the name of the whole, its length, the place of this part
                (at,) = struct.unpack(">I", head[36:])
                extension.setdefault(head[:32], []).append((at, part))
        elif marker == 0xE2 and payload.startswith(b"MPF\0"):
            is_gain_map, others = further_pictures(file, payload[4:], offset + 4)
            gain |= is_gain_map
        elif marker == 0xE2 and payload.startswith(ICC) and len(payload) > len(ICC) + 2:
            profile[payload[len(ICC)]] = payload[len(ICC) + 1]
        elif marker == 0xE2 and payload.startswith(GAIN_MAP_URN):
            gain = True
        elif marker == 0xED and payload.startswith(iptc.PHOTOSHOP):
            photoshop += payload[len(iptc.PHOTOSHOP) :] if photoshop else payload
        elif marker == 0xFE:
            comments.append(payload)
        elif marker == 0xDB and luminance is None:
            luminance = luminance_table(payload)
        elif marker in FRAMES and len(payload) > 8:
            subsampling, area = sampling(payload), pixels(payload)
    packet = found.get("xmp")
    extended = None
    for guid, parts in extension.items():
        if packet and guid in packet:
            extended = b"".join(part for _, part in sorted(parts))
    return Facts(
        exif=exif.bare(found.get("exif")),
        xmp=packet,
        xmp_extended=extended,
        iptc=iptc.unwrap(photoshop),
        comments=tuple(comments),
        subsampling=subsampling,
        quality=None if luminance is None else quality(luminance),
        broken_profile=len(profile) < max(profile.values(), default=0),
        gain_map=gain or xmp.has_gain_map(packet),
        notes=(SEVERAL,) if any(other >= area for other in others) else (),
    )


def segments(file: BinaryIO) -> list[tuple[int, int, bytes]]:
    """(marker, offset of the payload in the file, payload) up to the start of the scan."""
    found: list[tuple[int, int, bytes]] = []
    file.seek(2)
    while True:
        byte = file.read(1)
        while byte and byte != b"\xff":
            byte = file.read(1)  # junk between segments
        while byte == b"\xff":
            byte = file.read(1)  # fill bytes
        if not byte or byte[0] in (0xDA, 0xD9):
            return found
        if byte[0] in (0x00, 0x01) or 0xD0 <= byte[0] <= 0xD8:
            continue
        length = file.read(2)
        if len(length) < 2:
            return found
        offset = file.tell()
        payload = file.read(max(struct.unpack(">H", length)[0] - 2, 0))
        found.append((byte[0], offset, payload))


def luminance_table(payload: bytes) -> np.ndarray | None:
    """The first quantisation table, if it is table 0."""
    if not payload or payload[0] & 15:
        return None
    wide = payload[0] >> 4
    if len(payload) < 65 + 64 * wide:
        return None
    return np.frombuffer(payload, ">u2" if wide else "u1", 64, 1).astype(int)


def quality(table: np.ndarray) -> int:
    """The libjpeg quality whose luminance table is nearest in sum, which knows no zigzag order."""
    q = np.arange(1, 101)
    scale = np.where(q < 50, 5000 // q, 200 - 2 * q)
    sums = np.clip((STANDARD * scale[:, None] + 50) // 100, 1, 255).sum(axis=1)
    return int(q[np.abs(sums - table.sum()).argmin()])


def sampling(frame: bytes) -> str | None:
    """ "444", "422", "440", "420", "411"; None for one channel. A fourth is like the first."""
    if frame[5] not in (3, 4) or len(frame) < 15:
        return None
    factors = [(frame[7 + 3 * i] >> 4, frame[7 + 3 * i] & 15) for i in range(3)]
    across = factors[0][0] / max(factors[1][0], factors[2][0], 1)
    down = factors[0][1] / max(factors[1][1], factors[2][1], 1)
    names = {(1, 1): "444", (2, 1): "422", (1, 2): "440", (2, 2): "420", (4, 1): "411"}
    return names.get((int(across), int(down)), "other")


def pixels(frame: bytes) -> int:
    """Of the picture with this frame header."""
    height, width = struct.unpack_from(">HH", frame, 1)
    return height * width


def further_pictures(file: BinaryIO, index: bytes, base: int) -> tuple[bool, list[int]]:
    """Whether a picture in the multi-picture index is a gain map; the pixels of each other one.

    What the index calls a preview is none of them.
    """
    here = file.tell()
    gain, sizes = False, list[int]()
    try:
        stream = open_stream(BytesIO(index))
        entries, _ = read_directory(stream, stream.first)
        rows = entries[0xB002].data
        for i in range(1, min(len(rows) // 16, MAX_PICTURES)):
            kind, _, offset = struct.unpack_from(f"{stream.order}III", rows, 16 * i)
            file.seek(base + offset)
            head = file.read(1 << 18)
            if GAIN_MAP_URN in head[: 1 << 16] or xmp.has_gain_map(head[: 1 << 16]):
                gain = True
            elif head[:2] == b"\xff\xd8" and kind >> 16 & 0xFF != PREVIEW:
                frames = (data for mark, _, data in segments(BytesIO(head)) if mark in FRAMES)
                sizes += [pixels(frame) for frame in frames if len(frame) > 8]
    except (KeyError, ValueError, struct.error):
        pass
    finally:
        file.seek(here)
    return gain, sizes


def wrap(encoded: bytes, meta: Metadata, dpi: tuple[float, float] | None) -> list[bytes]:
    """The file in parts: a JFIF header and metadata before the rest of an encoded picture."""
    at = 2
    if encoded[2:4] == b"\xff\xe0":
        at += 2 + struct.unpack_from(">H", encoded, 4)[0]
    across, down = (min(max(round(value), 1), 65535) for value in dpi or (72, 72))
    jfif = b"JFIF\0\1\2" + struct.pack(">BHHBB", 1, across, down, 0, 0)
    inserted = [segment(0xE0, jfif)]
    if meta.exif and fits_exif(meta.exif):
        inserted.append(segment(0xE1, exif.PREFIX + meta.exif))
    if meta.xmp:
        packet = meta.xmp if fits_xmp(meta.xmp) else xmp.without_padding(meta.xmp)
        if fits_xmp(packet):
            inserted.append(segment(0xE1, XMP + packet))
            if meta.xmp_extended:
                inserted += extended_segments(meta.xmp_extended, xmp.extended_name(packet))
    if meta.icc:
        inserted += icc_segments(meta.icc)
    if meta.iptc:
        blob = iptc.resource(meta.iptc)
        room = ROOM - len(iptc.PHOTOSHOP)
        inserted += [
            segment(0xED, iptc.PHOTOSHOP + blob[i : i + room]) for i in range(0, len(blob), room)
        ]
    inserted += [segment(0xFE, comment) for comment in meta.comments]
    return [encoded[:2], *inserted, encoded[at:]]


def fits_exif(blob: bytes) -> bool:
    """Whether it goes into one segment, as it must."""
    return len(exif.PREFIX) + len(blob) <= ROOM


def fits_xmp(packet: bytes) -> bool:
    """Whether it goes into one segment, as the main packet must."""
    return len(XMP) + len(packet) <= ROOM


def segment(marker: int, payload: bytes) -> bytes:
    """A marker with its payload of at most `ROOM` bytes."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def icc_segments(profile: bytes) -> list[bytes]:
    """The profile in numbered parts."""
    room = ROOM - len(ICC) - 2
    parts = [profile[i : i + room] for i in range(0, len(profile), room)]
    return [segment(0xE2, ICC + bytes([i + 1, len(parts)]) + part) for i, part in enumerate(parts)]


def extended_segments(packet: bytes, name: bytes | None) -> list[bytes]:
    """Under the name by which the main packet calls it; by the standard that is its MD5."""
    guid = name or md5(packet, usedforsecurity=False).hexdigest().upper().encode()
    room = 65000
    return [
        segment(0xE1, EXTENSION + guid + struct.pack(">II", len(packet), i) + packet[i : i + room])
        for i in range(0, len(packet), room)
    ]
