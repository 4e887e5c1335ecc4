"""Files to Photos: `read` decodes, `probe` looks at the header alone."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from burnish.errors import InputError, PassingError
from burnish.image import colour, exif, open_heic, open_raw, open_vips, profiles
from burnish.image.containers import heif, jpeg, png, raw, tiff, webp
from burnish.image.containers.facts import Facts
from burnish.image.decode import decode
from burnish.image.opened import Opened
from burnish.image.photo import Photo, Source
from burnish.image.sniff import FORMAT_SUFFIXES, SUFFIXES, TITLES, foreign, sniff

Encoded = bytes | bytearray | memoryview
"""A file's content."""
MAX_PIXELS = 600_000_000
GAIN_MAP_NOTE = "HDR gain map found: the enhanced file is standard dynamic range."
HDR_TRANSFERS = {16: "PQ", 18: "HLG"}

FACTS: dict[str, Callable[[BinaryIO], Facts]] = {
    "jpeg": jpeg.facts,
    "png": png.facts,
    "webp": webp.facts,
    "tiff": tiff.facts,
    "avif": heif.facts,
    "heic": heif.facts,
    "raw": raw.facts,
}


class Header(NamedTuple):
    """What `probe` finds; the size is that of the upright photo."""

    width: int
    height: int
    format: str

    @property
    def megapixels(self) -> float:
        return self.width * self.height / 1e6


class Input(NamedTuple):
    """A file, or bytes, of a known format."""

    path: Path | None
    data: bytes | None
    name: str
    format: str

    def file(self) -> BinaryIO:
        return BytesIO(self.data or b"") if self.path is None else self.path.open("rb")


def read(source: Path | str | Encoded, *, max_pixels: int = MAX_PIXELS) -> Photo:
    """A decoded photo, upright and colour-managed; InputError says in one sentence why not."""
    given, facts = examine(source)
    opened = open_input(given, facts)
    check_size(given.name, opened.width, opened.height, max_pixels)
    profile, icc, notes = choose_profile(opened, facts)
    try:
        samples = replace(opened.samples(), premultiplied=facts.premultiplied)
        pixels, alpha, residual = decode(samples, profile, opened.orientation)
    except MemoryError:
        raise PassingError(
            f"{given.name}: the photo is too large for this machine's memory."
        ) from None
    notes += samples.notes
    return Photo(pixels, alpha, residual, describe(given, facts, opened, samples.bits, icc, notes))


def describe(
    given: Input, facts: Facts, opened: Opened, bits: int, icc: bytes | None, notes: list[str]
) -> Source:
    """All that is known of the file beside its pixels."""
    blob = opened.exif or facts.exif
    turned = opened.orientation != 1
    return Source(
        path=given.path,
        format=given.format,
        depth=8 if bits == 8 else 16,
        bits=bits,
        mode=opened.mode,
        icc=icc,
        exif=blob,
        xmp=facts.xmp or opened.xmp,
        xmp_extended=facts.xmp_extended,
        iptc=facts.iptc,
        comments=facts.comments,
        subsampling=facts.subsampling,
        quality=facts.quality,
        lossless=facts.lossless and given.format in ("webp", "avif"),
        compression=facts.compression,
        dpi=opened.dpi,
        size=opened.size,
        # Decoders that turn the picture themselves leave what EXIF says of it.
        orientation=opened.orientation if turned else exif.orientation(blob),
        notes=(*name_notes(given), *opened.notes, *facts.notes, *notes),
    )


def probe(source: Path | str | Encoded) -> Header:
    """Size and format without decoding; the same errors as `read` where the header shows them."""
    given, facts = examine(source)
    opened = open_input(given, facts)
    return Header(*opened.size, given.format)


def examine(source: Path | str | Encoded) -> tuple[Input, Facts]:
    """The file by its content, and what its container says of it."""
    given = identify(source)
    facts = read_facts(given)
    if facts.camera_raw:
        given = given._replace(format="raw")
        facts = read_facts(given)
    return given, facts


