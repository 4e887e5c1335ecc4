"""What camera raw says beside its pixels, on files made by hand."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from burnish.image import encode, read
from burnish.image.containers import raw
from burnish.image.containers.heif import pack
from burnish.image.exif import EXIF_IFD, GPS_IFD
from burnish.image.tiffdir import ASCII, Entry, open_stream, pack_directory, read_directory
from burnish.image.tiffdir import entry as made
from image.photo_files import IPTC, XMP, exif, jpeg, picture
from image.test_extras import make_dng


def tags(blob: bytes | None) -> Image.Exif:
    assert blob is not None
    found = Image.Exif()
    found.load(b"Exif\0\0" + blob)
    return found


def make_raf(preview: bytes) -> bytes:
    """A FinePix S5600's file: a header, a JPEG, a directory, and a sensor of 320 x 180."""
    preview = preview[:2] + preview[20:]  # without JFIF's header: EXIF is the first segment there
    width, height = 320, 180
    sensor = np.full((height, width), 8000, ">u2").tobytes()
    rows = [
        (0x100, struct.pack(">HH", height, width)),
        (0x121, struct.pack(">HH", height, width)),
        (0x130, bytes([0, 8, 0, 0])),
        (0x2FF0, struct.pack(">4H", 300, 500, 300, 450)),
    ]
    directory = struct.pack(">I", len(rows))
    directory += b"".join(struct.pack(">HH", tag, len(data)) + data for tag, data in rows)
    head = b"FUJIFILMCCD-RAW 0201FF129502" + b"FinePix S5600".ljust(32, b"\0") + b"0100"
    at = [160]
    for part in (preview, directory):
        at.append(-(-(at[-1] + len(part)) // 16) * 16)
    sizes = (len(preview), len(directory), len(sensor))
    head = head.ljust(84, b"\0") + b"".join(
        struct.pack(">II", *pair) for pair in zip(at, sizes, strict=True)
    )
    out = bytearray(at[2])
    for start, part in zip([0, *at[:2]], (head, preview, directory), strict=True):
        out[start : start + len(part)] = part
    return bytes(out) + sensor


def make_cr3(blob: bytes, packet: bytes) -> bytes:
    """Boxes as in Canon's files, the directories of an EXIF stream in streams of their own."""
    first = rows(blob, None)
    streams = {b"CMT1": [row for tag, row in first.items() if tag not in (EXIF_IFD, GPS_IFD)]}
    streams[b"CMT2"] = list(rows(blob, first[EXIF_IFD]).values())
    streams[b"CMT4"] = list(rows(blob, first[GPS_IFD]).values())
    boxes = [pack(b"CNCV", b"CanonCR3_001/00.09.00/00.00.00")]
    for name, found in streams.items():
        found = [row._replace(place=0) for row in found]
        boxes.append(pack(name, b"II*\0\x08\0\0\0" + pack_directory(found, "<", 8)))
    return b"".join(
        [
            pack(b"ftyp", b"crx \0\0\0\1crx isom"),
            pack(b"moov", pack(b"uuid", raw.CANON, *boxes), pack(b"mvhd", bytes(100))),
            pack(b"uuid", raw.CANON_XMP, packet),
            struct.pack(">I4sQ", 1, b"mdat", 1016) + bytes(1000),
        ]
    )


def rows(blob: bytes, link: Entry | None) -> dict[int, Entry]:
    stream = open_stream(BytesIO(blob))
    return read_directory(stream, link.numbers()[0] if link else stream.first)[0]


def test_a_raf_has_the_metadata_of_its_preview(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    told = Image.Exif()
    told[Base.Make], told[Base.Model], told[Base.Orientation] = "FUJIFILM", "FinePix S5600", 8
    told[Base.Copyright] = "(c) Ann & Bob"
    blob = told.tobytes().removeprefix(b"Exif\0\0")
    path = tmp_path / "photo.raf"
    path.write_bytes(make_raf(jpeg(picture(), exif=b"Exif\0\0" + blob, xmp=XMP, quality=80)))
    photo = read(path)
    assert photo.source.format == "raw" and photo.source.notes == ()
    assert (photo.width, photo.height) == (180, 320)  # turned upright, once
    assert (photo.source.exif, photo.source.xmp) == (blob, XMP)
    assert photo.source.orientation == 8
    assert photo.source.quality is photo.source.subsampling is None  # the preview's are not its own
    written = read(encode(photo)).source
    assert tags(written.exif)[Base.Copyright] == "(c) Ann & Bob"
    assert tags(written.exif)[Base.Orientation] == 1
    assert written.size == (180, 320)


def test_a_cr3_has_the_metadata_of_its_boxes() -> None:
    blob = exif(6, thumbnail=False)
    found = raw.facts(BytesIO(make_cr3(blob, XMP)))
    assert found.xmp == XMP and found.notes == ()
    set_up = XMP.replace(b"<rdf:li", b"<crs:Tint>+4</crs:Tint><rdf:li", 1)
    assert set_up != XMP and raw.facts(BytesIO(make_cr3(blob, set_up))).xmp == XMP  # it is done
    for get in (dict, lambda tags: tags.get_ifd(IFD.Exif), lambda tags: tags.get_ifd(IFD.GPSInfo)):
        kept, there = get(tags(found.exif)), get(tags(blob))
        links = {IFD.Exif, IFD.GPSInfo}
        assert {tag: kept[tag] for tag in kept if tag not in links} == {
            tag: there[tag] for tag in there if tag not in links
        }


def test_a_dng_keeps_xmp_and_iptc(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    for name in ("photo.dng", "photo.tif"):  # which are known in different ways
        path = tmp_path / name
        make_dng(path, extra=[(700, 1, len(XMP), XMP, True), (33723, 7, len(IPTC), IPTC, True)])
        photo = read(path)
        assert (photo.source.xmp, photo.source.iptc) == (XMP, IPTC)
        assert not any("EXIF" in note for note in photo.source.notes)
        assert read(encode(photo)).source.iptc == IPTC


@pytest.mark.parametrize(
    "data",
    [
        b"FOVb" + bytes(60),
        make_raf(jpeg(picture())),
        make_raf(jpeg(picture()))[:150],
        b"FUJIFILMCCD-RAW",
        make_cr3(exif(), XMP)[:200],
        pack(b"ftyp", b"crx \0\0\0\1crx isom") + struct.pack(">I4sQ", 1, b"moov", 3),
        b"II*\0\x08\0\0\0" + pack_directory([made(270, ASCII, b"\0")], "<", 8)[:9],
    ],
)
def test_raw_without_exif_says_so(data: bytes) -> None:
    found = raw.facts(BytesIO(data))
    assert found.exif is None and found.notes == (raw.NO_EXIF,)
