"""The adjusting map T of paper A (Eqs. 7-10), with a gate (`global_gate`, ours) or without."""

import torch
from torch import Tensor, nn

from burnish.nets.global_gate import LEVELS, Gate, GlobalGate, seen_of

EPS = 1e-4
T_KNEE, T_FLOOR = 0.1, 0.04


def bounded_below(t: Tensor, knee: float = T_KNEE, floor: float = T_FLOOR) -> Tensor:
    """``t`` above ``knee``; below it an exponential that stays above ``floor``.

    Continuous with a continuous first derivative, so that ``x / T`` and its gradient stay finite
    whatever the network predicts.
    """
    room = knee - floor
    return torch.where(t > knee, t, floor + room * torch.exp((t - knee).clamp(max=0) / room))


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
        self.sees_tones = gate == "tones"
        known = 2 * 4 * len(LEVELS) if self.sees_tones else 2 * channels
        self.gate = None if gate == "none" else GlobalGate(known, channels, offsets=6)

    def told(self, mean: Tensor, deviation: Tensor, tones: Tensor) -> Tensor:
        """What the gate says of a picture: gamma (c), beta (3), delta (3), share (1)."""
        assert self.gate is not None
        known = seen_of(tones) if self.sees_tones else torch.cat([mean, deviation], dim=1)
        told: Tensor = self.gate(known)
        return told

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
