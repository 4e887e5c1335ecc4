"""Un-retouching: the documented distribution, and what must never happen to a picture."""

import dataclasses
import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from burnish.data.degrade import (
    KINDS,
    STRENGTH,
    Retouch,
    gaussian_blur,
    luma,
    make_pair,
    to_linear,
    to_srgb,
    unretouch,
)


def photos(n: int, side: int = 24, seed: int = 0) -> Tensor:
    """Smooth colours with some texture, (n,3,side,side)."""
    generator = torch.Generator().manual_seed(seed)
    smooth = torch.nn.functional.interpolate(
        torch.rand(n, 3, 4, 4, generator=generator), size=(side, side), mode="bilinear"
    )
    texture = 0.1 * torch.randn(n, 3, side, side, generator=generator)
    return (smooth + texture).clamp(0, 1)


def draws(n: int, seed: int = 0, kind: str | None = None) -> list[Retouch]:
    rng = np.random.default_rng(seed)
    return [Retouch.draw(rng, kind) for _ in range(n)]


def generators(n: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(i) for i in range(n)]


def test_same_seeds_make_the_same_pairs() -> None:
    first = make_pair(photos(12), draws(12), generators(12))
    second = make_pair(photos(12), draws(12), generators(12))
    other = make_pair(photos(12), draws(12, seed=1), generators(12))
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])
    assert not torch.equal(first[0], other[0])


def test_a_picture_does_not_depend_on_the_others_of_its_batch() -> None:
    low, high = make_pair(photos(12), draws(12), generators(12))
    for i in (0, 5, 11):
        one = make_pair(photos(12)[i : i + 1], draws(12)[i : i + 1], generators(12)[i : i + 1])
        assert torch.equal(one[0][0], low[i]) and torch.equal(one[1][0], high[i])


@pytest.mark.parametrize("kind", KINDS)
def test_stays_in_range_and_on_eight_bits(kind: str) -> None:
    photo = photos(60)
    photo[0], photo[1] = 0, 1
    low, high = make_pair(photo, draws(60, kind=kind), generators(60))
    for x in (low, high):
        assert x.isfinite().all() and x.min() >= 0 and x.max() <= 1
        assert x.shape == photo.shape and x.dtype == torch.float32
    coloured = [not d.grey and (kind != "finished" or d.quality > 0) for d in draws(60, kind=kind)]
    steps = low[torch.tensor(coloured)] * 255
    torch.testing.assert_close(steps, steps.round(), rtol=0, atol=1e-4)


def test_a_finished_photo_stays_as_it_is() -> None:
    untouched = [dataclasses.replace(d, quality=0.0, grey=0.0) for d in draws(9, kind="finished")]
    low, high = make_pair(photos(9), untouched, generators(9))
    assert torch.equal(low, high)
    for x, photo, draw in zip(high, photos(9), untouched, strict=True):
        assert torch.equal(x, photo.flip(-1) if draw.flip else photo)
    assert torch.equal(unretouch(photos(9), [Retouch()] * 9), photos(9))


def test_neutral_steps_change_nothing_but_the_rounding() -> None:
    """The chain without any strength is the identity, which the kind ``finished`` cannot show."""
    low = unretouch(photos(2), [Retouch("full")] * 2)
    torch.testing.assert_close(low, photos(2), rtol=0, atol=0.5 / 255 + 1e-5)


def test_grey_stays_grey() -> None:
    grey = [dataclasses.replace(d, grey=1.0) for d in draws(40)]
    for x in make_pair(photos(40), grey, generators(40)):
        assert torch.equal(x[:, 0], x[:, 1]) and torch.equal(x[:, 0], x[:, 2])


def test_kinds_have_their_documented_shares() -> None:
    n = 6000
    drawn = draws(n)
    count = Counter(d.kind for d in drawn)
    for kind, share in KINDS.items():
        assert count[kind] / n == pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)
    assert sum(KINDS.values()) == pytest.approx(1)
    assert sum(d.grey for d in drawn) / n == pytest.approx(0.04, abs=0.011)
    assert sum(d.flip for d in drawn) / n == pytest.approx(0.5, abs=0.026)


