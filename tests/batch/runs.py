"""Batches with a stand-in for the network and a memory: run, and run again."""

from collections.abc import Callable
from pathlib import Path

from burnish.batch.events import Report
from burnish.batch.files import digest
from burnish.batch.plan import Job
from burnish.batch.resume import Memory
from burnish.batch.run import Enhance, run
from burnish.batch.steps import Steps
from burnish.image.photo import Photo

Remember = Callable[..., Memory]


def invert(photo: Photo, progress: Callable[[float], None]) -> Photo:
    return photo.with_pixels(1 - photo.pixels)


def never() -> Enhance:
    raise AssertionError("nothing was to be done")


def go(jobs: list[Job], memory: Memory, load: object = None, overwrite: bool = False) -> Report:
    steps = Steps(overwrite=overwrite, memory=memory)
    return run(jobs, load or (lambda: invert), steps)  # type: ignore[arg-type]


def counts(report: Report) -> tuple[int, int, int, int]:
    """(done, kept, skipped, failed)"""
    parts = (report.done, report.kept, report.skipped, report.failed)
    return tuple(map(len, parts))  # type: ignore[return-value]


def states(folder: Path) -> dict[str, tuple[str, int]]:
    return {p.name: (digest(p), p.stat().st_mtime_ns) for p in folder.glob("*.png")}
