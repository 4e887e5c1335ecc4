"""GMSD against the authors' published code, written again with scipy's convolutions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import convolve2d

from burnish.metrics.gmsd import gmsd


def conv2_same(a: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """MATLAB's conv2(a, kernel, 'same'): the centre of an even kernel is its later middle."""
    top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    full = convolve2d(a, kernel)
    return full[top : top + a.shape[0], left : left + a.shape[1]]


def reference(x: np.ndarray, y: np.ndarray) -> float:
    """GMSD.m line by line, on greys of 0 to 255."""
    dx = np.array([[1, 0, -1]] * 3) / 3
    maps = []
    for v in (x, y):
        grey = 255 * (v @ np.array([0.299, 0.587, 0.114]))
        grey = conv2_same(grey, np.full((2, 2), 0.25))[::2, ::2]
        maps.append(np.sqrt(conv2_same(grey, dx) ** 2 + conv2_same(grey, dx.T) ** 2))
    a, b = maps
    return float(np.std((2 * a * b + 170) / (a**2 + b**2 + 170), ddof=1))


@pytest.mark.parametrize("shape", [(32, 48, 3), (33, 47, 3), (2, 5, 3), (3, 3, 3)])
def test_equals_the_published_code(shape: tuple[int, ...]) -> None:
    x, y = np.random.default_rng(0).random((2, *shape))
    assert gmsd(x, y) == pytest.approx(reference(x, y), abs=1e-12)
    assert gmsd(x.astype(np.float32), y.astype(np.float32)) == pytest.approx(
        reference(x, y), abs=1e-6
    )


@given(st.integers(0, 2**32 - 1))
def test_identity_symmetry_bounds(seed: int) -> None:
    x, y = np.random.default_rng(seed).random((2, 12, 17, 3))
    assert gmsd(x, x) == 0
    assert gmsd(x, y) == pytest.approx(gmsd(y, x), abs=1e-12)
    assert 0 <= gmsd(x, y) < 1


def test_grows_with_noise() -> None:
    rng = np.random.default_rng(2)
    y = np.linspace(0.2, 0.8, 40)[:, None, None] * np.ones((40, 40, 3))
    noise = rng.normal(size=y.shape)
    scores = [gmsd(y + s * noise, y) for s in (0, 0.01, 0.03, 0.1)]
    assert scores == sorted(scores)
    assert scores[-1] > 0.05


def test_refuses_a_single_pixel_at_half_size() -> None:
    with pytest.raises(ValueError, match="2x2"):
        gmsd(np.zeros((2, 2, 3)), np.zeros((2, 2, 3)))
