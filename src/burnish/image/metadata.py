"""What goes into the written file of what the read file said: keep, copyright or strip."""

from __future__ import annotations

from dataclasses import dataclass, replace

from burnish.errors import OptionError
from burnish.image import exif, iptc, xmp
from burnish.image.change import Change
from burnish.image.photo import Source

POLICIES = ("keep", "copyright", "strip")


@dataclass(frozen=True)
class Metadata:
    """Blobs ready for a container; see Source for their forms."""

    exif: bytes | None = None
    xmp: bytes | None = None
    xmp_extended: bytes | None = None
    iptc: bytes | None = None
    icc: bytes | None = None
    comments: tuple[bytes, ...] = ()


def check_policy(policy: str) -> str:
    """The policy; OptionError for one that there is not."""
    if policy not in POLICIES:
        raise OptionError(f"metadata must be one of {', '.join(POLICIES)}, not {policy}.")
    return policy


def prepare(source: Source, policy: str, size: tuple[int, int]) -> Metadata:
    """The blobs for an upright photo of (width, height). The ICC profile always goes along."""
    if check_policy(policy) == "strip":
        return Metadata(icc=source.icc)
    if policy == "copyright":
        return Metadata(
            exif=source.exif and exif.only_copyright(source.exif),
            xmp=source.xmp and xmp.only_copyright(source.xmp),
            iptc=source.iptc and iptc.only_copyright(source.iptc),
            icc=source.icc,
        )
    change = Change(size, source.size, source.orientation)
    packet = source.xmp and xmp.refreshed(source.xmp, change)
    extended = source.xmp_extended and xmp.refreshed(source.xmp_extended, change)
    if packet and extended and extended != source.xmp_extended:
        packet = xmp.naming(packet, extended)
    meta = Metadata(
        exif=source.exif and exif.refreshed(source.exif, change),
        xmp=packet,
        xmp_extended=extended,
        iptc=source.iptc,
        icc=source.icc,
        comments=source.comments,
    )
    return meta if meta.xmp_extended else without_extended(meta)


def without_extended(meta: Metadata) -> Metadata:
    """For containers that have no second XMP part."""
    return replace(meta, xmp=meta.xmp and xmp.without_extended(meta.xmp), xmp_extended=None)
