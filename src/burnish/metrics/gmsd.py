"""Gradient magnitude similarity deviation (Xue, Zhang, Mou, Bovik: "Gradient Magnitude Similarity
Deviation: A Highly Efficient Perceptual Image Quality Index", 2014).
"""

import numpy as np

from burnish.metrics.arrays import Array, check_pair

GREY = np.array([0.299, 0.587, 0.114])
C = 170 / 255**2  # T = 170 in the paper, for a data range of 255


def halve(a: Array) -> Array:
    """Means of 2x2 blocks, zeros beyond an odd edge, as the authors' code: (H, W) -> (H/2, W/2)."""
    a = np.pad(a, [(0, size % 2) for size in a.shape])
    return (a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2]) / 4


def gradient_magnitude(a: Array) -> Array:
    """Length of the Prewitt gradient (weights 1/3), zeros beyond the edge: (H, W) -> (H, W)."""
    p = np.pad(a, 1)  # (H + 2, W + 2)
    across = (p[:-2] + p[1:-1] + p[2:]) / 3  # (H, W + 2)
    down = (p[:, :-2] + p[:, 1:-1] + p[:, 2:]) / 3  # (H + 2, W)
    return np.hypot(across[:, :-2] - across[:, 2:], down[:-2] - down[2:])


def gmsd(x: Array, y: Array) -> float:
    """Standard deviation of the gradient similarity: 0 at equality, larger is worse.

        GMS = (2 gx gy + c) / (gx^2 + gy^2 + c);   GMSD = std(GMS)

    with Prewitt gradients of the luminance at half size and c = 170 / 255^2. Blind to a change of
    tone that keeps edges; it sees blur, ringing and blocks.

    x, y: (H, W, 3), more than one pixel at half size. One value per image, below 1.
    """
    check_pair(x, y)
    gx, gy = (gradient_magnitude(halve(v.astype(np.float64) @ GREY)) for v in (x, y))
    similarity = (2 * gx * gy + C) / (gx**2 + gy**2 + C)  # (H/2, W/2)
    if similarity.size < 2:
        raise ValueError(f"GMSD needs more than 2x2 pixels, got {x.shape[1]}x{x.shape[0]}")
    return float(similarity.std(ddof=1))
