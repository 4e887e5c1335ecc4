"""The guided filter against its definition, written out window by window in float64 numpy."""

from typing import get_args

import numpy as np
import pytest
import torch

from burnish.nets.guided import (
    Combine,
    Members,
    Pair,
    box_mean,
    decompose,
    guided_filter,
    third_branch,
    third_branch_width,
)

Array = np.ndarray


def window(a: Array, row: int, column: int, radius: int) -> Array:
    """The part of the window that lies inside, (H,W) -> (h,w)."""
    return np.asarray(
        a[max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1]
    )


def by_hand(i: Array, radius: int, eps: float) -> Array:
    """He et al.'s linear model fitted in each window, then averaged over the windows: (H,W)."""
    a, b = np.empty_like(i), np.empty_like(i)
    for at in np.ndindex(*i.shape):
        w = window(i, *at, radius)
        a[at] = w.var() / (w.var() + eps)
        b[at] = w.mean() * (1 - a[at])
    out = np.empty_like(i)
    for at in np.ndindex(*i.shape):
        out[at] = window(a, *at, radius).mean() * i[at] + window(b, *at, radius).mean()
    return out


def picture(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("height", "width"), [(19, 14), (4, 23), (1, 1)])
@pytest.mark.parametrize(("radius", "eps"), [(2, 1e-2), (5, 1e-4)])
def test_equals_the_definition(height: int, width: int, radius: int, eps: float) -> None:
    x = picture(2, 3, height, width)
    got = guided_filter(x, radius, eps)
    expected = np.array([[by_hand(c, radius, eps) for c in p] for p in x.numpy()])
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-12)
    single = guided_filter(x.float(), radius, eps)
    np.testing.assert_allclose(single.numpy(), expected, atol=3e-4 if eps < 1e-3 else 1e-5)


def test_keeps_edges_and_smooths_flat_areas() -> None:
    x = torch.full((1, 1, 40, 40), 0.2, dtype=torch.float64)
    x[..., 20:] = 0.8
    noise = 0.01 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).double()
    out = guided_filter(x + noise)
    step = out[..., 20] - out[..., 19]
    assert step.min() > 0.45
    assert (box_mean(x, 5)[..., 20] - box_mean(x, 5)[..., 19]).max() < 0.1
    assert (out - x)[..., 8:32, 30:35].std() < 0.2 * noise.std()


def test_flat_pictures_come_back_and_have_no_detail() -> None:
    for level in (0.0, 1e-3, 0.5, 1.0):
        x = torch.full((1, 3, 9, 12), level)
        base, detail = decompose(x)
        torch.testing.assert_close(base, x, atol=1e-6, rtol=0)
        torch.testing.assert_close(detail, torch.ones_like(x), atol=1e-4, rtol=0)


def test_detail_times_base_is_the_picture() -> None:
    x = picture(1, 3, 16, 16)
    base, detail = decompose(x)
    torch.testing.assert_close(detail * (base + 1 / 255) - 1 / 255, x)


@pytest.mark.parametrize("scale", [1e-30, -1.0, 1e3, -1e3])
def test_finite_on_extreme_input(scale: float) -> None:
    for layer in decompose(scale * picture(1, 3, 9, 9).float()):
        assert layer.isfinite().all()


def test_detail_is_bounded_on_pictures() -> None:
    x = torch.zeros(1, 3, 31, 31)
    x[..., 15, 15] = 1  # the hardest case: one white pixel on black
    assert decompose(x)[1].max() < 4
    assert decompose(picture(1, 3, 64, 64).round().float())[1].max() < 4


@pytest.mark.parametrize("pair", get_args(Pair))
@pytest.mark.parametrize("combine", get_args(Combine))
@pytest.mark.parametrize("members", get_args(Members))
def test_third_branch(pair: Pair, combine: Combine, members: Members) -> None:
    x = picture(1, 3, 7, 8)
    base, detail = decompose(x, 2, 0.01)
    sides = {"i": [x], "d": [detail], "b": [base]}
    sides["i+d"] = [x + detail] if combine == "add" else [x, detail]
    first, second = pair.split(",")
    expected = torch.cat(sides[first] + (sides[second] if members == "both" else []), dim=1)
    got = third_branch(x, pair, combine, members, 2, 0.01)
    assert got.shape[1] == third_branch_width(pair, combine, members)
    torch.testing.assert_close(got, expected)
