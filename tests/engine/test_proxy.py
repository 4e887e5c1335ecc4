"""The stand-in for a large photo keeps its averages and its size bound."""

import numpy as np
import pytest

from burnish.engine.proxy import shrink

LARGEST = 64 * 64


def test_small_photos_stand_for_themselves() -> None:
    pixels = np.random.default_rng(0).random((40, 30, 3), np.float32)
    assert shrink(pixels, LARGEST) is pixels


@pytest.mark.parametrize(("height", "width"), [(900, 1800), (1501, 997), (40, 40_000)])
def test_blocks_are_averaged(height: int, width: int) -> None:
    pixels = np.random.default_rng(0).random((height, width, 3), np.float32)
    small = shrink(pixels, LARGEST)
    factor = height // small.shape[0]
    assert small.shape[0] * small.shape[1] <= LARGEST
    np.testing.assert_allclose(small[0, 0], pixels[:factor, :factor].mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(small.mean(axis=(0, 1)), pixels.mean(axis=(0, 1)), atol=2e-3)


def test_a_strip_shrinks_no_further_than_its_side() -> None:
    assert shrink(np.ones((1, 700_000, 3), np.float32), LARGEST).shape == (1, 700_000, 3)
