"""Contact sheets: photos before and after, side by side, on one picture to look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from burnish.errors import BurnishError, InputError
from burnish.files import is_folder, is_there, unreachable
from burnish.image.folder import photos_below
from burnish.image.photo import Photo

WIDEST = 3840
"""Pixels across a sheet, about."""
LARGEST = 1600
"""Pixels along the longer side of a photo on a sheet."""
MOST = 60
"""Pairs on a sheet; of more, evenly chosen ones are shown."""
Row = tuple[str, Path, Path]
GAP, BACKGROUND, INK = 8, (32, 32, 32), (224, 224, 224)


def pairs(before: Path, after: Path) -> list[Row]:
    """(name, before, after) for two files, or for photos of equal relative names in two folders.

    Where the extension changed on the way (camera raw comes back as JPEG), the rest counts.
    """
    for path in (before, after):
        if not is_there(path):
            why = unreachable(path)
            raise InputError(f"{path} {f'cannot be read: {why}' if why else 'does not exist'}.")
    if not is_folder(before) and not is_folder(after):
        return [(before.name, before, after)]
    if is_folder(before) != is_folder(after):
        raise InputError(f"{before} and {after} must be two photos or two folders.")
    old, new = photos_below(before), photos_below(after)
    stems = {name.with_suffix(""): path for name, path in new.items()}
    found = [
        (str(name), path, partner)
        for name, path in old.items()
        if (partner := new.get(name) or stems.get(name.with_suffix("")))
    ]
    if not found:
        raise InputError(f"No photo in {after} has the name of one in {before}.")
    return found


def chosen(items: Sequence[Row], most: int = MOST) -> list[Row]:
    """All of them, or ``most`` evenly spread ones."""
    if len(items) <= most:
        return list(items)
    return [items[round(i)] for i in np.linspace(0, len(items) - 1, most)]


def sheet(
    rows: Sequence[Row],
    read: Callable[[Path], Photo],
    on_bad: Callable[[Path, BurnishError], None],
) -> tuple[Photo, int]:
    """One picture with every pair: before on the left, after on the right, names above them.

    Photos are read one at a time and shown in sRGB, transparent ones over the background. A pair of
    which one cannot be read is left out, and ``on_bad`` told which and why. Returns also the number
    of pairs shown.

    Raises:
        InputError: no pair can be read.
    """
    across = max(1, round(math.sqrt(len(rows) / 3)))  # a pair is about three times as wide as high
    side = min(LARGEST, WIDEST // (2 * across))
    size = max(12, side // 60)
    font, line = ImageFont.load_default(size=size), round(1.6 * size)
    tiles = []
    for name, *files in rows:
        small = []
        for path in files:
            try:
                small.append(thumbnail(read(path), side))
            except BurnishError as error:
                on_bad(path, error)
        if len(small) == len(files):
            tiles.append(pair_tile(name, small, font, line))
    if not tiles:
        raise InputError("There is no pair of which both photos can be read.")
    bands = [tiles[i : i + across] for i in range(0, len(tiles), across)]
    cell = max(tile.width for tile in tiles)
    width = GAP + across * (cell + GAP)
    height = GAP + sum(max(tile.height for tile in band) + GAP for band in bands)
    page = Image.new("RGB", (width, height), BACKGROUND)
    top = GAP
    for band in bands:
        for column, tile in enumerate(band):
            page.paste(tile, (GAP + column * (cell + GAP), top))
        top += max(tile.height for tile in band) + GAP
    return Photo.from_array(np.asarray(page)), len(tiles)


def pair_tile(
    name: str,
    small: Sequence[Image.Image],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    line: int,
) -> Image.Image:
    """before | after, each under its line of text."""
    width = sum(picture.width for picture in small) + GAP
    tile = Image.new("RGB", (width, line + max(p.height for p in small)), BACKGROUND)
    draw = ImageDraw.Draw(tile)
    left = 0
    for label, picture in zip((f"{name}  before", "after"), small, strict=True):
        draw.text((left, 0), shortened(label, picture.width, draw, font), INK, font)
        tile.paste(picture, (left, line))
        left += picture.width + GAP
    return tile


def thumbnail(photo: Photo, side: int) -> Image.Image:
    """The photo in 8-bit sRGB, its longer side at most ``side``."""
    pixels = photo.pixels
    step = max(1, max(photo.height, photo.width) // (2 * side))  # leave the rest to the resampling
    if step > 1:
        height, width = pixels.shape[0] // step, pixels.shape[1] // step
        if height and width:
            cut = pixels[: height * step, : width * step]
            pixels = cut.reshape(height, step, width, step, 3).mean(axis=(1, 3), dtype=np.float32)
    picture = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    if photo.alpha is not None:
        mask = Image.fromarray(np.rint(photo.alpha * 255).astype(np.uint8)).resize(picture.size)
        picture = Image.composite(picture, Image.new("RGB", picture.size, BACKGROUND), mask)
    scale = min(1.0, side / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def shortened(
    text: str,
    width: int,
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> str:
    """The end of the text, as much of it as fits."""
    if draw.textlength(text, font) <= width:
        return text
    while len(text) > 1 and draw.textlength("…" + text, font) > width:
        text = text[1:]
    return "…" + text
