"""SSIM against scikit-image with the authors' settings, and its bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data
from skimage.metrics import structural_similarity

from burnish.metrics.arrays import STRIP
from burnish.metrics.ssim import WINDOW, gaussian, ssim


def reference(x: np.ndarray, y: np.ndarray) -> float:
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    axis = -1 if x.ndim == 3 else None
    return structural_similarity(
        x.astype(np.float64), y.astype(np.float64), data_range=1, channel_axis=axis, **settings
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "shape",
    [
        (WINDOW, WINDOW, 3),
        (12, 37, 3),
        (STRIP + WINDOW - 1, 13, 3),  # one strip exactly, one row more, and into a third
        (STRIP + WINDOW, 13, 3),
        (2 * STRIP + 30, 14, 3),
        (40, 23),
    ],
)
def test_equals_scikit_image(shape: tuple[int, ...], dtype: type) -> None:
    rng = np.random.default_rng(0)
    y = rng.random(shape)
    x = np.clip(y + rng.normal(0, 0.1, shape), 0, 1)
    x, y = x.astype(dtype), y.astype(dtype)
    assert ssim(x, y) == pytest.approx(reference(x, y), abs=1e-10)


def test_equals_scikit_image_on_a_photo() -> None:
    y = data.astronaut()[:200, :180] / 255
    x = np.clip(0.8 * y + 0.1 * np.roll(y, 1, axis=1) + 0.02, 0, 1)
    assert ssim(x, y) == pytest.approx(reference(x, y), abs=1e-10)


def test_window() -> None:
    g = gaussian()
    assert g.shape == (11,)
    assert g.sum() == pytest.approx(1)
    assert g[5] / g[6] == pytest.approx(np.exp(1 / (2 * 1.5**2)))


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_identity_symmetry_bounds(seed: int, mix: float) -> None:
    rng = np.random.default_rng(seed)
    y = rng.random((13, 15, 3))
    x = (1 - mix) * y + mix * rng.random(y.shape)
    assert ssim(y, y) == pytest.approx(1, abs=1e-12)
    assert ssim(x, y) == pytest.approx(ssim(y, x), abs=1e-12)
    assert -1 <= ssim(x, y) <= 1 + 1e-12


def test_falls_with_noise() -> None:
    rng = np.random.default_rng(3)
    y, noise = rng.random((32, 32, 3)), rng.normal(size=(32, 32, 3))
    scores = [ssim(y + s * noise, y) for s in (0, 0.02, 0.1, 0.4)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.7


def test_refuses_what_is_smaller_than_the_window() -> None:
    with pytest.raises(ValueError, match="11x11"):
        ssim(np.zeros((10, 40, 3)), np.zeros((10, 40, 3)))
