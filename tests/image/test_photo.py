"""Photo itself: arrays in, other pixels, other sizes; and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from burnish.errors import OptionError
from burnish.image import Photo, encode, read
from image.photo_files import icc, picture, png


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4)])
def test_arrays_become_photos(dtype, shape):
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    array = (np.random.default_rng(0).random(shape) * top).astype(dtype)
    photo = Photo.from_array(array)
    assert photo.pixels.shape == (5, 7, 3) and photo.pixels.flags.c_contiguous
    assert (photo.height, photo.width) == (5, 7)
    assert photo.is_grey == (array.ndim == 2 or shape[2] == 1)
    assert (photo.alpha is not None) == (shape[2:] == (4,))
    expected = array.reshape(5, 7, -1)[..., :3] / np.float32(top)
    np.testing.assert_allclose(photo.pixels, np.broadcast_to(expected, (5, 7, 3)), atol=1e-7)
    assert read(encode(photo)).source.depth == (8 if dtype == np.uint8 else 16)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4,), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 3), np.int32),
        np.full((4, 4, 3), 2, np.float32),
        np.full((4, 4, 3), np.nan, np.float32),
    ],
)
def test_other_arrays_are_refused(array):
    with pytest.raises(OptionError):
        Photo.from_array(array)


def test_the_array_is_not_shared():
    array = np.zeros((4, 4, 3), np.float32)
    photo = Photo.from_array(array)
    array += 1
    assert photo.pixels.max() == 0


def test_other_pixels_keep_the_rest():
    photo = read(png(picture(channels=4), icc("p3")))
    same, brighter = (photo.with_pixels(photo.pixels + np.float32(x)) for x in (0, 0.1))
    for other in (same, brighter):
        assert other.alpha is photo.alpha and other.source is photo.source
        np.testing.assert_allclose(other.residual, photo.residual, atol=1e-6)
    assert np.array_equal(same.residual, photo.residual)
    with pytest.raises(AssertionError):
        photo.with_pixels(photo.pixels[:-1])


def test_what_lies_beyond_srgb_fades_with_its_colour():
    """Black and white of a Display P3 photo had purple and green left in it."""
    photo = read(png(picture(channels=3), icc("p3")))
    assert np.abs(photo.residual).max() > 0.01
    luma = photo.pixels.mean(axis=2, keepdims=True)
    grey = photo.with_pixels(np.repeat(luma, 3, axis=2))
    assert np.abs(grey.residual).max() == 0
    dull = photo.with_pixels(luma + (photo.pixels - luma) / 4)
    np.testing.assert_allclose(dull.residual, photo.residual / 4, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 3])
def test_a_larger_photo_carries_alpha_and_residual(scale):
    array = picture(channels=4)
    array[..., 3] = array[..., 0]
    photo = read(png(array, icc("p3")))
    larger = np.repeat(np.repeat(photo.pixels, scale, 0), scale, 1)
    result = photo.with_pixels(larger, scale)
    assert result.alpha is not None and result.residual is not None
    assert result.alpha.shape == larger.shape[:2] and result.residual.shape == larger.shape
    assert result.alpha.min() >= 0 and result.alpha.max() <= 1
    small = result.alpha.reshape(photo.height, scale, photo.width, scale).mean((1, 3))
    assert np.abs(small - photo.alpha).mean() < 0.02
    assert read(encode(result)).height == photo.height * scale


def test_grey_photos_stay_grey_when_the_pixels_do_not():
    photo = Photo.from_array(picture(channels=1))
    tinted = photo.with_pixels(photo.pixels * np.array([1, 0.9, 0.8], np.float32))
    result = read(encode(tinted))
    assert result.source.mode == "grey" and result.is_grey
    luma = tinted.pixels @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    assert np.abs(result.pixels[..., 0] - luma).max() < 0.51 / 255


def test_importing_loads_no_codec():
    script = (
        "import sys, burnish.image\n"
        "loaded = {'pyvips', 'PIL', 'torch', 'scipy', 'rawpy', 'pillow_heif'} & set(sys.modules)\n"
        "sys.exit(', '.join(loaded) or None)"
    )
    source = Path(__file__).resolve().parents[2] / "src"
    run = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(source)}, capture_output=True
    )
    assert run.returncode == 0, run.stderr
