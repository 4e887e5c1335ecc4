"""Enhancer: a photo in, a better photo out, tile by tile in bounded memory."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from burnish.engine import look, proxy, tiles
from burnish.engine.backend import Backend, load_backend
from burnish.engine.look_facts import LENGTH
from burnish.engine.models import Model, find
from burnish.engine.options import EnhanceOptions
from burnish.image.photo import Photo

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
Progress = Callable[[float], None]
"""Called with the share of the work done, 0 to 1."""


class Enhancer:
    """One loaded model with its options; call it with photos.

    >>> enhance = Enhancer(EnhanceOptions(strength=0.8))
    >>> better = enhance(read("photo.jpg"))

    Not safe for use from several threads at once; make one for each.
    """

    def __init__(self, options: EnhanceOptions | None = None) -> None:
        self.options = options or EnhanceOptions()
        self.look = look.load(self.options.look) if self.options.look else None
        base = self.look.card.base if self.look else ""
        self.model: Model = find(base or self.options.model)
        if self.look and base:
            self.look.check_base(self.model)
        if base or not self.look:  # a look of its own needs no network
            _ = self.backend

    @cached_property
    def backend(self) -> Backend:
        """What runs the network; loaded at once unless nothing is going to need it."""
        return load_backend(
            self.options.backend, self.model.folder, self.options.precision, self.options.threads
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
        better = self.enhance_pixels(photo.pixels, progress, photo.is_grey, condition)
        return photo.with_pixels(better, scale=scale)

    def enhance_pixels(
        self,
        pixels: np.ndarray,
        progress: Progress | None = None,
        grey: bool = False,
        condition: np.ndarray | None = None,
    ) -> np.ndarray:
        """(H,W,3) float32 RGB in [0,1] -> (sH,sW,3), the same kind.

        ``grey`` forces R = G = B. ``condition`` is what `condition` said of the picture that these
        pixels are judged by, where that is not these pixels alone: the whole photo for a part of
        it, or the photo that leads a series.
        """
        if self.look:
            return self._looked(self.look, pixels, progress, grey, condition)
        return self._run(pixels, self.options.strength, progress, grey, condition)

    def _looked(
        self,
        chosen: look.Look,
        pixels: np.ndarray,
        progress: Progress | None,
        grey: bool,
        condition: np.ndarray | None,
    ) -> np.ndarray:
        """The look on the photo, and on the base network's result where it has one."""
        if condition is None:
            condition = self.condition(pixels)
        split = condition.shape[1] - LENGTH
        network, facts = condition[:, :split], condition[0, split:]
        base = self._run(pixels, 1.0, progress, False, network) if chosen.card.base else None
        strength = self.options.strength
        out = chosen.apply(pixels, base, facts, strength, progress or (lambda share: None))
        if grey:
            out = np.repeat(out @ LUMA[:, None], 3, axis=2)
        return out

    def _run(
        self,
        pixels: np.ndarray,
        strength: float,
        progress: Progress | None,
        grey: bool,
        condition: np.ndarray | None,
    ) -> np.ndarray:
        card = self.model.card
        height, width = pixels.shape[:2]
        s, halo = card.scale, card.halo
        report = progress or (lambda share: None)
        if condition is None:
            condition = self._network_condition(pixels)
        out = np.empty((height * s, width * s, 3), np.float32)
        places = list(tiles.plan(height, width, self.options.tile - 2 * halo, card.multiple_of))
        for number, tile in enumerate(places):
            x = tiles.read(pixels, tile, halo)
            y = self.backend.run("main", {"x": x, "condition": condition})
            y = y[0, :, halo * s : y.shape[2] - halo * s, halo * s : y.shape[3] - halo * s]
            rows = min(tile.height, height - tile.top)
            columns = min(tile.width, width - tile.left)
            result = y[:, : rows * s, : columns * s].transpose(1, 2, 0)
            core = x[0, :, halo : halo + rows, halo : halo + columns].transpose(1, 2, 0)
            if s > 1:
                core = core.repeat(s, 0).repeat(s, 1)
            elif strength < 1:
                result = core + np.float32(strength) * (result - core)
            # A network may overflow on input unlike anything it saw: such pixels stay as they were.
            result = np.where(np.isfinite(result), result, core)
            if grey:
                result = np.repeat(result @ LUMA[:, None], 3, axis=2)
            top, left = tile.top * s, tile.left * s
            np.clip(result, 0, 1, out=out[top : top + rows * s, left : left + columns * s])
            report((number + 1) / len(places))
        return out

    def condition(self, pixels: np.ndarray) -> np.ndarray:
        """What network and look want to know of the whole picture, (1, K); empty if nothing."""
        if self.look is None:
            return self._network_condition(pixels)
        facts = self.look.facts(pixels)[None]
        if not self.look.card.base:
            return facts
        return np.concatenate([self._network_condition(pixels), facts], axis=1)

    def _network_condition(self, pixels: np.ndarray) -> np.ndarray:
        if not self.model.card.moments:
            return np.zeros((1, 0), np.float32)
        return self.backend.run("condition", {"moments": self.moments(pixels)})

    def moments(self, pixels: np.ndarray) -> np.ndarray:
        """Whole-picture statistics of the network's features, (1, moments).

        Taken once from a `proxy` of the whole photo, so that they do not depend on the tiles.
        """
        card = self.model.card
        total = np.zeros((1, card.moments), np.float64)
        small = proxy.shrink(pixels)
        height, width = small.shape[:2]
        halo = card.moments_halo
        for tile in tiles.plan(height, width, self.options.tile - 2 * halo, card.multiple_of):
            x = tiles.read(small, tile, halo)
            weight = np.zeros((1, 1, *x.shape[2:]), np.float32)
            rows = min(tile.height, height - tile.top)
            columns = min(tile.width, width - tile.left)
            weight[:, :, halo : halo + rows, halo : halo + columns] = 1 / (rows * columns)
            share = rows * columns / (height * width)
            total += share * self.backend.run("statistics", {"x": x, "weight": weight})
        return total.astype(np.float32)
