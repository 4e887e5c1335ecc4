"""Eqs. 16-18 against plain Python in float64; gradients; what is a constant and what is not."""

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from burnish.errors import OptionError
from burnish.losses.dynamic_perceptual import (
    DynamicPerceptual,
    content_errors,
    dynamic_perceptual,
    level_scales,
)
from burnish.nets.vgg import RMS, VGG

SCALES = (1.5, 0.25, 2.0, 0.5, 1.0)


def features(seed: int, batch: int = 2) -> list[Tensor]:
    """Five levels, each half the size of the one before, as VGG's pools are."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(batch, 2 + i, 2 ** (4 - i), 2 ** (4 - i)) for i in range(5)]
    return [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes]


def by_hand(
    generated: Sequence[Tensor], target: Sequence[Tensor], scales: Sequence[float]
) -> tuple[float, list[float], list[float]]:
    """The formulas in Python numbers, with no tensor arithmetic."""
    z = []
    for g, t, s in zip(generated, target, scales, strict=True):
        pairs = zip(g.flatten().tolist(), t.flatten().tolist(), strict=True)
        z.append(math.fsum(abs(a - b) for a, b in pairs) / g.numel() / s)
    total = math.fsum(math.exp(v) for v in z)
    a = [math.exp(v) / total for v in z]
    return math.fsum(x * y for x, y in zip(a, z, strict=True)), a, z


class Stand(nn.Module):
    """A smooth stand-in for VGG: two levels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 2, 3), nn.Conv2d(2, 2, 2, stride=2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        one = torch.tanh(self.first(x))
        return one, torch.tanh(self.second(one))


@pytest.mark.parametrize("scales", [SCALES, (1.0,) * 5], ids=["scaled", "raw"])
def test_equals_the_formulas(scales: Sequence[float]) -> None:
    generated, target = features(0), features(1)
    got = dynamic_perceptual(generated, target, scales)
    loss, a, z = by_hand(generated, target, scales)
    assert got.loss.item() == pytest.approx(loss, rel=1e-12)
    assert got.weights.tolist() == pytest.approx(a, rel=1e-12)
    assert got.errors.tolist() == pytest.approx(z, rel=1e-12)
    assert got.weights.sum().item() == pytest.approx(1)


def test_no_gradient_through_the_weights() -> None:
    """The gradient is that of a sum with constant weights: a_i sign(g - t) / (n_i s_i)."""
    generated = [f.requires_grad_() for f in features(0)]
    target = features(1)
    got = dynamic_perceptual(generated, target, SCALES)
    assert got.loss.requires_grad
    assert not got.weights.requires_grad and not got.errors.requires_grad
    gradients = torch.autograd.grad(got.loss, generated)
    for gradient, g, t, a, s in zip(gradients, generated, target, got.weights, SCALES, strict=True):
        torch.testing.assert_close(gradient, a * (g - t).sign().detach() / (g.numel() * s))


def test_gradcheck_through_an_extractor() -> None:
    """With the weights held at the point's own, numeric and analytic gradients agree."""
    stand = Stand().double()
    generator = torch.Generator().manual_seed(2)
    x, y = torch.rand(2, 1, 3, 7, 7, generator=generator, dtype=torch.float64)
    scales = (0.3, 0.7)
    loss = DynamicPerceptual(stand, scales)
    point = x.clone().requires_grad_()
    (analytic,) = torch.autograd.grad(loss(point, y).loss, point)
    constant = loss(x, y).weights

    def with_constant_weights(z: Tensor) -> Tensor:
        return (constant * content_errors(stand(z), stand(y), scales)).sum()

    torch.autograd.gradcheck(with_constant_weights, point, eps=1e-7, atol=1e-7)
    (expected,) = torch.autograd.grad(with_constant_weights(point), point)
    torch.testing.assert_close(analytic, expected)


def test_zero_at_equality_and_grows_with_noise() -> None:
    loss = DynamicPerceptual(Stand(), (0.3, 0.7))
    generator = torch.Generator().manual_seed(3)
    x, noise = torch.rand(2, 2, 3, 9, 11, generator=generator)
    same = loss(x, x)
    assert same.loss == 0 and same.weights.tolist() == [0.5, 0.5]
    values = [loss(x + k * noise, x).loss.item() for k in (0.01, 0.05, 0.2)]
    assert values == sorted(values) and values[0] > 0


def test_the_level_with_the_larger_error_weighs_more() -> None:
    target = features(1)
    generated = [f.clone() for f in target]
    generated[3] += 1
    a = dynamic_perceptual(generated, target, SCALES).weights
    assert a.argmax() == 3 and a[3] > 0.5


def test_raw_features_of_vgg_make_the_softmax_one_hot() -> None:
    """Why there are scales: errors of a tenth of each level's own size."""
    levels = [torch.full((1, 1, 1, 1), r) for r in RMS["vgg16", "caffe"]]
    off = [1.1 * f for f in levels]
    assert dynamic_perceptual(off, levels, (1.0,) * 5).weights.max() > 0.6
    scaled = dynamic_perceptual(off, levels, RMS["vgg16", "caffe"]).weights
    torch.testing.assert_close(scaled, torch.full((5,), 0.2))


def test_low_precision_features_are_compared_in_float32() -> None:
    generated, target = features(0), features(1)
    low = dynamic_perceptual(
        [f.bfloat16() for f in generated], [f.bfloat16() for f in target], SCALES
    )
    assert low.loss.dtype == torch.float32
    expected = dynamic_perceptual(generated, target, SCALES).loss
    assert low.loss.item() == pytest.approx(expected.item(), rel=1e-2)


def test_the_extractor_never_learns() -> None:
    stand = Stand()
    x = torch.rand(1, 3, 9, 9).requires_grad_()
    DynamicPerceptual(stand, (1, 1))(x, torch.rand(1, 3, 9, 9)).loss.backward()
    assert x.grad is not None and x.grad.abs().max() > 0
    assert all(p.grad is None and not p.requires_grad for p in stand.parameters())


def test_scales_of_a_reading() -> None:
    assert level_scales(VGG("vgg16", "caffe"), "rms") == (230, 547, 552, 97, 8.4)
    assert level_scales(VGG("vgg19", "torchvision"), "raw") == (1,) * 5
    with pytest.raises(OptionError, match=r"scales of vgg19 with torchvision .*--photos FOLDER"):
        level_scales(VGG("vgg19", "torchvision"), "rms")
    with pytest.raises(OptionError, match="'std' is none of rms, raw"):
        level_scales(VGG("vgg16", "caffe"), "std")  # type: ignore[arg-type]
