"""Pillow images to Photos and back, by the same decoding and rounding as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from burnish.errors import OptionError
from burnish.image.decode import Samples, decode, strips_of
from burnish.image.encode import output_profile
from burnish.image.photo import Photo, Source
from burnish.image.quantise import quantise

if TYPE_CHECKING:
    from PIL.Image import Image

MODES = ("L", "LA", "RGB", "RGBA", "I;16")


def from_pillow(image: Image) -> Photo:
    """A photo of what the image shows by its colour profile; as it lies, not turned by its EXIF."""
    if image.mode not in MODES:
        raise OptionError(
            f"A Pillow image of mode {image.mode} is not taken: convert it first, as in "
            f"image.convert('RGB'); taken are {', '.join(MODES)}."
        )
    if not image.width * image.height:
        raise OptionError("The Pillow image has no pixels.")
    array = np.asarray(image)
    array = array.reshape(*array.shape[:2], -1)
    bands, bits = array.shape[2], 8 if array.dtype == np.uint8 else 16
    grey = bands < 3
    profile, icc = output_profile(image.info.get("icc_profile"), grey, "tiff")
    samples = Samples(array.shape[0], array.shape[1], array.shape[2], bits, strips_of(array))
    pixels, alpha, residual = decode(samples, profile, 1)
    source = Source(depth=bits, bits=bits, mode="grey" if grey else "rgb", icc=icc)
    return Photo(pixels, alpha, residual, source)


def to_pillow(photo: Photo, like: Image) -> Image:
    """The photo as an image of the mode and with the info (profile, EXIF...) of ``like``."""
    from PIL import Image

    grey = photo.source.mode == "grey"
    profile, _ = output_profile(photo.source.icc, grey, "tiff")
    samples = quantise(photo, profile, levels=1 << photo.source.depth, grey=grey, flatten=False)
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    # A colour that stands for "transparent" was a colour of the old picture.
    image.info = {key: value for key, value in like.info.items() if key != "transparency"}
    return image
