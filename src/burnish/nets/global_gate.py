"""The gate: what statistics of the whole picture tell a network that sees only a part (ours).

Neither paper has it. Exposure, contrast and white balance are facts about the whole picture, of
which paper A's T sees 9x9 pixels and paper B's PENet about fifty.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Gate = Literal["none", "moments", "tones"]

LUMA = (0.299, 0.587, 0.114)
_DARK = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25)
LEVELS = (*_DARK, 0.5, *(round(1 - level, 6) for level in reversed(_DARK)))
"""Shares of the pixels at which the gate asks for quantiles. The outer ones tell of black and white
points, and only where pixels are not averages of many."""


def tones_of(pixels: Tensor, levels: Sequence[float] = LEVELS) -> Tensor:
    """Quantiles of R, then G, B and luma at ``levels``, (N,3,H,W) -> (N, 4 * levels).

    Between two pixels they are interpolated, as `numpy.quantile` does.
    """
    y = (pixels * pixels.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
    values = torch.cat([pixels, y], dim=1).flatten(2)
    at = torch.tensor(levels, dtype=values.dtype, device=values.device)
    return torch.quantile(values, at, dim=2).permute(1, 2, 0).flatten(1)


class GlobalGate(nn.Module):
    """Whole-picture statistics, (N, known), to gamma, offsets and share, together (N, ``size``).

    ``gamma`` is for ``channels`` features to be multiplied by 1 + gamma; what the offsets are for
    says the network. They and the share also have a linear path beside the hidden one, which
    carries a stretch of black and white point or a change of exposure as it is.

    The share, in (0,1), is how much of the change is made at all: without it a photo that needs
    nothing is told by gamma and offsets cancelling all the rest, which they never quite do.
    """

    def __init__(self, known: int, channels: int, offsets: int, embed: int = 28) -> None:
        super().__init__()
        self.size = channels + offsets + 1
        self.channels = channels
        self.embed = nn.Linear(known, embed)
        self.out = nn.Linear(embed, self.size)
        self.straight = nn.Linear(known, offsets + 1, bias=False)

    def start_small(self) -> None:
        """Begin near no gamma and no offsets."""
        with torch.no_grad():
            self.out.weight.mul_(0.1)
            self.out.bias.mul_(0.1)
            self.straight.weight.mul_(0.1)

    def forward(self, known: Tensor) -> Tensor:
        told: Tensor = self.out(torch.tanh(self.embed(known)))
        gamma, straight = told[:, : self.channels], told[:, self.channels :] + self.straight(known)
        share = torch.sigmoid(2 + straight[:, -1:])
        return torch.cat([gamma, straight[:, :-1], share], dim=1)


def seen_of(tones: Tensor) -> Tensor:
    """Quantiles as the gate sees them, (N, T) -> (N, 2T): themselves and their logarithms.

    In values a stretch of black and white point is nearly linear, in logarithms an exposure.
    """
    logarithms = torch.log(tones.clamp(min=0) + 0.01)
    return torch.cat([4 * tones - 2, 0.7 * logarithms + 1], dim=1)
