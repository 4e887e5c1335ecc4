"""TIFF files: what the directory says of their structure, and what of it is the photo's."""

from __future__ import annotations

import struct
import sys
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from burnish.errors import InputError, MissingExtraError
from burnish.image import Photo, Source, encode, read
from burnish.image import exif as exif_module
from burnish.image.tiffdir import entry, open_stream, pack_directory, read_directory
from image.photo_files import icc, picture, tiff

STRUCTURAL = {
    "tiles": [(322, 4, [512]), (323, 4, [512]), (324, 4, [8]), (325, 4, [9])],
    "range of the samples": [(340, 3, [0]), (341, 3, [1])],
    "a stale profile": [(34675, 7, icc("p3"))],
    "a stale packet": [(700, 1, b"<x/>stale")],
    "stale IPTC": [(33723, 7, b"\x1c\x02\x50\0\x03Ann")],
    "other directories": [(330, 4, [8]), (513, 4, [100])],
    "subsampling": [(530, 3, [2, 2]), (532, 5, struct.pack("<12I", *[0, 1, 255, 1, 128, 1] * 2))],
}


def with_exif(*rows: tuple[int, int, bytes | list[int]]) -> Photo:
    blob = exif_module.build([entry(*row) for row in ((271, 2, b"Maker\0"), *rows)])
    return Photo(Photo.from_array(picture()).pixels, source=Source(format="tiff", exif=blob))


@pytest.mark.parametrize("name", STRUCTURAL)
def test_structure_of_another_file_in_its_exif_does_no_harm(name):
    photo = with_exif(*STRUCTURAL[name])
    written = encode(photo)
    np.testing.assert_array_equal(tifffile.imread(BytesIO(written)), picture())
    with Image.open(BytesIO(written)) as image:
        np.testing.assert_array_equal(np.asarray(image), picture())
        assert image.getexif()[271] == "Maker"
    found = read(written)
    np.testing.assert_array_equal(found.pixels, photo.pixels)
    assert (found.source.icc, found.source.xmp, found.source.iptc) == (None, None, None)
    assert found.source.notes == ()


def test_resolution_is_taken_with_its_unit_or_not_at_all():
    per_inch = [(tag, 5, struct.pack("<II", 300, 1)) for tag in (282, 283)]
    whole = read(encode(with_exif(*per_inch, (296, 3, [2])))).source
    assert whole.dpi == pytest.approx((300, 300))
    photo = with_exif(*per_inch)
    photo = replace(photo, source=replace(photo.source, dpi=(240, 240)))
    assert read(encode(photo)).source.dpi == pytest.approx((240, 240), abs=0.1)


@pytest.mark.parametrize("kind", ["dng", "mosaic", "nef"])
def test_camera_raw_under_the_name_of_a_tiff_is_no_photo_to_enhance(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    mosaic, out = picture(channels=1, depth=16)[..., 0], BytesIO()
    with tifffile.TiffWriter(out) as file:
        if kind == "dng":
            tags = [(50706, 1, 4, (1, 4, 0, 0), True)]
            file.write(picture(), photometric="rgb", extratags=tags)
        elif kind == "mosaic":
            file.write(mosaic, photometric=32803)
        else:  # a small preview first, the sensor's samples in a directory below it
            file.write(picture(8, 8), photometric="rgb", subfiletype=1, subifds=1)
            file.write(mosaic, photometric=32803)
    with pytest.raises(MissingExtraError, match=r"burnish\[raw\]"):
        read(out.getvalue())


def test_a_thumbnail_is_not_taken_for_the_photo():
    out = BytesIO()
    with tifffile.TiffWriter(out) as file:
        file.write(picture(8, 8), photometric="rgb", subfiletype=1, subifds=1)
        file.write(picture(), photometric="rgb")
    with pytest.raises(InputError, match=r"smaller copy of its photo.*\.$"):
        read(out.getvalue())
    out = BytesIO()
    tifffile.imwrite(out, picture(8, 8), photometric="rgb", subfiletype=1)
    assert read(out.getvalue()).width == 8  # there is no other


@pytest.mark.parametrize("kind, pages", [(1, 1), (4, 1), (5, 1), (2, 2)])
def test_smaller_copies_and_masks_are_no_pages(kind, pages):
    out = BytesIO()
    with tifffile.TiffWriter(out) as file:
        file.write(picture(), photometric="rgb", metadata=None)
        file.write(picture(channels=1)[..., 0], photometric="minisblack", subfiletype=2)
    data = bytearray(out.getvalue())
    stream = open_stream(BytesIO(data))
    _, second = read_directory(stream, stream.first)
    struct.pack_into("<I", data, read_directory(stream, second)[0][254].place, kind)
    if pages == 1:
        np.testing.assert_array_equal(np.rint(read(bytes(data)).pixels * 255), picture())
    else:
        with pytest.raises(InputError, match="2 pages"):
            read(bytes(data))


@pytest.mark.parametrize(
    "tag, kind, value",
    [(266, 3, [0]), (274, 3, [0]), (274, 3, [9]), (296, 3, [0]), (282, 12, struct.pack("<d", -1))],
)
def test_values_that_libtiff_complains_about_are_read_over(tag, kind, value):
    data = tiff(picture(), compression="deflate")
    stream = open_stream(BytesIO(data))
    rows = read_directory(stream, stream.first)[0] | {tag: entry(tag, kind, value)}
    at = len(data) + len(data) % 2
    head = data[:4] + struct.pack("<I", at) + data[8:].ljust(at - 8, b"\0")
    odd = head + pack_directory([row._replace(place=0) for row in rows.values()], "<", at)
    np.testing.assert_array_equal(np.rint(read(odd).pixels * 255), picture())
