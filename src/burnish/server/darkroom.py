"""Parts of photos to look at, as they are or enhanced: decoded once, judged by the whole photo."""

import math
import shutil
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from burnish.engine import fast
from burnish.engine.enhancer import Enhancer
from burnish.engine.look_maps import Maps, Place
from burnish.engine.options import EnhanceOptions
from burnish.engine.statistics import seen
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.server.limits import Limits
from burnish.server.refusals import NotThere, busy_when_full
from burnish.server.worker import loaded_for


@dataclass(frozen=True)
class Box:
    """A part of a photo in its own pixels, and the longest side at which it is wanted."""

    x: int = 0
    y: int = 0
    width: int | None = None
    height: int | None = None
    size: int = 512

    def within(self, width: int, height: int) -> "Box":
        """The same part, cut to the photo (at least one pixel of it)."""
        x, y = min(self.x, width - 1), min(self.y, height - 1)
        return Box(
            x,
            y,
            min(self.width or width, width - x),
            min(self.height or height, height - y),
            self.size,
        )


@dataclass(eq=False)
class Decoded:
    """A decoded photo on disk, read in parts; what models said of the whole of it."""

    folder: Path
    bytes: int
    grey: bool
    conditions: dict[EnhanceOptions, np.ndarray] = field(default_factory=dict)
    maps: dict[EnhanceOptions, fast.Carried] = field(default_factory=dict)
    surroundings: Maps | None = None

    def pixels(self) -> np.ndarray:
        """(H,W,3) float32; only what is looked at is read."""
        return np.load(self.folder / "pixels.npy", mmap_mode="r")

    def alpha(self) -> np.ndarray | None:
        path = self.folder / "alpha.npy"
        return np.load(path, mmap_mode="r") if path.exists() else None

    def condition(self, enhancer: Enhancer) -> np.ndarray:
        """What the model wants to know of the whole photo, computed once for each model."""
        key = loaded_for(enhancer.options)
        if key not in self.conditions:
            self.conditions[key] = enhancer.condition(seen(self.pixels(), self.alpha()))
        return self.conditions[key]

    def carried(self, enhancer: Enhancer) -> fast.Carried:
        """Fast mode's maps for the whole photo, computed once for each set of options."""
        if enhancer.options not in self.maps:
            pixels = self.pixels()
            factor = fast.factor_for(*pixels.shape[:2])
            small = fast.stand_in(pixels, factor)
            strength = 1.0 if enhancer.look else enhancer.options.strength
            condition = enhancer.for_network(self.condition(enhancer))
            assert enhancer.network
            carried = enhancer.network.carried(small, factor, condition, strength)
            self.maps = {enhancer.options: carried}  # only the last: a slider leaves many behind
        return self.maps[enhancer.options]

    def place(self, top: int, left: int, factor: int) -> Place:
        """Of a part of the photo reduced by ``factor``, for looks."""
        pixels = self.pixels()
        if self.surroundings is None:
            self.surroundings = Maps.of(pixels)
        height, width = (-(-side // factor) for side in pixels.shape[:2])
        return Place(self.surroundings, height, width, top, left)


class Darkroom:
    """Decoded photos for previews, those not used lately deleted first. For one thread."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.root = root
        self.limits = limits
        self.kept: OrderedDict[str, Decoded] = OrderedDict()
        self.coming = ""
        """Key of the photo that is being decoded, until it is forgotten."""
        self.lock = threading.Lock()

    def open(self, key: str, path: Path) -> Decoded:
        """The decoded photo of a file, which is decoded if it is not there."""
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
                return self.kept[key]
            self.coming = key
        photo = read(path, max_pixels=self.limits.max_pixels)
        folder = self.root / key
        try:
            decoded = decode(photo, folder)
            with self.lock:
                if self.coming != key:
                    raise NotThere("The photo was deleted meanwhile.")
                self.kept[key] = decoded
                while len(self.kept) > 1 and self.used > self.limits.disk_bytes / 4:
                    shutil.rmtree(self.kept.popitem(last=False)[1].folder, ignore_errors=True)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return decoded

    @property
    def used(self) -> int:
        return sum(decoded.bytes for decoded in self.kept.values())

    def forget(self, key: str) -> None:
        """Delete what is decoded of a photo, after its file: nothing can be decoded of it anew."""
        with self.lock:
            decoded = self.kept.pop(key, None)
            if self.coming == key:
                self.coming = ""
        if decoded:
            shutil.rmtree(decoded.folder, ignore_errors=True)


def decode(photo: Photo, folder: Path) -> Decoded:
    """Put a photo's pixels into a folder."""
    size = photo.pixels.nbytes
    with busy_when_full():
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "pixels.npy", photo.pixels)
        if photo.alpha is not None:
            np.save(folder / "alpha.npy", photo.alpha)
            size += photo.alpha.nbytes
    return Decoded(folder, size, photo.is_grey)


def look(decoded: Decoded, box: Box, enhancer: Enhancer | None = None) -> tuple[Photo, bool]:
    """A part of a photo, enhanced if there is an enhancer, and whether it is exact.

    At full size (no side of the box longer than its ``size``) an enhanced part equals that part of
    the enhanced photo: the network gets the halo that it sees around its pixels, and what it wants
    to know of the whole photo. A larger part is reduced by a whole number first, then enhanced
    (and not enlarged by a second network): close to the final result, and quick.
    """
    pixels = decoded.pixels()
    height, width = pixels.shape[:2]
    box = box.within(width, height)
    assert box.width and box.height
    factor = math.ceil(max(box.width, box.height) / box.size)
    left, top = box.x // factor, box.y // factor
    right = min(-(-(box.x + box.width) // factor), -(-width // factor))
    bottom = min(-(-(box.y + box.height) // factor), -(-height // factor))
    alpha = decoded.alpha()
    cut_alpha = None
    if alpha is not None:
        cut_alpha = reduced(alpha[..., None], factor, left, top, right, bottom)[..., 0]
    part = Photo(reduced(pixels, factor, left, top, right, bottom), cut_alpha)
    if enhancer is None or (enhancer.options.strength == 0 and enhancer.scale == 1):
        return part, factor == 1
    condition, grey = decoded.condition(enhancer), decoded.grey
    taken = enhancer.mode(height, width)[0] if factor == 1 else "full"
    networks = [
        network
        for network in (
            enhancer.network if taken == "full" else None,
            enhancer.enlarger if factor == 1 else None,
        )
        if network
    ]
    halo = sum(network.card.halo for network in networks)
    multiple = math.lcm(*(network.card.multiple_of for network in networks))
    x0, y0 = (edge - edge % multiple for edge in (max(left - halo, 0), max(top - halo, 0)))
    x1, y1 = min(right + halo, -(-width // factor)), min(bottom + halo, -(-height // factor))
    if any(network.card.whole for network in networks):
        x0, y0, x1, y1 = 0, 0, -(-width // factor), -(-height // factor)
    wide = reduced(pixels, factor, x0, y0, x1, y1)
    place = decoded.place(y0, x0, factor) if enhancer.look else None
    if taken == "full":
        better = enhancer.retouched(wide, condition, grey, place=place)
    else:
        better = carried_over(decoded, enhancer, y0, x0, y1, x1)
        if enhancer.look:
            better = enhancer.looked(wide, better, condition, grey, place=place)
    if factor == 1:
        better = enhancer.enlarged(better, grey)
    scale = len(better) // len(wide)
    rows = slice((top - y0) * scale, (bottom - y0) * scale)
    columns = slice((left - x0) * scale, (right - x0) * scale)
    better = np.ascontiguousarray(better[rows, columns])
    if factor > 1 and scale > 1:  # what was reduced for the screen is not enlarged for it again
        height, width = better.shape[:2]
        better, scale = reduced(better, scale, 0, 0, width // scale, height // scale), 1
    return part.with_pixels(better, scale=scale), factor == 1


def carried_over(
    decoded: Decoded, enhancer: Enhancer, top: int, left: int, bottom: int, right: int
) -> np.ndarray:
    """Fast mode's network on a part of the photo; a look comes on top of it, in colour."""
    pixels = decoded.pixels()
    grey = decoded.grey and enhancer.look is None
    first, carried = top - top % fast.STRIP, decoded.carried(enhancer)
    wide = np.empty((bottom - first, pixels.shape[1], 3), np.float32)
    for row in range(first, bottom, fast.STRIP):  # whole strips, as the photo is done
        strip = np.array(pixels[row : row + fast.STRIP])
        better = np.empty_like(strip)
        carried.apply(strip, row, better, grey)
        wide[row - first : row - first + fast.STRIP] = better[: bottom - row]
    return np.ascontiguousarray(wide[top - first :, left:right])


def reduced(
    pixels: np.ndarray, factor: int, left: int, top: int, right: int, bottom: int
) -> np.ndarray:
    """A part of the photo reduced by ``factor``: (H,W,C) -> (bottom-top, right-left, C), averages.

    The sides are those of the reduced photo, whose last row and column may average fewer pixels.
    """
    if factor == 1:
        return np.array(pixels[top:bottom, left:right])
    out = np.empty((bottom - top, right - left, pixels.shape[2]), np.float32)
    for row in range(top, bottom):
        strip = pixels[row * factor : (row + 1) * factor, left * factor : right * factor].mean(0)
        short = (right - left) * factor - strip.shape[0]
        if short:
            whole = strip[: strip.shape[0] // factor * factor]
            out[row - top, :-1] = whole.reshape(-1, factor, out.shape[2]).mean(1)
            out[row - top, -1] = strip[whole.shape[0] :].mean(0)
        else:
            out[row - top] = strip.reshape(-1, factor, out.shape[2]).mean(1)
    return out
