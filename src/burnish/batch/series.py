"""One look for the photos of a series.

A network that judges each photo by its own statistics moves each a little differently. Here all are
judged by the same statistics: the mean of the series', or one photo's. That alone would carry the
camera's own jitter from frame to frame through (photo by photo evens some of it out), so each is
first brought to the series' brightness and balance, as far as it is near: a photo that differs
much shows something else, and keeps what it has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from burnish.batch import files
from burnish.batch.events import Event, Measured
from burnish.batch.plan import Job
from burnish.batch.resume import Memory
from burnish.batch.steps import FATAL
from burnish.engine.enhancer import Enhancer
from burnish.engine.proxy import shrink
from burnish.engine.statistics import seen
from burnish.errors import InputError
from burnish.image.photo import Photo, strips
from burnish.image.read import read

SAMPLE = 20_000
"""Pixels from which brightness and balance are taken."""
NEAR = 1.2
"""Octaves of `bend` from which on a photo's brightness is its own: for mid-tones, stops."""
NEAR_BALANCE = 0.4
"""The same for a channel against the others."""
WIDEST = 2.0
"""Octaves within which a bend is looked for."""


@dataclass(frozen=True, eq=False)
class SeriesLook:
    """What the photos of a series share."""

    statistics: np.ndarray
    """(1, K): mean of the enhancer's whole-picture statistics; K may be 0."""
    levels: np.ndarray
    """(3,) float32: mean of each channel."""

    @property
    def vector(self) -> np.ndarray:
        """(1, 3 + K) float32, little-endian: a look to be kept."""
        return np.concatenate([self.levels[None], self.statistics], axis=1, dtype="<f4")

    @classmethod
    def of_vector(cls, vector: np.ndarray) -> SeriesLook:
        return cls(statistics=vector[:, 3:], levels=vector[0, :3])


def look_of(photo: Photo, enhancer: Enhancer) -> SeriesLook:
    """The look of one photo, by what of it is seen."""
    pixels = seen(photo.pixels, photo.alpha)
    return SeriesLook(statistics=enhancer.statistics(pixels), levels=sample(pixels).mean(axis=0))


def shared(looks: list[SeriesLook], enhancer: Enhancer) -> SeriesLook:
    """The mean: histograms and means of a series add up.

    A frame that shows nothing (a lens cap, a slate) has no part in it, as it has no evidence for
    any look; unless all are of that kind.
    """
    vectors = np.stack([look.vector for look in looks]).astype(np.float64)
    shares = np.array([enhancer.evidence(look.statistics) for look in looks])
    if shares.sum() < 1e-3:
        shares[:] = 1
    return SeriesLook.of_vector(np.average(vectors, axis=0, weights=shares).astype(np.float32))


def alike(
    enhancer: Enhancer, look: SeriesLook
) -> Callable[[Photo, Callable[[float], None]], Photo]:
    """The enhancer, giving every photo this look."""
    condition = enhancer.condition_of(look.statistics)
    strength = enhancer.options.strength

    def enhance(photo: Photo, progress: Callable[[float], None]) -> Photo:
        if strength == 0:
            return enhancer(photo, progress, condition=condition)
        judged = seen(photo.pixels, photo.alpha)
        octaves = strength * towards(judged, look.levels, photo.is_grey)
        return enhancer(
            photo.with_pixels(bend(photo.pixels, octaves)), progress, condition=condition
        )

    return enhance


def towards(pixels: np.ndarray, levels: np.ndarray, grey: bool = False) -> np.ndarray:
    """Octaves for `bend`, (3,), that bring the channels' means to ``levels``, where near."""
    pieces = sample(pixels)
    if grey:
        levels = np.full(3, levels.mean(), np.float32)
    low, high = np.full(3, -WIDEST), np.full(3, WIDEST)
    for _ in range(20):  # halves the interval: to 4e-6
        middle = (low + high) / 2
        darker = bend(pieces, middle).mean(axis=0) < levels
        low, high = np.where(darker, middle, low), np.where(darker, high, middle)
    octaves = (low + high) / 2
    brightness = octaves.mean()
    return fade(brightness, NEAR) + fade(octaves - brightness, NEAR_BALANCE)


def fade(x: np.ndarray, near: float) -> np.ndarray:
    """x where it is small, 0 from ``near`` on, smoothly: x (1 - (x / near)^4)^2.

    Tukey's biweight with a broader top.
    """
    return x * np.maximum(1 - (x / near) ** 4, 0) ** 2


def bend(pixels: np.ndarray, octaves: np.ndarray) -> np.ndarray:
    """Multiply darks by g = 2^octaves per channel and keep white white: g v / (1 + (g - 1) v).

    (..., 3) in [0, 1] -> the same. Monotone, and undone by the negative octaves.
    """
    more = (np.exp2(octaves) - 1).astype(np.float32)
    if pixels.ndim < 3:
        return (1 + more) * pixels / (1 + more * pixels)
    out = np.empty_like(pixels)
    for rows in strips(*pixels.shape[:2]):
        np.divide((1 + more) * pixels[rows], 1 + more * pixels[rows], out=out[rows])
    return np.clip(out, 0, 1, out=out)


def sample(pixels: np.ndarray) -> np.ndarray:
    """(H,W,3) -> (N,3), N about `SAMPLE` at most, by averages of blocks."""
    return shrink(pixels, SAMPLE).reshape(-1, 3)


def look_id(jobs: Sequence[Job], memory: Memory | None) -> str:
    """Hash of what photos make a series: their contents, in whatever order."""
    contents = sorted(memory.content(job) if memory else files.digest(job.source) for job in jobs)
    return hashlib.sha256("\n".join(contents).encode()).hexdigest()


def look_of_series(
    jobs: Sequence[Job],
    enhancer: Enhancer,
    memory: Memory | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> SeriesLook:
    """The look that a series' photos share; reads each photo once, now or in an earlier run.

    Photos that cannot be read have no part in it; `run` will say why.

    Raises:
        InputError: none can be read.
    """
    made_by = [enhancer.model.card.hashes if enhancer.network else {}, enhancer.precision]
    if enhancer.options.device != "cpu":  # whose last bits may be others
        made_by.append(enhancer.options.device)
    model = json.dumps([*made_by, enhancer.look is not None], sort_keys=True)
    looks = []
    for number, job in enumerate(jobs, 1):
        content = memory.content(job) if memory else ""
        vector = memory.manifest.statistics(content, model) if memory and content else None
        if vector is None:
            try:
                vector = look_of(read(job.source), enhancer).vector
            except FATAL:
                raise
            except Exception:  # whatever a damaged file makes a decoder do
                continue
            if memory and content:
                memory.manifest.add_statistics(content, model, vector)
        looks.append(SeriesLook.of_vector(vector))
        on_event(Measured(job, number, len(jobs)))
    if not looks:
        raise InputError("No photo of the series can be read.")
    return shared(looks, enhancer)
