"""Looks that are being learned from photos that clients left here: one at a time, in a thread."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from burnish.image.sniff import is_photo_name
from burnish.look import report
from burnish.look.learn import LEARNING, MEASURING, RUNNING, TooFewPairs, learn
from burnish.look.match import SetAside
from burnish.look.options import LearnOptions
from burnish.look.shots import LAYING
from burnish.server.looks import SUFFIX, Known, Looks
from burnish.server.refusals import NotThere, Stopped, sentence
from burnish.server.store import Store, Stored
from burnish.server.worker import Enhancers, State, Task, Turns

SIDES = ("before", "after")
READING = {"reading before": 0, "reading after": 1}
SECONDS_A_MEGAPIXEL = 0.04
SECONDS_A_PAIR = {
    LAYING: 0.15,
    RUNNING: 0.7,
    LEARNING: 0.6,
    MEASURING: 1.6,
}
"""What each step takes on one core of 2020, roughly: only their proportions count."""
FROM = 0.05
"""Share of the work from which the time left is guessed."""


def costs(sides: Sequence[Sequence[Stored]], options: LearnOptions) -> dict[str, float]:
    """The steps in their order, each with its share of the time."""
    pixels = [sum(photo.header.megapixels for photo in side) for side in sides]
    pairs = min(map(len, sides))
    found = {step: SECONDS_A_MEGAPIXEL * pixels[side] for step, side in READING.items()}
    found |= {step: seconds * pairs for step, seconds in SECONDS_A_PAIR.items()}
    if options.base == "none":
        del found[RUNNING]
    total = sum(found.values())
    return {step: seconds / total for step, seconds in found.items()}


@dataclass(eq=False)
class Learning:
    """One look being learned, and what became of it."""

    id: str
    photos: list[Stored]
    folder: Path
    task: Task
    costs: dict[str, float]
    state: State = "queued"
    step: str = ""
    reason: str = ""
    sentences: list[str] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    look: Known | None = None
    touched: float = field(default_factory=time.monotonic)

    @property
    def open(self) -> bool:
        return self.state in ("queued", "running")

    def report(self, step: str, share: float) -> None:
        """Called by the learner: how far it is; raises where it has to stop."""
        self.step = step
        steps = list(self.costs)
        done = sum(self.costs[name] for name in steps[: steps.index(step)])
        # A search that begins anew does not take the bar back.
        self.task.progress(max(self.task.share, done + self.costs[step] * min(share, 1.0)))

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None while too little is known."""
        if not self.open:
            return 0.0
        share = self.task.share
        if self.state == "queued" or share < FROM:
            return None
        return (time.monotonic() - self.task.started) * (1 - share) / share


class Learnings:
    """All of them, by id, which is then the look's."""

    def __init__(self, root: Path, store: Store, looks: Looks, turns: Turns) -> None:
        self.root = root
        self.store = store
        self.looks = looks
        self.turns = turns
        self.learnings: dict[str, Learning] = {}

    def get(self, id: str) -> Learning:
        learning = self.learnings.get(id)
        if learning is None:
            raise NotThere("There is no such learning, or no longer.")
        learning.touched = time.monotonic()
        return learning

    def submit(
        self, before: Sequence[Stored], after: Sequence[Stored], options: LearnOptions
    ) -> Learning:
        """Queue a look to be learned from these photos, or `Busy`."""
        id, sides = self.looks.new_id(), (before, after)

        def work(enhancers: Enhancers, task: Task) -> Known:
            return self.run(learning, sides, options)

        task = Task(work, self.store.limits.learn_seconds)
        photos = [*before, *after]
        learning = Learning(id, photos, self.root / id, task, costs(sides, options))
        self.turns.put(learning, [task])
        self.learnings[id] = learning
        for photo in learning.photos:
            photo.uses += 1
        task.future.add_done_callback(partial(self.settle, learning))
        return learning

    def run(
        self, learning: Learning, sides: Sequence[Sequence[Stored]], options: LearnOptions
    ) -> Known:
        """The work of the thread: `burnish learn` on folders with the senders' file names."""
        learning.state = "running"
        before, after = folders = [learning.folder / side for side in SIDES]
        for folder, photos in zip(folders, sides, strict=True):
            lay_out(photos, folder)
        path, page = learning.folder / f"look{SUFFIX}", learning.folder / "report.html"
        learned = learn(before, after, path, options, learning.report)
        report.write(learned, page)
        for folder in folders:
            shutil.rmtree(folder)
        learning.aside, learning.sentences = learned.aside, learned.verdict.sentences
        size = path.stat().st_size + page.stat().st_size
        return Known(learning.id, path, learned.look.card, page, learning.folder, size)

    def settle(self, learning: Learning, future: object) -> None:
        """What became of it; called where the work ended."""
        now = learning.touched = time.monotonic()
        for photo in learning.photos:
            photo.uses -= 1
            photo.touched = now
        learning.photos = []
        error = learning.task.future.exception()
        if error is None:
            learning.look = learning.task.future.result()
            self.looks.add(learning.look)
            self.store.charge(learning.look.bytes)
            learning.state = "done"
            return
        shutil.rmtree(learning.folder, ignore_errors=True)
        learning.state = "cancelled" if isinstance(error, Stopped) else "failed"
        if isinstance(error, TooFewPairs):
            learning.aside = error.aside
        if learning.state == "failed":
            learning.reason = why(error, learning.folder)

    def cancel(self, learning: Learning) -> None:
        """A waiting one ends now, one that runs where it next says how far it is."""
        learning.task.cancel()
        self.turns.drop_cancelled()

    def forget(self, learning: Learning) -> None:
        self.learnings.pop(learning.id, None)

    def expired(self) -> list[Learning]:
        """Ended ones that nothing has asked for in a long time."""
        before = time.monotonic() - self.store.limits.keep_seconds
        return [x for x in list(self.learnings.values()) if not x.open and x.touched < before]


def lay_out(photos: Sequence[Stored], folder: Path) -> None:
    """The photos under the names that their sender gave them, which tell what belongs together.

    Of several with one name, each gets a folder of its own.
    """
    taken: dict[str, int] = {}
    for photo in photos:
        name = photo.name if is_photo_name(photo.name) else f"{photo.name}{photo.path.suffix}"
        number = taken[name.casefold()] = taken.get(name.casefold(), 0) + 1
        place = folder / str(number)
        place.mkdir(parents=True, exist_ok=True)
        try:
            (place / name).hardlink_to(photo.path)
        except OSError:  # a file system without links
            shutil.copyfile(photo.path, place / name)


def why(error: BaseException, folder: Path) -> str:
    """One sentence that names no place of this machine."""
    if isinstance(error, TooFewPairs):
        return error.short
    said = sentence(error)
    if str(folder) not in said:
        return said
    return f"Unexpected {type(error).__name__}; the log of the service says more."
