"""Enhancer: a photo in, a better photo out, tile by tile in bounded memory."""

from collections.abc import Callable
from threading import Lock

import numpy as np

from burnish.engine import proxy, tiles
from burnish.engine.backend import Backend, Graph, load_backend
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

    One may serve several threads. They take turns tile by tile: a backend uses all its cores for
    one tile, and a second set of buffers would cost memory and win no time.
    """

    def __init__(self, options: EnhanceOptions | None = None) -> None:
        self.options = options or EnhanceOptions()
        self.model: Model = find(self.options.model)
        self.backend: Backend = load_backend(
            self.options.backend, self.model.folder, self.options.precision, self.options.threads
        )
        self._turn = Lock()

    def _run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        with self._turn:
            return self.backend.run(graph, inputs)

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
        scale = self.model.card.scale
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
        card, strength = self.model.card, self.options.strength
        height, width = pixels.shape[:2]
        s, halo = card.scale, card.halo
        report = progress or (lambda share: None)
        if condition is None:
            condition = self.condition(pixels)
        out = np.empty((height * s, width * s, 3), np.float32)
        places = list(tiles.plan(height, width, self.options.tile - 2 * halo, card.multiple_of))
        for number, tile in enumerate(places):
            x = tiles.read(pixels, tile, halo)
            y = self._run("main", {"x": x, "condition": condition})
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
        """What the network wants to know of the whole picture, (1, K); empty if nothing."""
        if not self.model.card.moments:
            return np.zeros((1, 0), np.float32)
        return self._run("condition", {"moments": self.moments(pixels)})

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
            total += share * self._run("statistics", {"x": x, "weight": weight})
        return total.astype(np.float32)
