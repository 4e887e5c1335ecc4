"""Pixels: what is read and written without an edit comes back the same."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from burnish.image import encode, read
from image.photo_files import (
    GAMMA_22,
    SRGB_CURVE,
    icc,
    jpeg,
    picture,
    pillow,
    png,
    sampled,
    tiff,
    to_d50,
    vips_image,
)

EVERY_COLOUR = np.stack(
    np.meshgrid(*[np.linspace(0, 255, 17).astype(np.uint8)] * 3, indexing="ij"), axis=-1
).reshape(17 * 17, 17, 3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("make", [png, tiff])
def test_lossless_files_come_back_exactly(make, depth, channels):
    array = picture(channels=channels, depth=depth)
    if channels == 2:
        array = picture(channels=4, depth=depth)[..., [0, 3]]
    photo = read(make(array))
    assert photo.source.depth == depth
    assert photo.source.mode == ("grey" if channels < 3 else "rgb")
    assert (photo.alpha is not None) == (channels in (2, 4))
    assert photo.residual is None
    colour = array[..., : 1 if channels < 3 else 3]
    np.testing.assert_array_equal(np.rint(photo.pixels * np.iinfo(array.dtype).max) - colour, 0)

    result = read(encode(photo))
    assert result.source.format == photo.source.format and result.source.depth == depth
    assert result.source.mode == photo.source.mode
    np.testing.assert_array_equal(result.pixels, photo.pixels)
    if photo.alpha is not None:
        np.testing.assert_array_equal(result.alpha, photo.alpha)


@pytest.mark.parametrize("compression", ["none", "lzw", "deflate"])
def test_tiff_keeps_its_compression(compression):
    photo = read(tiff(picture(), compression=compression))
    assert photo.source.compression == compression
    assert read(encode(photo)).source.compression == compression


def test_webp_and_avif_stay_lossless():
    array = picture(channels=4)
    for data in (
        vips_image(array).webpsave_buffer(lossless=True, exact=True),
        vips_image(array).heifsave_buffer(compression="av1", lossless=True, effort=0),
    ):
        photo = read(data)
        assert photo.source.lossless
        result = read(encode(photo))
        assert result.source.lossless
        np.testing.assert_array_equal(result.pixels, photo.pixels)
        np.testing.assert_array_equal(result.alpha, photo.alpha)


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_avif_keeps_its_bits(bits):
    array = picture(depth=16)
    data = vips_image(array).heifsave_buffer(compression="av1", bitdepth=bits, Q=95, effort=0)
    photo = read(data)
    assert (photo.source.bits, photo.source.depth) == (bits, 16)
    assert photo.pixels.max() == 1
    result = read(encode(photo))
    assert result.source.bits == bits
    assert np.abs(result.pixels - photo.pixels).mean() < 0.003


@pytest.mark.parametrize("subsampling, expected", [(0, "444"), (1, "422"), (2, "420")])
def test_jpeg_keeps_colour_resolution_and_quality(subsampling, expected):
    photo = read(jpeg(picture(), subsampling=subsampling, quality=95))
    assert (photo.source.subsampling, photo.source.quality) == (expected, 95)
    result = read(encode(photo)).source
    assert result.quality == 95
    assert result.subsampling == ("420" if expected == "420" else "444")


@pytest.mark.parametrize("asked, written", [(30, 90), (93, 93), (100, 97)])
def test_jpeg_quality_is_estimated_and_kept_sensible(asked, written):
    photo = read(jpeg(picture(), quality=asked))
    assert photo.source.quality == asked
    assert read(encode(photo)).source.quality == written
    assert read(encode(photo, quality=50)).source.quality == 50


PROFILES = {
    "p3": icc("p3"),
    "adobe": icc("adobe", GAMMA_22),
    "adobe, sampled curve": icc("adobe", sampled(2.2, 1024)),
    "srgb with gamma 1.8": icc("srgb", sampled(1.8, 4096)),
}


@pytest.mark.parametrize("name", PROFILES)
def test_every_colour_of_a_wide_profile_survives(name):
    profile = PROFILES[name]
    photo = read(png(EVERY_COLOUR, profile))
    assert photo.source.icc == profile
    assert photo.pixels.min() >= 0 and photo.pixels.max() <= 1
    assert (photo.residual is None) == name.startswith("srgb")
    written = encode(photo)
    assert read(written).source.icc == profile
    np.testing.assert_array_equal(samples(written), EVERY_COLOUR)


@pytest.mark.parametrize("name", ["p3", "srgb with gamma 1.8"])
def test_16_bit_of_a_wide_profile_survives(name):
    array = EVERY_COLOUR.astype(np.uint16) * 257
    array[array == 257 * 15] += 77
    photo = read(tiff(array, PROFILES[name]))
    difference = samples(encode(photo)).astype(int) - array
    assert np.abs(difference).max() <= 1


def test_wide_colours_are_what_an_independent_calculation_says():
    """Linear Display P3 red in linear sRGB, in float64: about (1.2249, -0.0420, -0.0196)."""
    red = np.array([[[255, 0, 0]]], np.uint8)
    photo = read(png(np.repeat(red, 4, 0), PROFILES["p3"]))
    linear = np.linalg.solve(to_d50("srgb"), to_d50("p3")[:, 0])
    expected = np.sign(linear) * np.where(
        np.abs(linear) > 0.0031308, 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055, 12.92 * linear
    )
    assert photo.residual is not None
    found = photo.pixels[0, 0] + photo.residual[0, 0]
    np.testing.assert_allclose(found, expected, atol=2e-4)
    np.testing.assert_array_equal(photo.pixels[0, 0], [1, 0, 0])


def test_inside_srgb_we_agree_with_lcms():
    inside = (EVERY_COLOUR // 6 + 110).astype(np.uint8)
    photo = read(png(inside, PROFILES["adobe"]))
    reference = vips_image(inside, PROFILES["adobe"]).icc_transform("srgb", embedded=True, depth=16)
    expected = reference.numpy() / 65535
    assert photo.residual is None
    assert np.abs(photo.pixels - expected).max() < 1.5 / 255


def test_an_srgb_profile_changes_no_pixel():
    for profile in (icc(), icc("srgb", sampled_srgb())):
        photo = read(png(EVERY_COLOUR, profile))
        np.testing.assert_array_equal(photo.pixels * np.float32(255), EVERY_COLOUR)
        assert read(encode(photo)).source.icc == profile


def sampled_srgb() -> bytes:
    from image.photo_files import curv

    x = np.arange(1024) / 1023
    y = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    return curv(*np.rint(65535 * y).astype(int).tolist())


def test_grey_profiles_convert_and_come_back():
    for curve in (SRGB_CURVE, GAMMA_22, sampled(1.8, 256)):
        profile = icc(curve=curve, grey=True)
        array = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
        photo = read(png(array, profile))
        assert photo.source.icc == profile and photo.is_grey
        np.testing.assert_array_equal(samples(encode(photo)), array)
        assert read(encode(photo)).source.icc == profile
        assert read(encode(photo, "webp")).source.icc is None  # stored as RGB: sRGB


def test_grey_file_with_a_colour_profile():
    data = jpeg(picture(channels=1), icc_profile=PROFILES["adobe"])
    photo = read(data)
    assert photo.source.mode == "grey" and photo.is_grey
    result = encode(photo)
    assert read(result).source.mode == "grey"
    assert np.abs(read(result).pixels - photo.pixels).max() < 0.02
    assert np.abs(read(encode(photo, "png")).pixels - photo.pixels).max() < 0.02


def test_palette_and_bilevel_files():
    rgb = picture()
    palette = read(pillow(rgb, "PNG", "P"))
    assert palette.source.mode == "palette"
    assert read(encode(palette)).source.mode == "rgb"
    np.testing.assert_array_equal(read(encode(palette)).pixels, palette.pixels)

    see_through = Image.fromarray(rgb).quantize(8)

    out = BytesIO()
    see_through.save(out, "PNG", transparency=0)
    photo = read(out.getvalue())
    assert photo.alpha is not None and photo.alpha.min() == 0

    for format in ("PNG", "TIFF"):
        photo = read(pillow(rgb[..., :1], format, "1"))
        assert photo.source.mode == "bilevel", format
        assert set(np.unique(photo.pixels)) == {0.0, 1.0}
        result = read(encode(photo))
        assert result.source.mode == "grey"
        np.testing.assert_array_equal(result.pixels, photo.pixels)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_becomes_srgb(format):
    grey = np.full((16, 16, 3), 128, np.uint8)
    photo = read(pillow(grey, format, "CMYK"))
    assert photo.source.mode == "cmyk" and photo.source.icc is None
    assert any("CMYK" in note for note in photo.source.notes)
    assert np.abs(photo.pixels - 0.5).max() < 0.2
    assert read(encode(photo)).source.mode == "rgb"


def test_tiffs_of_other_programs():
    """Premultiplied alpha, white at zero, planes apart, tiles and the other byte order, Lab."""
    array = picture(channels=4)
    array[..., 3] = np.maximum(array[..., 3], 60)
    premultiplied = array.copy()
    premultiplied[..., :3] = np.rint(array[..., :3] * (array[..., 3:] / 255))
    photo = read(by_tifffile(premultiplied, photometric="rgb", extrasamples=["assocalpha"]))
    assert np.abs(photo.pixels * 255 - array[..., :3]).max() < 4

    grey = picture(channels=1)[..., 0]
    photo = read(by_tifffile(grey, photometric="miniswhite"))
    np.testing.assert_array_equal(np.rint(photo.pixels[..., 0] * 255), 255 - grey)

    planes = np.moveaxis(picture(), 2, 0)
    photo = read(by_tifffile(planes, photometric="rgb", planarconfig="separate"))
    np.testing.assert_array_equal(np.rint(photo.pixels * 255), picture())

    deep = picture(depth=16)
    photo = read(by_tifffile(deep, photometric="rgb", byteorder=">", bigtiff=True, tile=(16, 16)))
    np.testing.assert_array_equal(np.rint(photo.pixels * 65535), deep)

    lab = np.zeros((8, 8, 3), np.uint16)
    lab[..., 0] = 32768
    photo = read(by_tifffile(lab, photometric="cielab"))
    assert any("Lab" in note for note in photo.source.notes)
    assert np.abs(photo.pixels - 0.467).max() < 0.01  # L* = 50 is this grey


def by_tifffile(array: np.ndarray, **options: object) -> bytes:
    import tifffile

    out = BytesIO()
    tifffile.imwrite(out, array, metadata=None, **options)
    return out.getvalue()


def test_alpha_is_laid_over_white_in_jpeg():
    array = np.zeros((16, 16, 4), np.uint8)
    array[:, 8:, 3] = 255
    result = read(encode(read(png(array)), "jpeg"))
    assert result.pixels[:, :7].min() > 0.97 and result.pixels[:, 9:].max() < 0.03


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(orientation):
    array = picture(24, 16)
    made = Image.Exif()
    made[0x112] = orientation
    data = pillow(array, "PNG", exif=made)
    photo = read(data)

    from PIL import ImageOps

    with Image.open(BytesIO(data)) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    np.testing.assert_array_equal(np.rint(photo.pixels * 255), expected)
    again = read(encode(photo))
    np.testing.assert_array_equal(again.pixels, photo.pixels)


def test_strange_sizes():
    for height, width in ((1, 1), (1, 700), (700, 1), (257, 3)):
        array = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
        for format in ("png", "tiff", "jpeg", "webp", "avif"):
            result = read(encode(read(png(array)), format))
            assert (result.height, result.width) == (height, width)


def samples(data: bytes) -> np.ndarray:
    """The integers that a file holds, without any colour management."""
    import pyvips

    image = pyvips.Image.new_from_buffer(data, "")
    return image.numpy().reshape(image.height, image.width, image.bands)
