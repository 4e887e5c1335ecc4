"""JPEG, PNG, WebP, TIFF and AVIF through libvips."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from burnish.errors import InputError
from burnish.image import colour, exif, profiles
from burnish.image.containers.facts import Facts
from burnish.image.decode import Samples
from burnish.image.opened import Opened
from burnish.image.photo import strips
from burnish.image.sniff import TITLES
from burnish.image.vips import reason, vips

LOADERS = {"jpeg": "jpegload", "png": "pngload", "webp": "webpload", "tiff": "tiffload"}
LOADERS |= {"avif": "heifload"}
DAMAGED = "The file is damaged: parts of the picture may be missing"
DTYPES = {"uchar": np.uint8, "ushort": np.uint16}


def open_vips(source: Path | bytes, name: str, format: str, facts: Facts) -> Opened:
    """The header alone is read here."""
    fail_on = "warning" if format == "jpeg" else "truncated"
    if format == "tiff" and not facts.odd_tags:
        fail_on = "error"  # else strips that cannot be unpacked come out black
    loaded = load(source, name, format, fail_on)
    embedded = None if facts.broken_profile else blob(loaded, "icc-profile-data")
    mode, image, icc, notes = plain(loaded, name, embedded, facts)

    def anyway() -> Any:
        return plain(load(source, name, format, "truncated"), name, embedded, facts)[1]

    def samples() -> Samples:
        told: list[str] = []
        rows = decoded(image, name, anyway if format == "jpeg" else None, told)
        height, width, bands = image.height, image.width, image.bands
        return Samples(height, width, bands, bits(image, format), rows, notes=told)

    found_exif = exif.bare(blob(image, "exif-data")) if format == "avif" else facts.exif
    return Opened(
        width=image.width,
        height=image.height,
        mode=mode,
        samples=samples,
        orientation=orientation(image, format, facts),
        grey=image.bands < 3,
        icc=icc,
        exif=found_exif,
        xmp=blob(image, "xmp-data") if format == "avif" else None,
        dpi=resolution(image),
        notes=notes,
    )


def load(source: Path | bytes, name: str, format: str, fail_on: str) -> Any:
    """libvips' image, of which the header is read."""
    loader = LOADERS[format] + ("_buffer" if isinstance(source, bytes) else "")
    options: dict[str, Any] = {"access": "sequential", "fail_on": fail_on}
    if format == "avif":
        options["unlimited"] = True  # our own limit counts pixels and is checked before decoding
    given = source if isinstance(source, bytes) else os.fsencode(source)
    try:
        return getattr(vips().Image, loader)(given, **options)
    except vips().Error as error:
        raise InputError(
            f"{name} is damaged or no {TITLES[format]} file ({reason(error)})."
        ) from None


def plain(
    image: Any, name: str, icc: bytes | None, facts: Facts
) -> tuple[str, Any, bytes | None, tuple[str, ...]]:
    """(mode, an image of 1 to 4 bands of 8 or 16 bits, its profile, notes)."""
    kind, space = image.interpretation, colour.space(icc or b"")
    if image.bands > 4 + (kind == "cmyk"):
        raise InputError(f"{name} has {image.bands} channels; burnish reads grey, RGB and CMYK.")
    if kind == "labs" or (kind == "lab" and image.bands == 3):
        image = beside_alpha(image, 3, lambda lab: lab.colourspace("rgb16"))
        return "rgb", image, None, ("Lab photo: the enhanced file is sRGB.",)
    if image.format not in DTYPES:
        raise InputError(
            f"{name} has samples of kind '{image.format}'; burnish reads 8 and 16 bit."
        )
    if kind == "cmyk":
        depth = 16 if image.format == "ushort" else 8
        image = to_srgb(image, name, depth, "cmyk")
        return "cmyk", image, None, ("CMYK photo: the enhanced file is sRGB.",)
    if space in ("RGB ", "GRAY") and colour.parse(icc or b"") is None and image.bands >= 3:
        # A profile made of look-up tables: lcms converts it, within sRGB.
        depth = 16 if image.format == "ushort" else 8
        try:
            image = to_srgb(image, name, depth, "srgb")
        except InputError:
            return "rgb", image, None, ("The colour profile is damaged: taken as sRGB.",)
        note = "The colour profile is made of look-up tables: the enhanced file is sRGB."
        return "rgb", image, None, (note,)
    stored_bits = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 8
    mode = "palette" if image.get_typeof("palette") else "grey" if image.bands < 3 else "rgb"
    if mode == "grey" and stored_bits == 1:
        mode = "bilevel"
    if icc is None and exif.adobe_rgb(facts.exif):
        icc = profiles.adobe_rgb()
    return mode, image, icc, ()


