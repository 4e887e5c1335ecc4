"""A small stand-in for a large photo, from which its whole-picture statistics are taken."""

import math

import numpy as np

LARGEST = 600_000
"""Pixels up to which a photo stands for itself."""


def shrink(pixels: np.ndarray, largest: int = LARGEST) -> np.ndarray:
    """Average square blocks, (H,W,3) -> about ``largest`` pixels at most, the same mean.

    The network learned its statistics from views of whole photos at 32 to 96 pixels; the grain of
    a large photo is nothing that it saw. And the pass then costs next to nothing on large photos.
    """
    height, width = pixels.shape[:2]
    factor = min(math.ceil(math.sqrt(height * width / largest)), height, width)
    if factor < 2:
        return pixels
    rows, columns = height // factor, width // factor
    out = np.empty((rows, columns, 3), np.float32)
    for row in range(rows):
        strip = pixels[row * factor : (row + 1) * factor, : columns * factor]
        out[row] = strip.mean(axis=0).reshape(columns, factor, 3).mean(axis=1)
    return out
