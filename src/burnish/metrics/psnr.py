"""Peak signal-to-noise ratio."""

import math

import numpy as np

from burnish.metrics.arrays import Array, check_pair, strips


def mse(x: Array, y: Array) -> float:
    """Mean squared error over all pixels and channels.

        MSE = mean((x - y)^2)

    x, y: (H, W, 3) or (H, W). One value per image; summed in float64.
    """
    check_pair(x, y)
    total = 0.0
    for rows in strips(x.shape[0]):
        d = np.subtract(x[rows], y[rows], dtype=np.float64)  # (h, W, 3)
        total += float(np.vdot(d, d))
    return total / x.size


def psnr(x: Array, y: Array, cap: float | None = None) -> float:
    """Peak signal-to-noise ratio in dB for a data range of 1.

        PSNR = -10 log10 MSE(x, y)

    x, y: (H, W, 3) or (H, W). One value per image: infinite at equality, unless ``cap`` bounds it,
    which a mean over photos needs as soon as one of them comes out unchanged.
    """
    error = mse(x, y)
    value = -10.0 * math.log10(error) if error != 0 else math.inf
    return value if cap is None else min(value, cap)
