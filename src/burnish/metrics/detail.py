"""Fine detail of a result against its target: did it get blurred, or grainy?"""

import numpy as np

from burnish.metrics.arrays import Array, check_pair, strips
from burnish.metrics.gmsd import GREY
from burnish.metrics.ssim import WINDOW, filter_valid, gaussian

FLOOR = 1e-8
"""Added to both energies: two flat pictures have the ratio 1."""


def high_frequency_energy(x: Array) -> float:
    """Mean square of what a Gaussian (sigma 1.5, as SSIM's window) takes off the luma.

    It leaves half of the energy at one cycle in 6 pixels, a tenth at one in 11.
    x: (H, W, 3), H and W at least 11.
    """
    kernel, half = gaussian(), WINDOW // 2
    total = 0.0
    for rows in strips(x.shape[0], overlap=WINDOW - 1):
        luma = x[rows].astype(np.float64) @ GREY
        detail = luma[half:-half, half:-half] - filter_valid(luma, kernel)
        total += float(np.vdot(detail, detail))
    return total / ((x.shape[0] - 2 * half) * (x.shape[1] - 2 * half))


def detail_ratio(x: Array, y: Array) -> float:
    """High-frequency energy of x over that of y: 1 at equality, below it blur, above it grain.

    x, y: (H, W, 3). A change of contrast changes it by its square.
    """
    check_pair(x, y)
    if min(x.shape[:2]) < WINDOW:
        raise ValueError(f"Detail needs at least {WINDOW}x{WINDOW} pixels")
    return (high_frequency_energy(x) + FLOOR) / (high_frequency_energy(y) + FLOOR)
