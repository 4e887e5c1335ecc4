"""Pictures of a data set for networks that enlarge, and what their small ones are put through.

A data set is a folder with ``HR`` and ``LR`` in it, or any folder of photos, whose low-resolution
inputs are then made by `data.bicubic` (which makes the benchmarks' own files, bit for bit).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from burnish.data import bicubic
from burnish.data.jpeg_file import through_jpeg
from burnish.errors import InputError, OptionError
from burnish.image.folder import by_stem, photos_in
from burnish.image.read import read


@dataclass(frozen=True)
class Wear:
    """What a small picture went through before a network is given it, as phones and the web do."""

    noise: float = 0.0
    """Standard deviation of Gaussian noise, in percent of white; the same in every run."""
    jpeg: int | None = None
    """libjpeg's quality, 1 to 100, the colours halved; after the noise."""

    def __post_init__(self) -> None:
        if not 0 <= self.noise <= 100:
            raise OptionError(f"--noise is a percentage from 0 to 100, not {self.noise:g}.")
        if self.jpeg is not None and not 1 <= self.jpeg <= 100:
            raise OptionError(f"--jpeg is a quality from 1 to 100, not {self.jpeg}.")

    def __str__(self) -> str:
        """For tables and cards, after the name of a set; empty where there is none."""
        noise = f", noise of {self.noise:g} %" if self.noise else ""
        return noise + ("" if self.jpeg is None else f", from JPEGs of quality {self.jpeg}")

    def of(self, small: np.ndarray, name: str) -> np.ndarray:
        """(H,W,3) float32 in [0,1] -> the same; the picture's ``name`` seeds the noise."""
        if not str(self):
            return small
        x = 255.0 * small
        if self.noise:
            rng = np.random.default_rng(list(name.encode()))
            x = x + rng.normal(0, 2.55 * self.noise, x.shape)
        eight = np.clip(np.rint(x), 0, 255).astype(np.uint8)
        if self.jpeg is not None:
            eight = through_jpeg(eight, self.jpeg)
        return eight.astype(np.float32) / 255


CLEAN = Wear()


@dataclass(frozen=True)
class Example:
    """Files of one picture of a data set."""

    name: str
    large: Path
    small: Path | None
    """None: made from ``large``."""
    wear: Wear = CLEAN


def examples(folder: Path) -> list[Example]:
    """Of a folder with ``HR`` and perhaps ``LR``, or of any folder of photos."""
    large = folder / "HR" if (folder / "HR").is_dir() else folder
    paths, small = photos_in(large), folder / "LR"
    if not paths:
        raise InputError(f"{large} holds no photos.")
    if not small.is_dir():
        return [Example(path.stem, path, None) for path in paths]
    partners = by_stem(small)
    if alone := [path for path in paths if path.stem not in partners]:
        raise InputError(f"{small} holds no picture for {alone[0].name}.")
    return [Example(path.stem, path, partners[path.stem]) for path in paths]


def worn(found: Sequence[Example], wear: Wear) -> list[Example]:
    """The same pictures, their small ones put through ``wear``."""
    return [replace(example, wear=wear) for example in found]


def load(example: Example, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """(small, large), float32 in [0,1]; the large one's sides divide by ``scale``."""
    small, large = _clean(example, scale)
    return example.wear.of(small, example.name), large


def _clean(example: Example, scale: int) -> tuple[np.ndarray, np.ndarray]:
    large = bicubic.cut_to_multiple(read(example.large).pixels, scale)
    if example.small is None:
        eight = np.rint(large * 255).astype(np.uint8)
        return bicubic.shrink_8bit(eight, scale).astype(np.float32) / 255, large
    small = read(example.small).pixels
    if (small.shape[0] * scale, small.shape[1] * scale) != large.shape[:2]:
        raise InputError(f"{example.small} is not 1/{scale} of {example.large} in size.")
    return small, large
