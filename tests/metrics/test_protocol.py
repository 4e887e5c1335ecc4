"""The papers' protocols: what they round, crop and cap; and the published bicubic row."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio

from burnish.metrics.colour import luma
from burnish.metrics.protocol import (
    CAP,
    Score,
    enhancement,
    super_resolution,
    super_resolution_luma,
    to_8bit,
)


def test_enhancement_is_rgb_as_it_is() -> None:
    rng = np.random.default_rng(0)
    y = rng.random((24, 25, 3))
    x = y + 1e-3  # far below a step of 8 bits: nothing may round it away
    score = enhancement(x, y)
    assert score.psnr == pytest.approx(60)
    assert 0.99 < score.ssim <= 1
    assert enhancement(x, y, CAP).psnr == 50
    assert enhancement(y, y) == Score(math.inf, pytest.approx(1))


def test_super_resolution_equals_its_steps() -> None:
    rng = np.random.default_rng(1)
    y = rng.random((30, 26, 3))
    x = np.clip(y + rng.normal(0, 0.05, y.shape), -0.1, 1.1)
    planes = []
    for v in (x, y):
        file = np.round(np.clip(v, 0, 1) * 255).astype(np.uint8)
        planes.append(np.round(rgb2ycbcr(file)[..., 0])[2:-2, 2:-2])
    expected = peak_signal_noise_ratio(planes[1], planes[0], data_range=255)
    assert super_resolution(x, y, 2).psnr == pytest.approx(expected, abs=1e-9)


def test_super_resolution_does_not_see_the_border() -> None:
    y = np.random.default_rng(2).random((30, 26, 3))
    x = y.copy()
    x[:3] = x[:, -3:] = 0
    assert super_resolution(x, y, 3).psnr == math.inf
    assert super_resolution(x, y, 2).psnr < 40
    assert super_resolution(y, y, 0) == Score(math.inf, pytest.approx(1))


def test_to_8bit() -> None:
    x = np.array([-0.2, 0.0, 0.49 / 255, 0.5 / 255, 2.5 / 255, 1.0, 1.3])
    np.testing.assert_array_equal(to_8bit(x) * 255, [0, 0, 0, 1, 3, 255, 255])


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")) / 255


def even(x: np.ndarray) -> np.ndarray:
    return x[: x.shape[0] // 2 * 2, : x.shape[1] // 2 * 2]


# The cubic of a = -0.5 at the distances 1.75, 0.75, 0.25, 1.25.
CUBIC = np.array([-0.0234375, 0.2265625, 0.8671875, -0.0703125])


def twice_as_large(x: np.ndarray) -> np.ndarray:
    """MATLAB's imresize(x, 2, 'bicubic'), ends mirrored: (H, W, ...) -> (2H, 2W, ...).

    A new pixel lies a quarter of a pixel to either side of an old one.
    """
    for _ in range(2):
        n = x.shape[0]
        p = np.pad(x, [(2, 2)] + [(0, 0)] * (x.ndim - 1), mode="symmetric")
        low = sum(w * p[i : i + n] for i, w in enumerate(CUBIC))
        high = sum(w * p[i + 1 : i + 1 + n] for i, w in enumerate(CUBIC[::-1]))
        x = np.stack([low, high], axis=1).reshape(2 * n, *x.shape[1:]).swapaxes(0, 1)
    return x


def half_as_large(x: np.ndarray) -> np.ndarray:
    """MATLAB's imresize(x, 0.5, 'bicubic') of even sizes: the same cubic stretched by two."""
    side = CUBIC[[0, 3, 1, 2]]  # distances 3.5, 2.5, 1.5, 0.5 in old pixels
    kernel = np.concatenate([side, side[::-1]]) / 2
    for _ in range(2):
        n = x.shape[0]
        p = np.pad(x, [(3, 3), (0, 0)], mode="symmetric")
        x = sum(w * p[i : i + n - 1 : 2] for i, w in enumerate(kernel)).T
    return x


@pytest.mark.parametrize(
    ("name", "psnr", "ssim"), [("Set5", 33.66, 0.9299), ("BSD100", 29.56, 0.8431)]
)
def test_published_bicubic_row(shared: Path, name: str, psnr: float, ssim: float) -> None:
    scores = []
    for path in sorted((shared / "data" / "benchmarks" / name / "HR").iterdir()):
        y = to_8bit(luma(even(read(path))))
        scores.append(super_resolution_luma(twice_as_large(half_as_large(y)), y, 2))
    # Equal to the digits printed.
    assert np.mean([s.psnr for s in scores]) == pytest.approx(psnr, abs=0.005)
    assert np.mean([s.ssim for s in scores]) == pytest.approx(ssim, abs=5e-5)


def test_published_bicubic_row_from_colour_files(shared: Path) -> None:
    scores = []
    for path in sorted((shared / "data" / "benchmarks" / "Set5" / "HR").iterdir()):
        x = twice_as_large(read(path.parent.parent / "LR" / path.name))
        scores.append(super_resolution(x, even(read(path)), 2))
    assert np.mean([s.psnr for s in scores]) == pytest.approx(33.66, abs=0.02)
    assert np.mean([s.ssim for s in scores]) == pytest.approx(0.9299, abs=1e-3)
