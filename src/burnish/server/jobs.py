"""Jobs: many photos with one set of options, their progress, and their results on disk."""

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from burnish.engine.options import EnhanceOptions
from burnish.server.develop import Output, Result, enhance_file, output_suffix
from burnish.server.names import distinct, with_suffix
from burnish.server.pace import Pace
from burnish.server.refusals import NotThere, Stopped, sentence
from burnish.server.store import Store, Stored
from burnish.server.worker import Enhancers, State, Task, Turns


@dataclass(eq=False)
class Item:
    """One photo of a job."""

    photo: Stored
    name: str
    """File name of the result."""
    task: Task
    state: State = "queued"
    result: Result | None = None
    reason: str = ""

    @property
    def megapixels(self) -> float:
        return self.photo.header.megapixels

    @property
    def open(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def left(self) -> float:
        """Megapixels still to do."""
        share = self.task.share if self.state == "running" else 0.0
        return self.megapixels * (1 - share) if self.open else 0.0


@dataclass(eq=False)
class Job:
    """Photos that go through with the same options."""

    id: str
    folder: Path
    options: EnhanceOptions
    items: dict[str, Item] = field(default_factory=dict)
    """By the id of the photo."""
    touched: float = field(default_factory=time.monotonic)
    deleted: bool = False

    @property
    def state(self) -> State:
        states = [item.state for item in self.items.values()]
        if "running" in states or ("queued" in states and set(states) != {"queued"}):
            return "running"
        for state in ("queued", "cancelled", "done"):
            if state in states:
                return state
        return "failed"

    @property
    def finished(self) -> bool:
        return not any(item.open for item in self.items.values())

    @property
    def left(self) -> float:
        return sum(item.left for item in self.items.values())

    def count(self, state: State) -> int:
        return sum(item.state == state for item in self.items.values())

    def cancel(self) -> None:
        for item in self.items.values():
            if item.open:
                item.task.cancel()
                if item.state == "queued":
                    item.state = "cancelled"


Outcome = Callable[[str, float, float], None]
"""Told of each photo: what became of it, its megapixels, the seconds it took."""


class Jobs:
    """All jobs of the service, by id."""

    def __init__(
        self, root: Path, store: Store, turns: Turns, pace: Pace, on_photo: Outcome
    ) -> None:
        self.root = root
        self.store = store
        self.turns = turns
        self.pace = pace
        self.on_photo = on_photo
        self.jobs: dict[str, Job] = {}

    def get(self, id: str) -> Job:
        job = self.jobs.get(id)
        if job is None:
            raise NotThere("There is no such job, or no longer.")
        job.touched = time.monotonic()
        return job

    def all(self) -> list[Job]:
        """Those of this moment: other threads add and take away."""
        return list(self.jobs.values())

    def submit(self, photos: list[Stored], options: EnhanceOptions, output: Output) -> Job:
        """Queue all of the photos, or none and `Busy`."""
        self.store.make_room(1)
        id = secrets.token_urlsafe(16)
        job = Job(id, self.root / id, options)
        suffixes = [output_suffix(photo.header.format, output) for photo in photos]
        names = distinct([with_suffix(p.name, s) for p, s in zip(photos, suffixes, strict=True)])
        for number, (photo, suffix, name) in enumerate(zip(photos, suffixes, names, strict=True)):
            target = job.folder / f"{number}{suffix}"
            work = partial(self.enhance, job, photo, target, options, output)
            item = Item(photo, name, Task(work, self.store.limits.photo_seconds))
            job.items[photo.id] = item
        self.turns.put(job, [item.task for item in job.items.values()])
        self.jobs[job.id] = job
        for item in job.items.values():
            item.photo.uses += 1
            item.task.future.add_done_callback(partial(self.settle, job, item))
        return job

    def enhance(
        self,
        job: Job,
        photo: Stored,
        target: Path,
        options: EnhanceOptions,
        output: Output,
        enhancers: Enhancers,
        task: Task,
    ) -> Result:
        job.items[photo.id].state = "running"
        return enhance_file(photo.path, target, options, output, self.store, enhancers, task)

    def settle(self, job: Job, item: Item, future: object) -> None:
        """What became of a photo; called where its work ended."""
        photo, task = item.photo, item.task
        photo.uses -= 1
        photo.touched = job.touched = time.monotonic()
        error = task.future.exception()
        seconds = time.monotonic() - task.started if task.started else 0.0
        if error is None:
            item.result = task.future.result()
            self.pace.learn(item.megapixels, seconds)
            item.state = "done"
        elif isinstance(error, Stopped):
            item.state = "cancelled"
        else:
            item.reason = photo.said(sentence(error))
            item.state = "failed"
        self.on_photo(item.state, item.megapixels, seconds)
        if job.deleted:
            self.remove_files(job)

    def seconds_left(self, job: Job) -> float | None:
        """Estimate: this job's megapixels, and as many of others', since owners take turns."""
        pace, own = self.pace.seconds_per_megapixel, job.left
        if own == 0:
            return 0.0
        if pace is None:
            running = [item for item in job.items.values() if item.state == "running"]
            known = [item for item in running if item.task.share > 0.02]
            if not known:
                return None
            done = sum(item.megapixels * item.task.share for item in known)
            pace = sum(time.monotonic() - item.task.started for item in known) / done
        others = sum(min(other.left, own) for other in self.all() if other is not job)
        return (own + others) * pace

    def cancel(self, job: Job) -> None:
        """What waits ends now, what runs where it next says how far it is."""
        job.cancel()
        self.turns.drop_cancelled()

    def delete(self, job: Job) -> None:
        self.cancel(job)
        job.deleted = True
        self.jobs.pop(job.id, None)
        if all(item.task.future.done() for item in job.items.values()):
            self.remove_files(job)

    def remove_files(self, job: Job) -> None:
        for item in job.items.values():
            if item.result:
                self.store.drop(item.result.path)
                item.result = None
        shutil.rmtree(job.folder, ignore_errors=True)

    def expired(self) -> list[Job]:
        """Finished jobs that nothing has asked for in a long time."""
        before = time.monotonic() - self.store.limits.keep_seconds
        return [j for j in self.all() if j.finished and j.touched < before]
