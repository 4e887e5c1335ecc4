"""The formats that can be written: their names, and what each cannot hold of a photo."""

from __future__ import annotations

from importlib.util import find_spec

from burnish.errors import MissingExtraError, OptionError
from burnish.image import metadata
from burnish.image.containers import jpeg
from burnish.image.photo import Photo, Source
from burnish.image.sniff import FORMAT_SUFFIXES, SUFFIXES, TITLES

FORMATS = ("jpeg", "png", "webp", "tiff", "avif", "heic")
DEEP_FORMATS = ("png", "tiff", "avif")


def natural_format(source: Source) -> str:
    """The format of the result unless another is asked: the input's; raw becomes JPEG."""
    return "jpeg" if source.format == "raw" else source.format


def suffix_for(format: str) -> str:
    """The usual ending of a file of this format, with its dot."""
    return FORMAT_SUFFIXES[check_format(format)][0]


def format_of(name: str) -> str:
    """The format that a file name asks for."""
    suffix = "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""
    format = SUFFIXES.get(suffix, "")
    if format not in FORMATS:
        known = ", ".join(s for f in FORMATS for s in FORMAT_SUFFIXES[f][:2])
        shown = f"'{suffix}'" if suffix else "no extension"
        raise OptionError(f"Cannot write {name} ({shown}): choose one of {known}.")
    return format


def check_format(format: str) -> str:
    """The format; OptionError for one that cannot be written."""
    if format not in FORMATS:
        raise OptionError(f"Unknown output format '{format}': choose one of {', '.join(FORMATS)}.")
    return format


def is_installed(format: str) -> bool:
    """Whether what writes the format is there; only HEIC needs more than burnish itself."""
    return format != "heic" or find_spec("pillow_heif") is not None


def check_installed(format: str) -> str:
    """The format; MissingExtraError for one that cannot be written here."""
    if not is_installed(format):
        raise MissingExtraError(f"Writing {TITLES[format]}", "heic")
    return format


def losses(photo: Photo, format: str, policy: str = "keep") -> tuple[str, ...]:
    """Sentences about what this format cannot hold of the photo."""
    source, title, found = photo.source, TITLES[check_format(format)], []
    if source.format == "raw":
        found.append(f"Camera raw cannot be written: the result is a {title}.")
    if source.depth == 16 and format not in DEEP_FORMATS and source.format != "raw":
        found.append(f"{title} holds 8 bits: the 16-bit photo was rounded.")
    if photo.alpha is not None and format == "jpeg":
        found.append("JPEG has no transparency: the photo was laid over white.")
    if policy != "keep":
        return tuple(found)
    meta = metadata.prepare(source, policy, (photo.width, photo.height))
    if meta.iptc and format in ("webp", "avif", "heic"):
        found.append(f"{title} has no place for IPTC.")
    if meta.xmp_extended and format != "jpeg":
        found.append(f"Only the main part of the XMP fits into {title}.")
    if format == "jpeg" and meta.exif and not jpeg.fits_exif(meta.exif):
        found.append("The EXIF is larger than JPEG allows (64 KB) and was left out.")
    if format == "jpeg" and meta.xmp and not jpeg.fits_xmp(meta.xmp):
        found.append("The XMP is larger than JPEG allows (64 KB) and was left out.")
    return tuple(found)
