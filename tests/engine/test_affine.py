"""The affine maps: they find a map that is there, move edges nowhere, and know nothing of tiles."""

import numpy as np
import pytest

from burnish.engine import affine, fast
from burnish.engine.proxy import Shrinker, shrink

RNG = np.random.default_rng(0)
COLOUR = np.array([[1.2, 0.1, 0.0], [-0.1, 0.9, 0.05], [0.0, 0.2, 1.1]])
OFFSET = np.array([0.02, -0.03, 0.01])


def put(maps: np.ndarray, factor: int, pixels: np.ndarray) -> np.ndarray:
    out = np.empty_like(pixels)
    affine.apply(maps, factor, pixels, 0, out)
    return out


def test_box_means_equal_those_counted_by_hand() -> None:
    planes = RNG.random((2, 7, 5)).astype(np.float32)
    got = affine.box(planes, 2)
    for row in range(7):
        for column in range(5):
            window = planes[:, max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
            np.testing.assert_allclose(got[:, row, column], window.mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(affine.box(planes[:, :1, :1], 3), planes[:, :1, :1])


@pytest.mark.parametrize("size", [(90, 70), (31, 64), (12, 12), (5, 200)])
def test_an_affine_change_is_carried_exactly(size: tuple[int, int]) -> None:
    pixels = RNG.random((*size, 3)).astype(np.float32)
    small = fast.stand_in(pixels, 4)
    maps = affine.fit(small, np.float32(small @ COLOUR + OFFSET))
    expected = pixels @ COLOUR + OFFSET
    assert np.abs(put(maps, 4, pixels) - expected).max() < 2e-3


def test_an_edge_gets_no_halo() -> None:
    """A curve that lifts the dark side of an edge more than the bright one."""
    pixels = np.full((128, 128, 3), 0.2, np.float32)
    pixels[:, 62:] = 0.8  # inside a block, so that the stand-in's edge is blurred
    small = fast.stand_in(pixels, 8)
    got = put(affine.fit(small, np.sqrt(small)), 8, pixels)
    blurred = pixels + np.repeat(np.repeat(np.sqrt(small) - small, 8, 0), 8, 1)
    expected = np.sqrt(pixels)
    assert np.abs(got - expected).max() < 0.03 < 0.08 < np.abs(blurred - expected).max()


def test_what_does_not_change_stays_and_broken_pixels_count_as_unchanged() -> None:
    pixels = RNG.random((40, 40, 3)).astype(np.float32)
    small = fast.stand_in(pixels, 4)
    for value in (np.nan, np.inf, 1e4, -3e38):
        broken = small.copy()
        broken[3, 4] = value
        np.testing.assert_allclose(put(affine.fit(small, broken), 4, pixels), pixels, atol=1e-6)


def test_maps_that_are_not_finite_leave_the_pixels() -> None:
    pixels = RNG.random((12, 12, 3)).astype(np.float32)
    maps = np.full((3, 3, affine.TERMS), np.nan, np.float32)
    out = np.empty_like(pixels)
    fast.Carried(maps, 4).apply(pixels, 0, out)
    assert np.array_equal(out, pixels)


@pytest.mark.parametrize("rows", [1, 7, 64, 100])
def test_applying_knows_nothing_of_strips(rows: int) -> None:
    pixels = RNG.random((150, 333, 3)).astype(np.float32)
    maps = RNG.normal(0, 0.3, (50, 111, affine.TERMS)).astype(np.float32)
    whole, parts = put(maps, 3, pixels), np.empty_like(pixels)
    for top in range(0, len(pixels), rows):
        affine.apply(maps, 3, pixels[top : top + rows], top, parts[top : top + rows])
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-6)


def test_applying_equals_interpolation_by_the_book() -> None:
    pixels = RNG.random((21, 34, 3)).astype(np.float32)
    maps = RNG.normal(0, 0.3, (5, 7, affine.TERMS)).astype(np.float32)
    got = put(maps, 5, pixels)
    for row, column in ((0, 0), (20, 33), (10, 17), (2, 31), (19, 1)):
        y, x = ((at + 0.5) / 5 - 0.5 for at in (row, column))
        a = maps[:, np.clip([np.floor(x), np.floor(x) + 1], 0, 6).astype(int)]
        a = a[:, 0] * (1 - (x % 1)) + a[:, 1] * (x % 1)
        b = a[np.clip([np.floor(y), np.floor(y) + 1], 0, 4).astype(int)]
        here = (b[0] * (1 - (y % 1)) + b[1] * (y % 1)).reshape(4, 3)
        expected = pixels[row, column] + pixels[row, column] @ here[:3] + here[3]
        np.testing.assert_allclose(got[row, column], expected, atol=1e-5)


@pytest.mark.parametrize("partial", [False, True])
def test_shrinking_in_strips_equals_shrinking_at_once(partial: bool) -> None:
    pixels = RNG.random((53, 38, 3)).astype(np.float32)
    whole, parts = (Shrinker(53, 38, 7, partial) for _ in range(2))
    whole.add(pixels)
    for top, bottom in ((0, 3), (3, 6), (6, 30), (30, 31), (31, 53)):
        parts.add(pixels[top:bottom])
    np.testing.assert_array_equal(parts.small, whole.small)
    assert whole.small.shape == ((8, 6, 3) if partial else (7, 5, 3))
    np.testing.assert_allclose(whole.small[2, 3], pixels[14:21, 21:28].mean((0, 1)), rtol=1e-5)
    if partial:
        filled = pixels[[49, 50, 51, 52, 52, 52, 52], :7]
        np.testing.assert_allclose(whole.small[7, 0], filled.mean((0, 1)), rtol=1e-5)


def test_small_pictures_are_not_shrunk() -> None:
    pixels = RNG.random((20, 20, 3)).astype(np.float32)
    assert shrink(pixels, 4096) is pixels and fast.factor_for(500, 500) == 1
    assert fast.factor_for(3000, 4000) == 7
