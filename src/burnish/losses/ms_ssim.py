"""Multi-scale SSIM loss of Deep SR-PIE (paper B, Eqs. 18-19) in the form of Zhao et al.

Zhao, Gallo, Frosio and Kautz, "Loss functions for image restoration with neural networks" (2017):
no pyramid; the scales are five Gaussian windows of standard deviation 0.5, 1, 2, 4 and 8 pixels at
full resolution, all exponents 1, C1 = 0.01^2 and C2 = 0.03^2 for a data range of 1:

    l(p)    = (2 mx my + C1) / (mx^2 + my^2 + C1)          at the widest window
    cs_j(p) = (2 sxy + C2) / (sx^2 + sy^2 + C2)            at window j
    MS-SSIM(p) = l(p) * prod_j cs_j(p)                     loss: 1 - MS-SSIM

A window reaches over the whole picture and is normalised on it, so that any size works. ``centre``,
as printed, takes p in the middle of the picture; ``mean`` averages over all p. Each channel by
itself, then their mean.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

Place = Literal["centre", "mean"]

SIGMAS = (0.5, 1.0, 2.0, 4.0, 8.0)
C1, C2 = 0.01**2, 0.03**2


def windows(length: int, sigma: float, place: Place, like: Tensor) -> Tensor:
    """Normalised Gaussians on 0..length-1, one row for each centre p: (length or 1, length)."""
    t = torch.arange(length, dtype=like.dtype, device=like.device)
    p = t[length // 2 : length // 2 + 1] if place == "centre" else t
    weight = torch.exp(-((t[None] - p[:, None]) ** 2) / (2 * sigma**2))
    return weight / weight.sum(dim=1, keepdim=True)


def ms_ssim(
    x: Tensor, y: Tensor, place: Place = "mean", sigmas: Sequence[float] = SIGMAS
) -> Tensor:
    """Similarity at each p, (N,C,H,W) -> (N,C,H,W), or (N,C,1,1) at the centre."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    x, y = x.to(dtype), y.to(dtype)
    # Variances are differences of near-equal numbers: no bfloat16 here.
    with torch.autocast(x.device.type, enabled=False):
        maps = torch.stack([x, y, x * x, y * y, x * y])  # (5,N,C,H,W)
        product = torch.ones((), dtype=dtype, device=x.device)
        for sigma in sigmas:
            rows = windows(x.shape[-2], sigma, place, x)
            columns = windows(x.shape[-1], sigma, place, x)
            mx, my, mxx, myy, mxy = (rows @ maps @ columns.T).unbind(0)
            variances = mxx - mx * mx + myy - my * my
            product = product * (2 * (mxy - mx * my) + C2) / (variances + C2)
        return product * (2 * mx * my + C1) / (mx * mx + my * my + C1)


def ms_ssim_loss(out: Tensor, target: Tensor, place: Place = "centre") -> Tensor:
    """1 - MS-SSIM, the mean over places, channels and the batch."""
    return 1 - ms_ssim(out, target, place).mean()
