"""Feature blocks of paper A: the fully multi-scale block (FMSB) and Table 1's stand-ins for it.

Each makes ``X0``, which the attention, the recursion and the adjusting map all start from.
"""

from typing import Literal

import torch
from torch import Tensor, nn

Features = Literal["conv3", "conv9", "msb", "fmsb3", "fmsb"]


class MultiScale(nn.Module):
    """Convolutions with several kernel sizes in parallel, PReLU each, concatenated.

    ``split`` gives each kernel its own group of input channels (the conventional multi-scale block)
    instead of all of them (the fully multi-scale block).
    """

    def __init__(
        self,
        inputs: tuple[int, ...],
        widths: tuple[int, ...],
        kernels: tuple[int, ...],
        split: bool,
    ) -> None:
        super().__init__()
        self.groups = inputs if split else None
        fan_in = inputs if split else (sum(inputs),) * len(widths)
        self.convs = nn.ModuleList(
            nn.Conv2d(i, w, k, padding=k // 2)
            for i, w, k in zip(fan_in, widths, kernels, strict=True)
        )
        self.act = nn.PReLU(sum(widths))

    def forward(self, x: Tensor) -> Tensor:  # (N, sum(inputs), H, W) -> (N, sum(widths), H, W)
        parts = x.split(self.groups, dim=1) if self.groups else [x] * len(self.convs)
        return self.act(
            torch.cat([conv(p) for conv, p in zip(self.convs, parts, strict=True)], dim=1)
        )


def feature_block(kind: Features, channels: int, widths: tuple[int, ...]) -> nn.Sequential:
    """What makes X0, (N,3,H,W) -> (N,channels,H,W): FMSB or one of Table 1's stand-ins."""
    if kind == "conv3":
        return nn.Sequential(
            nn.Conv2d(3, channels, 3, padding=1),
            nn.PReLU(channels),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.PReLU(channels),
        )
    if kind == "conv9":
        return nn.Sequential(nn.Conv2d(3, channels, 9, padding=4), nn.PReLU(channels))
    kernels = (1, 3, 5)
    return nn.Sequential(
        MultiScale((3,), widths, kernels, split=False),
        MultiScale(widths, widths, (3, 3, 3) if kind == "fmsb3" else kernels, split=kind == "msb"),
        nn.Conv2d(sum(widths), channels, 1),
        nn.PReLU(channels),
    )
