"""Enhancer: a photo in, a better photo out, tile by tile in bounded memory."""

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from threading import Lock

import numpy as np

from burnish.data import bicubic
from burnish.engine import ensemble, fast, look, statistics, tiles
from burnish.engine.backend import Backend, Graph, load_backend
from burnish.engine.look_facts import LENGTH
from burnish.engine.look_maps import Place
from burnish.engine.mode import Taken
from burnish.engine.mode import choose as choose_mode
from burnish.engine.models import Model, choose, find
from burnish.engine.options import EnhanceOptions
from burnish.image.photo import Photo

Progress = Callable[[float], None]
"""Called with the share of the work done, 0 to 1."""


class Enhancer:
    """One loaded model with its options; call it with photos.

    >>> enhance = Enhancer(EnhanceOptions(strength=0.8))
    >>> better = enhance(read("photo.jpg"))

    One may serve several threads. They take turns tile by tile: a backend uses all its cores for
    one tile, and a second set of buffers would cost memory and win no time.
    """

    def __init__(self, options: EnhanceOptions | None = None) -> None:
        self.options = options or EnhanceOptions()
        self.look = look.load(self.options.look) if self.options.look else None
        base = self.look.card.base if self.look else ""
        self.model: Model = (
            find(base)
            if base
            else choose(self.options.model, self.options.task, self.options.scale)
        )
        if self.look and base:
            self.look.check_base(self.model)
        self._turn = Lock()
        if self.has_network:
            _ = self.backend

    def _run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        with self._turn:
            return self.backend.run(graph, inputs)

    @property
    def has_network(self) -> bool:
        """Whether a network takes part: a look may do without."""
        return self.look is None or bool(self.look.card.base)

    @cached_property
    def backend(self) -> Backend:
        """What runs the network; loaded at once unless nothing is going to need it."""
        chosen = self.options
        return load_backend(
            chosen.backend, self.model.folder, chosen.precision, chosen.threads, chosen.device
        )

    @property
    def name(self) -> str:
        """Of the look, or of the model."""
        return self.look.card.name if self.look else self.model.card.name

    def __call__(
        self,
        photo: Photo,
        progress: Progress | None = None,
        condition: np.ndarray | None = None,
    ) -> Photo:
        """Enhance one photo; alpha, profile and metadata stay with it.

        A photo without any colour stays without: its result is reduced to its luma. ``condition``
        as for `enhance_pixels`.
        """
        scale = 1 if self.look else self.model.card.scale
        if self.options.strength == 0 and scale == 1:
            return photo
        note = self.mode(photo.height, photo.width)[1]
        better = self.enhance_pixels(photo.pixels, progress, photo.is_grey, condition)
        if note:
            source = dataclasses.replace(photo.source, notes=(*photo.source.notes, note))
            photo = dataclasses.replace(photo, source=source)
        return photo.with_pixels(better, scale=scale)

    def enhance_pixels(
        self,
        pixels: np.ndarray,
        progress: Progress | None = None,
        grey: bool = False,
        condition: np.ndarray | None = None,
        place: Place | None = None,
    ) -> np.ndarray:
        """(H,W,3) float32 RGB in [0,1] -> (sH,sW,3), the same kind.

        ``strength`` goes from the picture, enlarged by `bicubic` where s > 1, to the network's.
        ``grey`` forces R = G = B. ``condition`` is what `condition` said of the picture that these
        pixels are judged by, where that is not these pixels alone: the whole photo for a part of
        it, or the photo that leads a series. ``place`` is where a part lies in its photo: a look
        may depend on that.
        """
        if condition is None:
            condition = self.condition(pixels)
        report = progress or (lambda share: None)
        if self.look:
            base = None
            if self.has_network:
                base = self._networked(pixels, self.for_network(condition), False, report, 1.0)
            return self.looked(pixels, base, condition, grey, report, place)
        return self._networked(pixels, condition, grey, report, self.options.strength)

    def looked(
        self,
        pixels: np.ndarray,
        base: np.ndarray | None,
        condition: np.ndarray,
        grey: bool,
        report: Progress = lambda share: None,
        place: Place | None = None,
    ) -> np.ndarray:
        """The look on the photo, and on the base network's result where it has one."""
        assert self.look
        facts, strength = condition[0, -LENGTH:], self.options.strength
        out = self.look.apply(pixels, base, facts, strength, report, place)
        if grey:
            out = np.repeat(fast.luma(out), 3, axis=2)
        return out

    def _networked(
        self,
        pixels: np.ndarray,
        condition: np.ndarray,
        grey: bool,
        report: Progress,
        strength: float,
    ) -> np.ndarray:
        height, width = pixels.shape[:2]
        s = self.model.card.scale
        if self.mode(height, width)[0] == "fast":
            factor = fast.factor_for(height, width)
            carried = self.carried(fast.stand_in(pixels, factor), factor, condition, strength)
            return fast.enhance(pixels, carried, grey, self.threads, report)
        out = np.empty((height * s, width * s, 3), np.float32)
        places = list(self.plan(height, width))
        for number, tile in enumerate(places):
            x = tiles.read(pixels, tile, self.halo)
            top, left = tile.top * s, tile.left * s
            self.run_tile(x, tile, condition, out[top:, left:], grey, strength)
            report((number + 1) / len(places))
        return out

    @property
    def halo(self) -> int:
        """Pixels around a tile that the network is given too."""
        return 0 if self.model.card.whole else self.model.card.halo

    def plan(self, height: int, width: int) -> Iterator[tiles.Tile]:
        """The tiles of a photo of this size."""
        card = self.model.card
        largest = max(height, width) if card.whole else self.options.tile - 2 * self.halo
        return tiles.plan(height, width, largest, card.multiple_of)

    def run_tile(
        self,
        x: np.ndarray,
        tile: tiles.Tile,
        condition: np.ndarray,
        out: np.ndarray,
        grey: bool = False,
        strength: float | None = None,
    ) -> None:
        """Enhance a tile read with its halo, (1,3,h,w), into ``out`` as far as that reaches."""
        s, edge = self.model.card.scale, self.halo
        strength = self.options.strength if strength is None else strength
        out = out[: tile.height * s, : tile.width * s]
        rows, columns = out.shape[:2]

        def plain() -> np.ndarray:
            picture = x[0].transpose(1, 2, 0)
            picture = bicubic.enlarge(picture, s) if s > 1 else picture
            return picture[s * edge :, s * edge :][:rows, :columns]

        result = plain() if strength == 0 else self.network(x, condition)[:rows, :columns]
        if 0 < strength < 1:
            before = plain()
            result = before + np.float32(strength) * (result - before)
        # A network may overflow on input unlike anything it saw: such pixels stay as they were.
        if not np.isfinite(result).all():
            result = np.where(np.isfinite(result), result, plain())
        if grey:
            result = np.repeat(fast.luma(result), 3, axis=2)
        np.clip(result, 0, 1, out=out)

    def network(self, x: np.ndarray, condition: np.ndarray) -> np.ndarray:
        """The network on a block with its halo, (1,3,h,w) -> its core (s h', s w', 3), raw."""

        def run(x: np.ndarray) -> np.ndarray:
            return self._run("main", {"x": x, "condition": condition})

        edge = self.halo * self.model.card.scale
        y = ensemble.average(run, x, self.options.ensemble)[0]
        return y[:, edge : y.shape[1] - edge, edge : y.shape[2] - edge].transpose(1, 2, 0)

    def carried(
        self,
        small: np.ndarray,
        factor: int,
        condition: np.ndarray,
        strength: float | None = None,
    ) -> fast.Carried:
        """The network's effect on a photo, learned on its stand-in (see `fast`)."""
        strength = self.options.strength if strength is None else strength

        def network(pixels: np.ndarray) -> np.ndarray:
            out = np.empty_like(pixels)
            for tile in self.plan(*pixels.shape[:2]):
                x = tiles.read(pixels, tile, self.halo)
                place = out[tile.top :, tile.left :][: tile.height, : tile.width]
                place[:] = self.network(x, condition)[: place.shape[0], : place.shape[1]]
            return out

        return fast.learn(small, factor, network, strength)

    def mode(self, height: int, width: int) -> tuple[Taken, str]:
        """What a photo of this size takes, full or fast, and a note where that is worth saying."""
        if not self.has_network:
            return "full", ""
        mode, scale, seconds = self.options.mode, self.model.card.scale, 0.0
        if mode == "auto" and scale == 1:
            seconds = height * width * self.seconds_per_pixel
        return choose_mode(mode, height, width, scale, seconds, self.options.budget)

    @cached_property
    def seconds_per_pixel(self) -> float:
        """Of the network on this machine, measured once on a small patch."""
        side = 160
        x = np.full((1, 3, side, side), 0.5, np.float32)
        condition = self.network_condition(self.network_known(x[0].transpose(1, 2, 0)))
        self.network(x, condition)  # prepares its kernels
        start = time.perf_counter()
        self.network(x, condition)
        core = self.options.tile - 2 * self.halo
        return (time.perf_counter() - start) / side**2 * (self.options.tile / core) ** 2

    @property
    def threads(self) -> int:
        """Threads for what runs beside the backend."""
        if self.options.threads:
            return self.options.threads
        affinity = getattr(os, "sched_getaffinity", None)  # absent on macOS and Windows
        return len(affinity(0)) if affinity else os.cpu_count() or 1

    def condition(self, pixels: np.ndarray) -> np.ndarray:
        """What network and look want to know of the whole picture, (1, K); empty if nothing."""
        return self.condition_of(self.statistics(pixels))

    def statistics(self, pixels: np.ndarray) -> np.ndarray:
        """What `condition` is made of, (1, S): means of several pictures' stand for the lot.

        What the network wants to know, then the look's facts.
        """
        parts = [self.network_known(pixels)] if self.has_network else []
        if self.look:
            parts.append(self.look.facts(pixels)[None])
        return np.concatenate(parts, axis=1)

    def condition_of(self, told: np.ndarray) -> np.ndarray:
        """`condition` from `statistics`."""
        if not self.has_network:
            return told
        size = statistics.known_size(self.model.card)
        network = self.network_condition(told[:, :size].astype(np.float32))
        return np.concatenate([network, told[:, size:]], axis=1) if self.look else network

    def for_network(self, condition: np.ndarray) -> np.ndarray:
        """The network's own part of a `condition`."""
        return condition[:, :-LENGTH].astype(np.float32) if self.look else condition

    def network_condition(self, known: np.ndarray) -> np.ndarray:
        """The network's own part of the condition, (1, K)."""
        return statistics.condition(self._run, known)

    def network_known(self, pixels: np.ndarray) -> np.ndarray:
        """The network's own part of the statistics."""
        return statistics.known(self._run, self.model.card, pixels, self.options.tile)
