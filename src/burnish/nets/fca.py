"""Frequency-aware channel attention of Deep SR-PIE (paper B, Eq. 11)."""

import torch
from torch import Tensor, nn


class FCA(nn.Module):
    """``C_r = sigmoid(f_1x1(x) - f_3x3,dilation 2(x))``, output ``C_r x + C_r``; reach 2."""

    radius = 2

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.near = nn.Conv2d(channels, channels, 1)
        self.far = nn.Conv2d(channels, channels, 3, padding=2, dilation=2)

    def forward(self, x: Tensor) -> Tensor:  # (N, c, H, W) -> (N, c, H, W)
        ratio = torch.sigmoid(self.near(x) - self.far(x))
        return ratio * x + ratio
