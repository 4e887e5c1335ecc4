"""Where tiles lie and which pixels they read: integer arithmetic only.

All tiles of a photo have one shape, so that a backend prepares its kernels once. A tile's core may
reach beyond the photo on the right and below; pixels there and in the halo are mirrored.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tile:
    """Core of a tile in input pixels; ``height`` and ``width`` may reach beyond the photo."""

    top: int
    left: int
    height: int
    width: int


def _cut(length: int, largest: int, multiple: int) -> tuple[int, int]:
    """(count, core size) along one side: equal cores, multiples of ``multiple``."""
    largest = max(multiple, largest // multiple * multiple)
    count = -(-length // largest)
    core = -(-length // count)
    return count, -(-core // multiple) * multiple


def plan(height: int, width: int, largest: int, multiple: int = 1) -> Iterator[Tile]:
    """Tiles that cover a photo, row by row, each core at most ``largest`` pixels along a side."""
    rows, core_height = _cut(height, largest, multiple)
    columns, core_width = _cut(width, largest, multiple)
    for row in range(rows):
        for column in range(columns):
            yield Tile(row * core_height, column * core_width, core_height, core_width)


def mirror(start: int, stop: int, length: int) -> np.ndarray:
    """Indices start..stop-1 folded into 0..length-1 by reflection about both end pixels."""
    if length == 1:
        return np.zeros(stop - start, np.intp)
    period = 2 * (length - 1)
    folded = np.arange(start, stop) % period
    return np.minimum(folded, period - folded)


def read(pixels: np.ndarray, tile: Tile, halo: int) -> np.ndarray:
    """The tile and its halo, (H,W,3) -> (1, 3, height + 2 halo, width + 2 halo), contiguous."""
    return gather(pixels, rows_of(tile, halo, pixels.shape[0]), tile, halo)


def rows_of(tile: Tile, halo: int, height: int) -> np.ndarray:
    """Which rows of a photo a tile and its halo read."""
    return mirror(tile.top - halo, tile.top + tile.height + halo, height)


def gather(pixels: np.ndarray, rows: np.ndarray, tile: Tile, halo: int) -> np.ndarray:
    """`read` from given rows of ``pixels``, which need not be the whole photo."""
    columns = mirror(tile.left - halo, tile.left + tile.width + halo, pixels.shape[1])
    block = pixels[rows[:, None], columns]
    return np.ascontiguousarray(block.transpose(2, 0, 1)[None])
