"""Colour spaces against scikit-image, published values, and their own inverses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import color

from burnish.metrics.colour import linear_to_srgb, luma, rgb_to_lab, srgb_to_linear


@given(st.floats(0, 1))
def test_transfer_curve_round_trip(v: float) -> None:
    x = np.array([v])
    assert linear_to_srgb(srgb_to_linear(x))[0] == pytest.approx(v, abs=1e-7)


def test_transfer_curve_values() -> None:
    x = np.array([0.0, 0.04045, 0.5, 1.0])
    np.testing.assert_allclose(srgb_to_linear(x), [0, 0.0031308, 0.2140411, 1], atol=1e-7)
    # The linear part goes on below zero, without a warning from the power.
    np.testing.assert_allclose(srgb_to_linear(np.array([-0.01])), [-0.01 / 12.92])
    assert srgb_to_linear(x.astype(np.float32)).dtype == np.float32


def test_lab_equals_scikit_image() -> None:
    # Its matrix and white point have six digits, ours are those of the standard.
    x = np.random.default_rng(0).random((32, 33, 3))
    x[:2] *= 0.02  # the linear part near black
    np.testing.assert_allclose(rgb_to_lab(x), color.rgb2lab(x), atol=0.02)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [  # Lindbloom's calculator: sRGB primaries, D65, no adaptation
        ((1, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 1, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 1), (32.2970, 79.1875, -107.8602)),
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_lab_published(rgb: tuple[float, ...], lab: tuple[float, ...]) -> None:
    np.testing.assert_allclose(rgb_to_lab(np.array(rgb, np.float64)), lab, atol=0.02)


@given(st.floats(0, 1))
def test_grey_has_no_colour(v: float) -> None:
    lab = rgb_to_lab(np.full((1, 1, 3), v))[0, 0]
    assert 0 <= lab[0] <= 100 + 1e-9
    np.testing.assert_allclose(lab[1:], 0, atol=1e-9)


def test_luma_equals_scikit_image() -> None:
    x = np.random.default_rng(1).random((9, 8, 3))
    np.testing.assert_allclose(luma(x) * 255, color.rgb2ycbcr(x)[..., 0], atol=1e-9)
    ends = luma(np.array([[0.0, 0, 0], [1, 1, 1]])) * 255
    np.testing.assert_allclose(ends, [16, 235], atol=1e-9)
