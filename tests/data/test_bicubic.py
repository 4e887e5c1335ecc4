"""Bicubic resizing against the benchmarks' own files, Pillow's filter, and its plain properties."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from burnish.data.bicubic import (
    cubic,
    cut_to_multiple,
    enlarge,
    matrix,
    resize,
    shrink,
    shrink_8bit,
    taps,
)
from burnish.errors import InputError


@pytest.mark.parametrize("name", ["Set5", "Set14", "BSD100"])
def test_the_benchmarks_are_reproduced_bit_for_bit(shared: Path, name: str) -> None:
    folder = shared / "data" / "benchmarks" / name
    for path in (folder / "HR").iterdir():
        large = np.asarray(Image.open(path).convert("RGB"))
        small = np.asarray(Image.open(folder / "LR" / path.name).convert("RGB"))
        np.testing.assert_array_equal(shrink_8bit(cut_to_multiple(large, 2), 2), small)


def test_the_kernel() -> None:
    np.testing.assert_allclose(cubic(np.array([0, 1, -1, 2, 2.5, 0.5, 1.5])),
                               [1, 0, 0, 0, 0, 0.5625, -0.0625])  # fmt: skip
    t = np.arange(-2, 3)[:, None] + np.linspace(0, 1, 9)
    np.testing.assert_allclose(cubic(t).sum(0), 1)
    np.testing.assert_allclose((cubic(t) * t).sum(0), 0, atol=1e-12)  # lines stay lines


@pytest.mark.parametrize(("length", "new"), [(12, 6), (12, 24), (9, 27), (16, 4), (7, 5), (1, 3)])
def test_weights_sum_to_one_and_the_matrix_is_the_taps(length: int, new: int) -> None:
    at, weights = taps(length, new)
    np.testing.assert_allclose(weights.sum(1), 1)
    assert at.min() >= 0 and at.max() < length
    x = np.random.default_rng(0).random((length, 3))
    by_taps = (weights[..., None] * x[at]).sum(1)
    np.testing.assert_allclose(matrix(length, new) @ x, by_taps, atol=1e-12)
    np.testing.assert_allclose(resize(x, new, 3), by_taps, atol=1e-12)


@pytest.mark.parametrize(("height", "width"), [(20, 15), (80, 60), (27, 31)])
def test_inside_it_is_pillows(height: int, width: int) -> None:
    """Pillow's bicubic has the same kernel (a = -0.5) and antialiasing; only its border differs."""
    x = np.random.default_rng(1).random((40, 30)).astype(np.float32)
    expected = np.asarray(Image.fromarray(x).resize((width, height), Image.Resampling.BICUBIC))
    got = resize(x, height, width)
    edge = (-(-2 * max(height, 40) // 40) + 2, -(-2 * max(width, 30) // 30) + 2)
    inside = np.s_[edge[0] : -edge[0], edge[1] : -edge[1]]
    np.testing.assert_allclose(got[inside], expected[inside], atol=2e-4)
    assert got.dtype == np.float32


def test_sizes_flats_and_ramps() -> None:
    ramp = np.linspace(0, 1, 20)[:, None, None] * np.ones((1, 14, 3))
    assert enlarge(ramp, 3).shape == (60, 42, 3) and shrink(ramp, 2).shape == (10, 7, 3)
    steps = np.diff(enlarge(ramp, 2)[8:-8, 5, 0])
    np.testing.assert_allclose(steps, steps[0])
    np.testing.assert_allclose(enlarge(np.full((5, 4), 0.3), 2), 0.3)
    np.testing.assert_allclose(shrink(enlarge(ramp, 2), 2)[4:-4], ramp[4:-4], atol=1e-12)
    assert cut_to_multiple(np.zeros((7, 9, 3)), 2).shape == (6, 8, 3)
    with pytest.raises(InputError, match="1x5 pixels is too small"):
        cut_to_multiple(np.zeros((5, 1)), 2)
