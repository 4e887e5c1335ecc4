"""Photos to bytes: samples by `quantise`, the picture by libvips, metadata by the containers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from burnish.errors import MissingExtraError, OptionError, OutputError
from burnish.image import colour, exif, metadata
from burnish.image.containers import heif, jpeg, png, tiff, webp
from burnish.image.formats import DEEP_FORMATS, check_format, check_installed, natural_format
from burnish.image.metadata import Metadata, check_policy
from burnish.image.photo import Photo, Source
from burnish.image.quantise import quantise
from burnish.image.sniff import TITLES
from burnish.image.vips import from_array, reason, vips

MAX_SIDE = {"jpeg": 65535, "webp": 16383, "avif": 16384, "heic": 16384}
GREY_FORMATS = ("jpeg", "png", "tiff")  # the others store grey photos as RGB
RAW_QUALITY, DEFAULT_QUALITY = 95, 92
SMALL = 16_000_000  # pixels: up to here JPEG's tables are optimised, which holds all coefficients


def encode(
    photo: Photo,
    format: str | None = None,
    *,
    metadata: str = "keep",
    quality: int | None = None,
) -> bytes:
    """The bytes of a file of this format (by default the source's)."""
    return b"".join(encode_parts(photo, format, metadata=metadata, quality=quality))


def encode_parts(
    photo: Photo,
    format: str | None = None,
    *,
    metadata: str = "keep",
    quality: int | None = None,
) -> list[bytes]:
    """`encode` without joining: the parts follow each other in the file."""
    format = check_encoding(photo, format, metadata=metadata, quality=quality)
    meta = prepare(photo, metadata, format)
    grey = writes_grey(photo, format)
    profile, icc = output_profile(photo.source.icc, grey, format)
    meta = with_profile(meta, icc)
    depth = photo.source.depth if format in DEEP_FORMATS else 8
    levels = 256 if depth == 8 else 65536
    if format == "avif" and depth == 16:
        levels = 1024 if photo.source.bits == 10 else 4096
    samples = quantise(
        photo,
        profile,
        levels=levels,
        grey=grey,
        flatten=format == "jpeg" and photo.alpha is not None,
    )
    if levels in (1024, 4096):
        samples <<= np.uint16(16 - levels.bit_length() + 1)
    try:
        return ENCODERS[format](samples, photo.source, meta, quality)
    except vips().Error as error:
        raise OutputError(f"Encoding as {TITLES[format]} failed ({reason(error)}).") from None


def check_encoding(
    photo: Photo,
    format: str | None = None,
    *,
    metadata: str = "keep",
    quality: int | None = None,
    scale: int = 1,
) -> str:
    """The format; refuses what `encode` would refuse of a result ``scale`` times as large."""
    format = check_installed(check_format(format or natural_format(photo.source)))
    check_policy(metadata)
    check_quality(quality)
    check_sides(format, photo.width, photo.height, scale)
    return format


def check_quality(quality: int | None) -> None:
    """OptionError for one that no encoder has; None leaves it to the format."""
    if quality is not None and not 1 <= quality <= 100:
        raise OptionError(f"quality must be from 1 to 100, not {quality}.")


def check_sides(format: str, width: int, height: int, scale: int = 1) -> None:
    """OutputError for more pixels a side, ``scale`` times these, than the format holds."""
    width, height = width * scale, height * scale
    if max(width, height) > MAX_SIDE.get(format, 1 << 31):
        raise OutputError(
            f"{TITLES[format]} holds at most {MAX_SIDE[format]} pixels a side, and the result would"
            f" have {width} x {height}: choose TIFF or PNG."
        )


def prepare(photo: Photo, policy: str, format: str) -> Metadata:
    """What of the photo's metadata goes into a file of this format."""
    meta = metadata.prepare(photo.source, policy, (photo.width, photo.height))
    return meta if format == "jpeg" else metadata.without_extended(meta)


def writes_grey(photo: Photo, format: str) -> bool:
    """Grey and 1-bit files stay grey, palettes of greys become grey."""
    if format not in GREY_FORMATS:
        return False
    mode = photo.source.mode
    return mode in ("grey", "bilevel") or (mode == "palette" and photo.is_grey)


def output_profile(
    icc: bytes | None, grey: bool, format: str
) -> tuple[colour.Profile | None, bytes | None]:
    """(profile to convert to or None for sRGB, ICC bytes to embed) for the channels written."""
    space = colour.space(icc or b"")
    fits = space == "GRAY" if grey else space == "RGB "
    if grey and space == "RGB " and format in ("jpeg", "tiff"):
        fits = True  # common in practice; PNG forbids it
    profile = colour.parse(icc) if icc and fits else None
    if profile is None:
        return None, None
    return (None if profile.is_srgb else profile), icc


def with_profile(meta: Metadata, icc: bytes | None) -> Metadata:
    """What is written beside samples in this profile; None stands for sRGB."""
    if icc is None and meta.exif:
        meta = replace(meta, exif=exif.as_srgb(meta.exif))
    return replace(meta, icc=icc)


def image_of(samples: np.ndarray, source: Source) -> Any:
    """Samples as libvips's image, with the source's resolution."""
    return with_resolution(from_array(samples), source)


def with_resolution(image: Any, source: Source) -> Any:
    """libvips counts in pixels a millimetre; 72 an inch where the source says nothing."""
    across, down = source.dpi or (72, 72)
    return image.copy(xres=across / 25.4, yres=down / 25.4)


def to_jpeg(
    samples: np.ndarray, source: Source, meta: Metadata, quality: int | None
) -> list[bytes]:
    options = jpeg_options(source, quality, samples.shape[0] * samples.shape[1])
    encoded = image_of(samples, source).jpegsave_buffer(**options)
    return jpeg.wrap(encoded, meta, source.dpi)


def jpeg_options(source: Source, quality: int | None, pixels: int) -> dict[str, Any]:
    """For libvips: the source's quality within bounds, its subsampling if that was 4:2:0."""
    if quality is None:
        guess = RAW_QUALITY if source.format == "raw" else source.quality or DEFAULT_QUALITY
        quality = min(max(guess, 90), 97)
    full = source.format != "jpeg" or source.subsampling in ("444", "422", "440")
    return {
        "Q": quality,
        "subsample_mode": "off" if full else "on",
        "optimize_coding": pixels <= SMALL,
        "keep": "none",
    }


def to_png(samples: np.ndarray, source: Source, meta: Metadata, quality: int | None) -> list[bytes]:
    encoded = image_of(samples, source).pngsave_buffer(compression=4, filter="sub", keep="none")
    return png.wrap(encoded, meta)


def to_webp(
    samples: np.ndarray, source: Source, meta: Metadata, quality: int | None
) -> list[bytes]:
    lossless = source.lossless and quality is None
    encoded = image_of(samples, source).webpsave_buffer(
        Q=75 if lossless else quality or 90, lossless=lossless, exact=True, keep="none"
    )
    return webp.wrap(encoded, meta, samples.shape[1], samples.shape[0])


def to_tiff(
    samples: np.ndarray, source: Source, meta: Metadata, quality: int | None
) -> list[bytes]:
    swapped = samples.dtype == np.uint16 and swaps(meta)
    if swapped:
        samples = samples.byteswap(inplace=True)
    encoded = image_of(samples, source).tiffsave_buffer(**tiff_options(source, swapped))
    return tiff.wrap(encoded, meta)


def swaps(meta: Metadata) -> bool:
    """Whether 16-bit samples change their byte order: the file takes EXIF's, and so must they."""
    return bool(meta.exif) and meta.exif[:2] == b"MM"  # type: ignore[index]


def tiff_options(source: Source, swapped: bool) -> dict[str, Any]:
    """For libvips: the source's compression where that is lossless and common, else deflate."""
    return {
        "compression": source.compression if source.compression in ("none", "lzw") else "deflate",
        "predictor": "none" if swapped else "horizontal",  # which would mix swapped bytes
        "keep": "none",
    }


def to_avif(
    samples: np.ndarray, source: Source, meta: Metadata, quality: int | None
) -> list[bytes]:
    image = image_of(samples, source)
    if meta.icc:
        image.set_type(vips().GValue.blob_type, "icc-profile-data", meta.icc)
    bitdepth = 8 if samples.dtype == np.uint8 else 10 if source.bits == 10 else 12
    lossless = source.lossless and quality is None
    encoded = image.heifsave_buffer(
        compression="av1",
        Q=quality or 90,
        lossless=lossless,
        bitdepth=bitdepth,
        effort=1,
        subsample_mode="on" if source.subsampling == "420" and not lossless else "off",
        keep="icc" if meta.icc else "none",
    )
    return heif.wrap(encoded, meta)


def to_heic(
    samples: np.ndarray, source: Source, meta: Metadata, quality: int | None
) -> list[bytes]:
    from io import BytesIO

    from burnish.image.open_heic import pillow_heif

    module = pillow_heif()
    out = BytesIO()
    mode = "RGBA" if samples.shape[2] == 4 else "RGB"
    options: dict[str, Any] = {"icc_profile": meta.icc} if meta.icc else {}
    if meta.exif:
        options["exif"] = exif.PREFIX + meta.exif
    if meta.xmp:
        options["xmp"] = meta.xmp
    height, width = samples.shape[:2]
    try:
        module.encode(
            mode, (width, height), samples.tobytes(), out, quality=quality or 90, **options
        )
    except (RuntimeError, ValueError) as error:
        raise MissingExtraError(f"Writing HEIC ({error})", "heic") from None
    return [out.getvalue()]


ENCODERS: dict[str, Callable[[np.ndarray, Source, Metadata, int | None], list[bytes]]] = {
    "jpeg": to_jpeg,
    "png": to_png,
    "webp": to_webp,
    "tiff": to_tiff,
    "avif": to_avif,
    "heic": to_heic,
}
