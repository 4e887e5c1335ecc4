"""Sources of training pairs. A batch is a pure function of seed and step: runs resume exactly."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from burnish.data.degrade import Retouch, make_pair, mean_light
from burnish.data.finish import Finish
from burnish.data.photos import Pyramid, list_photos, load_rgb, photos_in
from burnish.errors import InputError

Batch = tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]
"""Input, target, and perhaps a sample of the input's whole picture (see `Net.statistics`)."""


class PairSource(Protocol):
    """Gives the views ``indices`` of one step: input and target, (N,3,size,size) RGB in [0,1].

    A view depends on the seed, the step and its own index only, however they are shared out.
    """

    def batch(self, step: int, indices: Sequence[int], size: int) -> Batch: ...


def undone_by(
    rng: np.random.Generator, view: Tensor, mosaic: Tensor, vary_finish: bool
) -> tuple[Tensor, Tensor, Retouch, torch.Generator]:
    """A view and its sample, perhaps in another `Finish`; what both are un-retouched by, and noise.

    All of it is drawn from ``rng``, in this order.
    """
    if vary_finish:
        finish = Finish.draw(rng)
        view, mosaic = finish.of(view), finish.of(mosaic)
    draw = Retouch.draw(rng)  # flips left and right among other things
    return view, mosaic, draw, torch.Generator().manual_seed(int(rng.integers(2**63)))


class RetouchPairs:
    """Views of finished photos, un-retouched anew for every step.

    Three views in four show most of the photo, since exposure and colour are judged from the whole;
    the rest are closer, down to a tenth of the short side, for noise, blur and texture. With each
    comes a sample of the input's pixels, as they were before the view was made small: of what the
    view shows, or of the whole photo where the view is close.

    A share ``own_scale`` of the views are squares of 16 pixels instead, from a third of the photo
    or more and not made smaller: averages have no blacks, no whites and no noise to learn from.
    With ``vary_finish`` each target is in another `Finish` of the photo. Without ``samples`` none
    are made, which halves the time: few networks ask for them.
    """

    SQUARE = 16
    PART = 0.35
    """The smallest part of the photo, by its short side, that squares at its own scale are of."""

    def __init__(
        self,
        photos: Sequence[Pyramid],
        seed: int,
        own_scale: float = 0.0,
        vary_finish: bool = False,
        samples: bool = True,
    ) -> None:
        self.photos, self.seed, self.samples = photos, seed, samples
        self.own_scale, self.vary_finish = own_scale, vary_finish

    def batch(self, step: int, indices: Sequence[int], size: int) -> Batch:
        views, mosaics, draws, generators = [], [], [], []
        for index in indices:
            rng = np.random.default_rng([self.seed, step, index])
            wide = rng.random() < 0.75
            field = (
                rng.uniform(0.5, 1)
                if wide
                else float(np.exp(rng.uniform(np.log(0.1), np.log(0.35))))
            )
            photo = self.photos[int(rng.integers(len(self.photos)))]
            place = rng.random(), rng.random()
            if own := bool(self.own_scale) and rng.random() < self.own_scale:
                n, field = max(1, size // self.SQUARE), rng.uniform(self.PART, 1)
                view = photo.mosaic(field, *place, rng, n, size // n)
            else:
                view = photo.view(field, *place, size)
            mosaic = photo.mosaic(field if wide or own else 1.0, *place, rng)
            view, mosaic, draw, generator = undone_by(rng, view, mosaic, self.vary_finish)
            views.append(view)
            mosaics.append(mosaic)
            draws.append(draw)
            generators.append(generator)
        whole = torch.stack(mosaics)
        light = mean_light(whole)
        low, high = make_pair(torch.stack(views), draws, generators, light)
        if not self.samples:
            return low, high
        return low, high, make_pair(whole, draws, generators, light)[0]


def sample_of(picture: Tensor, rng: np.random.Generator) -> Tensor:
    """4096 pixels drawn from (3,H,W) -> (3,64,64)."""
    pixels = picture.flatten(1)
    drawn = torch.from_numpy(rng.integers(pixels.shape[1], size=4096))
    return pixels[:, drawn].unflatten(1, (64, 64))


class HeldPairs:
    """Real pairs held in memory, (3,H,W) uint8 twice: aligned random crops, flips.

    With each comes a sample of 4096 pixels of the whole input.
    """

    def __init__(self, pairs: Sequence[tuple[Tensor, Tensor]], seed: int) -> None:
        self.pairs, self.seed = pairs, seed

    def batch(self, step: int, indices: Sequence[int], size: int) -> tuple[Tensor, Tensor, Tensor]:
        rows, samples = [], []
        for index in indices:
            rng = np.random.default_rng([self.seed, step, index])
            low, high = self.pairs[int(rng.integers(len(self.pairs)))]
            h, w = low.shape[1:]
            if min(h, w) < size:
                raise InputError(f"A pair of {w}x{h} pixels is smaller than the {size} pixel view.")
            top, left = int(rng.integers(h - size + 1)), int(rng.integers(w - size + 1))
            cut = torch.stack([p[:, top : top + size, left : left + size] for p in (low, high)])
            rows.append((cut.flip(-1) if rng.random() < 0.5 else cut).float() / 255)
            samples.append(sample_of(low, rng))
        low_batch, high_batch = torch.stack(rows, dim=1)
        return low_batch, high_batch, torch.stack(samples).float() / 255


class PairFolder(HeldPairs):
    """Real pairs of two folders with equal file names and sizes."""

    def __init__(self, low: Path, high: Path, seed: int, exclude: Iterable[str] = ()) -> None:
        names = [path.name for path in list_photos([low], exclude)]
        targets = {path.name for path in photos_in(high)}
        if missing := [n for n in names if n not in targets]:
            raise InputError(f"{high} lacks {missing[0]} to pair with {low}.")
        pairs = [(load_rgb(low / n), load_rgb(high / n)) for n in names]
        for name, (a, b) in zip(names, pairs, strict=True):
            if a.shape != b.shape:
                raise InputError(f"{name} has different sizes in {low} and {high}.")
        super().__init__(pairs, seed)


def fixed_draws(
    photos: Sequence[Pyramid], seed: int = 1
) -> Iterator[tuple[str, Pyramid, Retouch, torch.Generator]]:
    """What is done to each validation photo, the same in every run: kind, photo, draw, noise."""
    for index, photo in enumerate(photos):
        kind = ("full", "mild", "finished", "full")[index % 4]
        draw = Retouch.draw(np.random.default_rng([seed, index]), kind)
        yield kind, photo, draw, torch.Generator().manual_seed(seed + index)


def fixed_pairs(
    photos: Sequence[Pyramid], size: int, seed: int = 1
) -> list[tuple[str, Tensor, Tensor, Tensor]]:
    """(kind, input, target, the input larger): one pair of each validation photo.

    Photos are un-retouched at up to 512 pixels a side, and both pictures then made smaller.
    """
    pairs = []
    for kind, photo, draw, generator in fixed_draws(photos, seed):
        side = max(size, min(512, *photo.levels[0].shape[1:]))
        whole = make_pair(photo.view(1.0, 0.5, 0.5, side)[None], [draw], [generator])
        low, high = (
            torch.nn.functional.interpolate(x, size=(size, size), mode="bilinear", antialias=True)
            for x in whole
        )
        pairs.append((kind, low, high, whole[0]))
    return pairs
