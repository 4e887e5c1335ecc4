"""What holds for every network and choice: shapes, gradients, batches, sizes, receptive field."""

from itertools import product
from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from burnish.errors import OptionError
from burnish.nets.feature_blocks import Features
from burnish.nets.global_gate import LEVELS, tones_of
from burnish.nets.net import Net
from burnish.nets.nrl import NRL, Residual
from burnish.nets.recursive import Unit
from burnish.nets.zoo import build, parameter_count

TINY: dict[str, Any] = {"channels": 8, "widths": (4, 4, 4), "steps": 2}
STATISTICAL = ["nrl", "nrl-global"]
"""Networks of the zoo that need whole-picture statistics."""
CHOICES = [
    {"residual": r, "features": f, "unit": u}
    for r, f, u in product(get_args(Residual), get_args(Features), get_args(Unit))
]
CHOICES += [{"features": f, "gate": "tones"} for f in get_args(Features)]


def name(choices: dict[str, Any]) -> str:
    return "-".join(map(str, choices.values()))


def tiny(choices: dict[str, Any], seed: int = 0, dtype: torch.dtype = torch.float32) -> NRL:
    torch.manual_seed(seed)
    return NRL(**TINY, **choices).to(dtype)


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("choices", CHOICES, ids=name)
def test_shape_gradients_and_batch(choices: dict[str, Any]) -> None:
    net = tiny(choices)
    x = picture(2, 3, 17, 31)
    both = net(x)
    assert both.shape == x.shape
    both.square().sum().backward()
    for parameter, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), parameter
        assert p.grad.abs().max() > 0, f"{parameter} does not learn"
    with torch.no_grad():
        singles = torch.cat([net(x[:1]), net(x[1:])])
        torch.testing.assert_close(both.detach(), singles, rtol=1e-4, atol=1e-5)
        assert net(picture(1, 3, 5, 7)).shape == (1, 3, 5, 7)
        assert net(picture(1, 3, 1, 1)).shape == (1, 3, 1, 1)


@pytest.mark.parametrize("choices", CHOICES, ids=name)
@torch.no_grad()
def test_finite_on_extreme_input(choices: dict[str, Any]) -> None:
    net = tiny(choices)
    base = picture(1, 3, 6, 9)
    for x in (base * 0, base * 0 + 1, base.round(), 1e3 * base, -1e3 * base, 1e-30 * base):
        assert net(x).isfinite().all()


@pytest.mark.parametrize("kind", STATISTICAL)
def test_published_size(kind: str) -> None:
    assert 185_000 <= parameter_count(build(kind)) <= 195_000


def test_counted_sizes() -> None:
    assert parameter_count(build("nrl")) == 187_958
    assert parameter_count(build("nrl", widths=(24, 27, 24))) != 187_958
    bounds = [parameter_count(build("nrl", unit=u)) for u in ("rru", "rru+a", "raru")]
    assert bounds[1] - bounds[0] == 2 * 64 * 32  # one W_E and one W_R
    assert bounds[2] - bounds[0] == 6 * 2 * 64 * 32


@pytest.mark.parametrize("kind", STATISTICAL)
def test_declares_what_the_engine_asks_for(kind: str) -> None:
    net = build(kind, **TINY)
    assert isinstance(net, Net)
    assert (net.scale, net.multiple_of, net.moments_size) == (1, 1, 16)
    assert (net.halo, net.moments_halo) == (9, 4)
    assert net.tones == {"nrl": (), "nrl-global": LEVELS}[kind]
    x = picture(2, 3, 5, 7)
    assert net.moments(x).shape == (2, 16)
    assert net.statistics(x).shape == (2, 16 + 4 * len(net.tones))


def test_a_plain_net_has_no_statistics() -> None:
    assert Net().moments(picture(2, 3, 5, 7)).shape == (2, 0)


