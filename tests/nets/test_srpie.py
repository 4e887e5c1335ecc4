"""Deep SR-PIE: what holds for every choice; its size; unknown choices."""

import dataclasses
import itertools
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.errors import OptionError
from burnish.nets import guided
from burnish.nets.dunet import DUNet, DUNetActivation
from burnish.nets.guided import Combine, Members, Pair
from burnish.nets.mbfnet import HFA2, Cascade, FCAPlace, RReLU, Without
from burnish.nets.net import Net
from burnish.nets.penet import Transform, enhance_v2
from burnish.nets.srpie import SRPIE, Place
from burnish.nets.zoo import build, parameter_count
from nets.srpie_forms import CHOICES, TABLE_1, TINY, name, picture, tiny

NAMES = ["srpie", "srpie-wide", "srpie-global"]


def test_every_choice_is_among_those_tested() -> None:
    for key, choice in (
        ("pair", Pair), ("combine", Combine), ("members", Members), ("hfa_2", HFA2),
        ("without", Without), ("fca", FCAPlace), ("transform", Transform),
        ("dunet_activation", DUNetActivation), ("cascade", Cascade),
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


def by_hand(net: SRPIE, x: Tensor, choices: dict[str, Any]) -> Tensor:
    """Eqs. 1-3, wired as ``choices`` say, not as the network remembers them; no gate."""
    settings = TINY | choices
    h, third = net.shallow(x), None
    if settings.get("without") != "hfa3":
        form = [settings.get(k, d) for k, d in (("combine", "add"), ("members", "both"))]
        pair = settings.get("pair", "i+d,i")
        third = guided.third_branch(x, pair, *form, settings["radius"], guided.EPS)
    image, features = net.mbfnet(h, third)

    def enlarged(y: Tensor) -> Tensor:
        y = torch.cat([y, features], dim=1) if settings.get("wide") else y
        up = net.upsampler
        if isinstance(up, DUNet):
            activation = settings.get("dunet_activation", "none")
            again = DUNet(net.scale, up.top1.out_channels, y.shape[1], activation)
            again.load_state_dict(up.state_dict())
            out: Tensor = again.to(y.dtype).eval()(y)
            return out
        return F.pixel_shuffle(F.conv2d(y, up.conv.weight, up.conv.bias, padding=1), net.scale)

    def enhanced(y: Tensor) -> Tensor:
        q, transform = y * (1 - y), settings.get("transform", "matrix")
        if transform == "none":
            return y
        if transform == "v2":
            return enhance_v2(y)
        assert net.penet is not None
        a = net.penet(h)
        if y.shape[-1] > a.shape[-1]:
            a = F.interpolate(a, scale_factor=net.scale, mode="bilinear")
        if transform == "v1":
            return y + a * q
        gain, rows = a[:, 9:], a[:, :9].unflatten(1, (3, 3))  # (N, term j, out c, H, W)
        terms = q[:, None] if transform == "literal" else q[:, :, None]
        return (rows * terms).sum(1) + gain * y

    after = settings.get("place") == "after"
    return enhanced(enlarged(image)) if after else enlarged(enhanced(image))


@pytest.mark.parametrize("choices", [c for c in CHOICES if "gate" not in c], ids=name)
@torch.no_grad()
def test_every_choice_is_wired_as_it_says(choices: dict[str, Any]) -> None:
    """Readings that differ in what goes where have weights of the same shapes: Table 1's rows."""
    net = tiny(choices, dtype=torch.float64).eval()
    x = picture(1, 3, 19, 24).double()
    torch.testing.assert_close(net(x), by_hand(net, x, choices), rtol=0, atol=1e-12)


@torch.no_grad()
def test_readings_of_one_shape_differ() -> None:
    """So that the test above would see one taken for another."""
    net = tiny({}, dtype=torch.float64).eval()
    x = picture(1, 3, 19, 24).double()
    for key, values in (
        ("pair", get_args(Pair)), ("transform", ("matrix", "literal")),
        ("dunet_activation", get_args(DUNetActivation)), ("place", get_args(Place)),
    ):  # fmt: skip
        outs = [by_hand(net, x, {key: value}) for value in values]
        for one, other in itertools.combinations(outs, 2):
            assert (one - other).abs().max() > 1e-4, key


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
