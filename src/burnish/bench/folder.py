"""A folder of photos: photos a minute from start to finish, and where the time goes."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.bench.fidelity import photos
from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.engine.statistics import seen
from burnish.errors import OptionError
from burnish.image.encode import encode
from burnish.image.read import read

STAGES = ("start", "decode", "statistics", "network", "encode")


@dataclass(frozen=True)
class FolderReport:
    """What `measure` found."""

    photos: int
    megapixels: float
    seconds: float
    """Of `burnish enhance` on the folder, in a process of its own."""
    stages: dict[str, float]
    """Seconds of each stage when they are done one after the other, in this process."""


def measure(folder: Path, options: EnhanceOptions, arguments: Sequence[str] = ()) -> FolderReport:
    """Enhance the folder once as a user would, and once stage by stage.

    In the first the next photo is read while one is written, so it can take less than the sum.
    """
    paths = photos([folder])
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "burnish", "enhance", *map(str, paths), "-o", scratch]
        start = time.perf_counter()
        done = subprocess.run([*command, *arguments], stdout=subprocess.DEVNULL, check=False)
        seconds = time.perf_counter() - start
    if done.returncode:
        raise OptionError(f"`burnish enhance` failed on {folder} (status {done.returncode}).")
    stages = dict.fromkeys(STAGES, 0.0)
    clock = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        stages[stage] += now - clock
        clock = now

    enhance = Enhancer(options)
    lap("start")
    megapixels = 0.0
    for path in paths:
        photo = read(path)
        lap("decode")
        condition = enhance.condition(seen(photo.pixels, photo.alpha))
        lap("statistics")
        photo = enhance(photo, condition=condition)
        lap("network")
        encode(photo)
        lap("encode")
        megapixels += photo.width * photo.height / 1e6
    return FolderReport(len(paths), megapixels, seconds, stages)


def table(report: FolderReport) -> str:
    """Markdown: photos a minute, and each stage's share."""
    total = sum(report.stages.values())
    lines = [
        f"{report.photos} photos, {report.megapixels:.1f} MP in {report.seconds:.1f} s: "
        f"{60 * report.photos / report.seconds:.1f} photos a minute, "
        f"{report.megapixels / report.seconds:.2f} MP/s.",
        "",
        "| stage | seconds | share |",
        "|---|---|---|",
    ]
    lines += [f"| {n} | {s:.2f} | {s / total:.0%} |" for n, s in report.stages.items()]
    return "\n".join(lines)
