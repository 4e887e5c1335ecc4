"""Fast mode is full mode nearly, auto says which it took, and what cannot be fast is full."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.engine import fast
from burnish.engine.enhancer import Enhancer
from burnish.engine.mode import choose
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError
from burnish.image.photo import Photo
from burnish.metrics.psnr import psnr


def enhancer(model: Path, **options: Any) -> Enhancer:
    chosen = {"precision": "f32", "threads": 1, "tile": 128} | options
    return Enhancer(EnhanceOptions(model=str(model), **chosen))


def picture(height: int = 240, width: int = 330) -> np.ndarray:
    """Discs of many colours on a ramp, with edges at full size and a little grain."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:height, :width]
    out = 0.2 + 0.5 * np.stack([rows / height, columns / width, 0.5 + 0 * rows], -1)
    for _ in range(25):
        row, column, radius = rng.integers(0, height), rng.integers(0, width), rng.integers(6, 50)
        inside = (rows - row) ** 2 + (columns - column) ** 2 < radius**2
        out[inside] = rng.uniform(0.1, 0.8, 3)
    return np.float32((out + rng.normal(0, 0.01, out.shape)).clip(0, 1))


@pytest.fixture(autouse=True)
def small_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 3x3 for pictures that tests can afford."""
    monkeypatch.setattr(fast, "LARGEST", 10_000)


def test_fast_is_close_to_full_and_no_softer(model: Path) -> None:
    pixels = picture()
    assert fast.factor_for(*pixels.shape[:2]) == 3
    full = enhancer(model).enhance_pixels(pixels)
    quick = enhancer(model, mode="fast").enhance_pixels(pixels)
    assert quick.dtype == np.float32 and quick.min() >= 0 and quick.max() <= 1
    moved = psnr(pixels, full)
    assert moved < 25 and psnr(quick, full) > moved + 10
    energy = [np.abs(np.diff(p, axis=1)).mean() for p in (quick, full)]
    assert energy[0] > 0.97 * energy[1]


def test_threads_change_nothing(model: Path) -> None:
    pixels = picture()
    one, two = (enhancer(model, mode="fast", threads=n).enhance_pixels(pixels) for n in (1, 2))
    np.testing.assert_allclose(one, two, atol=1e-5)


def test_strength_and_grey_hold_in_fast_mode(model: Path) -> None:
    pixels = picture()
    full = enhancer(model, mode="fast").enhance_pixels(pixels)
    half = enhancer(model, mode="fast", strength=0.5).enhance_pixels(pixels)
    inside = (full > 0) & (full < 1)
    assert inside.mean() > 0.8
    np.testing.assert_allclose(half[inside], (pixels + full)[inside] / 2, atol=1e-5)
    grey = Photo.from_array(np.repeat(pixels[..., :1], 3, 2))
    assert enhancer(model, mode="fast")(grey).is_grey


def test_a_photo_no_larger_than_the_stand_in_is_the_networks_own(model: Path) -> None:
    pixels = picture(90, 100)
    full, quick = (enhancer(model, mode=m).enhance_pixels(pixels) for m in ("full", "fast"))
    np.testing.assert_array_equal(full, quick)


def test_auto_says_which_it_took(model: Path) -> None:
    photo = Photo.from_array(picture())
    for budget, taken in ((3600.0, "full"), (0.0, "fast")):
        better = enhancer(model, mode="auto", budget=budget)(photo)
        assert f"{taken} mode was used" in better.source.notes[-1].lower()
        same = enhancer(model, mode=taken).enhance_pixels(photo.pixels)
        np.testing.assert_array_equal(better.pixels, same)
    assert enhancer(model, mode="fast")(photo).source == photo.source


def test_a_model_that_enlarges_is_full_with_a_note() -> None:
    assert choose("fast", 3000, 4000, 2, 0, 0) == (
        "full",
        "The model enlarges, which fast mode cannot do: full mode was used.",
    )
    assert choose("auto", 3000, 4000, 2, 100, 1) == ("full", "")


def test_a_network_that_breaks_down_leaves_the_photo(model: Path) -> None:
    class Broken:
        precision = "f32"

        def run(self, graph: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
            return np.full_like(inputs["x"], np.nan)

    enhance = enhancer(model, mode="fast")
    enhance.network.backend = Broken()
    pixels, nothing = picture(), np.zeros((1, 4), np.float32)
    got = enhance.enhance_pixels(pixels, condition=nothing)
    np.testing.assert_allclose(got, pixels, atol=1e-6)


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="mode must be one of full, fast, auto"):
        EnhanceOptions(mode="quick")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="budget"):
        dataclasses.replace(EnhanceOptions(), budget=-1)
