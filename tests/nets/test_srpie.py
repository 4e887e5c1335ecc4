"""Deep SR-PIE: contracts for every choice, and MBFNet written out again from Eqs. 7-12."""

import dataclasses
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.errors import OptionError
from burnish.nets.dunet import DUNetActivation
from burnish.nets.guided import Combine, Members, Pair, third_branch
from burnish.nets.mbfnet import HFA2, FCAPlace, RReLU, Without
from burnish.nets.net import Net
from burnish.nets.penet import Transform, enhance_v2
from burnish.nets.srpie import SRPIE
from burnish.nets.zoo import build, parameter_count

NAMES = ["srpie", "srpie-wide"]
TINY: dict[str, Any] = {
    "channels": 8, "msb_widths": (6, 4, 4, 4), "penet_widths": (4, 4, 6, 6, 6), "dunet_width": 12,
    "t": 1, "radius": 2,
}  # fmt: skip

TABLE_1: dict[int, dict[str, Any]] = {
    1: {},
    2: {"pair": "d,b"},
    3: {"pair": "d,i"},
    4: {"pair": "i,i"},
    5: {"without": "hfa1"},
    6: {"without": "hfa2"},
    7: {"without": "hfa3"},
    8: {"transform": "v1"},
    9: {"transform": "v2"},
    10: {"transform": "none"},
    11: {"upsampler": "shuffle"},
}
READINGS: list[dict[str, Any]] = [
    {"members": "first"},
    {"combine": "cat"},
    {"combine": "cat", "members": "first"},
    {"transform": "literal"},
    {"fca": "before"},
    {"dunet_activation": "rrelu"},
    {"dunet_activation": "relu"},
    {"wide": True},
    {"wide": True, "upsampler": "shuffle"},
    {"t": 3},
    *({"scale": s} for s in (1, 3, 4)),
    *({"scale": s, "upsampler": "shuffle"} for s in (1, 3, 4)),
    *({"hfa_2": h, "without": w} for h in ("last", "shallow") for w in get_args(Without)),
    {"dilation": 1},
]
CHOICES = [*TABLE_1.values(), *READINGS]
LOCAL = [c for c in CHOICES if c.get("transform") != "v2"]  # v2 holds a whole-picture threshold


def name(choices: dict[str, Any]) -> str:
    return "-".join(map(str, choices.values())) or "published"


def tiny(choices: dict[str, Any], seed: int = 0, dtype: torch.dtype = torch.float32) -> SRPIE:
    torch.manual_seed(seed)
    return SRPIE(**(TINY | choices)).to(dtype)


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


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


@pytest.mark.parametrize("kind", NAMES)
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


@pytest.mark.parametrize("choices", LOCAL, ids=name)
def test_receptive_field_is_within_the_halo(choices: dict[str, Any]) -> None:
    net = tiny(choices, seed=1, dtype=torch.float64).eval()
    assert net.halo % net.multiple_of == 0
    side = 2 * net.halo + 16
    x = picture(1, 3, side, side).double().requires_grad_()
    out, s = net(x), net.scale
    reaches = []
    for phase in range(net.multiple_of):
        at = net.halo + phase
        cell = slice(s * at, s * at + s)
        (g,) = torch.autograd.grad(out[..., cell, cell].sum(), x, retain_graph=True)
        rows, columns = g.abs().sum((0, 1)).nonzero().unbind(1)
        reaches.append(int((torch.cat([rows, columns]) - at).abs().max()))
    assert max(reaches) <= net.halo
    assert max(reaches) > net.halo - max(2, net.multiple_of)  # and not far within


