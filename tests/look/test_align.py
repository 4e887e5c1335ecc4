"""Crops, scales, shifts and turns are found again; other photos are not."""

import numpy as np
import pytest

from burnish.look.align import laid_over, place, resized, sample
from look.conftest import make_photo, s_curve


def shrunk(x: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.stack([resized(x[..., c], height, width) for c in range(3)], axis=2)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turns(turns: int) -> None:
    before = make_photo(1)
    after = np.rot90(s_curve(before), -turns)
    found = place(before, after)
    assert found.turns == turns
    over, inside = laid_over(before, after, found)
    assert inside.all() and np.abs(over - s_curve(before)).max() < 1e-6


@pytest.mark.parametrize(
    ("top", "left", "height", "width", "size"),
    [(10, 20, 100, 150, (50, 75)), (30, 0, 110, 130, (110, 130)), (2, 3, 135, 180, (90, 120))],
)
def test_crops(top: int, left: int, height: int, width: int, size: tuple[int, int]) -> None:
    before = make_photo(2, 140, 190)
    after = shrunk(s_curve(before)[top : top + height, left : left + width], *size)
    found = place(before, after)
    assert found.fit > 0.2
    scale = height / size[0]
    assert found.scale == pytest.approx(scale, rel=0.015)
    assert (found.top, found.left) == pytest.approx((top, left), abs=1.2)
    over, inside = laid_over(before, after, found)
    covered = np.zeros_like(inside)
    covered[top : top + height, left : left + width] = True
    assert (inside == covered).mean() > 0.97
    inner = inside & covered
    assert np.abs(over - s_curve(before))[inner].mean() < 0.03


def test_another_photo_does_not_fit() -> None:
    for seed in range(3, 9):
        assert place(make_photo(seed), make_photo(seed + 1)).fit < 0


def test_sample_is_exact_on_the_grid() -> None:
    image = make_photo(5)
    values, inside = sample(image, (10, 12), 1.0, -3.0, -4.0)
    assert inside.all() and np.abs(values - image[3:13, 4:16]).max() < 1e-6
