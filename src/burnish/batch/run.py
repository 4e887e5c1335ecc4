"""Enhance the photos of a plan; one that fails does not stop the rest.

While the network works on a photo, the next ones are read and the last ones are written. The
network takes the photos in the order of the plan.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from burnish.batch.events import (
    Done,
    Event,
    Failed,
    Kept,
    Planned,
    Progress,
    Report,
    Skipped,
    Started,
)
from burnish.batch.manifest import Entry
from burnish.batch.plan import Job
from burnish.batch.resume import at_fault, beside, exists
from burnish.batch.steps import FATAL, Steps, Taken
from burnish.engine.cores import cores
from burnish.engine.enhancer import Enhancer
from burnish.image.photo import Photo

Enhance = Callable[[Photo, Callable[[float], None]], Photo]
"""Photo in, photo out, telling the share done: a `burnish.Enhancer`."""
IN_FLIGHT = 60.0
"""Megapixels being read, enhanced and written at one time; a larger photo goes alone."""
WRITING = 0.1
"""Share of the time that goes into writing, for the progress."""


def run(
    jobs: Sequence[Job],
    load: Callable[[], Enhance],
    steps: Steps | None = None,
    *,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Report:
    """Enhance every job's photo; ``load`` makes the enhancer while the first photo is being read.

    Outputs that exist are left unless ``steps.overwrite``; with a memory, those that burnish made
    just so count as done. Ctrl-C ends the batch between or within photos; what is written is
    whole, and the report says ``interrupted``.

    Raises:
        OptionError, ModelError, MissingExtraError: no photo could be enhanced like this.
    """
    steps = steps or Steps()
    report = Report(total=len(jobs))
    start = time.perf_counter()

    def tell(event: Event) -> None:
        report.add(event)
        on_event(event)

    try:
        todo = []
        for job in jobs:
            verdict = judge(job, steps)
            if verdict is None:
                todo.append(job)
            else:
                tell(verdict)
        if todo:
            with Line(steps, tell, report.total) as line:
                line.run(deque(todo), load)
    except KeyboardInterrupt:
        report.interrupted = True
    report.seconds = time.perf_counter() - start
    return report


def rehearse(
    jobs: Sequence[Job], steps: Steps, on_event: Callable[[Event], None] = lambda event: None
) -> Report:
    """Tell what `run` would do, and do nothing."""
    report = Report(total=len(jobs), rehearsed=True)
    for job in jobs:
        event = judge(job, steps) or Planned(job)
        report.add(event)
        on_event(event)
    return report


def judge(job: Job, steps: Steps) -> Kept | Skipped | Failed | None:
    """Why there is nothing to do for a job, or None where there is."""
    if steps.memory:
        return steps.memory.verdict(job, steps.overwrite)
    if job.fault:
        return at_fault(job)
    if not os.path.lexists(job.target):
        return None
    if steps.among_photos:
        return beside(job)
    return None if steps.overwrite else exists(job)


@dataclass
class Writing:
    """A result on its way to the disk."""

    job: Job
    began: float
    megapixels: float
    notes: tuple[str, ...]
    outcome: Future[tuple[str, ...] | Failed]


class Line:
    """The three stations of an assembly line, and what is on its way between them."""

    def __init__(self, steps: Steps, tell: Callable[[Event], None], total: int) -> None:
        self.steps, self.tell, self.total = steps, tell, total
        hands = min(4, max(1, cores() // 4))  # the network takes most of the CPU
        self.readers = ThreadPoolExecutor(hands, thread_name_prefix="burnish-read")
        self.writers = ThreadPoolExecutor(hands, thread_name_prefix="burnish-write")
        self.most = hands + 1
        self.todo: deque[Job] = deque()
        self.reading: deque[tuple[Job, Future[Taken]]] = deque()
        self.writing: list[Writing] = []
        self.in_flight = 0.0

    def __enter__(self) -> Line:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """However it ends, what the network has made is written and told."""
        try:
            self.readers.shutdown(wait=False, cancel_futures=True)
            if kind in (None, KeyboardInterrupt):
                self.collect_all()
        except KeyboardInterrupt:  # only now: the last results are on their way to the disk
            self.collect_all()
            raise
        finally:
            self.readers.shutdown()
            self.writers.shutdown()

    def run(self, jobs: deque[Job], load: Callable[[], Enhance]) -> None:
        self.todo, first = jobs, self.total - len(jobs)
        self.read_on()
        enhance = load()
        while self.todo or self.reading:
            self.collect()
            self.read_on()
            if not self.reading:  # what is being written leaves no room
                self.collect(at_least=1)
                continue
            job, future = self.reading.popleft()
            first += 1
            self.tell(Started(job, first, self.total))
            taken = future.result()
            del future  # it would keep the photo beside its result
            self.enhance(job, taken, enhance)
            del taken
            while len(self.writing) > self.most:
                self.collect(at_least=1)

    def read_on(self) -> None:
        """Have the next photos read, as far as there is room."""
        while self.todo and len(self.reading) < self.most:
            size = weight(self.todo[0])
            if self.in_flight and self.in_flight + size > IN_FLIGHT:
                return
            job = self.todo.popleft()
            self.in_flight += size
            self.reading.append((job, self.readers.submit(self.steps.take, job)))

    def enhance(self, job: Job, taken: Taken, enhance: Enhance) -> None:
        """Put one photo through the network and hand the result on."""
        began, photo, entry = time.perf_counter(), taken.photo, taken.entry
        if photo is None and isinstance(enhance, Enhancer):
            told = self.steps.in_strips(
                job, enhance, entry, lambda share: self.tell(Progress(job, share))
            )
            if told is not None:
                end = (
                    told
                    if isinstance(told, Failed)
                    else Done(job, time.perf_counter() - began, job.megapixels, told)
                )
                self.leave(job, end)
                return
        if photo is None:
            photo = self.steps.read(job, entry)
        if isinstance(photo, Failed):
            self.leave(job, photo)
            return

        def progress(share: float) -> None:
            self.tell(Progress(job, (1 - WRITING) * share))
            self.collect()
            self.read_on()

        size = photo.width * photo.height / 1e6
        try:
            better = enhance(photo, progress)
        except FATAL:
            raise
        except Exception as error:
            self.leave(job, self.steps.fail(job, entry, error))
            return
        notes = better.source.notes
        outcome = self.writers.submit(put, self.steps, job, [better], entry)
        self.writing.append(Writing(job, began, size, notes, outcome))

    def collect(self, at_least: int = 0) -> None:
        """Tell of what has been written; wait for ``at_least`` one."""
        if at_least:
            wait([item.outcome for item in self.writing], return_when=FIRST_COMPLETED)
        for item in [item for item in self.writing if item.outcome.done()]:
            self.writing.remove(item)
            outcome = item.outcome.result()
            if not isinstance(outcome, Failed):
                notes = tuple(dict.fromkeys((*item.notes, *outcome)))
                seconds = time.perf_counter() - item.began
                self.leave(item.job, Done(item.job, seconds, item.megapixels, notes))
            else:
                self.leave(item.job, outcome)

    def collect_all(self) -> None:
        while self.writing:
            self.collect(at_least=1)

    def leave(self, job: Job, outcome: Done | Failed) -> None:
        self.in_flight -= weight(job)
        self.tell(outcome)


def put(
    steps: Steps, job: Job, photo: list[Photo], entry: Entry | None
) -> tuple[str, ...] | Failed:
    """`Steps.put` of the one photo in the list, which is emptied: a thread pool would keep it."""
    return steps.put(job, photo.pop(), entry)


def weight(job: Job) -> float:
    """Megapixels that a job counts for; one of unknown size goes alone."""
    return job.megapixels or IN_FLIGHT
