"""Network: one loaded model, and pictures through it tile by tile in bounded memory."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from threading import RLock

import numpy as np

from burnish.card import ModelCard
from burnish.data import bicubic
from burnish.engine import ensemble, fast, statistics, tiles, whites
from burnish.engine.backend import Graph, Precision, load_backend
from burnish.engine.luma import luma
from burnish.engine.models import Model
from burnish.engine.options import EnhanceOptions

Progress = Callable[[float], None]
"""Called with the share of the work done, 0 to 1."""


def precision_for(card: ModelCard, options: EnhanceOptions) -> Precision:
    """What to ask of the backend: on the CPU ``auto`` is f32 for a network that enlarges.

    In bf16 the last sums of such a network, which are of pictures and not of changes, would be
    rounded to steps of 1/256 and more, and smooth skies show them.
    """
    enlarges_here = card.scale > 1 and options.device == "cpu"
    return "f32" if options.precision == "auto" and enlarges_here else options.precision


def parted(condition: np.ndarray) -> tuple[np.ndarray, float]:
    """What the network is given, and the evidence for its change (1 where nothing is known)."""
    return (condition[:, :-1], float(condition[0, -1])) if condition.size else (condition, 1.0)


class Network:
    """One model on its backend. Of the options it reads those that it is loaded with.

    One may serve several threads. They take turns tile by tile: a backend uses all its cores for
    one tile, and a second set of buffers would cost memory and win no time.
    """

    def __init__(self, model: Model, options: EnhanceOptions) -> None:
        self.card = model.card
        self.options = options
        precision = precision_for(model.card, options)
        self.backend = load_backend(
            options.backend, model.folder, precision, options.threads, options.device
        )
        self._guards_whites = model.card.task == "enhance"
        self._turn = RLock()
        self._seconds = 0.0

    def _run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        with self._turn:
            return self.backend.run(graph, inputs)

    @property
    def halo(self) -> int:
        """Pixels around a tile that the network is given too."""
        return 0 if self.card.whole else self.card.halo

    @property
    def tile(self) -> int:
        """Side of a tile, halo included: what was asked for, but half of it is the tile's own."""
        return max(self.options.tile, 4 * self.halo)

    def plan(self, height: int, width: int) -> Iterator[tiles.Tile]:
        """The tiles of a photo of this size."""
        largest = max(height, width) if self.card.whole else self.tile - 2 * self.halo
        return tiles.plan(height, width, largest, self.card.multiple_of)

    def known(self, pixels: np.ndarray) -> np.ndarray:
        """What `condition` is made of, (H,W,3) -> (1, S); empty if nothing."""
        return statistics.known(
            self._run, self.card, pixels, max(self.options.tile, 4 * self.card.moments_halo)
        )

    def condition(self, known: np.ndarray) -> np.ndarray:
        """What is to be known of the whole picture, (1, K); empty if nothing.

        What the network is given, then the `evidence` for its change.
        """
        if not known.size:
            return known
        told = statistics.condition(self._run, known)
        evidence = np.full((len(told), 1), self.evidence(known), np.float32)
        return np.concatenate([told, evidence], axis=1)

    def evidence(self, known: np.ndarray) -> float:
        """How far a photo can speak for its change (see `statistics`); 1 where that is unknown."""
        levels = self.card.tones
        return statistics.evidence(levels, known[0, -len(levels) :]) if levels else 1.0

    def enhance(
        self,
        pixels: np.ndarray,
        condition: np.ndarray,
        strength: float = 1.0,
        grey: bool = False,
        report: Progress = lambda share: None,
    ) -> np.ndarray:
        """The whole picture at full size, (H,W,3) -> (sH,sW,3), float32 in [0,1]."""
        height, width = pixels.shape[:2]
        s = self.card.scale
        out = np.empty((height * s, width * s, 3), np.float32)
        places = list(self.plan(height, width))
        for number, tile in enumerate(places):
            x = tiles.read(pixels, tile, self.halo)
            self.run_tile(x, tile, condition, out[tile.top * s :, tile.left * s :], strength, grey)
            report((number + 1) / len(places))
        return out

    def run_tile(
        self,
        x: np.ndarray,
        tile: tiles.Tile,
        condition: np.ndarray,
        out: np.ndarray,
        strength: float,
        grey: bool,
    ) -> None:
        """Enhance a tile read with its halo, (1,3,h,w), into ``out`` as far as that reaches.

        ``strength`` goes from the tile, enlarged by bicubic where the network enlarges, to the
        network's; or from its enlargement alone, where the network can do that (`ends_in_share`).
        """
        condition, evidence = parted(condition)
        strength *= evidence
        if self.card.ends_in_share:
            condition = condition.copy()
            condition[:, -1] *= strength
            strength = 1.0
        s, edge = self.card.scale, self.halo
        out = out[: tile.height * s, : tile.width * s]
        rows, columns = out.shape[:2]

        @cache
        def plain() -> np.ndarray:
            picture = x[0].transpose(1, 2, 0)
            picture = bicubic.enlarge(picture, s) if s > 1 else picture
            return picture[s * edge :, s * edge :][:rows, :columns]

        result = plain() if strength == 0 else self.raw(x, condition)[:rows, :columns]
        if 0 < strength < 1:
            before = plain()
            result = before + np.float32(strength) * (result - before)
        # A network may overflow on input unlike anything it saw: such pixels stay as they were.
        if not np.isfinite(result).all():
            result = np.where(np.isfinite(result), result, plain())
        if self._guards_whites and whites.reached(x[0].transpose(1, 2, 0)):
            result = whites.kept(result, plain())
        if grey:
            result = np.repeat(luma(result), 3, axis=2)
        np.clip(result, 0, 1, out=out)

    def raw(self, x: np.ndarray, condition: np.ndarray) -> np.ndarray:
        """A block with its halo, (1,3,h,w) -> its core (s h', s w', 3), as the network has it.

        ``condition`` is for the network alone, without the evidence.
        """

        def run(x: np.ndarray) -> np.ndarray:
            return self._run("main", {"x": x, "condition": condition})

        edge = self.halo * self.card.scale
        y = ensemble.average(run, x, self.options.ensemble)[0]
        return y[:, edge : y.shape[1] - edge, edge : y.shape[2] - edge].transpose(1, 2, 0)

    def carried(
        self, small: np.ndarray, factor: int, condition: np.ndarray, strength: float
    ) -> fast.Carried:
        """The network's effect on a photo, learned on its stand-in (see `fast`)."""
        condition, evidence = parted(condition)

        def whole(pixels: np.ndarray) -> np.ndarray:
            out = np.empty_like(pixels)
            for tile in self.plan(*pixels.shape[:2]):
                x = tiles.read(pixels, tile, self.halo)
                place = out[tile.top :, tile.left :][: tile.height, : tile.width]
                place[:] = self.raw(x, condition)[: place.shape[0], : place.shape[1]]
            return out

        return fast.learn(small, factor, whole, strength * evidence, self._guards_whites)

    @property
    def seconds_per_pixel(self) -> float:
        """Of a pixel that goes in, on this machine, measured once on a small patch.

        Other threads wait for that: their tiles would be measured too.
        """
        with self._turn:
            self._seconds = self._seconds or self._measured()
        return self._seconds

    def _measured(self) -> float:
        side = 160
        x = np.full((1, 3, side, side), 0.5, np.float32)
        condition, _ = parted(self.condition(self.known(x[0].transpose(1, 2, 0))))
        self.raw(x, condition)  # prepares its kernels
        start = time.perf_counter()
        self.raw(x, condition)
        core = self.tile - 2 * self.halo
        return (time.perf_counter() - start) / side**2 * (self.tile / core) ** 2
