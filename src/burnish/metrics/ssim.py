"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli: "Image quality assessment", 2004)."""

import numpy as np

from burnish.metrics.arrays import Array, check_pair, strips

WINDOW = 11
SIGMA = 1.5
C1 = 0.01**2
C2 = 0.03**2


def gaussian(size: int = WINDOW, sigma: float = SIGMA) -> Array:
    """Samples of a Gaussian that sum to 1: (size,)."""
    t = np.arange(size, dtype=np.float64) - (size - 1) / 2
    g = np.exp(-(t**2) / (2 * sigma**2))
    return g / g.sum()


def filter_valid(a: Array, kernel: Array) -> Array:
    """Both axes filtered by one symmetric kernel of odd size k, where it lies wholly inside.

    a: (H, W) -> (H - k + 1, W - k + 1)
    """
    half = kernel.size // 2
    for _ in range(2):  # along the rows, transpose, along the other axis, transpose back
        n = a.shape[0] - 2 * half
        out = kernel[half] * a[half : half + n]
        for i in range(half):
            out += kernel[i] * (a[i : i + n] + a[2 * half - i : 2 * half - i + n])
        a = out.T
    return a


def ssim_map(x: Array, y: Array) -> Array:
    """Similarity at each place where the window lies wholly inside: (H, W) -> (H - 10, W - 10).

    Only the sum of the two variances enters, so four filtered maps do for five.
    """
    x, y = x.astype(np.float64), y.astype(np.float64)
    g = gaussian()
    mx, my = filter_valid(x, g), filter_valid(y, g)
    mxy, mxx_myy = mx * my, mx * mx + my * my
    variances = filter_valid(x * x + y * y, g) - mxx_myy
    covariance = filter_valid(x * y, g) - mxy
    return ((2 * mxy + C1) * (2 * covariance + C2)) / ((mxx_myy + C1) * (variances + C2))


def ssim(x: Array, y: Array) -> float:
    """Mean structural similarity for a data range of 1.

        SSIM = (2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 + C2))

    with means, variances and covariance under an 11x11 Gaussian window of sigma 1.5, C1 = 0.01^2,
    C2 = 0.03^2; averaged over the places where the window lies wholly inside, as the authors do,
    and over the channels.

    x, y: (H, W, 3) or (H, W), H and W at least 11. One value per image.
    """
    check_pair(x, y)
    height, width = x.shape[:2]
    if min(height, width) < WINDOW:
        raise ValueError(f"SSIM needs at least {WINDOW}x{WINDOW} pixels, got {width}x{height}")
    x, y = np.atleast_3d(x), np.atleast_3d(y)  # (H, W, C)
    total = 0.0
    for rows in strips(height, overlap=WINDOW - 1):
        for c in range(x.shape[2]):
            total += float(ssim_map(x[rows, :, c], y[rows, :, c]).sum())
    return total / ((height - WINDOW + 1) * (width - WINDOW + 1) * x.shape[2])
