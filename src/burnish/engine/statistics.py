"""What a network is told of the whole photo, taken from small stand-ins for it.

So it does not depend on the tiles, and costs next to nothing whatever the photo's size.
"""

from collections.abc import Callable, Sequence

import numpy as np

from burnish.card import ModelCard
from burnish.engine import proxy, tiles
from burnish.engine.backend import Graph
from burnish.engine.luma import luma
from burnish.image.photo import strips

Run = Callable[[Graph, dict[str, np.ndarray]], np.ndarray]

TONES = 512 * 512
"""Pixels up to which a photo stands for itself where its quantiles are taken.

The size of the photos that the network learned from. Black and white points are in the outermost
pixels, which averages over more of them would hide.
"""
MOMENTS = 64 * 64
"""The same where the moments of its features are taken.

The network learned from views of 32 to 64 pixels.
"""
SPAN = (0.03, 0.97)
"""Shares of the pixels between whose lumas a photo's range lies."""
RANGE = (0.10, 0.25)
"""Of that range to its upper end: below the first a photo says nothing of what it lacks, from the
second on all. The least of 276 finished photos is 0.22, the next 0.38; a wall has 0.04."""
LIGHT = (4 / 255, 12 / 255)
"""The same of the upper end itself: below it there is noise, as of a lens cap."""


def known(run: Run, card: ModelCard, pixels: np.ndarray, tile: int = 512) -> np.ndarray:
    """The network's `moments` and the photo's `tones`, (H,W,3) -> (1,K) float32; empty if nothing.

    What the graph ``condition`` is given; means of several photos' stand for the lot.
    """
    small = proxy.shrink(pixels, TONES) if card.moments or card.tones else pixels
    return np.concatenate([moments(run, card, small, tile), tones(small, card.tones)], axis=1)


def seen(pixels: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """A picture to judge a photo by, (h,w,3): itself, or a small one of what is not transparent.

    What a cut-out hides may hold any colour. Here it repeats what the rest shows, pixel by pixel,
    so that means and quantiles are those of the visible part.
    """
    shown = None if alpha is None else alpha > 0
    if shown is None or shown.all() or not shown.any():
        return pixels
    height, width = shown.shape
    factor = proxy.block_side(height, width, TONES)
    colours, shares = (proxy.Shrinker(height, width, factor) for _ in range(2))
    for rows in strips(height, width):
        weight = np.repeat(shown[rows, :, None].astype(np.float32), 3, axis=2)
        colours.add(pixels[rows] * weight)
        shares.add(weight)
    known = shares.small[..., 0] > 0
    if not known.any():  # all that is visible lies in the edge that blocks leave out
        return pixels
    small: np.ndarray = colours.small / np.maximum(shares.small, 1e-6)
    small[~known] = np.resize(small[known], (int((~known).sum()), 3))
    return small


def condition(run: Run, known: np.ndarray) -> np.ndarray:
    """What the network makes of `known`, (1,K) -> (1,C); empty if nothing."""
    return run("condition", {"known": known}) if known.size else known


def evidence(levels: Sequence[float] | np.ndarray, lumas: np.ndarray) -> float:
    """How far a photo can speak for a change, 0 to 1, by its luma's quantiles at ``levels``.

    Black point, white point and balance are read off the tones. A photo of one tone (a wall, a grey
    card, a lens cap) has none of them to read, and whatever it has instead would be stretched to
    the whole range.
    """
    low, high = np.interp(SPAN, levels, lumas)
    return _rise((high - low) / max(high, 1e-6), *RANGE) * _rise(high, *LIGHT)


def _rise(x: float, low: float, high: float) -> float:
    """0 up to ``low``, 1 from ``high`` on, smooth between them."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


def known_size(card: ModelCard) -> int:
    """Length of `known`."""
    return card.moments + 4 * len(card.tones)


def tones(pixels: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles of R, then G, B and luma at ``levels``, (H,W,3) -> (1, 4 * levels)."""
    if not levels:
        return np.zeros((1, 0), np.float32)
    four = np.concatenate([pixels, luma(pixels)], axis=2).reshape(-1, 4)
    return np.quantile(four, levels, axis=0).T.reshape(1, -1).astype(np.float32)


def moments(run: Run, card: ModelCard, pixels: np.ndarray, tile: int = 512) -> np.ndarray:
    """Whole-picture statistics of the network's features, (1, moments)."""
    total = np.zeros((1, card.moments), np.float64)
    if card.moments:
        small = proxy.shrink(pixels, MOMENTS)
        height, width = small.shape[:2]
        halo = card.moments_halo
        for part in tiles.plan(height, width, tile - 2 * halo, card.multiple_of):
            x = tiles.read(small, part, halo)
            weight = np.zeros((1, 1, *x.shape[2:]), np.float32)
            rows = min(part.height, height - part.top)
            columns = min(part.width, width - part.left)
            weight[:, :, halo : halo + rows, halo : halo + columns] = 1 / (rows * columns)
            share = rows * columns / (height * width)
            total += share * run("statistics", {"x": x, "weight": weight})
    return total.astype(np.float32)
