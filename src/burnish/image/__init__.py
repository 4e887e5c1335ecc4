"""Photos in and out. The codecs (libvips and others) are loaded when a photo is first opened."""

from burnish.image.encode import encode
from burnish.image.formats import format_of, losses, natural_format, suffix_for
from burnish.image.photo import Photo, Source
from burnish.image.read import Header, probe, read
from burnish.image.sniff import SUFFIXES, is_photo_name
from burnish.image.write import write

__all__ = [
    "SUFFIXES",
    "Header",
    "Photo",
    "Source",
    "encode",
    "format_of",
    "is_photo_name",
    "losses",
    "natural_format",
    "probe",
    "read",
    "suffix_for",
    "write",
]
