"""NRL against the paper's formulas, written out again in float64 numpy."""

from itertools import product
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from burnish.nets.adjusting_map import EPS, T_FLOOR, T_KNEE, AdjustingMap, bounded_below
from burnish.nets.global_gate import LEVELS, Gate
from burnish.nets.nrl import NRL, Residual
from burnish.nets.recursive import Attention, RecursiveBlock, Unit

Array = np.ndarray
CHANNELS, STEPS, GAIN = 6, 3, 5.0


def convolve3(x: Array, weight: Array, bias: Array) -> Array:
    """(c,H,W) -> (o,H,W), 3x3, zeros outside, one tap after another."""
    _, h, w = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((len(weight), h, w)) + bias[:, None, None]
    for o, dy, dx in product(range(len(weight)), range(3), range(3)):
        for c in range(len(x)):
            out[o] += weight[o, c, dy, dx] * padded[c, dy : dy + h, dx : dx + w]
    return out


def softmax(v: Array) -> Array:
    e = np.exp(v - v.max())
    return np.asarray(e / e.sum())


def by_hand(unit: str, block: RecursiveBlock, x0: Array) -> Array:
    """Eqs. 11-15 in a straight line."""
    p = {k: v.detach().double().numpy() for k, v in block.state_dict().items()}
    h = np.array([channel.sum() / channel.size for channel in x0])  # Eq. 11
    attended = {"rru": [], "rru+a": [STEPS - 1]}.get(unit, list(range(STEPS)))
    x = x0
    for i in range(STEPS):
        inner = convolve3(np.maximum(x, 0), p["f.1.weight"], p["f.1.bias"])
        fx = convolve3(np.maximum(inner, 0), p["f.3.weight"], p["f.3.bias"])
        if i not in attended:
            x = x0 + fx
            continue
        j = attended.index(i)
        e = np.tanh(p[f"attention.{j}.w_e.weight"] @ h)  # Eq. 12
        a = GAIN * softmax(p[f"attention.{j}.w_r.weight"] @ e)[:, None, None]  # Eq. 13
        match unit:
            case "rrau":  # Eqs. 14-15
                x = x0 + a * fx
            case "arru":
                x = a * x0 + a * fx
            case "raru" | "rru+a":
                x = x0 + (1 + a) * fx
            case "raru-sum":
                x = (1 + a) * (x0 + fx)
    return x


@pytest.mark.parametrize("unit", get_args(Unit))
def test_recursive_block_equals_its_equations(unit: Unit) -> None:
    torch.manual_seed(0)
    block = RecursiveBlock(unit, CHANNELS, STEPS, GAIN).double()
    x0 = torch.randn(2, CHANNELS, 7, 9, dtype=torch.float64)
    with torch.no_grad():
        for attention in block.attention:
            attention.w_r.weight.mul_(6)  # far from uniform, so that a wrong step would show
        got = block(x0, block.attend(x0.mean((2, 3))))
    expected = np.stack([by_hand(unit, block, picture.numpy()) for picture in x0])
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-10, atol=1e-12)


def test_steps_share_f_and_own_their_attention() -> None:
    for steps in (1, 2, 5):
        names = [n for n, _ in RecursiveBlock("raru", 8, steps, 1.0).named_parameters()]
        assert sum(n.startswith("f.") for n in names) == 4
        assert sum(n.startswith("attention.") for n in names) == 2 * steps


@pytest.mark.parametrize("gain", [1.0, 64.0])
@torch.no_grad()
def test_attention_sums_to_its_gain(gain: float) -> None:
    torch.manual_seed(1)
    a = Attention(16, gain)(torch.randn(5, 16))
    assert a.shape == (5, 16, 1, 1)
    assert (a > 0).all()
    torch.testing.assert_close(a.sum(1).squeeze(), torch.full((5,), gain))


@torch.no_grad()
def test_gain_of_the_channel_count_makes_uniform_attention_the_identity() -> None:
    attention = Attention(16, 16.0)
    attention.w_r.weight.zero_()
    torch.testing.assert_close(attention(torch.randn(2, 16)), torch.ones(2, 16, 1, 1))


@pytest.mark.parametrize("gate", get_args(Gate))
@torch.no_grad()
def test_adjusting_map_equals_eq_10(gate: Gate) -> None:
    torch.manual_seed(2)
    lam = 0.9
    t = AdjustingMap(8, lam, gate).double()
    x0 = torch.randn(2, 8, 5, 6, dtype=torch.float64)
    mean, deviation = torch.randn(2, 8).double(), torch.rand(2, 8).double()
    tones = torch.rand(2, 4 * len(LEVELS) if gate == "tones" else 0).double()
    told, gamma, beta = None, torch.zeros(2, 8), torch.zeros(2, 3)
    if t.gate is not None:
        told = t.told(mean, deviation, tones)
        gamma, beta, _ = told.split([8, 3, 4], 1)
    stepwise = t.j2(t.j1(x0 * (1 + gamma[:, :, None, None])))  # two convolutions, not folded
    expected = lam + stepwise + beta[:, :, None, None]
    torch.testing.assert_close(t(x0, told), expected)


