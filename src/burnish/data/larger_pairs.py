"""Real pairs for networks that enlarge: two folders, the targets ``scale`` times as large."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from burnish.data.pairs import sample_of
from burnish.data.photos import list_photos, load_rgb
from burnish.errors import InputError


class LargerPairs:
    """Aligned random crops of pairs with equal file names, flipped along both axes."""

    def __init__(
        self, low: Path, high: Path, seed: int, scale: int = 2, exclude: Iterable[str] = ()
    ) -> None:
        self.pairs: list[tuple[Tensor, Tensor]] = []
        for path in list_photos([low], exclude):
            partner = high / path.name
            if not partner.is_file():
                raise InputError(f"{high} lacks {path.name} to pair with {low}.")
            small, large = load_rgb(path), load_rgb(partner)
            if tuple(large.shape[1:]) != tuple(scale * n for n in small.shape[1:]):
                raise InputError(f"{partner} is not {scale} times as large as {path}.")
            self.pairs.append((small, large))
        self.seed, self.scale = seed, scale

    def batch(self, step: int, indices: Sequence[int], size: int) -> tuple[Tensor, Tensor, Tensor]:
        """(N,3,size,size), (N, 3, scale size, scale size), samples of the inputs (N,3,64,64)."""
        lows, highs, samples, s = [], [], [], self.scale
        for index in indices:
            rng = np.random.default_rng([self.seed, step, index])
            small, large = self.pairs[int(rng.integers(len(self.pairs)))]
            h, w = small.shape[1:]
            if min(h, w) < size:
                raise InputError(f"A pair of {w}x{h} pixels is smaller than the {size} pixel view.")
            top, left = int(rng.integers(h - size + 1)), int(rng.integers(w - size + 1))
            flips = [axis for axis in (1, 2) if rng.random() < 0.5]
            lows.append(small[:, top : top + size, left : left + size].flip(flips))
            samples.append(sample_of(small, rng))
            top, left, side = s * top, s * left, s * size
            highs.append(large[:, top : top + side, left : left + side].flip(flips))
        low, high, whole = (torch.stack(x).float() / 255 for x in (lows, highs, samples))
        return low, high, whole
