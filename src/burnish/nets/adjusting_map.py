"""The adjusting map T of paper A (Eqs. 7-10), and the gate that lets it know the whole picture.

The gate is not in the paper. T sees 9x9 pixels; exposure, contrast and white balance are facts
about the whole picture, of which the published form learns only through the attention in G.
"""

from typing import Literal

import torch
from torch import Tensor, nn

Gate = Literal["none", "moments", "quantiles"]

EPS = 1e-4
T_KNEE, T_FLOOR = 0.1, 0.04
THRESHOLDS = tuple(i / 32 for i in range(1, 32))
SOFTNESS = 0.02
"""Width of a threshold's edge, so that a value between two thresholds is told by both."""
LEVELS = (0.005, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 0.995)


def bounded_below(t: Tensor, knee: float = T_KNEE, floor: float = T_FLOOR) -> Tensor:
    """``t`` above ``knee``; below it an exponential that stays above ``floor``.

    Continuous with a continuous first derivative, so that ``x / T`` and its gradient stay finite
    whatever the network predicts.
    """
    room = knee - floor
    return torch.where(t > knee, t, floor + room * torch.exp((t - knee).clamp(max=0) / room))


def tail_maps(x: Tensor) -> Tensor:
    """Whether each value lies above each of `THRESHOLDS`, softly: (N,3,H,W) -> (N,93,H,W).

    Their means are the picture's cumulative histogram, which tiles can add up.
    """
    t = torch.tensor(THRESHOLDS, dtype=x.dtype, device=x.device)[:, None, None]
    return torch.sigmoid((x[:, :, None] - t) / SOFTNESS).flatten(1, 2)


def quantiles(tails: Tensor) -> Tensor:
    """Soft quantiles of R, G and B at `LEVELS` from the means of `tail_maps`: (N,93) -> (N,27).

    The quantile at p is the length of the thresholds above which more than 1 - p of the picture
    lies, counted softly on the scale of log odds.
    """
    tails = tails.unflatten(1, (3, len(THRESHOLDS)))[:, :, None]  # (N, 3, 1, 31)
    p = torch.tensor(LEVELS, dtype=tails.dtype, device=tails.device)[:, None]
    odds = torch.log((tails.clamp(min=0) + 1e-4) / ((1 - tails).clamp(min=0) + 1e-4))
    above = torch.sigmoid((odds - torch.log((1 - p) / p)) / 0.3)  # (N, 3, 9, 31)
    return ((above.sum(3) + 0.5) / 32).flatten(1)


class GlobalGate(nn.Module):
    """Whole-picture statistics -> gamma, beta, delta for the adjusting map, (N, c + 6).

    ``moments`` sees the mean and deviation of X0; ``quantiles`` those of the picture's own values,
    in which a stretch of black and white point is nearly linear, and their logarithms, in which a
    change of exposure is. A linear path beside the hidden one carries just that.
    """

    def __init__(self, gate: Gate, channels: int, embed: int = 24) -> None:
        super().__init__()
        self.sees_quantiles = gate == "quantiles"
        known = 6 * len(LEVELS) if self.sees_quantiles else 2 * channels
        self.embed = nn.Linear(known, embed)
        self.out = nn.Linear(embed, channels + 6)
        self.straight = nn.Linear(known, 6, bias=False)  # to beta and delta

    def forward(self, mean: Tensor, deviation: Tensor, tails: Tensor) -> Tensor:
        known = torch.cat([mean, deviation], dim=1)
        if self.sees_quantiles:
            q = quantiles(tails)
            known = torch.cat([4 * q - 2, 0.7 * torch.log(q + 0.01) + 1], dim=1)
        told: Tensor = self.out(torch.tanh(self.embed(known)))
        straight = self.straight(known)
        return torch.cat([told[:, :-6], told[:, -6:] + straight], dim=1)


class AdjustingMap(nn.Module):
    """T of Eq. 10, ``A + X0 J1 J2``: (N, c, H, W) -> (N, 3, H, W), a divisor per value of x.

    With a gate, ``T = A + (X0 * (1 + gamma)) J1 J2 + beta``, and ``delta`` is added to the output.
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
        gamma, beta, _ = told.split([x0.shape[1], 3, 3], dim=1)
        gated = x0 * (1 + gamma)[:, :, None, None]
        return nn.functional.conv2d(gated, j[:, :, None, None], bias) + beta[:, :, None, None]
