"""CIEDE2000 against the published pairs, which reach each branch, and scikit-image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000

from burnish.metrics.arrays import STRIP
from burnish.metrics.ciede2000 import ciede2000, delta_e
from burnish.metrics.colour import rgb_to_lab

# Sharma, Wu, Dalal 2005, Table 1: L1 a1 b1, L2 a2 b2, difference.
SHARMA = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)

lab = st.tuples(st.floats(0, 100), st.floats(-110, 110), st.floats(-110, 110)).map(np.array)


@pytest.mark.parametrize("swap", [False, True])
def test_equals_the_published_pairs(swap: bool) -> None:
    assert SHARMA.shape == (34, 7)
    one, two = SHARMA[:, 0:3], SHARMA[:, 3:6]
    got = ciede2000(two, one) if swap else ciede2000(one, two)
    np.testing.assert_allclose(got, SHARMA[:, 6], atol=5.1e-5)


def test_equals_scikit_image() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.uniform([0, -110, -110], [100, 110, 110], (2, 50, 40, 3))
    np.testing.assert_allclose(ciede2000(one, two), deltaE_ciede2000(one, two), atol=1e-9)
    near = one + rng.normal(0, 0.5, one.shape)
    np.testing.assert_allclose(ciede2000(one, near), deltaE_ciede2000(one, near), atol=1e-9)


@given(lab, lab)
def test_identity_symmetry_sign(one: np.ndarray, two: np.ndarray) -> None:
    assert ciede2000(one, one) == 0
    assert ciede2000(one, two) >= 0
    assert ciede2000(one, two) == pytest.approx(float(ciede2000(two, one)), abs=1e-9)


@given(st.floats(0, 100), lab)
def test_a_grey_has_no_hue(light: float, colour: np.ndarray) -> None:
    # Minus zero turns the angle by half a circle; the difference must not notice.
    plus, minus = np.array([light, 0.0, 0.0]), np.array([light, -0.0, -0.0])
    assert ciede2000(plus, colour) == ciede2000(minus, colour)


def test_delta_e_is_the_mean_over_the_image() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random((2, 2 * STRIP + 3, 5, 3)).astype(np.float32)
    expected = deltaE_ciede2000(rgb_to_lab(x), rgb_to_lab(y)).mean()
    assert delta_e(x, y) == pytest.approx(expected, abs=1e-9)
    assert delta_e(x, x) == 0
