"""What the shipped `srpie-sr` must leave alone: colour, blocks and noise."""

from pathlib import Path

import numpy as np
import pytest

from burnish.data import bicubic
from burnish.data.jpeg_file import through_jpeg
from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.image.read import read
from burnish.metrics.colour import rgb_to_lab

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def enlarge() -> Enhancer:
    return Enhancer(EnhanceOptions(task="sr", precision="f32", threads=1))


@pytest.mark.parametrize("name", ["lake-sherburne", "perched-osprey", "tea-gardens"])
def test_tone_and_colour_stay(enlarge: Enhancer, name: str) -> None:
    """Weights fresh from training in bf16 made everything 0.7/255 darker."""
    pixels = read(EXAMPLES / f"{name}.jpg").pixels[200:360, 300:460]
    lab = [
        rgb_to_lab(np.clip(x, 0, 1)).mean((0, 1))
        for x in (enlarge.enhance_pixels(pixels), bicubic.enlarge(pixels, 2))
    ]
    np.testing.assert_allclose(lab[0], lab[1], rtol=0, atol=0.15)


@pytest.mark.parametrize(
    ("sigma", "quality"),
    [(0, 50), (0, 75), (0.01, 90), (0.015, 75), (0.02, 90), (0.03, 75)],
)
def test_blocks_and_noise_do_not_become_texture(
    enlarge: Enhancer, sigma: float, quality: int
) -> None:
    """A phone's JPEG of a smooth grey ramp: no more of it is left than in a bicubic enlargement.

    (Of noise of 3 % at quality 90 and of more there is: docs/results.md.)
    """
    ramp = np.tile(np.linspace(60, 190, 128)[None, :, None], (128, 1, 3))
    noise = np.random.default_rng(0).normal(0, 255 * sigma, ramp.shape)
    shot = np.clip(np.rint(ramp + noise), 0, 255).astype(np.uint8)
    small = through_jpeg(shot, quality).astype(np.float32) / 255
    smooth = bicubic.enlarge(ramp / 255, 2)
    left = [
        np.sqrt(((x - smooth)[8:-8, 8:-8] ** 2).mean())
        for x in (enlarge.enhance_pixels(small), bicubic.enlarge(small, 2))
    ]
    assert left[0] <= left[1]
