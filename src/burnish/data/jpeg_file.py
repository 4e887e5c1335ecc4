"""Pictures as JPEG files keep them, by libjpeg; `data.jpeg` is the same in torch, on batches."""

import io
from typing import Literal

import numpy as np
from PIL import Image

Sampling = Literal["4:2:0", "4:4:4"]
"""Chroma at half the size, as cameras and phones mostly have it, or at the full one."""


def through_jpeg(x: np.ndarray, quality: int, sampling: Sampling = "4:2:0") -> np.ndarray:
    """Compress and decompress, (H,W,3) uint8 -> the same; ``quality`` 1 to 100."""
    file = io.BytesIO()
    Image.fromarray(x).save(file, "JPEG", quality=quality, subsampling=sampling)
    with Image.open(file) as back:
        return np.asarray(back)
