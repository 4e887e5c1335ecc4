"""IMDN, the lightweight network that paper B compares its size and seconds with.

Hui, Gao, Yang and Wang, "Lightweight image super-resolution with information multi-distillation
network" (2019), written from the paper: 6 blocks of 64 channels, a quarter of them kept at each of
four steps, contrast-aware channel attention, 1x1 fusion of all blocks, a 3x3 convolution with a
long skip, sub-pixel convolution; leaky ReLU of slope 0.05. 694 thousand parameters at scale 2, as
published.

Its attention takes mean and deviation of whole feature maps in every block: it is not for tiles.
"""

import torch
from torch import Tensor, nn

from burnish.nets.net import Net

SLOPE = 0.05


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


class ContrastAttention(nn.Module):
    """Channels weighed by the sum of their mean and standard deviation, (N,c,H,W) -> the same."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(channels, channels // reduction, 1),
            nn.ReLU(),
            _conv(channels // reduction, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        # The root has no slope at 0, where a flat area would lie.
        deviation = ((x - mean).square().mean((2, 3), keepdim=True) + 1e-12).sqrt()
        out: Tensor = x * self.body(mean + deviation)
        return out


class IMDB(nn.Module):
    """Information multi-distillation block: of each step's features a quarter is kept."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        kept = channels // 4
        self.split = [kept, channels - kept]
        self.steps = nn.ModuleList(
            _conv(inputs, channels, 3) for inputs in (channels, channels - kept, channels - kept)
        )
        self.last = _conv(channels - kept, kept, 3)
        self.act = nn.LeakyReLU(SLOPE)
        self.attention = ContrastAttention(channels, reduction)
        self.fuse = _conv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept, rest = [], x
        for step in self.steps:
            part, rest = self.act(step(rest)).split(self.split, dim=1)
            kept.append(part)
        kept.append(self.last(rest))
        out: Tensor = self.fuse(self.attention(torch.cat(kept, dim=1))) + x
        return out


class IMDN(Net):
    """(N,3,H,W) -> (N,3,sH,sW), RGB in [0,1]."""

    whole = True

    def __init__(
        self, scale: int = 2, channels: int = 64, blocks: int = 6, reduction: int = 16
    ) -> None:
        super().__init__()
        if channels % 4 or channels < reduction:
            raise ValueError(f"channels must divide by 4 and be {reduction} or more")
        self.scale = scale
        self.first = _conv(3, channels, 3)
        self.blocks = nn.ModuleList(IMDB(channels, reduction) for _ in range(blocks))
        self.fuse = nn.Sequential(_conv(blocks * channels, channels, 1), nn.LeakyReLU(SLOPE))
        self.smooth = _conv(channels, channels, 3)
        self.upsampler = nn.Sequential(_conv(channels, 3 * scale**2, 3), nn.PixelShuffle(scale))
        # Of the convolutions alone; the attention reaches everywhere.
        self.halo = 1 + 4 * blocks + 1 + 1

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        h = self.first(x)
        outs, y = [], h
        for block in self.blocks:
            y = block(y)
            outs.append(y)
        out: Tensor = self.upsampler(self.smooth(self.fuse(torch.cat(outs, dim=1))) + h)
        return out
