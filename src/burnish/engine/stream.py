"""A file larger than memory, enhanced in strips: the same pixels, tile by tile, as in memory."""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from burnish.engine import fast, tiles
from burnish.engine.enhancer import Enhancer
from burnish.engine.network import Network, Progress
from burnish.engine.proxy import Shrinker, block_side
from burnish.engine.statistics import TONES
from burnish.image.photo import Photo
from burnish.image.push import ROWS
from burnish.image.strips import Strips, open_strips, write_strips

FROM_MEGAPIXELS = 100.0
"""Smaller photos are held in memory, which is faster."""
FIRST_PASS = 0.1
"""Share of the time that goes into the pass for the statistics, for the progress."""


def enhance_file(
    enhancer: Enhancer,
    path: Path,
    target: Path,
    *,
    metadata: str = "keep",
    overwrite: bool = False,
    quality: int | None = None,
    scratch: Path | None = None,
    settle: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> tuple[str, ...] | None:
    """Enhance one file into another in bounded memory; sentences for the user, or None.

    None means that this file, target or model cannot be done in strips (see `open_strips`), and
    that nothing was written. ``scratch`` and ``settle`` as for `write_bytes`.
    """
    network = enhancer.network
    if enhancer.look or network is None or enhancer.scale != 1 or network.card.whole:
        return None
    strips = open_strips(path, target)
    if strips is None:
        return None
    note = enhancer.mode(strips.height, strips.width)[1]
    better = enhanced(enhancer, network, strips, progress or (lambda share: None))
    losses = write_strips(
        better,
        strips,
        target,
        metadata=metadata,
        overwrite=overwrite,
        quality=quality,
        scratch=scratch,
        settle=settle,
    )
    return tuple(dict.fromkeys((*strips.source.notes, *filter(None, [note]), *losses)))


def enhanced(
    enhancer: Enhancer, network: Network, strips: Strips, report: Progress
) -> Iterator[Photo]:
    """The enhanced strips, as large as those that are read."""
    height, width = strips.height, strips.width
    is_fast = enhancer.mode(height, width)[0] == "fast"
    known = Shrinker(height, width, block_side(height, width, TONES))
    factor = fast.factor_for(height, width)
    stand_in = Shrinker(height, width, factor, partial=True) if is_fast else None
    grey, seen = True, 0
    for strip in strips:
        grey = grey and strip.is_grey
        known.add(strip.pixels)
        if stand_in:
            stand_in.add(strip.pixels)
        seen += strip.height
        report(FIRST_PASS * seen / height)
    condition, strength = enhancer.condition(known.small), enhancer.options.strength
    if stand_in:
        carried = network.carried(stand_in.small, factor, condition, strength)
        better = _fast(strips, carried, grey)
    else:
        better = _full(network, strips, condition, strength, grey)
    done = 0
    for strip in better:
        done += strip.height
        yield strip
        report(FIRST_PASS + (1 - FIRST_PASS) * done / height)


def _fast(strips: Strips, carried: fast.Carried, grey: bool) -> Iterator[Photo]:
    top = 0
    for strip in strips:
        out = np.empty_like(strip.pixels)
        carried.apply(strip.pixels, top, out, grey)
        top += strip.height
        yield strip.with_pixels(out)


def _full(
    network: Network, strips: Strips, condition: np.ndarray, strength: float, grey: bool
) -> Iterator[Photo]:
    """Row after row of the tiles that a photo in memory would have, from a window of its rows."""
    height, halo = strips.height, network.halo
    groups = groupby(network.plan(height, strips.width), key=lambda tile: tile.top)
    bands = [list(band) for _, band in groups]
    needed = [tiles.rows_of(band[0], halo, height) for band in bands]
    first = [int(min(rows.min() for rows in needed[i:])) for i in range(len(bands))]
    last = [min(-(-(int(rows.max()) + 1) // ROWS) * ROWS, height) for rows in needed]
    room = max(b - a for a, b in zip(first, last, strict=True))
    window = np.empty((room, strips.width, 3), np.float32)
    start = stop = 0  # the rows that the window holds
    coming = iter(strips)
    waiting: list[tuple[int, Photo | None]] = []  # rows of strips to come out; the residual's own
    ready = np.empty((0, strips.width, 3), np.float32)
    for number, band in enumerate(bands):
        window[: stop - first[number]] = window[first[number] - start : stop - start]
        start = first[number]
        while stop < last[number]:
            strip = next(coming)
            window[stop - start : stop - start + strip.height] = strip.pixels
            stop += strip.height
            waiting.append((strip.height, None if strip.residual is None else strip))
        top = band[0].top
        rows_now = min(band[0].height, height - top)
        out = np.empty((len(ready) + rows_now, strips.width, 3), np.float32)
        out[: len(ready)] = ready
        for tile in band:
            x = tiles.gather(window, needed[number] - start, tile, halo)
            network.run_tile(x, tile, condition, out[len(ready) :, tile.left :], strength, grey)
        ready = out
        del out  # which holds a whole band
        while waiting and waiting[0][0] <= len(ready):
            rows, like = waiting.pop(0)
            like = like or Photo(ready[:rows], source=strips.source)
            yield like.with_pixels(ready[:rows])
            ready = ready[rows:]
        ready = ready.copy()
