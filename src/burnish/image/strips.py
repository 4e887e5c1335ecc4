"""Photos larger than memory, as strips of rows: read from the top, as often as wanted, and written.

A strip is a `Photo` of some rows. JPEG, PNG, WebP and TIFF can be read like this where they lie
upright and have no transparency; JPEG and TIFF can be written. Pixels are those that `read` gives,
and the file is the one that `write` makes.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from burnish.errors import OutputError
from burnish.files import make_folder
from burnish.image.containers import jpeg, tiff
from burnish.image.decode import Samples, decode
from burnish.image.encode import (
    check_sides,
    jpeg_options,
    output_profile,
    prepare,
    swaps,
    tiff_options,
    with_profile,
    with_resolution,
)
from burnish.image.formats import format_of, losses
from burnish.image.photo import Photo, Source
from burnish.image.push import ROWS, push
from burnish.image.quantise import quantise
from burnish.image.read import (
    MAX_PIXELS,
    check_size,
    choose_profile,
    describe,
    examine,
    open_input,
)
from burnish.image.vips import reason, vips
from burnish.image.write import check_target, place_for, write_bytes

READABLE, WRITABLE = ("jpeg", "png", "webp", "tiff"), ("jpeg", "tiff")
CHUNK = 1 << 23
"""Bytes of an encoded file that are copied at a time."""


@dataclass
class Strips:
    """A file whose header is read. Iterating decodes it from the top, each time anew."""

    height: int
    width: int
    source: Source

    def __iter__(self) -> Iterator[Photo]:
        """Strips of `ROWS` rows, the last one of what is left."""
        given, facts = examine(self.source.path or "")
        opened = open_input(given, facts)
        profile, _, _ = choose_profile(opened, facts)
        samples = opened.samples()
        pieces, held, left = list[np.ndarray](), 0, self.height
        for strip in samples.strips:
            pieces.append(strip)
            held, left = held + len(strip), left - len(strip)
            if held < ROWS and left:
                continue
            rest = np.concatenate(pieces) if len(pieces) > 1 else strip
            while len(rest) >= ROWS or (not left and len(rest)):
                rows, rest = rest[:ROWS], rest[ROWS:]
                part = Samples(len(rows), self.width, samples.bands, samples.bits, iter([rows]))
                pixels, _, residual = decode(part, profile, 1)
                yield Photo(pixels, None, residual, self.source)
            pieces, held = ([rest], len(rest)) if len(rest) else ([], 0)
        notes = tuple(dict.fromkeys((*self.source.notes, *samples.notes)))
        self.source = replace(self.source, notes=notes)


def open_strips(path: Path, target: Path, max_pixels: int = MAX_PIXELS) -> Strips | None:
    """The photo as strips, or None where it has to be read or written whole."""
    given, facts = examine(path)
    if given.format not in READABLE or format_of(target.name) not in WRITABLE:
        return None
    opened = open_input(given, facts)
    check_size(given.name, opened.width, opened.height, max_pixels)
    samples = opened.samples()
    if opened.orientation != 1 or samples.bands in (2, 4) or opened.mode == "palette":
        return None
    _, icc, notes = choose_profile(opened, facts)
    source = describe(given, facts, opened, samples.bits, icc, notes)
    return Strips(opened.height, opened.width, source)


def write_strips(
    strips: Iterable[Photo],
    like: Strips,
    path: Path,
    *,
    metadata: str = "keep",
    overwrite: bool = False,
    quality: int | None = None,
    scratch: Path | None = None,
    settle: Callable[[str], None] | None = None,
) -> tuple[str, ...]:
    """Write the strips of a photo of ``like``'s size; promises and return value as in `write`.

    ``scratch`` and ``settle`` as for `write_bytes`.
    """
    format, source = format_of(path.name), like.source
    check_target(path, source.path, overwrite)
    check_sides(format, like.width, like.height)
    # What the metadata says of the size is taken from a photo that has it but holds no memory.
    hollow = Photo(np.broadcast_to(np.float32(0), (like.height, like.width, 3)), source=source)
    meta = prepare(hollow, metadata, format)
    grey = source.mode in ("grey", "bilevel")
    profile, icc = output_profile(source.icc, grey, format)
    meta = with_profile(meta, icc)
    deep = source.depth == 16 and format == "tiff"
    swapped = deep and swaps(meta)

    def blocks() -> Iterator[np.ndarray]:
        for strip in strips:
            samples = quantise(
                strip, profile, levels=65536 if deep else 256, grey=grey, flatten=False
            )
            yield samples.byteswap() if swapped else samples

    make_folder(path.parent)
    encoded = place_for(path, scratch) / f".burnish-{os.urandom(8).hex()}.strips.part"
    try:
        if format == "jpeg":
            saver, options = "jpegsave", jpeg_options(source, quality, like.height * like.width)
        else:
            saver, options = "tiffsave", tiff_options(source, swapped)

        def compress(image: Any) -> None:
            try:
                getattr(with_resolution(image, source), saver)(os.fsencode(encoded), **options)
            except vips().Error as error:
                raise OutputError(f"{path} cannot be written: {reason(error)}.") from None

        shape = (like.height, like.width, 1 if grey else 3)
        push(blocks(), shape, 16 if deep else 8, compress)
        with encoded.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            view: Any = memoryview(mapped)
            wrapped = jpeg.wrap(view, meta, source.dpi) if format == "jpeg" else None
            parts: list[Any] = wrapped or tiff.wrap(view, meta, file)
            try:
                write_bytes(
                    in_chunks(parts, mapped),
                    path,
                    overwrite=overwrite,
                    original=source.path,
                    scratch=scratch,
                    settle=settle,
                )
            finally:
                for part in (*parts, view):
                    if isinstance(part, memoryview):
                        part.release()
                mapped.close()
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        encoded.unlink(missing_ok=True)
    return losses(hollow, format, metadata)


def in_chunks(parts: Iterable[bytes], mapped: mmap.mmap) -> Iterator[bytes]:
    """The parts in pieces, after which the pages of the mapped file are given back."""
    since = 0
    for part in parts:
        for start in range(0, len(part), CHUNK):
            piece = bytes(part[start : start + CHUNK])
            yield piece
            since += len(piece)
            if since >= CHUNK and hasattr(mapped, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)
                since = 0
