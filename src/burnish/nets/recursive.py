"""The attention-aware recursive block of paper A (Eqs. 11-15) and Table 2's other units.

``X0`` is the FMSB output, which every step returns to; ``a_i`` is the attention vector of step i.
What the paper leaves open, and the reading taken here:

- Convolution function F: pre-activation, ReLU, 3x3, ReLU, 3x3, shared by all N steps.
- The softmax of Eq. 13 has mean 1/64. ``gain`` multiplies it; 1 is the letter of the paper.
"""

from typing import Literal

import torch
from torch import Tensor, nn

Unit = Literal["rru", "rrau", "arru", "raru", "raru-sum", "rru+a"]


class Attention(nn.Module):
    """Channel attention of one recursive step, Eqs. 12-13: (N, c) -> (N, c, 1, 1)."""

    def __init__(self, channels: int, gain: float) -> None:
        super().__init__()
        self.w_e = nn.Linear(channels, channels // 2, bias=False)
        self.w_r = nn.Linear(channels // 2, channels, bias=False)
        self.gain = gain

    def forward(self, h: Tensor) -> Tensor:
        e = torch.tanh(self.w_e(h))
        return (self.gain * torch.softmax(self.w_r(e), dim=1))[:, :, None, None]


class RecursiveBlock(nn.Module):
    """N steps of one shared function F around the fixed local identity X0 (Eqs. 11-15)."""

    def __init__(self, unit: Unit, channels: int, steps: int, gain: float) -> None:
        super().__init__()
        self.unit, self.steps = unit, steps
        self.f = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        attended = {"rru": 0, "rru+a": 1}.get(unit, steps)
        self.attention = nn.ModuleList(Attention(channels, gain) for _ in range(attended))

    def attend(self, h: Tensor) -> Tensor:
        """The attention vectors of all attended steps, (N, c) -> (N, steps * c)."""
        return torch.cat([h[:, :0], *(a(h).flatten(1) for a in self.attention)], dim=1)

    def forward(self, x0: Tensor, attention: Tensor) -> Tensor:  # (N, c, H, W) -> the same
        x = x0
        a_i = attention[:, :, None, None].split(x0.shape[1], dim=1)
        first_attended = self.steps - len(self.attention)
        for i in range(self.steps):
            fx = self.f(x)
            if i < first_attended:
                x = x0 + fx
                continue
            a = a_i[i - first_attended]
            match self.unit:
                case "rrau":
                    x = x0 + a * fx
                case "arru":
                    x = a * (x0 + fx)
                case "raru" | "rru+a":
                    x = x0 + fx + a * fx
                case "raru-sum":
                    s = x0 + fx
                    x = s + a * s
        return x