def test_unknown_names_tell_the_nearest() -> None:
    with pytest.raises(OptionError, match="nrl-global"):
        build("nrl-globl")
    with pytest.raises(OptionError, match="'mapp' is none of none, identity, scalar, map"):
        build("nrl", residual="mapp")
    with pytest.raises(OptionError, match="nrl"):
        build("nrl", stepz=3)


def reach(out: Tensor, x: Tensor, row: int, column: int) -> int:
    """Radius of the square of input pixels that one output pixel depends on."""
    (gradient,) = torch.autograd.grad(out[..., row, column].sum(), x)
    rows, columns = gradient.abs().sum((0, 1)).nonzero().unbind(1)
    distances = torch.cat([(rows - row).abs(), (columns - column).abs()])
    return int(distances.max())


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("unit", get_args(Unit))
@pytest.mark.parametrize("features", get_args(Features))
def test_receptive_field_is_the_declared_halo(features: Features, unit: Unit, steps: int) -> None:
    torch.manual_seed(1)
    net = NRL(features=features, unit=unit, steps=steps, channels=8, widths=(4, 4, 4)).double()
    side = 2 * net.halo + 5
    x = picture(1, 3, side, side).double().requires_grad_()
    known = net.statistics(x).detach()
    centre = side // 2
    assert reach(net(x, known), x, centre, centre) == net.halo
    assert reach(net.features(x), x, centre, centre) == net.moments_halo


@pytest.mark.parametrize("kind", STATISTICAL)
@torch.no_grad()
def test_moments_of_halves_add_up(kind: str) -> None:
    torch.manual_seed(2)
    net = build(kind, **TINY).double()
    x = picture(1, 3, 24, 21).double()
    whole = net.moments(x)
    weight = torch.full((1, 1, 24, 21), 1 / (24 * 21), dtype=torch.float64)
    torch.testing.assert_close(net.moments(x, weight), whole)
    # Each half is read with its halo, and the halo counts nothing.
    total, halo, cut = torch.zeros_like(whole), net.moments_halo, 11
    for start, stop in ((0, cut), (cut, 24)):
        first, end = max(0, start - halo), min(24, stop + halo)
        part = weight[:, :, first:end].clone()
        part[:, :, : start - first] = 0
        part[:, :, stop - first :] = 0
        total += net.moments(x[:, :, first:end], part)
    torch.testing.assert_close(total, whole)


@pytest.mark.parametrize("kind", STATISTICAL)
@torch.no_grad()
def test_given_statistics_equal_none_given(kind: str) -> None:
    torch.manual_seed(3)
    net = build(kind, **TINY)
    x = picture(2, 3, 13, 19)
    torch.testing.assert_close(net(x, net.statistics(x)), net(x))
    condition = net.condition(net.statistics(x))
    assert condition.shape == (2, net.condition_size)
    torch.testing.assert_close(net.enhance(x, condition), net(x))
    assert not torch.allclose(net(x, net.statistics(x.flip(0) * 0.3)), net(x))


@torch.no_grad()
def test_tones_are_those_of_the_sample() -> None:
    net = build("nrl-global", **TINY)
    x, sample = picture(2, 3, 13, 19), 0.5 * picture(2, 3, 64, 64, seed=1)
    known = torch.cat([net.moments(x), tones_of(sample)], dim=1)
    torch.testing.assert_close(net(x, sample=sample), net(x, known))
    torch.testing.assert_close(net.statistics(x, sample), known)
    assert not torch.allclose(net(x, sample=sample), net(x))


@torch.no_grad()
def test_gate_knows_the_whole_picture() -> None:
    """Of two equal corners, the one in the darker picture gets another divisor."""
    for gate in ("none", "moments", "tones"):
        net = tiny({"unit": "rru", "gate": gate}, dtype=torch.float64)
        x = picture(1, 3, 48, 48).double()
        darker = x.clone()
        darker[..., 24:] *= 0.2
        same = torch.allclose(net(x)[..., :10, :10], net(darker)[..., :10, :10], atol=1e-12)
        assert same == (gate == "none")
