"""Deep SR-PIE in tiles: the halo holds its receptive field, and tiled equals whole."""

from typing import Any

import pytest
import torch

from nets.srpie_forms import LOCAL, name, picture, tiny


@pytest.mark.parametrize("choices", LOCAL, ids=name)
def test_receptive_field_is_within_the_halo(choices: dict[str, Any]) -> None:
    net = tiny(choices, seed=1, dtype=torch.float64).eval()
    assert net.halo % net.multiple_of == 0
    side = 2 * net.halo + 16
    x = picture(1, 3, side, side).double().requires_grad_()
    out, s = net(x, net.statistics(x).detach()), net.scale
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
    known = net.statistics(x)
    whole, s, halo = net(x, known), net.scale, net.halo
    out = torch.full_like(whole, torch.nan)
    core = 2 * halo // 8 * 8
    for top in range(0, height, core):
        for left in range(0, width, core):
            y0, x0 = max(0, top - halo), max(0, left - halo)
            y0, x0 = (v - v % net.multiple_of for v in (y0, x0))
            part = net(x[..., y0 : top + core + halo, x0 : left + core + halo], known)
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
