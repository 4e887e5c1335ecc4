"""The hybrid loss: published weights, both normalisations, the log."""

import dataclasses
import math
from typing import get_args

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from burnish.errors import OptionError
from burnish.losses.hybrid import (
    ContentNorm,
    Forms,
    Normalisation,
    Terms,
    Weights,
    content_loss,
    hybrid,
    l1_loss,
)
from burnish.losses.kawase import dual_kawase_blur
from burnish.losses.ms_ssim import Place, ms_ssim
from burnish.losses.tv import TVForm, tv_loss

TERMS = ("content", "tv", "color", "ms_ssim", "l1")


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def features(x: Tensor) -> Tensor:
    """A stand-in for VGG's pool4."""
    return F.avg_pool2d(torch.tanh(3 * x), 2)


def test_published_weights() -> None:
    published = {"content": 0.001, "tv": 1, "color": 0.0005, "ms_ssim": 300, "l1": 0.05}
    assert dataclasses.asdict(Weights()) == published


@pytest.mark.parametrize("normalisation", get_args(Normalisation))
@pytest.mark.parametrize("place", get_args(Place))
def test_each_term_and_the_total(normalisation: Normalisation, place: Place) -> None:
    out, target = random(2, 3, 12, 10), random(2, 3, 12, 10, seed=1)
    total, log = hybrid(
        out, target, forms=Forms(normalisation=normalisation, place=place), features=features
    )
    size = 1 if normalisation == "means" else 3 * 12 * 10
    blurred = dual_kawase_blur(out) - dual_kawase_blur(target)
    expected = {
        "content": (features(out) - features(target)).abs().mean(),
        "tv": tv_loss(out, target),
        "color": size * (blurred**2).mean(),
        "ms_ssim": 1 - ms_ssim(out, target, place).mean(),
        "l1": size * (out - target).abs().mean(),
    }
    assert set(log) == {*TERMS, *(f"weighted/{t}" for t in TERMS)}
    weights = dataclasses.asdict(Weights())
    for term in TERMS:
        torch.testing.assert_close(log[term], expected[term])
        torch.testing.assert_close(log[f"weighted/{term}"], weights[term] * expected[term])
    torch.testing.assert_close(total, torch.stack([log[f"weighted/{t}"] for t in TERMS]).sum())
    assert not any(value.requires_grad for value in log.values())


def test_readings_change_their_term_only() -> None:
    out, target = random(1, 3, 9, 9), random(1, 3, 9, 9, seed=1)
    _, base = hybrid(out, target, features=features)
    for forms, changed in (
        (Forms(tv="printed"), "tv"),
        (Forms(content="squared"), "content"),
        (Forms(place="mean"), "ms_ssim"),
        (Forms(blur_passes=1), "color"),
    ):
        _, log = hybrid(out, target, forms=forms, features=features)
        assert {t for t in TERMS if not torch.equal(log[t], base[t])} == {changed}


def test_weight_0_is_not_computed() -> None:
    out, target = random(1, 3, 8, 8), random(1, 3, 8, 8, seed=1)
    total, log = hybrid(out, target, Weights(content=0, tv=0, color=0, ms_ssim=0))
    assert set(log) == {"l1", "weighted/l1"}
    torch.testing.assert_close(total, 0.05 * l1_loss(out, target))


def test_refusals() -> None:
    x = random(1, 3, 8, 8)
    with pytest.raises(OptionError, match="feature extractor"):
        hybrid(x, x)
    with pytest.raises(OptionError, match="above 0"):
        Weights(0, 0, 0, 0, 0)
    for wrong in (-1, math.nan, math.inf):
        with pytest.raises(OptionError, match="0 or more"):
            Weights(tv=wrong)
    with pytest.raises(OptionError, match="no 'tvv'; the loss has the weights content, tv, color"):
        Terms.of({"weights": {"tvv": 1.0}})
    with pytest.raises(OptionError, match=r"2\.5 is no whole number above 0"):
        Forms(blur_passes=2.5)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="'mean' is none of printed, means"):
        Forms(normalisation="mean")  # type: ignore[arg-type]


def test_equal_pictures_leave_only_their_own_variation() -> None:
    x = random(2, 3, 10, 10)
    total, log = hybrid(x, x, features=features)
    torch.testing.assert_close(total, log["tv"])


@pytest.mark.parametrize("normalisation", get_args(Normalisation))
@pytest.mark.parametrize("place", get_args(Place))
@pytest.mark.parametrize("tv", get_args(TVForm))
@pytest.mark.parametrize("content", get_args(ContentNorm))
def test_gradcheck(
    normalisation: Normalisation, place: Place, tv: TVForm, content: ContentNorm
) -> None:
    out, target = random(2, 1, 4, 6).requires_grad_(), random(2, 1, 4, 6, seed=1)
    forms = Forms(normalisation, place, tv, content)
    assert torch.autograd.gradcheck(
        lambda v: hybrid(v, target, forms=forms, features=features)[0], (out,)
    )


def test_features_of_the_target_take_no_gradient() -> None:
    out = random(1, 3, 8, 8).requires_grad_()
    target = random(1, 3, 8, 8, seed=1).requires_grad_()
    hybrid(out, target, Weights(tv=0, color=0, ms_ssim=0, l1=0), features=features)[0].backward()
    assert out.grad is not None and out.grad.abs().max() > 0
    assert target.grad is None


def test_content_norms() -> None:
    a, b = random(1, 4, 3, 3), random(1, 4, 3, 3, seed=1)
    assert content_loss(a, b).item() == pytest.approx(abs((a - b).numpy()).sum() / 36)
    assert content_loss(a, b, "squared").item() == pytest.approx(((a - b).numpy() ** 2).sum() / 36)
