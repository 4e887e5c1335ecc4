"""View: a photo made small for learning, with what its file says about when it was taken."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.engine import proxy
from burnish.engine.look_maps import PIXELS
from burnish.image.exif import directories
from burnish.image.read import read

TAKEN, SUBSECOND = 0x9003, 0x9291


@dataclass(frozen=True)
class View:
    """(h,w,3) float32 RGB in [0,1] of at most 65,536 pixels, upright."""

    path: Path
    pixels: np.ndarray
    taken: str = ""
    """When it was exposed, as EXIF has it, with fractions of a second; empty if unknown."""

    @classmethod
    def of(cls, path: Path) -> "View":
        """Read a photo of any format; InputError says in one sentence why not."""
        photo = read(path)
        return cls(path, proxy.shrink(photo.pixels, PIXELS), taken(photo.source.exif))


def taken(exif: bytes | None) -> str:
    """DateTimeOriginal and SubSecTimeOriginal as one string."""
    if exif is None:
        return ""
    try:
        inner = directories(exif)[2]
    except (ValueError, struct.error, IndexError):
        return ""
    parts = [
        inner[tag].data.rstrip(b"\0 ").decode("ascii", "replace") if tag in inner else ""
        for tag in (TAKEN, SUBSECOND)
    ]
    return ".".join(filter(None, parts)) if any(c.isdigit() for c in parts[0]) else ""
