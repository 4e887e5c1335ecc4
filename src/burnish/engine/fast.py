"""Fast mode: the network sees a small stand-in, and local affine models carry its effect over.

The time of the network is that of `LARGEST` pixels whatever the photo's size; what grows with the
photo is a few dozen operations a pixel (`affine.apply`). Whole-picture statistics are those of full
mode, so the two judge a photo alike.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from burnish.engine import affine, whites
from burnish.engine.luma import luma
from burnish.engine.proxy import Shrinker

LARGEST = 250_000
"""Most pixels that the network sees: long side 577 for a photo of 4:3."""

STRIP = 64
"""Rows that one thread enhances at a time."""
Network = Callable[[np.ndarray], np.ndarray]
"""A whole small picture through the network, (h,w,3) -> (h,w,3), not clipped."""


def factor_for(height: int, width: int) -> int:
    """Side of the blocks of which each becomes a pixel of the stand-in; 1: none is needed."""
    return math.ceil(math.sqrt(height * width / LARGEST))


@dataclass(frozen=True)
class Carried:
    """A network's effect on one photo as a grid of colour-affine maps; see `affine`."""

    maps: np.ndarray
    factor: int
    keeps_white: bool = False
    """Whether what is white stays so (see `whites`)."""

    def apply(self, pixels: np.ndarray, top: int, out: np.ndarray, grey: bool = False) -> None:
        """Enhance rows of the photo, (n,W,3) from row ``top`` on, into ``out``, clipped."""
        affine.apply(self.maps, self.factor, pixels, top, out)
        if not np.isfinite(out).all():
            np.copyto(out, pixels, where=~np.isfinite(out))
        if self.keeps_white and whites.reached(pixels):
            out[:] = whites.kept(out, pixels)
        if grey:
            out[:] = luma(out)
        np.clip(out, 0, 1, out=out)


def learn(
    small: np.ndarray,
    factor: int,
    network: Network,
    strength: float = 1.0,
    keeps_white: bool = False,
) -> Carried:
    """Run the network on the stand-in and fit what it did."""
    maps = affine.fit(small, network(small))
    if strength != 1:
        maps *= np.float32(strength)
    return Carried(maps, factor, keeps_white)


def stand_in(pixels: np.ndarray, factor: int) -> np.ndarray:
    """(H,W,3) -> (ceil(H/factor), ceil(W/factor), 3), averaged."""
    shrinker = Shrinker(pixels.shape[0], pixels.shape[1], factor, partial=True)
    shrinker.add(pixels)
    return shrinker.small


def enhance(
    pixels: np.ndarray,
    carried: Carried,
    grey: bool,
    threads: int,
    report: Callable[[float], None],
) -> np.ndarray:
    """The whole photo, strips of rows side by side on ``threads`` threads."""
    out = np.empty_like(pixels)
    places = range(0, len(pixels), STRIP)

    def one(top: int) -> None:
        carried.apply(pixels[top : top + STRIP], top, out[top : top + STRIP], grey)

    with ThreadPoolExecutor(threads) as pool:
        for number, _ in enumerate(pool.map(one, places)):
            report((number + 1) / len(places))
    return out
