"""Enhancer: a photo in, a better photo out, tile by tile in bounded memory."""

import dataclasses
import os

import numpy as np

from burnish.engine import fast, look, statistics
from burnish.engine.look_facts import LENGTH
from burnish.engine.look_maps import Place
from burnish.engine.mode import Taken
from burnish.engine.mode import choose as choose_mode
from burnish.engine.models import Model, choose, find
from burnish.engine.network import Network, Progress
from burnish.engine.options import EnhanceOptions
from burnish.image.photo import Photo


class Enhancer:
    """One loaded model with its options; call it with photos.

    >>> enhance = Enhancer(EnhanceOptions(strength=0.8))
    >>> better = enhance(read("photo.jpg"))

    One may serve several threads (see `Network`).
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
        self.network = None if self.look and not base else Network(self.model, self.options)
        """None for a look that does without."""

    @property
    def precision(self) -> str:
        """What the network computes in; empty where there is none."""
        return self.network.backend.precision if self.network else ""

    @property
    def scale(self) -> int:
        """Pixels out per pixel in along a side."""
        return self.network.card.scale if self.network else 1

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
        if self.options.strength == 0 and self.scale == 1:
            return photo
        note = self.mode(photo.height, photo.width)[1]
        better = self.enhance_pixels(photo.pixels, progress, photo.is_grey, condition)
        if note:
            source = dataclasses.replace(photo.source, notes=(*photo.source.notes, note))
            photo = dataclasses.replace(photo, source=source)
        return photo.with_pixels(better, scale=self.scale)

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
            if self.network:
                told = self.for_network(condition)
                base = self._networked(self.network, pixels, told, 1.0, False, report)
            return self.looked(pixels, base, condition, grey, report, place)
        assert self.network
        strength = self.options.strength
        return self._networked(self.network, pixels, condition, strength, grey, report)

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
        network: Network,
        pixels: np.ndarray,
        condition: np.ndarray,
        strength: float,
        grey: bool,
        report: Progress,
    ) -> np.ndarray:
        """The network in full or in fast mode."""
        height, width = pixels.shape[:2]
        if self.mode(height, width)[0] == "full":
            return network.enhance(pixels, condition, strength, grey, report)
        factor = fast.factor_for(height, width)
        carried = network.carried(fast.stand_in(pixels, factor), factor, condition, strength)
        return fast.enhance(pixels, carried, grey, self.threads, report)

    def mode(self, height: int, width: int) -> tuple[Taken, str]:
        """What a photo of this size takes, full or fast, and a note where that is worth saying."""
        if not self.network:
            return "full", ""
        mode, scale, seconds = self.options.mode, self.network.card.scale, 0.0
        if mode == "auto" and scale == 1:
            seconds = height * width * self.network.seconds_per_pixel
        return choose_mode(mode, height, width, scale, seconds, self.options.budget)

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
        parts = [self.network.known(pixels)] if self.network else []
        if self.look:
            parts.append(self.look.facts(pixels)[None])
        return np.concatenate(parts, axis=1)

    def condition_of(self, told: np.ndarray) -> np.ndarray:
        """`condition` from `statistics`."""
        if not self.network:
            return told
        size = statistics.known_size(self.network.card)
        network = self.network.condition(told[:, :size].astype(np.float32))
        return np.concatenate([network, told[:, size:]], axis=1) if self.look else network

    def for_network(self, condition: np.ndarray) -> np.ndarray:
        """The network's own part of a `condition`."""
        return condition[:, :-LENGTH].astype(np.float32) if self.look else condition
