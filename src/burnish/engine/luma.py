"""Brightness as the engine judges it: BT.601 weights on sRGB values, as the networks learned it."""

import numpy as np

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(pixels: np.ndarray) -> np.ndarray:
    """(H,W,3) -> (H,W,1)."""
    return pixels @ LUMA[:, None]
