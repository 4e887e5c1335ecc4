"""Enhance what is put into a folder, for as long as it takes.

The folder is looked through again and again rather than followed by the system's notices: those do
not come from other machines on network file systems, get lost in bursts, and say nothing of what
happened before the start.
"""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from burnish.batch.events import Event, Failed, Skipped
from burnish.batch.files import stamp
from burnish.batch.plan import (
    Job,
    identity,
    job_for,
    output_format,
    refuse_long,
    refuse_lost,
    renamed,
)
from burnish.batch.run import Enhance, run
from burnish.batch.search import same_place, search
from burnish.batch.steps import Steps
from burnish.batch.whole import is_whole
from burnish.errors import InputError, OptionError, OutputError
from burnish.files import is_folder
from burnish.image.folder import unsearched

log = logging.getLogger(__name__)

DAY = 86_400.0


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for what."""

    poll: float = 1.0
    """Between two looks at the folder."""
    settle: float = 2.0
    """A file must stay the same for this long."""
    unfinished: float = 60.0
    """One that stays the same but has no proper end is taken for damaged after this long."""

    def __post_init__(self) -> None:
        if not (0 < self.poll <= DAY and 0 <= self.settle <= DAY):
            raise OptionError(
                "poll must be above 0 seconds, settle not below 0, and both at most a day."
            )
        assert self.unfinished >= self.settle


@dataclass
class Watcher:
    """What is known of the files in a folder; `ready` looks at them once."""

    folder: Path
    out: Path
    format: str | None = None
    name: str | None = None
    patience: Patience = field(default_factory=Patience)
    on_event: Callable[[Event], None] = lambda event: None
    lock_to: Path | None = None
    """A photo that others follow: an original, wherever it lies."""

    def __post_init__(self) -> None:
        if not is_folder(self.folder):
            raise InputError(f"{self.folder} is no folder that could be watched.")
        refuse_lost(self.out)
        if same_place(self.folder, self.out):
            raise OutputError(f"{self.out} is an input too: choose another folder for the results.")
        if self.out.resolve() in self.folder.resolve().parents:
            raise OutputError(f"{self.folder} lies in {self.out}: choose another output folder.")
        if self.format:
            self.format = output_format(self.format)
        if self.name is not None:
            renamed(Path("a.jpg"), self.folder / "a.jpg", self.name)
        self.seen: dict[Path, tuple[str, float]] = {}
        """Stamp, and since when it is so."""
        self.handled: dict[Path, str] = {}
        """Stamp under which a file was taken."""
        self.owners: dict[Path, Path] = {}
        """Which photo each output is for."""
        self.waiting: dict[Path, Path] = {}
        """Photos whose output is for another one, and that one."""
        self.locked: set[Path] = set()
        """Photos that could not be opened: they are taken again once they can."""
        self.trouble: list[str] = []
        """What could not be searched when last looked at."""

    def ready(self, now: float) -> list[Job]:
        """The photos that are whole and new, or have changed."""
        there = dict(self.listed())
        self.seen = {path: known for path, known in self.seen.items() if path in there}
        self.handled = {path: known for path, known in self.handled.items() if path in there}
        self.owners = {target: path for target, path in self.owners.items() if path in there}
        for path, rival in list(self.waiting.items()):
            if path not in there or rival not in there:
                del self.waiting[path]
                self.handled.pop(path, None)
        for path in [path for path in self.locked if path not in there or opens(path)]:
            self.locked.remove(path)
            self.handled.pop(path, None)
        jobs = []
        for path, below in there.items():
            current = stamp(path)
            if not current or self.handled.get(path) == current:
                continue
            known, since = self.seen.get(path, ("", now))
            if known != current:
                self.seen[path] = (current, now)
                continue
            age = now - since
            if age < self.patience.settle or not (
                age >= self.patience.unfinished or is_whole(path)
            ):
                continue
            self.handled[path] = current
            job = self.job(path, below)
            if job:
                jobs.append(job)
        return jobs

    def listed(self) -> list[tuple[Path, Path]]:
        """What can be searched; of the rest it is told once, and it may come back."""
        trouble: list[str] = []

        def leave_out(error: OSError) -> None:
            if error.errno == errno.ENOENT and Path(error.filename) != self.folder:
                return  # deleted just now
            trouble.append(unsearched(error))

        found = list(search(self.folder, self.out, leave_out))
        for sentence in trouble:
            if sentence not in self.trouble:
                log.warning("%s", sentence)
        self.trouble = trouble
        return found

    def job(self, path: Path, below: Path) -> Job | None:
        """The job for a photo, unless its output cannot have its name: then it is told why."""
        try:
            named = below if self.name is None else renamed(below, path, self.name)
            job = job_for(path, self.out / named, self.format)
            refuse_long(job)
        except (OptionError, OutputError) as error:
            self.on_event(Failed(Job(path, self.out / below, 0.0), str(error), error.exit_code))
            return None
        there = identity(job.target)
        if there and self.lock_to and there == identity(self.lock_to):
            self.on_event(Skipped(job, f"{job.target} is an original, which is never overwritten."))
            return None
        owner = self.owners.setdefault(job.target, path)
        if owner == path:
            return job
        self.waiting[path] = owner
        self.on_event(Skipped(job, f"{owner} and {path} would both become {job.target}."))
        return None

    def again(self, job: Job, now: float) -> None:
        """Take a photo once more later: its result could not be written just now."""
        known = self.handled.pop(job.source, "")
        self.seen[job.source] = (known, now + self.patience.unfinished)


def watch(
    watcher: Watcher,
    enhance: Enhance,
    steps: Steps,
    stop: threading.Event | None = None,
) -> None:
    """Look at the folder until ``stop`` is set or Ctrl-C; a photo under way is then left undone."""
    stop = stop or threading.Event()
    try:
        while not stop.is_set():
            jobs = watcher.ready(time.monotonic())
            if jobs:
                report = run(jobs, lambda: enhance, steps, on_event=watcher.on_event)
                if report.interrupted:
                    return
                for failed in report.failed:
                    if failed.code == OutputError.exit_code:  # the disk was at fault
                        watcher.again(failed.job, time.monotonic())
                    elif not opens(failed.job.source):
                        watcher.locked.add(failed.job.source)
            stop.wait(watcher.patience.poll)
    except KeyboardInterrupt:
        return


def opens(path: Path) -> bool:
    """Whether this may be read: a change of permission leaves size and time as they are."""
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False
