"""How each paper scores: the only places where a score rounds, crops or caps."""

from dataclasses import dataclass

import numpy as np

from burnish.metrics.arrays import Array, check_pair
from burnish.metrics.colour import luma
from burnish.metrics.psnr import psnr
from burnish.metrics.ssim import ssim

CAP = 50.0
"""dB a photo: what ``enhancement`` is capped at where photos that need nothing are averaged in."""


@dataclass(frozen=True)
class Score:
    """The two numbers that the papers print; a table's row is their mean over images."""

    psnr: float
    ssim: float


def to_8bit(x: Array) -> Array:
    """What a file of 8 bits would hold, still in [0,1]: any shape, half away from zero."""
    return np.floor(np.clip(np.asarray(x, np.float64), 0, 1) * 255 + 0.5) / 255


def enhancement(x: Array, y: Array, cap: float | None = None) -> Score:
    """Photo enhancement: PSNR and SSIM on RGB as it is, without rounding or cropping.

    x: the result, y: the target, (H, W, 3) in [0,1]. The papers do not cap; pass ``CAP`` for sets
    that hold photos which should stay as they are.
    """
    return Score(psnr(x, y, cap), ssim(x, y))


def super_resolution(x: Array, y: Array, scale: int) -> Score:
    """Super-resolution: PSNR and SSIM on 8-bit luma (BT.601, studio range), borders cropped.

    x: the result, y: the target, (H, W, 3) in [0,1]. Both are rounded to 8 bits as their files
    are, turned to luma, and scored by ``super_resolution_luma``.
    """
    return super_resolution_luma(luma(to_8bit(x)), luma(to_8bit(y)), scale)


def super_resolution_luma(x: Array, y: Array, scale: int) -> Score:
    """The same from luma on: rounded to 8 bits (MATLAB's rgb2ycbcr keeps uint8), borders cropped.

    x: the result, y: the target, (H, W) in [0,1]; each side loses ``scale`` pixels. The bicubic
    row of the papers was made on luma, never rounded between shrinking and enlarging: this
    reproduces it to the last digit, and from 8-bit colour files it comes out 0.01 dB lower.
    """
    check_pair(x, y)
    inside = (slice(scale, -scale or None),) * 2
    a, b = to_8bit(x)[inside], to_8bit(y)[inside]
    return Score(psnr(a, b), ssim(a, b))
