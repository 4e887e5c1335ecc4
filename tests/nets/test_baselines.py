"""The comparison networks keep the contract of all nets; sizes are those of their papers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.nets.baselines.dense_skip import DenseSkip
from burnish.nets.baselines.dped_resnet import DpedResNet
from burnish.nets.baselines.johnson import JohnsonNet
from burnish.nets.baselines.mcrn import MCRN
from burnish.nets.baselines.srcnn import SRCNN
from burnish.nets.feature_blocks import Features
from burnish.nets.net import Net
from burnish.nets.zoo import build, parameter_count

TINY: dict[str, Callable[[], Net]] = {
    "srcnn": lambda: SRCNN(widths=(8, 6)),
    "johnson": lambda: JohnsonNet(channels=4, blocks=2),
    "dped-resnet": lambda: DpedResNet(channels=8, blocks=2),
    "mcrn": lambda: MCRN(channels=8, blocks=2),
    "dense-skip": lambda: DenseSkip(channels=8, blocks=2, layers=2, growth=4),
}
TINY |= {
    f"dped-{kind}": lambda kind=kind: DpedResNet(8, 2, kind, (4, 4, 4))  # type: ignore[misc]
    for kind in get_args(Features)
}
NORMALISED = {name for name in TINY if name.startswith(("johnson", "dped"))}


def picture(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def tiny(name: str) -> Net:
    torch.manual_seed(0)
    return TINY[name]()


@pytest.mark.parametrize("name", TINY)
def test_shape_gradients_and_batch(name: str) -> None:
    net = tiny(name)
    x = picture(2, 3, 17, 31)
    both = net(x)
    assert both.shape == x.shape
    both.square().sum().backward()
    for parameter, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), parameter
        assert p.grad.abs().max() > 1e-6, f"{parameter} does not learn"
    with torch.no_grad():
        singles = torch.cat([net(x[:1]), net(x[1:])])
        torch.testing.assert_close(both.detach(), singles, rtol=1e-4, atol=1e-5)
        assert net(picture(1, 3, 5, 7)).shape == (1, 3, 5, 7)
        assert net.eval()(x).equal(both)


@pytest.mark.parametrize("name", TINY)
@torch.no_grad()
def test_finite_on_extreme_input(name: str) -> None:
    net, base = tiny(name), picture(1, 3, 9, 12)
    for x in (base * 0, base * 0 + 1, base.round(), 1e3 * base, -1e3 * base, 1e-30 * base):
        assert net(x).isfinite().all()


@pytest.mark.parametrize("name", TINY)
def test_declares_what_the_engine_asks_for(name: str) -> None:
    net = tiny(name)
    assert (net.scale, net.moments_size, net.moments_halo) == (1, 0, 0)
    assert net.multiple_of == (4 if name == "johnson" else 1)
    assert net(picture(1, 3, 8, 8), torch.zeros(1, 0)).shape == (1, 3, 8, 8)


@pytest.mark.parametrize("name", sorted(TINY.keys() - NORMALISED))
def test_receptive_field_is_the_declared_halo(name: str) -> None:
    net = tiny(name).double()
    side = 2 * net.halo + 5
    x = picture(1, 3, side, side).double().requires_grad_()
    middle = side // 2
    (gradient,) = torch.autograd.grad(net(x)[..., middle, middle].sum(), x)
    rows, columns = gradient.abs().sum((0, 1)).nonzero().unbind(1)
    assert max((rows - middle).abs().max(), (columns - middle).abs().max()) == net.halo


@pytest.mark.parametrize("name", sorted(NORMALISED))
def test_convolutions_reach_no_further_than_the_declared_halo(name: str) -> None:
    """With the normalisation taken out, since that looks at the whole view."""
    net = tiny(name).double()
    for module in list(net.modules()):
        for key, child in module.named_children():
            if isinstance(child, torch.nn.InstanceNorm2d):
                setattr(module, key, torch.nn.Identity())
    side = 2 * net.halo + 12
    x = picture(1, 3, side, side).double().requires_grad_()
    reaches = []
    for middle in range(side // 2, side // 2 + net.multiple_of):
        (gradient,) = torch.autograd.grad(net(x)[..., middle, middle].sum(), x)
        rows, columns = gradient.abs().sum((0, 1)).nonzero().unbind(1)
        reaches.append(int(max((rows - middle).abs().max(), (columns - middle).abs().max())))
    if name == "johnson":
        assert net.halo - 4 <= max(reaches) <= net.halo
    else:
        assert max(reaches) == net.halo


@pytest.mark.parametrize(
    ("net", "count"),
    [
        (SRCNN, 9 * 9 * 3 * 64 + 64 + 64 * 32 + 32 + 5 * 5 * 32 * 3 + 3),
        (JohnsonNet, 1_679_235 - 1_600),  # biases that the normalisation would cancel
        (DpedResNet, 400_963),  # paper A: about 400 thousand
        (MCRN, 115_366),
        (DenseSkip, 448_259),
    ],
)
def test_counted_sizes(net: Callable[[], Net], count: int) -> None:
    assert parameter_count(net()) == count


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("srcnn", {"widths": [8, 6]}),
        ("johnson", {"channels": 4, "blocks": 1}),
        ("dped-resnet", {"channels": 8, "blocks": 1, "features": "fmsb", "widths": [4, 4, 4]}),
        ("mcrn", {"channels": 8, "blocks": 1}),
        ("dense-skip", {"channels": 8, "blocks": 1, "layers": 2, "growth": 4}),
    ],
)
@torch.no_grad()
def test_saved_and_loaded_by_name(name: str, choices: dict[str, Any], tmp_path: Path) -> None:
    """Choices come back from a card's JSON, where a tuple is a list."""
    net = build(name, **choices)
    card = ModelCard(name, name, net.halo, choices)
    checkpoint.save(tmp_path / "w.safetensors", net.state_dict(), card)
    loaded, _ = checkpoint.load(tmp_path / "w.safetensors")
    x = picture(1, 3, 9, 11)
    assert loaded(x).equal(net(x))


def test_unknown_features_are_refused() -> None:
    with pytest.raises(ValueError, match="'fmsb5' is none of dped, conv3"):
        DpedResNet(features="fmsb5")  # type: ignore[arg-type]
