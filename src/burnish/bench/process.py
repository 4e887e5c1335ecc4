"""The whole process as a user meets it: cold start to file written, and its peak memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from burnish.bench.curves import stacked, svg
from burnish.errors import OptionError
from burnish.image.formats import format_of
from burnish.image.photo import Photo, Source
from burnish.image.push import ROWS
from burnish.image.strips import Strips, write_strips

MEGABYTE = 1e6


@dataclass(frozen=True)
class ProcessRow:
    """One photo through `burnish enhance` in a process of its own."""

    megapixels: float
    seconds: float
    peak_megabytes: float


def made_strips(like: Strips) -> Iterator[Photo]:
    """A ramp with grain, row after row; what it shows does not matter to the time."""
    height, width = like.height, like.width
    grain = np.random.default_rng(0).integers(0, 40, (256, width + 64, 3), np.uint8)
    ramp = np.linspace(0, 180, width, dtype=np.uint8)[None, :, None]
    for top in range(0, height, ROWS):
        shift = top // ROWS % 64
        rows = grain[top % 256 : top % 256 + min(ROWS, height - top), shift : shift + width]
        yield replace(Photo.from_array(rows + ramp), source=like.source)


def make_file(path: Path, megapixels: float, depth: int = 8) -> None:
    """Write a made 3:2 photo, JPEG or TIFF by its name, in little memory.

    A child's peak memory counts from that of the process that started it: this one has to stay
    small.
    """
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    source = Source(format=format_of(path.name), depth=depth, bits=depth, compression="none")
    like = Strips(height, round(height * 1.5), source)
    write_strips(made_strips(like), like, path)


def measure(
    sizes: Sequence[float], arguments: Sequence[str] = (), suffix: str = ".jpg"
) -> list[ProcessRow]:
    """Time `burnish enhance` on one made photo per size; runs once before to fill the caches."""
    if not hasattr(os, "wait4"):
        raise OptionError(
            "The process benchmark needs a system that reports a child's memory (Unix)."
        )
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, size in enumerate([min(sizes), *sizes]):
            source, target = (Path(scratch) / f"{number}{end}{suffix}" for end in ("", "-out"))
            make_file(source, size)
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


def picture(rows: Sequence[ProcessRow], mode: str) -> str:
    """An SVG of seconds and of peak memory against megapixels."""
    seconds = [(r.megapixels, r.seconds) for r in rows]
    memory = [(r.megapixels, r.peak_megabytes) for r in rows]
    title = f"burnish enhance, {mode} mode, a process for each photo"
    return stacked(
        [
            svg({"seconds": seconds}, title, "megapixels", "seconds"),
            svg({"peak memory": memory}, title, "megapixels", "MB"),
        ]
    )
