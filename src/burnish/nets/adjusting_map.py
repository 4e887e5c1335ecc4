"""The adjusting map T of paper A (Eqs. 7-10), and the gate that lets it know the whole picture.

The gate is not in the paper. T sees 9x9 pixels; exposure, contrast and white balance are facts
about the whole picture, of which the published form learns only through the attention in G.
"""

from typing import Literal

import torch
from torch import Tensor, nn

Gate = Literal["none", "moments", "histogram"]

EPS = 1e-4
T_KNEE, T_FLOOR = 0.1, 0.04
THRESHOLDS = tuple(i / 16 for i in range(1, 16))
SOFTNESS = 0.02
"""Width of a threshold's edge: the logarithm of a tail still tells 0.1 below the threshold."""


def bounded_below(t: Tensor, knee: float = T_KNEE, floor: float = T_FLOOR) -> Tensor:
    """``t`` above ``knee``; below it an exponential that stays above ``floor``.

    Continuous with a continuous first derivative, so that ``x / T`` and its gradient stay finite
    whatever the network predicts.
    """
    room = knee - floor
    return torch.where(t > knee, t, floor + room * torch.exp((t - knee).clamp(max=0) / room))


def tail_maps(x: Tensor) -> Tensor:
    """Whether each value lies above each of `THRESHOLDS`, softly: (N,3,H,W) -> (N,45,H,W).

    Their means are the picture's cumulative histogram: how near its values come to black and white
    is what tells a flat or dark photo from a finished one.
    """
    t = torch.tensor(THRESHOLDS, dtype=x.dtype, device=x.device)[:, None, None]
    return torch.sigmoid((x[:, :, None] - t) / SOFTNESS).flatten(1, 2)


class GlobalGate(nn.Module):
    """Whole-picture statistics -> gamma and beta for the adjusting map, (N, c + 3).

    ``moments`` sees the mean and deviation of X0, ``histogram`` the logarithms of the tails too.
    """

    def __init__(self, gate: Gate, channels: int, embed: int = 24) -> None:
        super().__init__()
        tails = 2 * 3 * len(THRESHOLDS) if gate == "histogram" else 0
        self.embed = nn.Linear(2 * channels + tails, embed)
        self.out = nn.Linear(embed, channels + 3)

    def forward(self, mean: Tensor, deviation: Tensor, tails: Tensor) -> Tensor:
        logs = [torch.log(p.clamp(min=0) + 1e-3) / 4 + 1 for p in (tails, 1 - tails)]
        known = torch.cat([mean, deviation, *logs], dim=1)
        gamma_beta: Tensor = self.out(torch.tanh(self.embed(known)))
        return gamma_beta


class AdjustingMap(nn.Module):
    """T of Eq. 10, ``A + X0 J1 J2``: (N, c, H, W) -> (N, 3, H, W), a divisor per value of x.

    With a gate, ``T = A + (X0 * (1 + gamma)) J1 J2 + beta``.
    """

    def __init__(self, channels: int, lam: float, gate: Gate, hidden: int = 96) -> None:
        super().__init__()
        self.lam = lam
        self.j1 = nn.Conv2d(channels, hidden, 1)
        self.j2 = nn.Conv2d(hidden, 3, 1)
        self.gate = None if gate == "none" else GlobalGate(gate, channels)

    def forward(self, x0: Tensor, gamma_beta: Tensor | None = None) -> Tensor:
        # J1 J2 is linear: multiply the small matrices, not the pictures.
        assert self.j1.bias is not None and self.j2.bias is not None
        j2 = self.j2.weight[:, :, 0, 0]
        j = j2 @ self.j1.weight[:, :, 0, 0]  # (3, c)
        bias = j2 @ self.j1.bias + self.j2.bias + self.lam  # (3,)
        if gamma_beta is None:
            return nn.functional.conv2d(x0, j[:, :, None, None], bias)
        gamma, beta = gamma_beta.split([x0.shape[1], 3], dim=1)
        gated = x0 * (1 + gamma)[:, :, None, None]
        return nn.functional.conv2d(gated, j[:, :, None, None], bias) + beta[:, :, None, None]
