"""HEIC and camera raw, where their extras are installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base

from burnish.errors import InputError
from burnish.image import Photo, encode, probe, read
from burnish.image.change import Change
from burnish.image.exif import refreshed
from image.photo_files import XMP, exif, icc, jpeg, picture


def test_heic_there_and_back():
    pytest.importorskip("pillow_heif")
    data = jpeg(picture(64, 80), exif=b"Exif\0\0" + exif(6), icc_profile=icc("p3"), xmp=XMP)
    photo = read(data)
    written = encode(photo, "heic")
    assert probe(written) == (64, 80, "heic")
    result = read(written)
    assert np.abs(result.pixels - photo.pixels).mean() < 0.02
    assert result.source.icc == photo.source.icc
    assert result.source.exif == refreshed(photo.source.exif, Change((64, 80)))
    assert result.source.xmp is not None and b'Orientation="1"' in result.source.xmp
    with pytest.raises(InputError, match=r"HEIC file .*\)\.$"):
        read(written[: len(written) // 2])


def test_heic_alpha_and_10_bits():
    pillow_heif = pytest.importorskip("pillow_heif")
    photo = Photo.from_array(picture(64, 80, channels=4))
    result = read(encode(photo, "heic"))
    assert result.alpha is not None and np.abs(result.alpha - photo.alpha).mean() < 0.02
    deep = picture(64, 80, depth=16)
    out = BytesIO()
    pillow_heif.encode("RGB;16", (80, 64), deep.tobytes(), out, quality=95)
    result = read(out.getvalue())
    assert (result.source.bits, result.source.depth) == (10, 16)
    assert np.abs(result.pixels - deep / 65535).mean() < 0.02


def test_a_heic_without_a_picture_that_can_be_decoded_is_refused():
    pytest.importorskip("pillow_heif")
    data = bytearray(encode(Photo.from_array(picture(64, 80)), "heic"))
    data[data.find(b"hvcC")] ^= 1  # what the picture's decoder needs has another name now
    with pytest.raises(InputError, match=r"damaged or no HEIC file \(it holds no picture"):
        read(bytes(data))


def test_raw_is_developed(tmp_path: Path):
    """A DNG made by hand: a flat field behind a Bayer pattern, to be turned by a quarter."""
    pytest.importorskip("rawpy")
    path = tmp_path / "photo.dng"
    make_dng(path)
    assert probe(path) == (64, 96, "raw")
    photo = read(path)
    assert photo.pixels.shape == (96, 64, 3) and photo.source.depth == 16
    made = Image.Exif()
    assert photo.source.exif is not None
    made.load(b"Exif\0\0" + photo.source.exif)
    assert made[Base.Model] == "Cam" and made[Base.Orientation] == 6
    result = read(encode(photo))
    assert (result.source.format, result.source.quality, result.height) == ("jpeg", 95, 96)
    assert read(encode(photo, "tiff")).source.depth == 16
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match=r"photo\.dng"):
        read(path)


@pytest.mark.parametrize("exposure", [1, 0.5, 0.25])
def test_raw_keeps_its_exposure_and_its_highlights(tmp_path: Path, exposure: float):
    """A grey ramp, exposed so that its end is the sensor's white at the most."""
    pytest.importorskip("rawpy")
    path, light = tmp_path / "photo.dng", exposure * np.arange(96) / 95
    grey = np.full((64, 96), 0.5)  # as the file's white balance has it: red and blue half of green
    grey[0::2, 1::2] = grey[1::2, 0::2] = 1
    make_dng(path, 4095 * light * grey)
    rows = read(path).pixels.mean(axis=(1, 2))  # turned by a quarter: the ramp goes down
    linear = np.where(rows > 0.04045, ((rows + 0.055) / 1.055) ** 2.4, rows / 12.92)
    np.testing.assert_allclose(linear[4:92], light[4:92], rtol=0.02, atol=0.002)


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
def test_raw_of_a_name_that_is_no_utf_8(tmp_path: Path):
    pytest.importorskip("rawpy")
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    make_dng(folder / "photo.dng")
    assert probe(folder / "photo.dng") == (64, 96, "raw")
    assert read(folder / "photo.dng").height == 96


def make_dng(path: Path, field: np.ndarray | None = None, extra: Sequence[tuple] = ()) -> None:
    import tifffile

    identity = tuple(x for i in range(9) for x in (10000 * (i % 4 == 0), 10000))
    tags = [
        (50706, 1, 4, (1, 4, 0, 0), True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, (0, 1, 1, 2), True),
        (50721, 10, 9, identity, True),
        (50728, 5, 3, (1, 2, 1, 1, 1, 2), True),
        (50717, 4, 1, 4095, True),
        (50778, 3, 1, 21, True),
        (50708, 2, 0, "Maker Cam", True),
        (271, 2, 0, "Maker", True),
        (272, 2, 0, "Cam", True),
        (274, 3, 1, 6, True),
    ]
    field = np.full((64, 96), 2000) if field is None else field
    tifffile.imwrite(
        path, field.astype(np.uint16), photometric=32803, extratags=[*tags, *extra], metadata=None
    )
