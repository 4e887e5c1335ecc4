"""PENet with a gate on its own: its formula, its size, its reach, and its kinship with `srpie`."""

from pathlib import Path
from typing import Any

import pytest
import torch

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.nets.global_gate import LEVELS
from burnish.nets.tone import ToneNet
from burnish.nets.zoo import build, parameter_count
from burnish.train.weights import take_over
from nets.srpie_forms import TINY, picture

SMALL: dict[str, Any] = {"channels": 8, "penet_widths": (4, 4, 6, 6, 6)}


def tiny(dtype: torch.dtype = torch.float64) -> ToneNet:
    torch.manual_seed(5)
    return ToneNet(**SMALL).to(dtype).eval()


@torch.no_grad()
def test_it_is_the_joint_network_without_the_detail(tmp_path: Path) -> None:
    """The same weights, no MBFNet, no DUNet and no enlargement: the same pictures."""
    torch.manual_seed(3)
    joint = build("srpie-global", **TINY, scale=1).eval()
    joint.residual_on = False
    card = ModelCard("x", "srpie-global", halo=joint.halo)
    checkpoint.save(tmp_path / "x.safetensors", joint.state_dict(), card)
    net = tiny(torch.float32)
    take_over(net, [tmp_path / "x.safetensors"])
    x, sample = picture(2, 3, 17, 21), picture(2, 3, 30, 30, seed=1) ** 2
    torch.testing.assert_close(net(x, sample=sample), joint(x, sample=sample), atol=1e-5, rtol=0)
    assert (net(x, sample=sample) - x).abs().mean() > 1e-3


def test_shape_gradients_and_size() -> None:
    net = tiny(torch.float32)
    for size in ((17, 31), (1, 1), (5, 8)):
        out = net(picture(2, 3, *size))
        assert out.shape == (2, 3, *size) and out.isfinite().all()
    net(picture(2, 3, 17, 31)).square().sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.abs().max() > 0, f"{name} does not learn"
    assert parameter_count(build("tone")) == 67_416
    assert net.needs()["tones"] == LEVELS and net.scale == 1 and net.moments_size == 0


def test_the_halo_holds_its_reach_and_tiles_equal_the_whole() -> None:
    net, side = tiny(), 64
    x = picture(1, 3, side, side).double().requires_grad_()
    known = net.statistics(x).detach()
    out, reaches = net(x, known), []
    for at in range(net.halo, net.halo + net.multiple_of):
        (g,) = torch.autograd.grad(out[..., at, at].sum(), x, retain_graph=True)
        rows, columns = g.abs().sum((0, 1)).nonzero().unbind(1)
        reaches.append(int((torch.cat([rows, columns]) - at).abs().max()))
    assert net.halo - net.multiple_of < max(reaches) <= net.halo == 24
    with torch.no_grad():
        part = net(x[..., 8:, 16:], known)
        torch.testing.assert_close(part[..., 24:, 24:], out[..., 32:, 40:], rtol=0, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 1.0])
@torch.no_grad()
def test_the_share_goes_from_the_photo_to_its_retouch(share: float) -> None:
    net, x = tiny(), picture(1, 3, 16, 16).double()
    condition = net.condition(net.statistics(x))
    half = condition.clone()
    condition[:, -1], half[:, -1] = share, 0.5
    out = net.enhance(x, condition)
    if share == 0:
        torch.testing.assert_close(out, x)
    else:
        torch.testing.assert_close(net.enhance(x, half), (out + x) / 2)
