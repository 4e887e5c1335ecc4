"""What a run writes for people: metrics.csv, TensorBoard events, pictures, the terminal."""

import csv
import math
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from burnish.files import make_folder, whole
from burnish.train import metrics_csv


class RunLog:
    """Appends rows of (step, name, value); on resume, rows after the resumed step are dropped."""

    def __init__(self, folder: Path, step: int) -> None:
        make_folder(folder)
        self.folder = folder
        self.csv_file = folder / metrics_csv.NAME
        kept = [row for row in metrics_csv.rows(folder) if row[0] <= step]
        with whole(self.csv_file) as partial, partial.open("w", newline="") as file:
            csv.writer(file).writerows([metrics_csv.FIELDS, *kept])
        try:
            from torch.utils.tensorboard import SummaryWriter

            self.board: Any = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)
        except ImportError:  # tensorboard is a convenience; the CSV holds the same numbers
            self.board = None

    def row(self, step: int, values: dict[str, float]) -> None:
        """Write named scalars of one step everywhere."""
        with self.csv_file.open("a", newline="") as file:
            csv.writer(file).writerows(
                (step, name, f"{value:.6g}") for name, value in values.items()
            )
        if self.board:
            for name, value in values.items():
                self.board.add_scalar(name, value, step)
        print(f"step {step}  " + "  ".join(f"{k} {v:.5g}" for k, v in values.items()), flush=True)

    def trace(self, last: int, values: dict[str, list[float]]) -> None:
        """Write named scalars of each of the steps that end with ``last``; nothing is printed."""
        with self.csv_file.open("a", newline="") as file:
            writer = csv.writer(file)
            for name, series in values.items():
                first = last - len(series) + 1
                writer.writerows((first + i, name, f"{v:.6g}") for i, v in enumerate(series))
        if self.board:
            for name, series in values.items():
                for i, value in enumerate(series):
                    self.board.add_scalar(name, value, last - len(series) + 1 + i)

    def pictures(self, step: int, rows: list[Tensor]) -> None:
        """Input | output | target of some validation pairs, (3,H,3W) each, as one PNG."""
        smallest = min((r.shape for r in rows), key=lambda shape: shape[1])
        sheet = torch.cat([r for r in rows if r.shape == smallest], dim=1)
        array = (sheet.clamp(0, 1).permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        Image.fromarray(array).save(self.folder / f"validation-{step:07d}.png")

    def close(self) -> None:
        """Flush the event file."""
        if self.board:
            self.board.close()


class SinceRow:
    """Losses and time of the steps since the last row; a GPU is waited for when it is written."""

    def __init__(self, step: int) -> None:
        self.steps: list[dict[str, Tensor]] = []
        self.restart_clock(step)

    def restart_clock(self, step: int) -> None:
        """Time counts from here, where ``step`` steps are done."""
        self.since = time.monotonic(), step

    def add(self, terms: dict[str, Tensor]) -> None:
        """One more step's loss and its terms; not every step has all of them."""
        self.steps.append(terms)

    def write(
        self, log: RunLog, step: int, learning_rate: float, every_step: Collection[str]
    ) -> None:
        """One row of means, and the terms named in ``every_step`` of each step; begin anew."""
        now, (started, first) = time.monotonic(), self.since
        names = dict.fromkeys(name for terms in self.steps for name in terms)
        series: dict[str, list[float]] = {
            k: torch.stack([t[k] for t in self.steps if k in t]).tolist() for k in names
        }
        means = {k: math.fsum(v) / len(v) for k, v in series.items() if k not in every_step}
        seconds = (now - started) / max(1, step - first)
        self.steps, self.since = [], (now, step)
        log.trace(step, {k: series[k] for k in every_step if k in series})
        log.row(step, means | {"learning_rate": learning_rate, "seconds_per_step": seconds})
