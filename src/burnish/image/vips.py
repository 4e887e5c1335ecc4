"""The one door to libvips: imported on first use, without its cache of operations.

The cache keys a file by its name, so that a file that changed would come back as it was before.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

FORMATS = {"uint8": "uchar", "uint16": "ushort", "float32": "float"}


@cache
def vips() -> Any:
    """The module pyvips, set up."""
    import logging

    import pyvips
    import pyvips.error

    logging.getLogger("pyvips").setLevel(logging.ERROR)
    # In its own way of reading them, libvips' words that are not UTF-8 (a file's name, a box's) are
    # a UnicodeDecodeError, and as they are not cleared, so is every later failure.
    pyvips.error._to_string = lambda words: pyvips.ffi.string(words).decode("utf-8", "replace")
    pyvips.cache_set_max(0)
    return pyvips


def from_array(array: np.ndarray) -> Any:
    """A view of a C-contiguous (H, W[, C]) array as a vips image; keep the array alive."""
    height, width = array.shape[:2]
    bands = array.shape[2] if array.ndim == 3 else 1
    image = vips().Image.new_from_memory(
        array.data, width, height, bands, FORMATS[str(array.dtype)]
    )
    grey = "b-w" if array.dtype == np.uint8 else "grey16"
    colour = "srgb" if array.dtype == np.uint8 else "rgb16"
    if array.dtype == np.float32:
        return image
    return image.copy(interpretation=grey if bands < 3 else colour)


def to_array(image: Any) -> np.ndarray:
    """(H, W, C) of an image's samples, decoded here and now."""
    dtype = {vips_name: name for name, vips_name in FORMATS.items()}[image.format]
    flat = np.frombuffer(image.write_to_memory(), dtype=dtype)
    return flat.reshape(image.height, image.width, image.bands)


def reason(error: Exception) -> str:
    """What the system says, else the first telling line of a vips error without its operation."""
    lines = [line.strip() for line in str(getattr(error, "detail", error)).splitlines()]
    lines = [line for line in lines if line] or ["unknown error"]
    system = [line for line in lines if line.startswith("system error: ")]
    line = (system or lines)[0]
    return line.split(": ", 1)[-1].rstrip(".")