def identify(source: Path | str | Encoded) -> Input:
    """The file by its first bytes, by which camera raw is not always known: see `examine`."""
    if isinstance(source, bytearray | memoryview):
        source = bytes(source)
    if isinstance(source, bytes):
        path, name, head = None, "The image", source[:64]
    else:
        path = Path(source)
        name = path.name or str(path)
        if "\0" in str(path):
            raise InputError(f"{str(path)!r} cannot be opened: a path cannot hold a NUL.")
        try:
            if path.is_dir():
                raise InputError(f"{name} is a folder, not a photo.")
            if path.exists() and not path.is_file():  # which might never end, or never begin
                raise InputError(f"{name} is a pipe, a socket or a device, not a photo.")
            with path.open("rb") as file:
                head = file.read(64)
        except FileNotFoundError:
            raise InputError(f"{name} does not exist.") from None
        except OSError as error:
            raise InputError(f"{name} cannot be opened: {error.strerror}.") from None
    if not head:
        raise InputError(f"{name} is empty.")
    found = sniff(head, name)
    if found is None:
        known = ", ".join(TITLES.values())
        raise InputError(f"{name} is {foreign(head)}; burnish reads {known}.")
    return Input(path, source if isinstance(source, bytes) else None, name, found)


def read_facts(given: Input) -> Facts:
    """What the container says; InputError where that is damage, or a reason not to take it."""
    try:
        with given.file() as file:
            facts = FACTS[given.format](file)
    except (ValueError, struct.error, IndexError, KeyError):
        raise InputError(f"{given.name} is damaged: its header cannot be read.") from None
    except OSError as error:
        raise InputError(f"{given.name} cannot be read: {error.strerror}.") from None
    if facts.refused:
        raise InputError(f"{given.name} {facts.refused}.")
    if facts.frames > 1:
        what = "pages" if given.format == "tiff" else "frames"
        many = "several" if given.format in ("avif", "heic") else str(facts.frames)
        raise InputError(
            f"{given.name} has {many} {what}; burnish takes single photos, so split it first."
        )
    return facts


def open_input(given: Input, facts: Facts) -> Opened:
    """The header, by the decoder of the format; InputError where it is damaged."""
    source = given.data if given.path is None else given.path
    assert source is not None
    if given.format == "heic":
        return open_heic.open_heic(source, given.name)
    if given.format == "raw":
        return open_raw.open_raw(source, given.name)
    return open_vips.open_vips(source, given.name, given.format, facts)


def check_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """InputError for more pixels than ``max_pixels``."""
    if width * height > max_pixels:
        raise InputError(
            f"{name} has {width} x {height} = {width * height / 1e6:.0f} megapixels, more than the"
            f" limit of {max_pixels / 1e6:.0f}."
        )


def choose_profile(
    opened: Opened, facts: Facts
) -> tuple[colour.Profile | None, bytes | None, list[str]]:
    """(profile to convert with or None for sRGB, ICC bytes to write, notes)."""
    notes = [GAIN_MAP_NOTE] if facts.gain_map else []
    if facts.transfer in HDR_TRANSFERS:
        curve = HDR_TRANSFERS[facts.transfer]
        notes.append(f"HDR transfer curve ({curve}) found: the photo is treated as standard range.")
    if facts.broken_profile:
        notes.append("The colour profile is incomplete and was not used.")
    icc = opened.icc
    if icc is None and facts.transfer not in HDR_TRANSFERS:
        icc = profiles.named(facts.primaries, facts.transfer)
    if icc is None:
        return None, None, notes
    profile = colour.parse(icc)
    fits = colour.space(icc) == "RGB " or (colour.space(icc) == "GRAY" and opened.grey)
    if profile is None or not fits:
        notes.append("The colour profile cannot be used: the photo is taken as sRGB.")
        return None, None, notes
    return (None if profile.is_srgb else profile), icc, notes


def name_notes(given: Input) -> list[str]:
    """A note where the name says another format than the content."""
    if given.path is None:
        return []
    suffix = given.path.suffix.lower()
    if SUFFIXES.get(suffix) == given.format or suffix in FORMAT_SUFFIXES[given.format]:
        return []
    title = TITLES[given.format]
    return [f"The name ends in '{suffix}', but the file is {title}."]
