"""A paper's table as data: what it claims, how it is made this time, and what was measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from burnish.bench.published import PUBLISHED, Values
from burnish.bench.sets import EvalPair
from burnish.errors import OptionError
from burnish.metrics.protocol import CAP, enhancement
from burnish.train import setup
from burnish.train.loop import RunOptions
from burnish.train.recipe import Recipe

Score = Callable[[np.ndarray, np.ndarray], Sequence[float]]
"""Result and target, (H,W,3) in [0,1], what an 8-bit file would hold -> one value per metric."""


def psnr_and_ssim(out: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Paper A's protocol: both on RGB; PSNR capped at 50 dB a picture, which DPED never reaches."""
    score = enhancement(out, target, CAP)
    return score.psnr, score.ssim


@dataclass(frozen=True)
class Claim:
    """One row is better than another by a metric (larger is better)."""

    better: str
    worse: str
    metric: str = "PSNR"


@dataclass(frozen=True)
class Curves:
    """A figure of the paper that shows how some rows learn, against the steps."""

    rows: tuple[str, ...]
    of: Literal["psnr", "loss"] = "psnr"
    """PSNR on test pairs, or the loss in training beside that on test pairs."""


@dataclass(frozen=True)
class Table:
    """One table of a paper."""

    name: str
    """Key in `PUBLISHED`, and the word on the command line."""
    title: str
    rows: Mapping[str, Recipe]
    """What burnish trains, at the published budget."""
    claims: tuple[Claim, ...]
    metrics: tuple[str, ...] = ("PSNR", "SSIM")
    score: Score = psnr_and_ssim
    asked: tuple[Claim, ...] = ()
    """Comparisons that the paper does not make, or makes without a number: open questions."""
    curves: Curves | None = None
    """None if the paper has no such figure."""

    def published(self, column: str) -> Mapping[str, Values]:
        """The paper's numbers for one of its data sets."""
        columns = PUBLISHED[self.name]
        if column not in columns:
            raise OptionError(
                f"Table {self.name} has no numbers for '{column}': {', '.join(columns)}."
            )
        return columns[column]


@dataclass(frozen=True)
class Settings:
    """How a table is made this time."""

    runs: Path
    test: Sequence[EvalPair]
    test_name: str
    data: setup.DataOptions | None = None
    """What is trained on; None only reads the runs that are there."""
    rows: tuple[str, ...] = ()
    """The rows that are wanted; all if empty."""
    seeds: tuple[int, ...] = (0,)
    budget: float = 1.0
    view: int | None = None
    """Side of the training views, and `batch` views a step, instead of the recipes' own."""
    batch: int | None = None
    test_side: int | None = None
    """Test targets are shrunk to this short side, their inputs alike."""
    column: str = "iphone"
    """The paper's data set that the measured numbers are set beside."""
    outputs: Mapping[str, Path] = field(default_factory=dict)
    """Rows that burnish does not train: name and folder of results, by the inputs' names."""
    run: RunOptions = field(default_factory=lambda: RunOptions(Path()))
    """How runs are carried out; its folder is not used, and its time limit is that of all."""


@dataclass(frozen=True)
class Measured:
    """One row: scores (seeds, images, metrics), and what made them."""

    scores: np.ndarray
    steps: int | None = None
    """Steps of each run; None for rows that burnish did not train."""
    parameters: int | None = None
    seeds: tuple[int, ...] = ()
    training: str = ""
    """Data, views and batch as the runs' cards tell them."""


@dataclass(frozen=True)
class Result:
    """Everything that a table prints."""

    table: Table
    settings: Settings
    rows: Mapping[str, Measured]
    unfinished: tuple[str, ...]
    """Rows without a finished run, with the reason."""


def wanted(table: Table, settings: Settings) -> dict[str, Recipe]:
    """The rows to train, by key; an unknown name is refused."""
    for key in settings.rows:
        if key not in table.rows:
            raise OptionError(f"Table {table.name} has no row '{key}': {', '.join(table.rows)}.")
    return {k: r for k, r in table.rows.items() if not settings.rows or k in settings.rows}


def folder_of(settings: Settings, key: str, seed: int) -> Path:
    """The run folder of a row and seed."""
    return settings.runs / key / f"seed-{seed}"
