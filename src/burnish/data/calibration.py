"""Photos to calibrate a quantised network on: finished ones, with work for it to do."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from burnish.data.degrade import Retouch, make_pair
from burnish.image.read import read

KINDS = ("full", "full", "mild", "finished")
"""Of the photos by turns, four of each: every fourth is measured on, and these are to be of all."""


def unretouched(paths: list[Path], seed: int = 0) -> Iterator[np.ndarray]:
    """The photos, (H,W,3) float32 in [0,1], un-retouched as networks are trained to undo it."""
    for number, path in enumerate(paths):
        rng = np.random.default_rng([seed, number])
        x = torch.from_numpy(read(path).pixels.transpose(2, 0, 1)[None].copy())
        draw = Retouch.draw(rng, KINDS[number // 4 % 4])
        low, _ = make_pair(x, [draw], [torch.Generator().manual_seed(number)])
        yield np.ascontiguousarray(low[0].numpy().transpose(1, 2, 0))
