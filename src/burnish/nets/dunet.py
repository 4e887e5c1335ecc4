"""DUNet of Deep SR-PIE, dual-path upsampling (paper B, Eq. 13), and a plain one beside it.

As printed no activation stands between its convolutions, so that the whole is one linear map; an
activation after each of the four is a typed choice.
"""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from burnish.nets.mbfnet import RReLU, conv

Upsampler = Literal["dunet", "shuffle"]
DUNetActivation = Literal["none", "rrelu", "relu"]


def fitting_width(width: int, scale: int) -> int:
    """The next width from ``width`` up that divides by 3 and by scale squared."""
    step = math.lcm(3, scale * scale)
    return -(-width // step) * step


class DUNet(nn.Module):
    """(N, inputs, H, W) -> (N, 3, scale H, scale W); ``width`` channels on each path."""

    radius = 4

    def __init__(
        self, scale: int, width: int = 48, inputs: int = 3, activation: DUNetActivation = "none"
    ) -> None:
        super().__init__()
        if width % 3 or width % scale**2:
            raise ValueError(
                f"DUNet's width {width} must divide by 3 and by {scale**2}: "
                f"{fitting_width(width, scale)} does"
            )
        third = width // 3
        self.top1, self.bottom1 = conv(inputs, width, 5), conv(inputs, width, 3)
        self.top2, self.bottom2 = conv(2 * third, 2 * third, 5), conv(2 * third, 2 * third, 3)
        self.shuffle = nn.PixelShuffle(scale)
        self.merge = conv(2 * width // scale**2, 3, 1)
        self.act = {"none": nn.Identity, "rrelu": RReLU, "relu": nn.ReLU}[activation]()

    def forward(self, x: Tensor) -> Tensor:
        t1, t2, t3 = self.act(self.top1(x)).chunk(3, dim=1)
        b1, b2, b3 = self.act(self.bottom1(x)).chunk(3, dim=1)
        top = self.act(self.top2(torch.cat([t1, b2], dim=1)))
        bottom = self.act(self.bottom2(torch.cat([b1, t2], dim=1)))
        top = self.shuffle(torch.cat([top, t3], dim=1))  # (N, width / scale^2, sH, sW)
        bottom = self.shuffle(torch.cat([bottom, b3], dim=1))
        out: Tensor = self.merge(torch.cat([top, bottom], dim=1))
        return out


class PlainShuffle(nn.Module):
    """Table 1 row 11: a 3x3 convolution and a pixel shuffle."""

    radius = 1

    def __init__(self, scale: int, inputs: int = 3) -> None:
        super().__init__()
        self.conv = conv(inputs, 3 * scale**2, 3)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.shuffle(self.conv(x))
        return out