def beside_alpha(image: Any, colours: int, convert: Callable[[Any], Any]) -> Any:
    """The picture with its colours converted; its alpha, if it has one, as it is stored."""
    if image.bands == colours:
        return convert(image)
    alpha = image[colours]
    if alpha.format == "short":  # Lab's samples have a sign, and libvips reads alpha like them
        alpha = alpha.copy(format="ushort")
    return convert(image[:colours]).bandjoin(alpha)


def to_srgb(image: Any, name: str, depth: int, fallback: str) -> Any:
    """Through lcms."""
    try:
        return beside_alpha(
            image,
            4 if fallback == "cmyk" else 3,
            lambda colours: colours.icc_transform(
                "srgb",
                embedded=True,
                input_profile=fallback,
                intent="relative",
                black_point_compensation=True,
                depth=depth,
            ),
        )
    except vips().Error as error:
        raise InputError(f"{name}: its colour profile cannot be used ({reason(error)}).") from None


def bits(image: Any, format: str) -> int:
    """Bits that the samples really have: 8, 16, or what an AVIF says."""
    if image.format == "uchar":
        return 8
    stored = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 16
    return stored if format == "avif" and stored in (10, 12) else 16


def resolution(image: Any) -> tuple[float, float] | None:
    """Pixels an inch, across and down; libvips says 0 or 1 a millimetre where it knows none."""
    if image.xres in (0.0, 1.0) or not image.yres:
        return None
    return round(image.xres * 25.4, 2), round(image.yres * 25.4, 2)


def orientation(image: Any, format: str, facts: Facts) -> int:
    """How the stored picture is to be turned, 1 to 8 as in EXIF."""
    if format == "avif":
        return 1  # the decoder applies the file's own rotation; EXIF's repeats it
    if format == "tiff" and image.get_typeof("orientation"):
        return int(image.get("orientation"))
    return exif.orientation(facts.exif)


def blob(image: Any, field: str) -> bytes | None:
    """Metadata as bytes, if libvips found some of this name."""
    if not image.get_typeof(field):
        return None
    value = image.get(field)
    return bytes(value) if isinstance(value, bytes) else None


def decoded(
    image: Any, name: str, anyway: Callable[[], Any] | None, told: list[str]
) -> Iterator[np.ndarray]:
    """Rows from top to bottom, so that the decoder streams.

    From where it fails on, those of ``anyway``'s image are taken, which knows no warnings.
    """
    region = vips().Region.new(image)
    dtype = DTYPES[image.format]
    for part in strips(image.height, image.width):
        size = (0, part.start, image.width, part.stop - part.start)
        try:
            data = region.fetch(*size)
        except vips().Error as error:
            refused = InputError(f"{name} is truncated or damaged ({reason(error)}).")
            if anyway is None or told:
                raise refused from None
            told.append(f"{DAMAGED} ({reason(error)}).")
            try:
                region = vips().Region.new(anyway())
                data = region.fetch(*size)
            except (vips().Error, InputError):
                raise refused from None
        yield np.frombuffer(data, dtype).reshape(size[3], image.width, image.bands)
    if told:
        vips().vips_lib.vips_error_clear()  # of its warnings, which the next failure would repeat
