"""The adjusting map T of paper A (Eqs. 7-10), and the gate that lets it know the whole picture.

The gate is not in the paper. T sees 9x9 pixels; exposure, contrast and white balance are facts
about the whole picture, of which the published form learns only through the attention in G.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Gate = Literal["none", "moments", "tones"]

EPS = 1e-4
T_KNEE, T_FLOOR = 0.1, 0.04
LUMA = (0.299, 0.587, 0.114)
_DARK = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25)
LEVELS = (*_DARK, 0.5, *(round(1 - level, 6) for level in reversed(_DARK)))
"""Shares of the pixels at which the gate asks for quantiles. The outer ones tell of black and white
points, and only where pixels are not averages of many."""


def bounded_below(t: Tensor, knee: float = T_KNEE, floor: float = T_FLOOR) -> Tensor:
    """``t`` above ``knee``; below it an exponential that stays above ``floor``.

    Continuous with a continuous first derivative, so that ``x / T`` and its gradient stay finite
    whatever the network predicts.
    """
    room = knee - floor
    return torch.where(t > knee, t, floor + room * torch.exp((t - knee).clamp(max=0) / room))


def tones_of(pixels: Tensor, levels: Sequence[float] = LEVELS) -> Tensor:
    """Quantiles of R, then G, B and luma at ``levels``, (N,3,H,W) -> (N, 4 * levels).

    Between two pixels they are interpolated, as `numpy.quantile` does.
    """
    y = (pixels * pixels.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
    values = torch.cat([pixels, y], dim=1).flatten(2)
    at = torch.tensor(levels, dtype=values.dtype, device=values.device)
    return torch.quantile(values, at, dim=2).permute(1, 2, 0).flatten(1)


class GlobalGate(nn.Module):
    """Whole-picture statistics -> gamma, beta, delta and the share, (N, c + 7).

    ``moments`` sees the mean and deviation of X0; ``tones`` the quantiles of the picture's own
    values, in which a stretch of black and white point is nearly linear, and their logarithms, in
    which a change of exposure is. A linear path beside the hidden one carries just that.

    The share, in (0,1), is how much of the change is made at all: without it a photo that needs
    nothing is told by gamma, beta and delta cancelling all the rest, which they never quite do.
    """

    def __init__(self, gate: Gate, channels: int, embed: int = 28) -> None:
        super().__init__()
        self.sees_tones = gate == "tones"
        known = 2 * 4 * len(LEVELS) if self.sees_tones else 2 * channels
        self.embed = nn.Linear(known, embed)
        self.out = nn.Linear(embed, channels + 7)
        self.straight = nn.Linear(known, 7, bias=False)  # to beta, delta and the share

    def forward(self, mean: Tensor, deviation: Tensor, tones: Tensor) -> Tensor:
        known = torch.cat([mean, deviation], dim=1)
        if self.sees_tones:
            logarithms = torch.log(tones.clamp(min=0) + 0.01)
            known = torch.cat([4 * tones - 2, 0.7 * logarithms + 1], dim=1)
        told: Tensor = self.out(torch.tanh(self.embed(known)))
        straight = told[:, -7:] + self.straight(known)
        share = torch.sigmoid(2 + straight[:, 6:])
        return torch.cat([told[:, :-7], straight[:, :6], share], dim=1)


class AdjustingMap(nn.Module):
    """T of Eq. 10, ``A + X0 J1 J2``: (N, c, H, W) -> (N, 3, H, W), a divisor per value of x.

    With a gate, ``T = A + (X0 * (1 + gamma)) J1 J2 + beta``. What the gate tells beside gamma and
    beta concerns the output (`nets.nrl`): ``delta`` is added to it, and of all change, of T from 1
    as of what is added, a share is made.
    """

    def __init__(self, channels: int, lam: float, gate: Gate, hidden: int = 96) -> None:
        super().__init__()
        self.lam = lam
        self.j1 = nn.Conv2d(channels, hidden, 1)
        self.j2 = nn.Conv2d(hidden, 3, 1)
        self.gate = None if gate == "none" else GlobalGate(gate, channels)

    def forward(self, x0: Tensor, told: Tensor | None = None) -> Tensor:
        # J1 J2 is linear: multiply the small matrices, not the pictures.
        assert self.j1.bias is not None and self.j2.bias is not None
        j2 = self.j2.weight[:, :, 0, 0]
        j = j2 @ self.j1.weight[:, :, 0, 0]  # (3, c)
        bias = j2 @ self.j1.bias + self.j2.bias + self.lam  # (3,)
        if told is None:
            return nn.functional.conv2d(x0, j[:, :, None, None], bias)
        gamma, beta, _ = told.split([x0.shape[1], 3, 4], dim=1)
        gated = x0 * (1 + gamma)[:, :, None, None]
        return nn.functional.conv2d(gated, j[:, :, None, None], bias) + beta[:, :, None, None]
