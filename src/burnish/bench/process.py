"""The whole process as a user meets it: cold start to file written, and its peak memory."""

import os
import subprocess
import sys
import tempfile
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
_LAUNCHER = """
import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
print(status, time.perf_counter() - start, usage.ru_maxrss)
"""
"""Starts a command and prints its status, seconds and peak memory. Linux counts a process's peak
from that of the one that started it, so this one is as small as Python can be."""


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
    """Write a made 3:2 photo, JPEG or TIFF by its name, in little memory."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    source = Source(format=format_of(path.name), depth=depth, bits=depth, compression="none")
    like = Strips(height, round(height * 1.5), source)
    write_strips(made_strips(like), like, path)


def run(command: Sequence[str]) -> tuple[int, float, float]:
    """Run to the end in silence: exit code, seconds, peak resident memory in MB."""
    launched = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    status, seconds, peak = launched.stdout.split()
    unit = 1 if sys.platform == "darwin" else 1024
    return os.waitstatus_to_exitcode(int(status)), float(seconds), int(peak) * unit / MEGABYTE


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
            status, seconds, peak = run([*command, *arguments])
            if status != 0 or not target.exists():
                raise OptionError(
                    f"`burnish enhance` failed on a {size} MP photo (exit code {status})."
                )
            rows.append(ProcessRow(size, seconds, peak))
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
