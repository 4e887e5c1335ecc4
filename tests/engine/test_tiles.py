"""Tiles: every pixel once, origins on multiples, mirrored halos."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.engine.tiles import Tile, mirror, plan, read

sizes = st.integers(1, 300)


@given(
    height=sizes, width=sizes, largest=st.integers(-20, 120), multiple=st.sampled_from([1, 2, 8])
)
def test_plan_covers_every_pixel_once(height: int, width: int, largest: int, multiple: int) -> None:
    largest = max(largest, 7 if height * width > 10_000 else 1)
    count = np.zeros((height, width), int)
    tiles = list(plan(height, width, largest, multiple))
    for t in tiles:
        count[t.top : t.top + t.height, t.left : t.left + t.width] += 1
        assert t.top % multiple == t.left % multiple == 0
        assert 0 <= t.top < height and 0 <= t.left < width
        assert max(t.height, t.width) <= max(largest, multiple)
    assert (count == 1).all()
    assert len({(t.height, t.width) for t in tiles}) == 1


def test_plan_by_hand() -> None:
    assert list(plan(100, 30, 50)) == [Tile(0, 0, 50, 30), Tile(50, 0, 50, 30)]
    assert list(plan(17, 5, 16, 8)) == [Tile(0, 0, 16, 8), Tile(16, 0, 16, 8)]
    assert list(plan(1, 1, 400)) == [Tile(0, 0, 1, 1)]


@given(length=st.integers(1, 40), before=st.integers(0, 90), after=st.integers(0, 90))
def test_mirror_equals_numpy(length: int, before: int, after: int) -> None:
    expected = np.pad(np.arange(length), (before, after), mode="reflect")
    np.testing.assert_array_equal(mirror(-before, length + after, length), expected)


@pytest.mark.parametrize("size", [(20, 31), (1, 1), (3, 9), (2, 70)])
def test_read_equals_a_cut_of_the_padded_picture(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).random((*size, 3), np.float32)
    halo, reach = 11, 40
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    for t in plan(*size, 8, 4):
        block = read(pixels, t, halo)
        top, left = reach + t.top - halo, reach + t.left - halo
        cut = padded[top : top + t.height + 2 * halo, left : left + t.width + 2 * halo]
        assert block.flags.c_contiguous and block.dtype == np.float32
        np.testing.assert_array_equal(block[0].transpose(1, 2, 0), cut)
