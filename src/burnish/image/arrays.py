"""Photos to plain arrays; the way in is `Photo.from_array`."""

from __future__ import annotations

import numpy as np

from burnish.image.photo import Photo
from burnish.image.quantise import luma, quantise


def to_array(photo: Photo, like: np.ndarray) -> np.ndarray:
    """(H, W[, 1, 3 or 4]) of the dtype and the channels of ``like``, which the photo came from."""
    grey = like.ndim == 2 or like.shape[2] == 1
    if like.dtype == np.float32:
        colour = luma(photo.pixels) if grey else photo.pixels
        alpha = photo.alpha
        array = colour if alpha is None else np.concatenate([colour, alpha[..., None]], axis=2)
    else:
        levels = int(np.iinfo(like.dtype).max) + 1
        array = quantise(photo, None, levels=levels, grey=grey, flatten=False)
    return array[..., 0] if like.ndim == 2 else array
