"""HEIC through the extra `heic` (pillow-heif)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from burnish.errors import InputError, MissingExtraError
from burnish.image import exif
from burnish.image.decode import Samples, strips_of
from burnish.image.opened import Opened
from burnish.image.vips import reason

DAMAGE = (ValueError, RuntimeError, SyntaxError, OSError, EOFError, IndexError)


def pillow_heif() -> Any:
    """The package; MissingExtraError where it is not installed."""
    try:
        import pillow_heif as module
    except ImportError:
        raise MissingExtraError("HEIC", "heic") from None
    return module


def open_heic(source: Path | bytes, name: str) -> Opened:
    """The primary picture; libheif turns it upright by the file's own rotation."""
    module = pillow_heif()
    try:
        file = module.open_heif(
            BytesIO(source) if isinstance(source, bytes) else source, convert_hdr_to_8bit=False
        )
        if not len(file):
            raise ValueError("it holds no picture that can be decoded")
        picture = file[file.primary_index]
    except DAMAGE as error:
        raise InputError(f"{name} is damaged or no HEIC file ({reason(error)}).") from None
    deep = ";16" in picture.mode
    bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}.get(picture.mode.split(";")[0].rstrip("a"), 4)

    def samples() -> Samples:
        try:
            array = np.asarray(picture)
        except DAMAGE as error:
            raise InputError(f"{name} is truncated or damaged ({reason(error)}).") from None
        array = array.reshape(array.shape[0], array.shape[1], -1)
        bits = int(picture.info.get("bit_depth", 16)) if deep else 8
        bits = bits if bits in (8, 10, 12) else 16
        return Samples(array.shape[0], array.shape[1], array.shape[2], bits, strips_of(array))

    notes = ("The file holds several pictures: the main one was taken.",) if len(file) > 1 else ()
    return Opened(
        width=picture.size[0],
        height=picture.size[1],
        mode="grey" if bands < 3 else "rgb",
        samples=samples,
        grey=bands < 3,
        icc=picture.info.get("icc_profile") or None,
        exif=exif.bare(picture.info.get("exif")),
        xmp=picture.info.get("xmp") or None,
        notes=notes,
    )