@pytest.mark.parametrize("choices", LOCAL, ids=name)
@torch.no_grad()
def test_tiles_equal_the_whole(choices: dict[str, Any]) -> None:
    net = tiny(choices, seed=2, dtype=torch.float64).eval()
    height, width = 2 * net.halo + 21, net.halo + 22
    x = picture(1, 3, height, width).double()
    whole, s, halo = net(x), net.scale, net.halo
    out = torch.full_like(whole, torch.nan)
    core = 2 * halo // 8 * 8
    for top in range(0, height, core):
        for left in range(0, width, core):
            y0, x0 = max(0, top - halo), max(0, left - halo)
            y0, x0 = (v - v % net.multiple_of for v in (y0, x0))
            part = net(x[..., y0 : top + core + halo, x0 : left + core + halo])
            bottom, right = min(height, top + core), min(width, left + core)
            out[..., s * top : s * bottom, s * left : s * right] = part[
                ..., s * (top - y0) : s * (bottom - y0), s * (left - x0) : s * (right - x0)
            ]
    torch.testing.assert_close(out, whole, rtol=0, atol=1e-10)


@torch.no_grad()
def test_v2_sees_the_whole_picture() -> None:
    """Why it does not tile: another corner, another threshold here."""
    net = tiny({"transform": "v2"}, dtype=torch.float64).eval()
    net.mbfnet.image.weight.mul_(20)
    changed = []
    for seed in range(6):
        x = picture(1, 3, 96, 96, seed=seed).double()
        other = x.clone()
        other[..., 60:] *= 0.1
        changed.append(not torch.allclose(net(x)[..., :40], net(other)[..., :40], atol=1e-12))
    assert any(changed)


@torch.no_grad()
def test_eval_repeats_and_training_does_not() -> None:
    net = tiny({"dropout": 0.0})
    x = picture(1, 3, 16, 16)
    assert not torch.equal(net.train()(x), net(x))
    assert torch.equal(net.eval()(x), net(x))
    v = torch.tensor([-2.0, 3.0])
    torch.testing.assert_close(RReLU().eval()(v), torch.tensor([-2.0 * 11 / 48, 3.0]))


@torch.no_grad()
def test_moments_are_not_used() -> None:
    net = tiny({}).eval()
    x = picture(2, 3, 9, 9)
    assert net.moments(x).shape == (2, 0)
    assert torch.equal(net(x, net.moments(x)), net(x))


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


