"""Integer samples, strip by strip, to the float arrays of a Photo: upright and colour-managed.

Nothing of the picture's size is made but the result: strips are converted and stored straight into
their turned place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from burnish.image.colour import Profile
from burnish.image.photo import strips

OUTSIDE = 4e-6  # a quarter of a 16-bit level: closer to sRGB counts as inside


@dataclass(frozen=True)
class Samples:
    """A picture as stored: strips of rows (rows, W, 1 to 4), uint8 or uint16, from the top."""

    height: int
    width: int
    bands: int
    bits: int  # 16-bit samples of 10 or 12 bits are aligned at the top
    strips: Iterator[np.ndarray]
    premultiplied: bool = False
    notes: list[str] = field(default_factory=list)  # for the user; may grow as strips are taken


def decode(
    samples: Samples, profile: Profile | None, orientation: int
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """(pixels, alpha, residual), upright."""
    stored = (samples.height, samples.width)
    shape = stored if orientation < 5 else stored[::-1]
    pixels = np.empty((*shape, 3), np.float32)
    alpha = np.empty(shape, np.float32) if samples.bands in (2, 4) else None
    residual = (
        np.zeros((*shape, 3), np.float32) if profile else None
    )  # untouched pages cost nothing
    levels = 1 << samples.bits
    tables = profile.tables(levels) if profile else []
    colours = 1 if samples.bands < 3 else 3
    outside = False

    as_stored = turned(pixels, orientation)
    alpha_as_stored = None if alpha is None else turned(alpha, orientation)
    residual_as_stored = None if residual is None else turned(residual, orientation)
    top = 0
    for strip in samples.strips:
        rows = slice(top, top + len(strip))
        top += len(strip)
        if samples.bits not in (8, 16):
            strip = strip >> np.uint16(16 - samples.bits)
        if samples.premultiplied and samples.bands in (2, 4):
            strip = divided(strip, levels - 1)
        colour = strip[..., :colours]
        if alpha_as_stored is not None:
            alpha_as_stored[rows] = np.divide(strip[..., -1], levels - 1, dtype=np.float32)
        if profile is None:
            as_stored[rows] = np.divide(colour, levels - 1, dtype=np.float32)
            continue
        extended = profile.to_extended(colour, tables)
        inside = np.clip(extended, 0, 1)
        as_stored[rows] = inside
        extended -= inside
        if residual_as_stored is not None and np.abs(extended).max() > OUTSIDE:
            residual_as_stored[rows] = extended
            outside = True
    assert top == samples.height, f"{top} of {samples.height} rows came"
    return pixels, alpha, residual if outside else None


def divided(strip: np.ndarray, top: int) -> np.ndarray:
    """Samples whose colours were multiplied by their alpha, as they were before."""
    alpha = strip[..., -1:]
    colours = np.rint(strip[..., :-1] * (top / np.maximum(alpha, 1)))
    return np.concatenate([np.minimum(colours, top).astype(strip.dtype), alpha], axis=2)


def turned(upright: np.ndarray, orientation: int) -> np.ndarray:
    """A view of an upright array in which the rows lie as the file stores them (EXIF 1 to 8)."""
    flipped = upright.swapaxes(0, 1) if orientation >= 5 else upright
    if orientation in (2, 3, 7, 8):
        flipped = flipped[:, ::-1]
    if orientation in (3, 4, 6, 7):
        flipped = flipped[::-1]
    return flipped


def strips_of(array: np.ndarray) -> Iterator[np.ndarray]:
    """(H, W, C) in strips."""
    for rows in strips(*array.shape[:2]):
        yield array[rows]
