"""What the metrics share: the type of an image, a pair of one shape, strips that bound memory."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
"""Float32 or float64; an image is (H, W, 3), RGB in [0,1], unless a function says otherwise."""

STRIP = 128
"""Rows worked on at once: float64 maps of a whole 12 MP photo would take 100 MB each."""


def check_pair(x: Array, y: Array) -> None:
    """Refuse a pair that numpy would broadcast in silence, or that is not floating point."""
    if x.shape != y.shape:
        raise ValueError(f"images to compare differ in shape: {x.shape} and {y.shape}")
    if x.size == 0:
        raise ValueError(f"images to compare are empty: {x.shape}")
    if x.dtype.kind != "f" or y.dtype.kind != "f":
        raise ValueError(f"images must be float in [0,1], not {x.dtype} and {y.dtype}")


def strips(height: int, overlap: int = 0) -> Iterator[slice]:
    """Slices of rows that cover ``height``; each but the first repeats ``overlap`` rows."""
    for top in range(0, height - overlap, STRIP):
        yield slice(top, min(top + STRIP + overlap, height))
