"""Bicubic resizing with antialiasing in the manner of MATLAB's ``imresize``.

Keys' cubic of a = -0.5; where a side shrinks the kernel is stretched by the factor, so that it
covers as much of the new picture as before (that is the antialiasing). New pixel i lies at
(i + 0.5) / scale - 0.5. Beyond the border its pixels repeat: so the low-resolution files of Set5,
Set14 and BSD100 are reproduced bit for bit (MATLAB itself mirrors; only the two pixels along the
border differ).

numpy only: training, benchmarks and the engine share it.
"""

import math

import numpy as np

from burnish.errors import InputError


def cubic(t: np.ndarray) -> np.ndarray:
    """Keys' kernel, a = -0.5: 1 at 0, 0 from 2 on.

    w(t) = 1.5 |t|^3 - 2.5 |t|^2 + 1               |t| <= 1
    w(t) = -0.5 |t|^3 + 2.5 |t|^2 - 4 |t| + 2      |t| <= 2
    """
    t = np.abs(t)
    near, far = (1.5 * t - 2.5) * t * t + 1, ((-0.5 * t + 2.5) * t - 4) * t + 2
    return np.where(t <= 1, near, np.where(t <= 2, far, 0.0))


def taps(length: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """Which old pixels make each new one along a side, and their weights: (new, k) both."""
    scale = new / length
    stretch = min(scale, 1.0)
    width = math.ceil(4 / stretch) + 2
    centre = (np.arange(new) + 0.5) / scale - 0.5
    at = np.floor(centre - 2 / stretch).astype(np.intp)[:, None] + np.arange(width)
    weights = cubic(stretch * (centre[:, None] - at))
    weights /= weights.sum(axis=1, keepdims=True)
    return at.clip(0, length - 1), weights


def matrix(length: int, new: int) -> np.ndarray:
    """The same as one matrix, (new, length) float64: a side of a batch is resized by a product."""
    at, weights = taps(length, new)
    out = np.zeros((new, length))
    np.add.at(out, (np.arange(new)[:, None], at), weights)
    return out


def _along_rows(x: np.ndarray, new: int) -> np.ndarray:
    at, weights = taps(x.shape[0], new)
    weights = weights.astype(x.dtype, copy=False)
    out = np.zeros((new, *x.shape[1:]), x.dtype)
    for k in np.flatnonzero(np.any(weights, axis=0)):
        out += weights[:, k].reshape(-1, *[1] * (x.ndim - 1)) * x[at[:, k]]
    return out


def resize(x: np.ndarray, height: int, width: int) -> np.ndarray:
    """(H, W) or (H, W, C), float32 or float64 -> (height, width[, C]); not clipped, not rounded."""
    return _along_rows(_along_rows(x, height).swapaxes(0, 1), width).swapaxes(0, 1)


def enlarge(x: np.ndarray, scale: int) -> np.ndarray:
    """(H, W[, C]) -> (scale H, scale W[, C])."""
    return resize(x, x.shape[0] * scale, x.shape[1] * scale)


def shrink(x: np.ndarray, scale: int) -> np.ndarray:
    """(H, W[, C]) with sides that divide by ``scale`` (`cut_to_multiple`) -> an s-th of each."""
    return resize(x, x.shape[0] // scale, x.shape[1] // scale)


def cut_to_multiple(x: np.ndarray, scale: int) -> np.ndarray:
    """Leave out the last rows and columns that an s-th of the size has no pixel for."""
    height, width = (side // scale * scale for side in x.shape[:2])
    if not height or not width:
        raise InputError(f"A picture of {x.shape[1]}x{x.shape[0]} pixels is too small to shrink.")
    return x[:height, :width]


def shrink_8bit(x: np.ndarray, scale: int) -> np.ndarray:
    """The same of 8-bit pictures, which MATLAB rounds after either axis: (H, W[, C]) uint8."""
    rows = _round(_along_rows(x.astype(np.float64), x.shape[0] // scale))
    both = _round(_along_rows(rows.swapaxes(0, 1), x.shape[1] // scale)).swapaxes(0, 1)
    return both.astype(np.uint8)


def _round(x: np.ndarray) -> np.ndarray:
    return np.floor(np.clip(x, 0, 255) + 0.5)
