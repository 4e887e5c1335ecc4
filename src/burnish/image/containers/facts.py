"""What a container says of its photo beside the pixels."""

from __future__ import annotations

from dataclasses import dataclass

GAIN_MAP_URN = b"urn:iso:std:iso:ts:21496"


@dataclass(frozen=True)
class Facts:
    """Blobs as in `Source`; where the container says nothing, the defaults."""

    exif: bytes | None = None
    xmp: bytes | None = None
    xmp_extended: bytes | None = None
    iptc: bytes | None = None
    comments: tuple[bytes, ...] = ()
    frames: int = 1
    subsampling: str | None = None
    quality: int | None = None
    lossless: bool = False
    compression: str | None = None
    primaries: int | None = None  # of ISO/IEC 23091-2, where the file gives them, not a profile
    transfer: int | None = None
    broken_profile: bool = False  # a part of it is missing
    gain_map: bool = False
    premultiplied: bool = False  # the decoder gives colours that were multiplied by alpha
    odd_tags: bool = False  # TIFF: values that libtiff counts as errors and reads over
    camera_raw: bool = False  # in a TIFF file; nothing else is said of it then
    refused: str | None = None  # why, as the rest of a sentence that begins with the file's name
    notes: tuple[str, ...] = ()