class ByHand:
    """MBFNet in a straight line from its weights, Eqs. 7-12."""

    def __init__(self, net: SRPIE) -> None:
        self.p = net.state_dict()

    def conv(self, name: str, x: Tensor, dilation: int = 1) -> Tensor:
        w = self.p[f"{name}.weight"]
        pad = dilation * (w.shape[-1] // 2)
        return F.conv2d(x, w, self.p[f"{name}.bias"], padding=pad, dilation=dilation)

    @staticmethod
    def rrelu(x: Tensor) -> Tensor:
        return torch.where(x >= 0, x, x * 11 / 48)

    def msb(self, k: int, x: Tensor, kept: int, fca: str) -> Tensor:
        m = f"mbfnet.msbs.{k}"
        y = self.rrelu(self.conv(f"{m}.dilated", x, 2))
        three, five = self.conv(f"{m}.first3", y), self.conv(f"{m}.first5", y)
        z = torch.cat(
            [
                self.conv(f"{m}.keep1", y),
                three[:, :kept],
                self.conv(f"{m}.second3", three[:, kept:]),
                five[:, :kept],
                self.conv(f"{m}.second5", five[:, kept:]),
            ],
            1,
        )
        if fca == "after":
            z = self.attend(f"{m}.close.1", self.conv(f"{m}.close.0", z))
        else:
            z = self.conv(f"{m}.close.1", self.attend(f"{m}.close.0", z))
        return z + x

    def attend(self, name: str, x: Tensor) -> Tensor:
        c_r = 1 / (1 + torch.exp(self.conv(f"{name}.far", x, 2) - self.conv(f"{name}.near", x)))
        return c_r * x + c_r  # Eq. 11 and the words after it


@pytest.mark.parametrize(
    "choices",
    [{}, {"fca": "before"}, *({"hfa_2": h, "without": w} for h in get_args(HFA2)
     for w in get_args(Without))],
    ids=name,
)  # fmt: skip
@torch.no_grad()
def test_mbfnet_equals_its_equations(choices: dict[str, Any]) -> None:
    t, kept = 3, 4
    net = tiny(choices | {"t": t}, seed=4, dtype=torch.float64).eval()
    hand = ByHand(net)
    x = picture(1, 3, 12, 9, seed=5).double()
    h = hand.conv("shallow", x)
    third = third_branch(x, "i+d,i", "add", "both", 2, 0.01)
    hfa_2, without = choices.get("hfa_2", "all"), choices.get("without", "nothing")

    msbs = [h]
    for k in range(len(net.mbfnet.msbs)):
        msbs.append(hand.msb(k, msbs[-1], kept, choices.get("fca", "after")))
    msbs = msbs[1:]
    parts = msbs if hfa_2 != "last" else msbs[t:]
    if without == "hfa2" and hfa_2 != "shallow":
        assert len(msbs) == t  # MSB_t would feed nothing
        parts = []
    if without != "hfa1":
        b = hand.rrelu(hand.conv("mbfnet.bpb.first.0", msbs[t - 1]))
        for k in (1, 2):
            ahead = hand.conv(f"mbfnet.bpb.ahead.{k - 1}", msbs[t - k - 1])
            b = torch.cat([ahead, hand.conv(f"mbfnet.bpb.back.{k - 1}", b)], 1)
        parts = [*parts, b]
    if without != "hfa3":
        parts = [*parts, hand.conv("mbfnet.third", third)]
    fused = hand.conv("mbfnet.fuse", hand.rrelu(hand.conv("mbfnet.hfa.0", torch.cat(parts, 1))))
    if not (without == "hfa2" and hfa_2 == "shallow"):
        fused = fused + h
    image, features = net.mbfnet(h, third)
    torch.testing.assert_close(features, fused)
    torch.testing.assert_close(image, hand.conv("mbfnet.image", fused))


class OneInput(nn.Module):
    """A function of the picture alone, as a module for the exporter."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def exported(function: Callable[[Tensor], Tensor], path: Path) -> onnxruntime.InferenceSession:
    height, width = torch.export.Dim("height", min=2), torch.export.Dim("width", min=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            OneInput(function).eval(), (picture(1, 3, 21, 35),), str(path), input_names=["x"],
            dynamic_shapes=({2: height, 3: width},), dynamo=True, external_data=False,
            verbose=False,
        )  # fmt: skip
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    "choices", [{}, {"wide": True, "transform": "v1", "combine": "cat", "scale": 3}], ids=name
)
@torch.no_grad()
def test_onnx_equals_torch(choices: dict[str, Any], tmp_path: Path) -> None:
    net = tiny(choices, seed=6).eval()
    session = exported(net, tmp_path / "net.onnx")
    for size in ((21, 35), (17, 50), (5, 3)):
        x = picture(1, 3, *size, seed=7)
        (got,) = session.run(None, {"x": x.numpy()})
        np.testing.assert_allclose(got, net(x).numpy(), atol=2e-6)


@torch.no_grad()
def test_v2_in_onnx_equals_torch(tmp_path: Path) -> None:
    """On two kinds of area that Otsu separates widely: near a tie, rounding moves the threshold."""
    session = exported(enhance_v2, tmp_path / "v2.onnx")
    for height, width in ((19, 26), (33, 17)):
        x = 0.3 + 0.02 * picture(1, 3, height, width, seed=8)
        x[..., 1::2, 1::3] = 0.05
        (got,) = session.run(None, {"x": x.numpy()})
        np.testing.assert_allclose(got, enhance_v2(x).numpy(), atol=2e-6)
        assert np.abs(got - x.numpy()).max() > 0.01
