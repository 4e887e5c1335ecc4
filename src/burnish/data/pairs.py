"""Sources of training pairs. A batch is a pure function of seed and step: runs resume exactly."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from burnish.data.degrade import Retouch, make_pair
from burnish.data.photos import SUFFIXES, Pyramid, load_rgb
from burnish.errors import InputError


class PairSource(Protocol):
    """Gives the views ``indices`` of one step: (input, target), (N,3,size,size) RGB in [0,1].

    A view depends on the seed, the step and its own index only, however they are shared out.
    """

    def batch(self, step: int, indices: Sequence[int], size: int) -> tuple[Tensor, Tensor]: ...


class RetouchPairs:
    """Views of finished photos, un-retouched anew for every step.

    Three views in four show most of the photo, since exposure and colour are judged from the whole;
    the rest are closer, down to a tenth of the short side, for noise, blur and texture.
    """

    def __init__(self, photos: Sequence[Pyramid], seed: int) -> None:
        self.photos, self.seed = photos, seed

    def batch(self, step: int, indices: Sequence[int], size: int) -> tuple[Tensor, Tensor]:
        views, draws, generators = [], [], []
        for index in indices:
            rng = np.random.default_rng([self.seed, step, index])
            wide = rng.random() < 0.75
            field = (
                rng.uniform(0.5, 1)
                if wide
                else float(np.exp(rng.uniform(np.log(0.1), np.log(0.35))))
            )
            photo = self.photos[int(rng.integers(len(self.photos)))]
            views.append(photo.view(field, rng.random(), rng.random(), size))
            draws.append(Retouch.draw(rng))
            generators.append(torch.Generator().manual_seed(int(rng.integers(2**63))))
        return make_pair(torch.stack(views), draws, generators)


class PairFolder:
    """Real pairs: two folders with equal file names and sizes; aligned random crops, flips."""

    def __init__(self, low: Path, high: Path, seed: int) -> None:
        for folder in (low, high):
            if not folder.is_dir():
                raise InputError(
                    f"{folder} is not a folder; pairs need one of inputs and one of targets."
                )
        names = sorted(p.name for p in low.iterdir() if p.suffix.lower() in SUFFIXES)
        missing = [n for n in names if not (high / n).is_file()]
        if not names or missing:
            raise InputError(
                f"{high} lacks {missing[0] if missing else 'photos'} to pair with {low}."
            )
        self.pairs = [(load_rgb(low / n), load_rgb(high / n)) for n in names]
        for name, (a, b) in zip(names, self.pairs, strict=True):
            if a.shape != b.shape:
                raise InputError(f"{name} has different sizes in {low} and {high}.")
        self.seed = seed

    def batch(self, step: int, indices: Sequence[int], size: int) -> tuple[Tensor, Tensor]:
        rows = []
        for index in indices:
            rng = np.random.default_rng([self.seed, step, index])
            low, high = self.pairs[rng.integers(len(self.pairs))]
            h, w = low.shape[1:]
            if min(h, w) < size:
                raise InputError(f"A pair of {w}x{h} pixels is smaller than the {size} pixel view.")
            top, left = int(rng.integers(h - size + 1)), int(rng.integers(w - size + 1))
            cut = torch.stack([p[:, top : top + size, left : left + size] for p in (low, high)])
            rows.append((cut.flip(-1) if rng.random() < 0.5 else cut).float() / 255)
        low_batch, high_batch = torch.stack(rows, dim=1)
        return low_batch, high_batch


MakePair = Callable[[Tensor, Sequence[Retouch], Sequence[torch.Generator]], tuple[Tensor, Tensor]]


def fixed_pairs(
    photos: Sequence[Pyramid], size: int, seed: int = 1, make: MakePair = make_pair
) -> list[tuple[str, Tensor, Tensor]]:
    """(kind, input, target): one view of each validation photo, the same in every run.

    ``make`` gets a view of ``size`` pixels, (1,3,size,size), and makes the pair of it.
    """
    pairs = []
    for index, photo in enumerate(photos):
        rng = np.random.default_rng([seed, index])
        kind = ("full", "mild", "finished", "full")[index % 4]
        generator = torch.Generator().manual_seed(seed + index)
        view = photo.view(1.0, 0.5, 0.5, size)[None]
        pairs.append((kind, *make(view, [Retouch.draw(rng, kind)], [generator])))
    return pairs
