"""Self-ensemble: the mean of what a network makes of a picture flipped and turned, turned back.

Deep SR-PIE+ of paper B is the mean of four: as it is, mirrored across, mirrored down, both. Eight
adds the transposes of these four. It works tile by tile: whatever a network knows of the whole
picture stays as it is.
"""

from collections.abc import Callable
from itertools import product
from typing import Literal

import numpy as np

Ensemble = Literal["none", "4", "8"]
Run = Callable[[np.ndarray], np.ndarray]


def turn(x: np.ndarray, down: bool, across: bool, transpose: bool) -> np.ndarray:
    """(N,C,H,W) mirrored along its rows' and columns' order, then transposed; contiguous."""
    x = x[:, :, :: -1 if down else 1, :: -1 if across else 1]
    return np.ascontiguousarray(x.swapaxes(2, 3) if transpose else x)


def turn_back(y: np.ndarray, down: bool, across: bool, transpose: bool) -> np.ndarray:
    """The inverse of `turn`."""
    y = y.swapaxes(2, 3) if transpose else y
    return y[:, :, :: -1 if down else 1, :: -1 if across else 1]


def average(run: Run, x: np.ndarray, kind: Ensemble) -> np.ndarray:
    """Mean of ``run`` over the turns of ``kind``, (1,3,H,W) -> (1,3,sH,sW) float32."""
    if kind == "none":
        return run(x)
    turns = list(product((False, True), (False, True), (False, True) if kind == "8" else (False,)))
    total = np.zeros(1, np.float32)
    for how in turns:
        total = total + turn_back(run(turn(x, *how)), *how)
    return total / np.float32(len(turns))
