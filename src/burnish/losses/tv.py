"""Total variation loss of Deep SR-PIE (paper B, Eq. 16).

    output   (|dx out|_1 + |dy out|_1) / (C H W)
    printed  |dx out + dy target|_1 / (C H W)

Eq. 16 prints the gradient of the target in the second term, and adds before it takes the norm. That
is taken as a slip; it stays as the choice ``printed``. The norm, which is not named, is the
absolute sum. Differences are forward ones, 0 past the last row or column.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

TVForm = Literal["output", "printed"]


def tv_loss(out: Tensor, target: Tensor, form: TVForm = "output") -> Tensor:
    """Mean over pixels, channels and the batch; ``target`` counts only in the printed form."""
    dtype = torch.promote_types(out.dtype, torch.float32)
    out, target = out.to(dtype), target.to(dtype)
    dx = out[..., 1:] - out[..., :-1]
    if form == "output":
        dy = out[..., 1:, :] - out[..., :-1, :]
        return (dx.abs().sum() + dy.abs().sum()) / out.numel()
    dy = target[..., 1:, :] - target[..., :-1, :]
    return (F.pad(dx, (0, 1)) + F.pad(dy, (0, 0, 0, 1))).abs().sum() / out.numel()
