"""Scores of a result against its target: numpy only, one value per image.

Images are (H, W, 3) float32 or float64, RGB in [0,1]. ``protocol`` says how each paper scores.
"""

from burnish.metrics.ciede2000 import ciede2000, delta_e
from burnish.metrics.detail import detail_ratio
from burnish.metrics.gmsd import gmsd
from burnish.metrics.protocol import Score, enhancement, super_resolution
from burnish.metrics.psnr import mse, psnr
from burnish.metrics.ssim import ssim

__all__ = [
    "Score",
    "ciede2000",
    "delta_e",
    "detail_ratio",
    "enhancement",
    "gmsd",
    "mse",
    "psnr",
    "ssim",
    "super_resolution",
]
