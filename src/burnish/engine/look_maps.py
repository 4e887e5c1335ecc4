"""Smooth maps of a whole photo, kept small: its local brightness at several scales.

They are taken once from a small stand-in of the photo and enlarged row by row where they are
needed, so that tiles agree and memory stays bounded. numpy only.
"""

import math
from dataclasses import dataclass

import numpy as np

from burnish.engine import proxy
from burnish.engine.luma import LUMA

PIXELS = 256 * 256
"""Pixels of the stand-in: enough for the smallest scale."""
SCALES = (0.012, 0.035, 0.1)
"""Standard deviations of the blurs, as shares of the photo's longer side."""
GUIDED_RADIUS, GUIDED_EPSILON = 0.05, 0.01
"""Window (share of the longer side) and edge threshold (squared luma) of the guided filter."""


def box(a: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a window of 2 radius + 1, cut off at the borders; (H,W) -> (H,W)."""
    for axis in (0, 1):
        length = a.shape[axis]
        total = np.cumsum(np.insert(a, 0, 0, axis=axis), axis=axis, dtype=np.float64)
        stop = np.minimum(np.arange(length) + radius + 1, length)
        start = np.maximum(np.arange(length) - radius, 0)
        counts = (stop - start).reshape((-1, 1) if axis == 0 else (1, -1))
        a = (total.take(stop, axis) - total.take(start, axis)) / counts
    return a.astype(np.float32)


def blur(a: np.ndarray, sigma: float) -> np.ndarray:
    """About a Gaussian, to a tenth of sigma: three box means whose variances add up to sigma^2."""
    radius = max(1, round((math.sqrt(4 * sigma**2 + 1) - 1) / 2))
    for _ in range(3):
        a = box(a, radius)
    return a


def guide(luma: np.ndarray, radius: int, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """(a, b) with base = a luma + b, the guided filter of He, Sun and Tang (2013), eqs. 5-8."""
    mean = box(luma, radius)
    variance = np.maximum(box(luma * luma, radius) - mean * mean, 0)
    a = variance / (variance + epsilon)
    return box(a, radius), box(mean * (1 - a), radius)


def enlarge(
    maps: np.ndarray, rows: slice, height: int, width: int, columns: slice | None = None
) -> np.ndarray:
    """Rows of (h,w,M) maps enlarged bilinearly to (height,width,M), centres aligned."""
    columns = columns or slice(0, width)
    h, w = maps.shape[:2]
    y = np.clip((np.arange(rows.start, rows.stop) + 0.5) * (h / height) - 0.5, 0, h - 1)
    x = np.clip((np.arange(columns.start, columns.stop) + 0.5) * (w / width) - 0.5, 0, w - 1)
    top, left = (np.minimum(t.astype(int), n) for t, n in ((y, max(h - 2, 0)), (x, max(w - 2, 0))))
    fy = (y - top).astype(np.float32)[:, None, None]
    fx = (x - left).astype(np.float32)[None, :, None]
    below, right = np.minimum(top + 1, h - 1), np.minimum(left + 1, w - 1)
    block = maps[top] * (1 - fy) + maps[below] * fy
    result: np.ndarray = block[:, left] * (1 - fx) + block[:, right] * fx
    return result


@dataclass(frozen=True)
class Maps:
    """Blurred luma at each of `SCALES`, and the guided filter's two; (h,w,5) float32."""

    maps: np.ndarray

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Maps":
        """The maps of a whole photo, (H,W,3) RGB in [0,1]."""
        luma = proxy.shrink(pixels, PIXELS) @ LUMA
        side = max(luma.shape)
        a, b = guide(luma, max(1, round(GUIDED_RADIUS * side)), GUIDED_EPSILON)
        return cls(np.stack([*(blur(luma, s * side) for s in SCALES), a, b], axis=2))

    def rows(
        self, rows: slice, height: int, width: int, columns: slice | None = None
    ) -> np.ndarray:
        """The maps of these rows and columns of a photo of that size, (rows, columns, 5)."""
        return enlarge(self.maps, rows, height, width, columns)


@dataclass(frozen=True)
class Place:
    """Where some pixels lie in a photo, and its maps: a part gets what the whole would get."""

    maps: Maps
    """Of the whole photo"""
    height: int
    """Of the whole photo, as is ``width``"""
    width: int
    top: int = 0
    left: int = 0

    @classmethod
    def whole(cls, pixels: np.ndarray) -> "Place":
        """The whole photo itself, (H,W,3)."""
        return cls(Maps.of(pixels), *pixels.shape[:2])

    def of(self, rows: slice, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Of rows of the part, whose width this is: (n,) squared distances from the photo's middle,
        1 in its corners, and (n,5) its maps there."""
        rows = slice(self.top + rows.start, self.top + rows.stop)
        columns = slice(self.left, self.left + width)
        y, x = (
            ((np.arange(part.start, part.stop) + 0.5) / size * 2 - 1) * size
            for part, size in ((rows, self.height), (columns, self.width))
        )
        radius = (y[:, None] ** 2 + x**2) / (self.height**2 + self.width**2)
        maps = self.maps.rows(rows, self.height, self.width, columns)
        return radius.ravel().astype(np.float32), maps.reshape(radius.size, -1)
