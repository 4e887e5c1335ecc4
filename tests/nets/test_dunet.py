"""DUNet: Eq. 13 step by step, its width rule, its linearity as printed."""

from typing import get_args

import pytest
import torch
from torch.nn import functional as F

from burnish.nets.dunet import DUNet, DUNetActivation, PlainShuffle, fitting_width
from burnish.nets.zoo import parameter_count


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@torch.no_grad()
def test_equals_eq_13(scale: int) -> None:
    torch.manual_seed(0)
    w = fitting_width(12, scale)
    net = DUNet(scale, w).double()
    x = torch.randn(2, 3, 7, 10, dtype=torch.float64)
    p = net.state_dict()

    def conv(name: str, x: torch.Tensor, kernel: int) -> torch.Tensor:
        return F.conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], padding=kernel // 2)

    ft1, fb1 = conv("top1", x, 5), conv("bottom1", x, 3)
    k = w // 3
    ft11, ft12, ft13 = ft1[:, :k], ft1[:, k : 2 * k], ft1[:, 2 * k :]
    fb11, fb12, fb13 = fb1[:, :k], fb1[:, k : 2 * k], fb1[:, 2 * k :]
    ft2 = conv("top2", torch.cat([ft11, fb12], 1), 5)
    fb2 = conv("bottom2", torch.cat([fb11, ft12], 1), 3)
    ft3 = F.pixel_shuffle(torch.cat([ft2, ft13], 1), scale)
    fb3 = F.pixel_shuffle(torch.cat([fb2, fb13], 1), scale)
    expected = conv("merge", torch.cat([ft3, fb3], 1), 1)
    assert expected.shape == (2, 3, 7 * scale, 10 * scale)
    torch.testing.assert_close(net(x), expected)


@pytest.mark.parametrize("activation", get_args(DUNetActivation))
@torch.no_grad()
def test_as_printed_it_is_one_linear_map(activation: DUNetActivation) -> None:
    torch.manual_seed(1)
    net = DUNet(2, 12, activation=activation).double().eval()
    x, y = torch.randn(2, 1, 3, 9, 9, dtype=torch.float64)
    gap = (net(x + y) - net(x) - net(y) + net(0 * x)).abs().max()
    assert (gap < 1e-12) == (activation == "none")


def test_widths() -> None:
    assert [fitting_width(48, s) for s in (1, 2, 3, 4)] == [48, 48, 54, 48]
    assert fitting_width(1, 3) == 9
    with pytest.raises(ValueError, match="12 does"):
        DUNet(2, 10)


def test_counted_sizes() -> None:
    assert parameter_count(DUNet(2)) == 39_947
    assert parameter_count(PlainShuffle(2)) == 12 * (27 + 1)


@torch.no_grad()
def test_plain_shuffle_puts_channel_blocks_onto_the_grid() -> None:
    net = PlainShuffle(2)
    x = torch.randn(1, 3, 4, 5)
    channels = net.conv(x)
    torch.testing.assert_close(net(x)[:, 1, 1::2, 0::2], channels[:, 4 + 2])
