"""Photo: the one form in which a picture travels through burnish, and what is known of its file.

The network sees `pixels`: RGB, float32, sRGB-encoded, in [0, 1]. What cannot go there travels
beside them: transparency in `alpha`, colours outside sRGB in `residual`, all else in `source`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from burnish.errors import OptionError

STRIP_PIXELS = 1 << 16  # handled at a time wherever a whole-picture temporary would be large


@dataclass(frozen=True)
class Source:
    """Facts about the file that a photo came from, kept so that the result can be like it."""

    path: Path | None = None
    format: str = "png"  # jpeg, png, webp, tiff, avif, heic, raw
    depth: int = 8  # 8 or 16: what is needed to hold the samples
    bits: int = 8  # what the samples really had: 8, 10, 12 or 16
    mode: str = "rgb"  # rgb, grey, palette, cmyk, bilevel
    icc: bytes | None = None
    exif: bytes | None = None  # a TIFF stream, without the "Exif\\0\\0" that JPEG puts before it
    xmp: bytes | None = None  # the packet (JPEG: the main one)
    xmp_extended: bytes | None = None  # JPEG only: what did not fit into the main packet
    iptc: bytes | None = None  # the IIM stream, without Photoshop's wrapping
    comments: tuple[bytes, ...] = ()  # JPEG only
    subsampling: str | None = None  # "444", "422", "440", "420"...
    quality: int | None = None  # JPEG: estimated from the quantisation tables
    lossless: bool = False  # WebP and AVIF
    compression: str | None = None  # TIFF: none, lzw, deflate or another's name
    dpi: tuple[float, float] | None = None  # across and down
    size: tuple[int, int] | None = None  # (width, height) upright, before anything enlarged it
    orientation: int = 1  # 1 to 8 as in EXIF: how the picture lay before it was turned upright
    notes: tuple[str, ...] = ()  # sentences to tell the user


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded, upright photo. Arrays are shared, not copied: treat them as read-only."""

    pixels: np.ndarray  # (H, W, 3) float32 in [0, 1], sRGB-encoded
    alpha: np.ndarray | None = None  # (H, W) float32 in [0, 1]; the colour is not premultiplied
    residual: np.ndarray | None = None  # (H, W, 3) float32: true colour - pixels, beyond sRGB
    source: Source = field(default_factory=Source)

    def __post_init__(self) -> None:
        assert self.pixels.ndim == 3 and self.pixels.shape[2] == 3, self.pixels.shape
        assert self.pixels.dtype == np.float32, self.pixels.dtype
        assert self.alpha is None or self.alpha.shape == self.pixels.shape[:2]
        assert self.residual is None or self.residual.shape == self.pixels.shape

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def is_grey(self) -> bool:
        """Whether every pixel that is seen has R == G == B, whatever the file's mode is."""
        for rows in strips(self.height, self.width):
            colours = self.pixels[rows]
            if self.alpha is not None:
                colours = colours[self.alpha[rows] > 0]
            red, green, blue = np.moveaxis(colours, -1, 0)
            if not (np.array_equal(red, green) and np.array_equal(red, blue)):
                return False
        return self.residual is None

    def with_pixels(self, new: np.ndarray, scale: int = 1) -> Photo:
        """The same photo with other pixels; alpha and residual grow with them where scale > 1.

        The residual fades with the colour that it goes beyond: of a grey pixel none is left.
        """
        expected = (self.height * scale, self.width * scale, 3)
        assert new.shape == expected, f"{new.shape} is not {expected}"
        alpha, residual = self.alpha, self.residual
        if alpha is not None and scale > 1:
            alpha = enlarge(alpha, scale).clip(0, 1)
        if residual is not None:
            before = chroma(self.pixels)
            if scale > 1:
                residual, before = enlarge(residual, scale), enlarge(before, scale)
            kept = np.minimum(chroma(new), before)
            residual = residual * np.divide(kept, before, out=np.ones_like(kept), where=before > 0)
        return replace(self, pixels=new, alpha=alpha, residual=residual)

    @classmethod
    def from_array(cls, array: np.ndarray) -> Photo:
        """A photo from (H, W[, 1, 3 or 4]) of uint8, uint16, or float32 in [0, 1]."""
        array = np.asarray(array)
        channels = array.shape[2] if array.ndim == 3 else 1
        if array.ndim not in (2, 3) or channels not in (1, 3, 4) or array.size == 0:
            raise OptionError(
                f"An array of shape {array.shape} is no photo: give (H, W), (H, W, 1),"
                " (H, W, 3) or (H, W, 4)."
            )
        if array.dtype not in (np.uint8, np.uint16, np.float32):
            raise OptionError(
                f"An array of {array.dtype} is no photo: give uint8, uint16 or float32 in 0..1."
            )
        if array.dtype == np.float32:
            if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
                raise OptionError("A float32 photo must hold finite values from 0 to 1 only.")
            values = array.copy()
        else:
            values = np.divide(array, np.iinfo(array.dtype).max, dtype=np.float32)
        colour = values.reshape(*values.shape[:2], channels)
        depth = 8 if array.dtype == np.uint8 else 16
        return cls(
            pixels=np.ascontiguousarray(np.broadcast_to(colour[..., :3], (*colour.shape[:2], 3))),
            alpha=np.ascontiguousarray(colour[..., 3]) if channels == 4 else None,
            source=Source(depth=depth, bits=depth, mode="grey" if channels == 1 else "rgb"),
        )


def chroma(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) -> (H, W, 1): the largest of the channels minus the smallest."""
    return np.ptp(pixels, axis=2, keepdims=True)


def strips(height: int, width: int) -> Iterator[slice]:
    """Slices of rows, from the top, of about STRIP_PIXELS each, which stay in the cache."""
    rows = max(STRIP_PIXELS // max(width, 1), 1)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def enlarge(values: np.ndarray, scale: int) -> np.ndarray:
    """(H, W[, C]) float32 -> (scale H, scale W[, C]), bicubic, centres aligned."""
    from burnish.image.vips import from_array, to_array, vips

    height, width = values.shape[0] * scale, values.shape[1] * scale
    shift = (scale - 1) / 2
    resized = from_array(np.ascontiguousarray(values, dtype=np.float32)).affine(
        [scale, 0, 0, scale],
        interpolate=vips().Interpolate.new("bicubic"),
        oarea=[0, 0, width, height],
        odx=shift,
        ody=shift,
        extend="copy",
    )
    return to_array(resized).reshape(height, width, *values.shape[2:])
