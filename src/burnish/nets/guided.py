"""Input decomposition of Deep SR-PIE (paper B, Eqs. 4-6): a guided filter inside the graph.

He, Sun and Tang, "Guided image filtering" (2013), each colour channel guided by itself. With box
means over the window that lies inside the picture:

    var = mean(I^2) - mean(I)^2        a = var / (var + eps)        b = (1 - a) mean(I)
    I_b = mean(a) I + mean(b)          I_d = I / I_b

Readings: the paper states neither radius nor eps; 5 and 0.01 here, a window as wide as the larger
structures of a 64x64 patch, with edges of contrast well above 0.1 kept. The division is guarded by
one 8-bit step on both sides, so that the detail layer of any flat area is 1, black included.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Pair = Literal["i+d,i", "d,b", "d,i", "i,i"]
"""The two inputs of the third HFA branch, Table 1 rows 1, 2, 3, 4."""
Combine = Literal["add", "cat"]
"""I_{i+d}: the sum of Eq. 6, or the concatenation that the text speaks of."""
Members = Literal["both", "first"]
"""Stack the pair, or take its first member alone, as Eq. 9 is written."""

RADIUS, EPS = 5, 0.01
GUARD = 1 / 255


def box_mean(x: Tensor, radius: int) -> Tensor:
    """Mean over the part of a (2r+1)x(2r+1) window that lies inside: (N,C,H,W) -> (N,C,H,W)."""
    k = 2 * radius + 1
    x = F.avg_pool2d(x, (k, 1), 1, (radius, 0), count_include_pad=False)
    return F.avg_pool2d(x, (1, k), 1, (0, radius), count_include_pad=False)


def guided_filter(x: Tensor, radius: int = RADIUS, eps: float = EPS) -> Tensor:
    """Edge-preserving smoothing of ``x`` guided by itself, channel by channel; reach 2 radius."""
    mean = box_mean(x, radius)
    variance = (box_mean(x * x, radius) - mean * mean).clamp(min=0)  # rounding may go below 0
    a = variance / (variance + eps)
    return box_mean(a, radius) * x + box_mean((1 - a) * mean, radius)


def decompose(x: Tensor, radius: int = RADIUS, eps: float = EPS) -> tuple[Tensor, Tensor]:
    """Base layer I_b and detail layer I_d of Eqs. 4-5, each (N,3,H,W)."""
    base = guided_filter(x, radius, eps)
    return base, (x + GUARD) / (base.clamp(min=0) + GUARD)


def third_branch_width(pair: Pair, combine: Combine, members: Members) -> int:
    """Channels of `third_branch`."""
    first = 6 if pair == "i+d,i" and combine == "cat" else 3
    return first if members == "first" else first + 3


def third_branch(
    x: Tensor, pair: Pair, combine: Combine, members: Members, radius: int, eps: float
) -> Tensor:
    """What H of the third HFA branch sees: (N,3,H,W) -> (N, third_branch_width, H, W)."""
    if pair == "i,i":
        first, second = x, x
    else:
        base, detail = decompose(x, radius, eps)
        match pair:
            case "i+d,i":
                first = x + detail if combine == "add" else torch.cat([x, detail], dim=1)
                second = x
            case "d,b":
                first, second = detail, base
            case "d,i":
                first, second = detail, x
    return first if members == "first" else torch.cat([first, second], dim=1)
