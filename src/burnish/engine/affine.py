"""Local colour-affine models: fitted between a small picture and its enhanced form, applied large.

Around every proxy pixel, the change that the network made is a 3x4 affine map of colour,

    y - x = A x + b,     A (3x3), b (3),

fitted by ridge regression over a square window and averaged over the windows that hold the pixel,
as in the guided filter (He, Sun and Tang 2013) and its form on a subsampled picture (He and Sun
2015). The maps vary smoothly where colours do and are interpolated linearly; edges and texture come
from the large picture itself. Two things are different here: the map is joint in the three colours,
as in bilateral guided upsampling (Chen et al. 2016), and the ridge pulls towards the one affine map
that fits the whole picture instead of towards A = -1, which would blur flat parts.
"""

import numpy as np

RADIUS = 3
EPS = 1e-4
"""Ridge, in squared units of colour: below this variance a window has no say of its own."""
TERMS = 12
"""Numbers of one map: A by rows of inputs, (r, g, b, 1) x (r, g, b)."""
ROWS = COLUMNS = 64
"""Rows of the photo, and proxy pixels across, of a block while applying. Interpolation is a small
dense product and wants it small; threads take turns at Python between blocks and want it large."""


def box(planes: np.ndarray, radius: int) -> np.ndarray:
    """Means over square windows, clipped at the border: (P,h,w) -> the same, float32."""
    for axis in (1, 2):
        length = planes.shape[axis]
        lead = (slice(None),) * axis
        total, count = planes.copy(), np.ones(length, np.float32)
        for shift in range(1, min(radius, length - 1) + 1):
            low, high = slice(0, length - shift), slice(shift, length)
            total[(*lead, high)] += planes[(*lead, low)]
            total[(*lead, low)] += planes[(*lead, high)]
            count[high] += 1
            count[low] += 1
        planes = total
        planes /= count[:, None] if axis == 1 else count
    return planes


def fit_whole(x: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The affine map that fits a whole picture best, (3,h,w) twice -> (4,3)."""
    known = np.ones((x[0].size, 4))
    known[:, :3] = x.reshape(3, -1).T
    squares = known.T @ known / len(known) + np.diag([1e-3, 1e-3, 1e-3, 0])
    result: np.ndarray = np.linalg.solve(squares, known.T @ change.reshape(3, -1).T / len(known))
    return result.astype(np.float32)


def fit(x: np.ndarray, y: np.ndarray, radius: int = RADIUS, eps: float = EPS) -> np.ndarray:
    """Maps that take a proxy to its enhanced form: x, y (h,w,3) -> (h,w,12) float32.

    Where ``y`` is not finite, or further away than white from black, the network broke down and the
    proxy pixel counts as unchanged.
    """
    x = np.ascontiguousarray(x.transpose(2, 0, 1), np.float32)  # (3,h,w)
    change = y.transpose(2, 0, 1) - x
    change[:, ~(np.abs(change) <= 1).all(0)] = 0  # NaN is no less than 1 either
    whole = fit_whole(x, change)
    change -= np.tensordot(whole[:3].T, x, 1) + whole[3][:, None, None]

    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    mean_x, mean_d = box(x, radius), box(change, radius)
    square = box(np.stack([x[i] * x[j] for i, j in pairs]), radius)
    s = {p: square[k] - mean_x[p[0]] * mean_x[p[1]] for k, p in enumerate(pairs)}
    for i in range(3):
        s[i, i] += np.float32(eps)
    # The inverse of a symmetric 3x3 matrix by cofactors, for all pixels at once.
    cofactors = {
        (0, 0): s[1, 1] * s[2, 2] - s[1, 2] ** 2,
        (0, 1): s[0, 2] * s[1, 2] - s[0, 1] * s[2, 2],
        (0, 2): s[0, 1] * s[1, 2] - s[0, 2] * s[1, 1],
        (1, 1): s[0, 0] * s[2, 2] - s[0, 2] ** 2,
        (1, 2): s[0, 1] * s[0, 2] - s[0, 0] * s[1, 2],
        (2, 2): s[0, 0] * s[1, 1] - s[0, 1] ** 2,
    }
    determinant = sum(s[0, j] * cofactors[0, j] for j in range(3))
    maps = np.empty((TERMS, *x.shape[1:]), np.float32)
    for o in range(3):
        cross = box(x * change[o], radius) - mean_x * mean_d[o]
        offset = mean_d[o].copy()
        for i in range(3):
            a = sum(cofactors[min(i, j), max(i, j)] * cross[j] for j in range(3)) / determinant
            offset -= a * mean_x[i]
            maps[3 * i + o] = a
        maps[9 + o] = offset
    maps = box(maps, radius) + whole.reshape(TERMS, 1, 1)
    return np.ascontiguousarray(maps.transpose(1, 2, 0))


def _weights(start: int, stop: int, factor: int, length: int) -> tuple[int, int, np.ndarray]:
    """Linear interpolation of places start..stop-1: (first, last + 1, (stop-start, n) weights).

    Proxy pixel k stands for the ``factor`` places from k * factor on; beyond the outermost centres
    the outermost value holds.
    """
    place = ((np.arange(start, stop) + 0.5) / factor - 0.5).clip(0, length - 1)
    low = np.minimum(place.astype(np.intp), max(length - 2, 0))
    high = np.minimum(low + 1, length - 1)
    first, last = int(low[0]), int(high[-1]) + 1
    weights = np.zeros((stop - start, last - first), np.float32)
    rows, share = np.arange(stop - start), (place - low).astype(np.float32)
    weights[rows, low - first] = 1 - share
    weights[rows, high - first] += share
    return first, last, weights


def apply(maps: np.ndarray, factor: int, pixels: np.ndarray, top: int, out: np.ndarray) -> None:
    """Put maps onto rows of the large picture: out = x + A x + b, each pixel by itself.

    ``pixels`` (n,W,3) are the rows from ``top`` on; ``out``, the same shape, is written to.
    """
    height, width = maps.shape[:2]
    across = COLUMNS * factor
    for row in range(0, len(pixels), ROWS):
        rows = slice(row, min(row + ROWS, len(pixels)))
        first, last, down = _weights(top + rows.start, top + rows.stop, factor, height)
        strip = maps[first:last].transpose(0, 2, 1)  # (r, 12, w')
        for left in range(0, pixels.shape[1], across):
            columns = slice(left, min(left + across, pixels.shape[1]))
            first, last, weights = _weights(columns.start, columns.stop, factor, width)
            # Stacks of small products: too small for BLAS to start threads of its own.
            here = np.matmul(strip[:, :, first:last], weights.T)  # (r, 12, w)
            here = np.matmul(down, here.transpose(1, 0, 2))  # (12, n, w)
            a, b = np.split(here.reshape(4, 3, *here.shape[1:]), [3])
            y = np.ascontiguousarray(pixels[rows, columns].transpose(2, 0, 1))  # (3, n, w)
            a *= y[:, None]
            y += b[0]
            for column in a:
                y += column
            out[rows, columns] = y.transpose(1, 2, 0)
