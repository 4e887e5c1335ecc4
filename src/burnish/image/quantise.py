"""Float photos to the integer samples of a file: the only place where values are rounded."""

from __future__ import annotations

import numpy as np

from burnish.image.colour import Profile
from burnish.image.photo import Photo, strips

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def quantise(
    photo: Photo, profile: Profile | None, *, levels: int, grey: bool, flatten: bool
) -> np.ndarray:
    """(H, W, C) uint8 or uint16: C = 1 or 3, and one more for alpha unless flattened on white."""
    dtype = np.uint8 if levels <= 256 else np.uint16
    colours = 1 if grey else 3
    with_alpha = photo.alpha is not None and not flatten
    out = np.empty((photo.height, photo.width, colours + with_alpha), dtype)
    for rows in strips(photo.height, photo.width):
        values = photo.pixels[rows]
        if photo.residual is not None and profile is not None:
            values = values + photo.residual[rows]
        if grey:
            values = luma(values)
        if profile is not None:
            values = profile.from_extended(values)
        if photo.alpha is not None and flatten:
            alpha = photo.alpha[rows][..., None]
            values = values * alpha + (1 - alpha)
        out[rows, :, :colours] = rounded(values, levels)
        if photo.alpha is not None and with_alpha:
            out[rows, :, colours] = rounded(photo.alpha[rows], levels)
    return out


def luma(values: np.ndarray) -> np.ndarray:
    """(h, w, 3) -> (h, w, 1); exact where R == G == B."""
    red, green, blue = np.moveaxis(values, 2, 0)
    mixed = green + LUMA[0] * (red - green) + LUMA[2] * (blue - green)
    return mixed[..., None]


def rounded(values: np.ndarray, levels: int) -> np.ndarray:
    """Floats in [0,1], any shape -> whole numbers 0 to levels - 1, still as floats."""
    scaled = values * np.float32(levels - 1)
    return np.rint(scaled, out=scaled).clip(0, levels - 1, out=scaled)
