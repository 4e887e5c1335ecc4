"""Files that name their colours by a number or in EXIF, without a profile."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import ImageCms

from burnish.image import Photo, encode, profiles, read
from burnish.image import exif as exif_module
from burnish.image.containers import jpeg as jpeg_module
from burnish.image.containers.png import chunk
from image.photo_files import D65, icc, jpeg, picture, png, vips_image, xyz


def cicp(array: np.ndarray, primaries: int, transfer: int) -> bytes:
    data = png(array)
    return data[:33] + chunk(b"cICP", bytes([primaries, transfer, 0, 1])) + data[33:]


@pytest.mark.parametrize("transfer", [1, 13, 14])
def test_bt2020_by_number(transfer):
    """A middle green of BT.2020, in float64: the curve, the primaries, sRGB's primaries."""
    value = np.array([0.2, 0.6, 0.2])
    array = np.broadcast_to(np.rint(value * 65535), (8, 8, 3)).astype(np.uint16)
    photo = read(cicp(array, 9, transfer))
    if transfer == 13:
        linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    else:
        linear = np.where(value < 0.081, value / 4.5, ((value + 0.099) / 1.099) ** (1 / 0.45))
    expected = to_xyz("srgb", inverse=True) @ to_xyz("2020") @ linear
    encoded = 1.055 * np.abs(expected) ** (1 / 2.4) - 0.055
    encoded = np.sign(expected) * np.where(np.abs(expected) < 0.0031308, 12.92 * expected, encoded)
    assert photo.residual is not None
    found = photo.pixels[0, 0] + photo.residual[0, 0]
    np.testing.assert_allclose(found, encoded, atol=5e-4)
    result = read(encode(photo))
    assert result.source.icc == photo.source.icc == profiles.named(9, transfer)
    np.testing.assert_allclose(result.pixels, photo.pixels, atol=1e-4)


def to_xyz(name: str, inverse: bool = False) -> np.ndarray:
    points = {
        "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
        "2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    }[name]
    columns = np.stack([xyz(point) for point in points], axis=1)
    matrix = columns * np.linalg.solve(columns, xyz(D65))
    return np.linalg.inv(matrix) if inverse else matrix


@pytest.mark.parametrize("made", [profiles.adobe_rgb(), profiles.named(9, 1)])
def test_other_programs_take_the_profiles(made):
    opened = ImageCms.ImageCmsProfile(BytesIO(made))
    assert ImageCms.getProfileDescription(opened).strip() in (
        "Compatible with Adobe RGB (1998)",
        "Rec. 2020",
    )
    inside = (picture(depth=8) // 6 + 110).astype(np.uint8)
    reference = vips_image(inside, made).icc_transform("srgb", embedded=True, depth=16).numpy()
    assert np.abs(read(png(inside, made)).pixels - reference / 65535).max() < 1.5 / 255


def adobe_by_exif() -> bytes:
    """ColorSpace "uncalibrated" and the interoperability index of option files, as DCF has it."""
    row = exif_module.entry
    inner, interop = [row(0xA001, 3, [65535])], [row(1, 2, b"R03\0")]
    return exif_module.build([row(271, 2, b"Maker\0")], inner, None, interop)


def test_adobe_rgb_by_exif_alone():
    data = jpeg(picture(), exif=b"Exif\0\0" + adobe_by_exif())
    photo = read(data)
    named = read(jpeg(picture(), icc_profile=profiles.adobe_rgb()))
    assert photo.source.icc == named.source.icc
    np.testing.assert_array_equal(photo.pixels, named.pixels)
    for metadata in ("keep", "copyright", "strip"):
        result = read(encode(photo, "tiff", metadata=metadata))
        assert result.source.icc == photo.source.icc
        np.testing.assert_allclose(result.pixels, photo.pixels, atol=0.003)
    srgb = read(jpeg(picture(), exif=b"Exif\0\0" + adobe_by_exif(), icc_profile=icc()))
    assert srgb.source.icc == icc()  # a profile says more


@pytest.mark.parametrize("format", ["jpeg", "tiff"])
def test_what_is_written_as_srgb_does_not_say_adobe_rgb(format):
    """As with raw files, which are developed to sRGB whatever the camera was set to."""
    photo = Photo.from_array(picture())
    source = replace(photo.source, format="raw", exif=adobe_by_exif())
    result = read(encode(replace(photo, source=source), format)).source
    assert result.icc is None and exif_module.adobe_rgb(result.exif) is None
    assert result.exif is not None and b"R98" in result.exif


@pytest.mark.parametrize("kept", [0, 1])
def test_a_profile_of_which_a_part_is_missing_is_said_to_be(kept):
    profile, plain = icc("p3"), jpeg(picture())
    half = len(profile) // 2
    part = (profile[:half], profile[half:])[kept]
    segment = jpeg_module.segment(0xE2, jpeg_module.ICC + bytes([kept + 1, 2]) + part)
    photo = read(plain[:2] + segment + plain[2:])
    assert photo.source.icc is None
    assert photo.source.notes == ("The colour profile is incomplete and was not used.",)
    np.testing.assert_array_equal(photo.pixels, read(plain).pixels)