def test_draws_keep_to_the_documented_bounds() -> None:
    for d in draws(4000):
        if d.kind == "finished":
            left = dataclasses.replace(d, quality=0.0, grey=0.0, flip=0.0)
            assert left == Retouch() and (d.quality == 0 or 75 <= d.quality <= 97)
            continue
        k = STRENGTH[d.kind][1] + 1e-9  # the bounds are those at strength 1
        assert -0.8 * k <= d.saturation - 1 <= 0.2 * k and -0.35 * k <= d.contrast <= 0.85 * k
        if d.kind == "extreme":
            assert -4 <= d.ev <= 2 and 0.3 <= d.gamma <= 3.33
            assert not (-1.5 < d.ev < 0.7 and 0.75 < d.gamma < 1.49)
        else:
            assert -2.8 * k <= d.ev <= 0.6 * k and -0.4 * k <= math.log(d.gamma) <= 0.55 * k
        assert 0 <= d.vignette <= 0.35 * k and 0 <= d.black <= 0.17 * k
        assert 1 - 0.22 * k <= d.white <= 1
        assert d.blur == 0 or 0.3 <= d.blur <= 0.8
        assert 0 <= d.noise <= 0.02 * k and (d.quality == 0 or 60 <= d.quality <= 97)


def test_mild_draws_are_weaker_than_full_ones() -> None:
    change = {}
    for kind in ("mild", "full", "extreme"):
        low, high = make_pair(photos(80), draws(80, kind=kind), generators(80))
        change[kind] = (low - high).abs().mean().item()
    assert change["mild"] < 0.6 * change["full"] < 0.6 * change["extreme"]


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20))
def test_linear_light_and_back(values: list[float]) -> None:
    x = torch.tensor(values, dtype=torch.float64)
    torch.testing.assert_close(to_srgb(to_linear(x)), x, rtol=0, atol=1e-6)


def test_known_points_of_the_srgb_curve() -> None:
    x = torch.tensor([0.0, 0.04045, 0.5, 1.0], dtype=torch.float64)
    expected = torch.tensor([0.0, 0.0031308, 0.21404114, 1.0], dtype=torch.float64)
    torch.testing.assert_close(to_linear(x), expected, rtol=0, atol=1e-7)
    assert (to_linear(torch.linspace(0, 1, 5001)).diff() > 0).all()


def test_exposure_multiplies_linear_light() -> None:
    photo = torch.full((1, 3, 8, 8), 0.4)
    low = unretouch(photo, [Retouch("full", ev=-1.0)])
    expected = to_srgb(to_linear(photo) / 2)
    torch.testing.assert_close(low, expected, rtol=0, atol=0.51 / 255)


def test_white_balance_keeps_the_luma_of_white() -> None:
    photo = torch.full((1, 3, 8, 8), 0.5)
    low = unretouch(photo, [Retouch("full", temperature=0.3, tint=-0.1)])
    assert low[0, 0, 0, 0] > low[0, 2, 0, 0]
    before, after = luma(to_linear(photo)), luma(to_linear(low))
    torch.testing.assert_close(after, before, rtol=0, atol=0.006)


def test_blur_of_a_point() -> None:
    x = torch.zeros(2, 1, 9, 9)
    x[:, :, 4, 4] = 1
    y = gaussian_blur(x, torch.tensor([0.0, 0.8]))
    torch.testing.assert_close(y[0], x[0])
    torch.testing.assert_close(y[1].sum(), torch.tensor(1.0))
    ratio = y[1, 0, 4, 5] / y[1, 0, 4, 4]
    assert ratio.item() == pytest.approx(np.exp(-0.5 / 0.8**2), rel=1e-5)
    torch.testing.assert_close(y[1, 0], y[1, 0].T)
    flat = torch.full((1, 3, 5, 7), 0.3)
    torch.testing.assert_close(gaussian_blur(flat, torch.tensor([0.6])), flat)
