"""Colour loss of Deep SR-PIE (paper B, Eq. 17): squared difference after a dual Kawase blur.

Dual filter of Bjorge ("Bandwidth-efficient rendering", SIGGRAPH 2015): a pyramid of passes down,
each reading its source with bilinear taps, and as many up.

    down  (4 centre + 4 diagonal neighbours at half a pixel) / 8
    up    (4 axial neighbours at one pixel + 2 * 4 diagonal ones at half a pixel) / 12

Offsets are in pixels of the smaller picture of the two. On the pixel grid, the taps down are one
4x4 kernel with stride 2, and those up a 5x5 kernel on the bilinear enlargement. Outside the picture
the border repeats, as textures do.

The paper states no number of passes: 2, whose standard deviation, 3.8 pixels, is the nearest to the
3 of the Gaussian in DPED's colour loss (1, 2, 3 passes: 1.7, 3.8, 7.7).
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

PASSES = 2

# Weights in 32nds; a bilinear tap between four pixels is their mean.
DOWN = ((1, 1, 1, 1), (1, 5, 5, 1), (1, 5, 5, 1), (1, 1, 1, 1))
# Weights in 12ths on the enlarged picture, where half a small pixel is one pixel.
UP = ((0, 0, 1, 0, 0), (0, 2, 0, 2, 0), (1, 0, 0, 0, 1), (0, 2, 0, 2, 0), (0, 0, 1, 0, 0))


def _each_channel(
    x: Tensor, taps: tuple[tuple[int, ...], ...], over: int, pad: int, stride: int
) -> Tensor:
    kernel = torch.tensor(taps, dtype=x.dtype, device=x.device) / over
    channels = x.shape[1]
    padded = F.pad(x, (pad, pad, pad, pad), mode="replicate")
    weight = kernel.expand(channels, 1, -1, -1)
    return F.conv2d(padded, weight, stride=stride, groups=channels)


def down(x: Tensor) -> Tensor:
    """One pass down, (N,C,2H,2W) -> (N,C,H,W)."""
    return _each_channel(x, DOWN, 32, 1, 2)


def up(x: Tensor) -> Tensor:
    """One pass up, (N,C,H,W) -> (N,C,2H,2W)."""
    larger = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return _each_channel(larger, UP, 12, 2, 1)


def dual_kawase_blur(x: Tensor, passes: int = PASSES) -> Tensor:
    """Blur of any size of picture, (N,C,H,W) -> (N,C,H,W); its weights sum to 1."""
    height, width = x.shape[-2:]
    multiple = 2**passes
    x = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="replicate")
    for _ in range(passes):
        x = down(x)
    for _ in range(passes):
        x = up(x)
    return x[..., :height, :width]


def color_loss(
    out: Tensor, target: Tensor, reduction: Literal["sum", "mean"] = "sum", passes: int = PASSES
) -> Tensor:
    """Squared difference of the blurred pictures: sum of each, as printed, or mean; then the batch.

    The blur is linear: the difference is blurred once.
    """
    dtype = torch.promote_types(out.dtype, torch.float32)
    with torch.autocast(out.device.type, enabled=False):
        squared = dual_kawase_blur(out.to(dtype) - target.to(dtype), passes) ** 2
    return squared.mean() if reduction == "mean" else squared.sum(dim=(1, 2, 3)).mean()
