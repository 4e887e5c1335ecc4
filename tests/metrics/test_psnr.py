"""MSE and PSNR against scikit-image and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio

from burnish.metrics.psnr import mse, psnr


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 3), (301, 40, 3), (31, 17)])
def test_equals_scikit_image(shape: tuple[int, ...], dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random(shape, dtype=np.float64).astype(dtype), rng.random(shape).astype(dtype)
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    assert mse(x, y) == pytest.approx(mean_squared_error(x64, y64), rel=1e-12)
    expected = peak_signal_noise_ratio(y64, x64, data_range=1)
    assert psnr(x, y) == pytest.approx(expected, abs=1e-10)


@given(st.floats(1e-4, 1.0))
def test_of_a_constant_difference(d: float) -> None:
    y = np.zeros((4, 6, 3))
    assert psnr(y + d, y) == pytest.approx(-20 * math.log10(d), abs=1e-9)


def test_infinite_at_equality_unless_capped() -> None:
    x = np.random.default_rng(1).random((8, 9, 3))
    assert psnr(x, x) == math.inf
    assert psnr(x, x, cap=50) == 50
    assert psnr(x + 1e-4, x, cap=50) == 50
    assert psnr(x + 0.1, x, cap=50) == pytest.approx(20)


def test_float32_photo_is_summed_in_float64() -> None:
    # A float32 sum of 3e6 squares would be off in the fourth digit.
    y = np.zeros((1000, 1000, 3), np.float32)
    x = y + np.float32(0.1)
    assert mse(x, y) == pytest.approx(float(np.float32(0.1)) ** 2, rel=1e-10)


@pytest.mark.parametrize(
    ("x", "y", "why"),
    [
        (np.zeros((4, 4, 3)), np.zeros((4, 4, 1)), "differ in shape"),
        (np.zeros((0, 4, 3)), np.zeros((0, 4, 3)), "empty"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3)), "float"),
    ],
)
def test_refuses_what_would_score_in_silence(x: np.ndarray, y: np.ndarray, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        mse(x, y)
