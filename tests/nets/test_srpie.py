"""Deep SR-PIE: what holds for every choice; its size; unknown choices."""

import dataclasses
from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.errors import OptionError
from burnish.nets.dunet import DUNetActivation
from burnish.nets.guided import Combine, Members, Pair
from burnish.nets.mbfnet import HFA2, FCAPlace, RReLU, Without
from burnish.nets.net import Net
from burnish.nets.penet import Transform
from burnish.nets.srpie import SRPIE
from burnish.nets.zoo import build, parameter_count
from nets.srpie_forms import CHOICES, TABLE_1, TINY, name, picture, tiny

NAMES = ["srpie", "srpie-wide", "srpie-global"]


def test_every_choice_is_among_those_tested() -> None:
    for key, choice in (
        ("pair", Pair), ("combine", Combine), ("members", Members), ("hfa_2", HFA2),
        ("without", Without), ("fca", FCAPlace), ("transform", Transform),
        ("dunet_activation", DUNetActivation),
    ):  # fmt: skip
        default = {"pair": "i+d,i"}.get(key, get_args(choice)[0])
        assert {c.get(key, default) for c in CHOICES} == set(get_args(choice))


@pytest.mark.parametrize("choices", CHOICES, ids=name)
def test_shape_gradients_and_batch(choices: dict[str, Any]) -> None:
    net = tiny(choices)
    s = net.scale
    x = picture(2, 3, 17, 31)
    out = net.train()(x)
    assert out.shape == (2, 3, 17 * s, 31 * s)
    out.square().sum().backward()
    for parameter, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), parameter
        assert p.grad.abs().max() > 0, f"{parameter} does not learn"
    with torch.no_grad():
        net.eval()
        both = net(x)
        singles = torch.cat([net(x[:1]), net(x[1:])])
        torch.testing.assert_close(both, singles, rtol=1e-4, atol=1e-5)
        assert net(picture(1, 3, 5, 7)).shape == (1, 3, 5 * s, 7 * s)
        assert net(picture(1, 3, 1, 1)).shape == (1, 3, s, s)
        base = picture(1, 3, 6, 9)
        for extreme in (0 * base, base.round(), 1e3 * base, -1e3 * base, 1e-30 * base):
            assert net(extreme).isfinite().all()


@pytest.mark.parametrize("kind", ["srpie", "srpie-wide"])
@pytest.mark.parametrize("row", TABLE_1)
def test_every_row_of_table_1_has_both_forms(kind: str, row: int) -> None:
    net = build(kind, **TABLE_1[row])
    assert isinstance(net, Net) and net.scale == 2 and net.moments_size == 0
    assert net.multiple_of == (1 if row in (9, 10) else 8)


def test_published_size() -> None:
    for kind in NAMES:
        assert 740_000 <= parameter_count(build(kind)) <= 780_000
    assert parameter_count(build("srpie", members="first")) == 758_266
    assert parameter_count(build("srpie")) == 758_266 + 3 * 64 * 9
    net = SRPIE()
    assert [parameter_count(msb) for msb in net.mbfnet.msbs] == [145_008] * 4
    assert net.mbfnet.bpb is not None and parameter_count(net.mbfnet.bpb) == 12_480
    assert net.halo == 40


@torch.no_grad()
def test_eval_repeats_and_training_does_not() -> None:
    net = tiny({"dropout": 0.0})
    x = picture(1, 3, 16, 16)
    assert not torch.equal(net.train()(x), net(x))
    assert torch.equal(net.eval()(x), net(x))
    v = torch.tensor([-2.0, 3.0])
    torch.testing.assert_close(RReLU().eval()(v), torch.tensor([-2.0 * 11 / 48, 3.0]))
    slopes = -RReLU().train()(-torch.ones(10_000))
    assert 1 / 8 <= slopes.min() < 0.126 and 0.332 < slopes.max() <= 1 / 3


@torch.no_grad()
def test_statistics_are_not_used() -> None:
    net = tiny({}).eval()
    x = picture(2, 3, 9, 9)
    assert net.statistics(x).shape == (2, 0)
    assert torch.equal(net(x, net.statistics(x)), net(x))


@pytest.mark.parametrize("kind", NAMES)
@torch.no_grad()
def test_save_and_load(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    net = build(kind, **TINY).eval()
    card = ModelCard(name="x", net=kind, halo=net.halo, scale=2, hyperparameters=TINY)
    checkpoint.save(tmp_path / "x.safetensors", net.state_dict(), card)
    loaded, again = checkpoint.load(tmp_path / "x.safetensors")
    assert dataclasses.replace(again, hyperparameters=TINY) == card
    x = picture(1, 3, 13, 10)
    assert torch.equal(loaded(x), net(x))
    assert (loaded.halo, loaded.multiple_of, loaded.scale) == (net.halo, 8, 2)


def test_unknown_choices_are_named() -> None:
    with pytest.raises(OptionError, match="srpie"):
        build("srpi")
    for key in ("pair", "members", "transform", "hfa_2", "without", "upsampler"):
        with pytest.raises(OptionError, match="'nonsense' is none of"):
            build("srpie", **{key: "nonsense"})
    with pytest.raises(OptionError, match="not 5"):
        build("srpie", scale=5)
    with pytest.raises(OptionError, match="t must be"):
        build("srpie", t=0)
