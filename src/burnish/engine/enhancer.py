"""Enhancer: a photo in, a better photo out, tile by tile in bounded memory."""

import dataclasses
import math

import numpy as np

from burnish.engine import fast, statistics
from burnish.engine.chosen import chosen
from burnish.engine.cores import cores
from burnish.engine.look_facts import LENGTH, LEVELS, Facts
from burnish.engine.look_maps import Place
from burnish.engine.luma import luma
from burnish.engine.mode import Taken
from burnish.engine.mode import choose as choose_mode
from burnish.engine.network import Network, Progress
from burnish.engine.options import EnhanceOptions
from burnish.errors import InputError
from burnish.image.photo import Photo
from burnish.image.read import MAX_PIXELS

FIRST_STEP = 0.35
"""Share of the time that goes into the first of two networks, for the progress."""


class Enhancer:
    """One loaded model, or two in turn, with the options; call it with photos.

    >>> enhance = Enhancer(EnhanceOptions(strength=0.8))
    >>> better = enhance(read("photo.jpg"))

    One may serve several threads (see `Network`).
    """

    def __init__(self, options: EnhanceOptions | None = None) -> None:
        self.options = options or EnhanceOptions()
        found = chosen(self.options)
        self.look, self.model, self.name = found.look, found.model, found.name
        self.network = Network(found.first, self.options) if found.first else None
        """What retouches, or does all there is; None for a look that does without."""
        self.enlarger = Network(found.second, self.options) if found.second else None
        """What enlarges the retouched photo, where there are two steps."""

    @property
    def precision(self) -> str:
        """What the network computes in; empty where there is none."""
        return self.network.backend.precision if self.network else ""

    @property
    def scale(self) -> int:
        """Pixels out per pixel in along a side."""
        each = (n.card.scale for n in (self.network, self.enlarger) if n)
        return math.prod(each)

    def __call__(
        self,
        photo: Photo,
        progress: Progress | None = None,
        *,
        condition: np.ndarray | None = None,
    ) -> Photo:
        """Enhance one photo; alpha, profile and metadata stay with it.

        A photo without any colour stays without: its result is reduced to its luma. ``condition``
        as for `enhance_pixels`.
        """
        if self.options.strength == 0 and self.scale == 1:
            return photo
        self.check_size(photo)
        if condition is None:
            condition = self.condition(statistics.seen(photo.pixels, photo.alpha))
        note = self.mode(photo.height, photo.width)[1]
        better = self.enhance_pixels(
            photo.pixels, progress, grey=photo.is_grey, condition=condition
        )
        if note:
            source = dataclasses.replace(photo.source, notes=(*photo.source.notes, note))
            photo = dataclasses.replace(photo, source=source)
        return photo.with_pixels(better, scale=self.scale)

    def enhance_pixels(
        self,
        pixels: np.ndarray,
        progress: Progress | None = None,
        *,
        grey: bool = False,
        condition: np.ndarray | None = None,
    ) -> np.ndarray:
        """(H,W,3) float32 RGB in [0,1] -> (sH,sW,3), the same kind.

        ``strength`` goes from the picture, enlarged where s > 1, to the network's; of two steps it
        is for the first, and the second is done in full. ``grey`` forces R = G = B.
        ``condition`` is what `condition` said of the picture that these pixels are judged by, where
        that is not these pixels alone: the whole photo for a part of it, or the photo that leads a
        series.
        """
        if condition is None:
            condition = self.condition(pixels)
        report = progress or (lambda share: None)
        part = FIRST_STEP if self.enlarger else 1.0
        better = self.retouched(pixels, condition, grey, lambda share: report(part * share))
        return self.enlarged(better, grey, lambda share: report(part + (1 - part) * share))

    def retouched(
        self,
        pixels: np.ndarray,
        condition: np.ndarray,
        grey: bool,
        report: Progress = lambda share: None,
        place: Place | None = None,
    ) -> np.ndarray:
        """The first step, or all there is: see `enhance_pixels`."""
        if self.look:
            base = None
            if self.network and self.options.strength:
                told = self.for_network(condition)
                base = self._networked(self.network, pixels, told, 1.0, False, report)
            return self.looked(pixels, base, condition, grey, report, place)
        assert self.network
        strength = self.options.strength
        return self._networked(self.network, pixels, condition, strength, grey, report)

    def enlarged(
        self, pixels: np.ndarray, grey: bool, report: Progress = lambda share: None
    ) -> np.ndarray:
        """The second step, where there is one: the retouched picture -> its enlargement."""
        if self.enlarger is None:
            return pixels
        nothing = np.zeros((1, 0), np.float32)
        return self.enlarger.enhance(pixels, nothing, 1.0, grey, report)

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
        if strength == 0:
            report(1.0)
            return pixels.copy()
        out = self.look.apply(pixels, base, facts, strength, report, place)
        if grey:
            out = np.repeat(luma(out), 3, axis=2)
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
            each = (n.seconds_per_pixel for n in (self.network, self.enlarger) if n)
            seconds = height * width * sum(each)
        taken, note = choose_mode(mode, height, width, scale, seconds, self.options.budget)
        if taken == "fast" and self.enlarger:
            note = f"{note} Enlarging has no fast mode and took its time.".strip()
        return taken, note

    def check_size(self, photo: Photo) -> None:
        """Refuse what would become larger than burnish reads."""
        pixels = photo.height * photo.width * self.scale**2
        if self.scale > 1 and pixels > MAX_PIXELS:
            name = photo.source.path.name if photo.source.path else "The photo"
            raise InputError(
                f"{name} would have {pixels / 1e6:.0f} megapixels at {self.scale} times its size, "
                f"and {MAX_PIXELS / 1e6:.0f} are the most."
            )

    @property
    def threads(self) -> int:
        """Threads for what runs beside the backend."""
        return self.options.threads or cores()

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

    def evidence(self, told: np.ndarray) -> float:
        """How far a picture with these `statistics` can speak for a change, 0 to 1."""
        if self.network:
            return self.network.evidence(told[:, : statistics.known_size(self.network.card)])
        return statistics.evidence(LEVELS, Facts(told[0]).luma)

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