@pytest.mark.parametrize("residual", get_args(Residual))
@torch.no_grad()
def test_residual_modes_equal_their_formulas(residual: Residual) -> None:
    torch.manual_seed(3)
    choices: dict[str, Any] = {"channels": 8, "widths": (4, 4, 4), "steps": 2, "lam": 0.8}
    net = NRL(residual=residual, **choices).double()
    x = torch.rand(2, 3, 9, 11, dtype=torch.float64)
    x0 = net.features(x)
    mean = x0.mean((2, 3))
    g = net.reconstruction(net.recursive(x0, net.recursive.attend(mean)))
    if residual == "map":
        assert net.map is not None
        t = net.map(x0)
        assert (t > T_KNEE).all()
        expected = x / (t + EPS) + g
    else:
        expected = {"none": 0.0, "identity": 1.0, "scalar": 0.8}[residual] * x + g
    torch.testing.assert_close(net(x), expected)


@torch.no_grad()
def test_of_what_the_gate_allows_a_share_is_made() -> None:
    torch.manual_seed(5)
    net = NRL(gate="tones", channels=8, widths=(4, 4, 4), steps=2).double()
    x, known = torch.rand(2, 3, 9, 11).double(), torch.rand(2, 16 + 4 * len(LEVELS)).double()
    condition = net.condition(known)
    attention, gamma, beta, delta, _ = condition.split([16, 8, 3, 3, 1], dim=1)
    assert net.map is not None
    x0 = net.features(x)
    g = net.reconstruction(net.recursive(x0, attention))
    t = 1 + net.map.j2(net.map.j1(x0 * (1 + gamma[:, :, None, None]))) + beta[:, :, None, None]
    for share in (0.0, 0.3, 1.0):
        condition[:, -1] = share
        part = 1 + share * (t - 1)
        assert (part > T_KNEE).all()
        expected = x / (part + EPS) + share * (delta[:, :, None, None] + g)
        torch.testing.assert_close(net.enhance(x, condition), expected)
    condition[:, -1] = 0  # a photo that needs nothing is left as it is
    torch.testing.assert_close(net.enhance(x, condition), x, rtol=2 * EPS, atol=0)


@given(st.floats(-1e6, 1e6, width=32))
def test_bounded_below(value: float) -> None:
    t = torch.tensor([value], dtype=torch.float64, requires_grad=True)
    y = bounded_below(t)
    (slope,) = torch.autograd.grad(y.sum(), t)
    assert y.item() >= T_FLOOR
    assert 0 <= slope.item() <= 1
    if value > T_KNEE:
        assert y.item() == value and slope.item() == 1


def test_bounded_below_is_smooth_and_monotone() -> None:
    t = torch.linspace(-1, 0.3, 200_001, dtype=torch.float64, requires_grad=True)
    y = bounded_below(t)
    (slope,) = torch.autograd.grad(y.sum(), t)
    assert (y.diff() >= 0).all()
    assert (slope.diff() >= 0).all() and slope.diff().max() < 2e-4
    numeric = y.diff() / t.diff()
    torch.testing.assert_close(numeric, (slope[1:] + slope[:-1]) / 2, rtol=0, atol=2e-5)
    at_knee = torch.tensor(T_KNEE, dtype=torch.float64, requires_grad=True)
    (slope_at_knee,) = torch.autograd.grad(bounded_below(at_knee), at_knee)
    assert slope_at_knee == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_bounded_below_in_low_precision(dtype: torch.dtype) -> None:
    t = torch.tensor([-3e38, -1e6, -1.0, 0.0, 1e6], dtype=dtype, requires_grad=True)
    y = bounded_below(t)
    y.sum().backward()
    assert (y > 0.9 * T_FLOOR).all()
    assert t.grad is not None and t.grad.isfinite().all()


@torch.no_grad()
def test_even_a_hostile_map_keeps_the_output_finite() -> None:
    net = NRL(channels=8, widths=(4, 4, 4), steps=2)
    assert net.map is not None
    for shift in (-1e6, -1.0, -EPS, 0.0):
        net.map.lam = shift
        assert net(torch.rand(1, 3, 8, 8)).abs().max() < 2 / T_FLOOR
