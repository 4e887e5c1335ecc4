"""What a plain tool gets: the rows that a network has to beat. (H,W,3) RGB in [0,1] -> the same."""

import math

import numpy as np
from PIL import Image, ImageOps


def nothing(x: np.ndarray) -> np.ndarray:
    """The input as it is."""
    return x


def autocontrast(x: np.ndarray) -> np.ndarray:
    """Pillow's ``autocontrast(cutoff=0.5, preserve_tone=True)`` on 8 bits."""
    image = Image.fromarray(np.rint(x * 255).astype(np.uint8))
    stretched = ImageOps.autocontrast(image, cutoff=0.5, preserve_tone=True)
    return np.asarray(stretched, np.float32) / 255


def gamma_to_mean(x: np.ndarray, mean: float = 0.45) -> np.ndarray:
    """One gamma that brings the mean of the sRGB values to ``mean`` (bisection)."""
    low, high = math.log(0.02), math.log(50.0)
    safe = np.clip(x, 1e-6, 1)
    for _ in range(30):
        middle = (low + high) / 2
        if float((safe ** math.exp(middle)).mean()) > mean:
            low = middle
        else:
            high = middle
    return (safe ** math.exp((low + high) / 2)).astype(np.float32)


BASELINES = {"input": nothing, "autocontrast": autocontrast, "gamma to 0.45": gamma_to_mean}
