"""What a network is told of the whole photo, taken from small stand-ins for it.

So it does not depend on the tiles, and costs next to nothing whatever the photo's size.
"""

from collections.abc import Callable, Sequence

import numpy as np

from burnish.card import ModelCard
from burnish.engine import proxy, tiles
from burnish.engine.backend import Graph
from burnish.engine.luma import luma

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


def known(run: Run, card: ModelCard, pixels: np.ndarray, tile: int = 512) -> np.ndarray:
    """The network's `moments` and the photo's `tones`, (H,W,3) -> (1,K) float32; empty if nothing.

    What the graph ``condition`` is given; means of several photos' stand for the lot.
    """
    small = proxy.shrink(pixels, TONES) if card.moments or card.tones else pixels
    return np.concatenate([moments(run, card, small, tile), tones(small, card.tones)], axis=1)


def condition(run: Run, known: np.ndarray) -> np.ndarray:
    """What the network makes of `known`, (1,K) -> (1,C); empty if nothing."""
    return run("condition", {"known": known}) if known.size else known


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
