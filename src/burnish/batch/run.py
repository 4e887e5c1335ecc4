"""Enhance the photos of a plan one after the other; one that fails does not stop the rest."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from burnish.batch.events import Done, Event, Failed, Progress, Report, Skipped, Started
from burnish.batch.plan import Job
from burnish.engine.enhancer import Enhancer
from burnish.engine.stream import FROM_MEGAPIXELS, enhance_file
from burnish.errors import BurnishError, ModelError, OptionError
from burnish.image.metadata import POLICIES
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.image.write import write

Enhance = Callable[[Photo, Callable[[float], None]], Photo]
"""Photo in, photo out, telling the share done: a `burnish.Enhancer`."""
InStrips = Callable[[Enhance, Job, Callable[[float], None]], tuple[str, ...] | None]
"""Enhances a job whose photo is too large to be held; None: it has to be held all the same."""
READ_AHEAD = 30.0
"""Megapixels up to which the next photo is read while the last one is written."""
WRITING = 0.1
"""Share of the time that goes into writing, for the progress."""


def run(
    jobs: Sequence[Job],
    load: Callable[[], Enhance],
    *,
    metadata: str = "keep",
    quality: int | None = None,
    overwrite: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Report:
    """Enhance every job's photo; ``load`` makes the enhancer while the first photo is being read.

    Outputs that exist are skipped unless ``overwrite``, so that the same command again after an
    interruption does what is left. Ctrl-C ends the batch between or within photos; what is
    written is whole, and the report says ``interrupted``.

    Raises:
        OptionError, ModelError, MissingExtraError: no photo could be enhanced like this.
    """
    if metadata not in POLICIES:
        raise OptionError(f"metadata must be one of {', '.join(POLICIES)}, not {metadata}.")
    if quality is not None and not 1 <= quality <= 100:
        raise OptionError(f"quality must be from 1 to 100, not {quality}.")
    report = Report(total=len(jobs))
    start = time.perf_counter()

    def save(photo: Photo, job: Job) -> tuple[str, ...]:
        return write(photo, job.target, metadata=metadata, overwrite=overwrite, quality=quality)

    def in_strips(
        enhance: Enhance, job: Job, progress: Callable[[float], None]
    ) -> tuple[str, ...] | None:
        if job.megapixels < FROM_MEGAPIXELS or not isinstance(enhance, Enhancer):
            return None
        return enhance_file(
            enhance,
            job.source,
            job.target,
            metadata=metadata,
            overwrite=overwrite,
            quality=quality,
            progress=progress,
        )

    try:
        todo = []
        for job in jobs:
            if overwrite or not os.path.lexists(job.target):
                todo.append(job)
                continue
            reason = f"{job.target} exists already: use --overwrite to replace it."
            report.skipped.append(Skipped(job, reason))
            on_event(report.skipped[-1])
        if todo:
            enhance_all(todo, load, save, in_strips, report, on_event)
    except KeyboardInterrupt:
        report.interrupted = True
    report.seconds = time.perf_counter() - start
    return report


def enhance_all(
    jobs: list[Job],
    load: Callable[[], Enhance],
    save: Callable[[Photo, Job], tuple[str, ...]],
    in_strips: InStrips,
    report: Report,
    on_event: Callable[[Event], None],
) -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="burnish-read") as pool:
        ahead: list[Future[Photo]] = []  # at most one
        if jobs[0].megapixels < FROM_MEGAPIXELS:
            ahead.append(pool.submit(read, jobs[0].source))
        enhance = load()
        for number, job in enumerate(jobs):
            on_event(Started(job, len(report.skipped) + number + 1, report.total))
            following = jobs[number + 1 : number + 2]

            def read_on(job: Job = job, following: list[Job] = following) -> None:
                if following and max(job.megapixels, following[0].megapixels) < READ_AHEAD:
                    ahead.append(pool.submit(read, following[0].source))

            outcome: Done | Failed
            try:
                outcome = enhance_one(job, ahead, enhance, read_on, save, in_strips, on_event)
                report.done.append(outcome)
            except (OptionError, ModelError, BrokenPipeError):
                raise  # every other photo would meet it too
            except Exception as error:  # whatever a damaged file makes a decoder do
                outcome = failure(job, error)
                report.failed.append(outcome)
            on_event(outcome)


def enhance_one(
    job: Job,
    ahead: list[Future[Photo]],
    enhance: Enhance,
    read_on: Callable[[], None],
    save: Callable[[Photo, Job], tuple[str, ...]],
    in_strips: InStrips,
    on_event: Callable[[Event], None],
) -> Done:
    start = time.perf_counter()
    told = in_strips(enhance, job, lambda share: on_event(Progress(job, share)))
    if told is not None:
        read_on()
        return Done(job, time.perf_counter() - start, job.megapixels, told)
    photo = ahead.pop().result() if ahead else read(job.source)
    size = photo.width * photo.height / 1e6
    better = enhance(photo, lambda share: on_event(Progress(job, (1 - WRITING) * share)))
    del photo  # its pixels take as much memory as the encoder needs
    read_on()
    notes = tuple(dict.fromkeys((*better.source.notes, *save(better, job))))
    return Done(job, time.perf_counter() - start, size, notes)


def failure(job: Job, error: Exception) -> Failed:
    """One sentence for whatever went wrong with a photo."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, BurnishError):
        return Failed(job, str(error), error.exit_code, trace)
    if isinstance(error, MemoryError):
        reason = f"{job.source.name}: the photo is too large for this machine's memory."
    else:
        first = next(iter(str(error).splitlines()), "")
        reason = f"{job.source.name}: unexpected {type(error).__name__}: {first}".rstrip(": ")
    return Failed(job, reason, BurnishError.exit_code, trace)
