"""The whole process as a user meets it: cold start to file written, and its peak memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.errors import OptionError
from burnish.image.photo import Photo
from burnish.image.write import write

MEGABYTE = 1e6


@dataclass(frozen=True)
class ProcessRow:
    """One photo through `burnish enhance` in a process of its own."""

    megapixels: float
    seconds: float
    peak_megabytes: float


def made_photo(megapixels: float) -> Photo:
    """A 3:2 picture of soft shapes and grain; what it shows does not matter to the time."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    rng = np.random.default_rng(0)
    tile = rng.integers(0, 40, (256, 256, 3), np.uint8)
    rows, columns = -(-height // 256), -(-width // 256)
    grain = np.tile(tile, (rows, columns, 1))[:height, :width]
    ramp = np.linspace(0, 180, width, dtype=np.uint8)[None, :, None]
    return Photo.from_array(grain + ramp)


def measure(sizes: Sequence[float], arguments: Sequence[str] = ()) -> list[ProcessRow]:
    """Time `burnish enhance` on one made JPEG per size; runs once before to fill the caches."""
    if not hasattr(os, "wait4"):
        raise OptionError(
            "The process benchmark needs a system that reports a child's memory (Unix)."
        )
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, size in enumerate([min(sizes), *sizes]):
            source, target = Path(scratch) / f"{number}.jpg", Path(scratch) / f"{number}-out.jpg"
            write(made_photo(size), source)
            command = [sys.executable, "-m", "burnish", "enhance", str(source), "-o", str(target)]
            start = time.perf_counter()
            child = subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - start
            if status != 0 or not target.exists():
                raise OptionError(
                    f"`burnish enhance` failed on a {size} MP photo (status {status})."
                )
            unit = 1 if sys.platform == "darwin" else 1024
            rows.append(ProcessRow(size, seconds, usage.ru_maxrss * unit / MEGABYTE))
            source.unlink()
            target.unlink()
    return rows[1:]


def table(rows: Sequence[ProcessRow]) -> str:
    """Markdown table with the memory's slope in bytes per pixel from the row before."""
    lines = ["| MP | seconds | peak MB | bytes a pixel more |", "|---|---|---|---|"]
    for i, row in enumerate(rows):
        slope = ""
        if i:
            more = (row.peak_megabytes - rows[i - 1].peak_megabytes) * MEGABYTE
            slope = f"{more / ((row.megapixels - rows[i - 1].megapixels) * 1e6):.0f}"
        lines.append(
            f"| {row.megapixels:g} | {row.seconds:.1f} | {row.peak_megabytes:.0f} | {slope} |"
        )
    return "\n".join(lines)
