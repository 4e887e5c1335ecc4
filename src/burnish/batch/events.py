"""What happens to each photo of a batch, told as it happens, and the report at the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from burnish.batch.plan import Job
from burnish.errors import INTERRUPTED, OutputError


@dataclass(frozen=True)
class Started:
    """A photo is taken up; ``number`` counts from 1 to ``total``."""

    job: Job
    number: int
    total: int


@dataclass(frozen=True)
class Progress:
    """``share`` of the work on one photo is done, 0 to 1."""

    job: Job
    share: float


@dataclass(frozen=True)
class Done:
    """The result is written; ``notes`` are sentences for the user."""

    job: Job
    seconds: float
    megapixels: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """There is no result; ``reason`` is one sentence, ``code`` the exit code of such an error.

    ``trace`` is text, because an exception would keep the pixels of its photo in memory.
    ``passing``: it may succeed the next time, as where a file changed or memory was short.
    """

    job: Job
    reason: str
    code: int
    trace: str = ""
    passing: bool = False


@dataclass(frozen=True)
class Measured:
    """A photo's part in the look of its series is known; ``number`` counts from 1 to ``total``."""

    job: Job
    number: int
    total: int


@dataclass(frozen=True)
class Planned:
    """What a rehearsal found to be done."""

    job: Job


@dataclass(frozen=True)
class Kept:
    """The result is there from an earlier run, by the same recipe of the same photo."""

    job: Job


@dataclass(frozen=True)
class Skipped:
    """There is no result by this recipe, because there is another file in its place."""

    job: Job
    reason: str


Event = Measured | Started | Progress | Done | Failed | Planned | Kept | Skipped


@dataclass
class Report:
    """The outcome of a batch."""

    total: int
    done: list[Done] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
    rehearsed: bool = False

    @property
    def left(self) -> int:
        """Photos of which nothing was told."""
        told = (*self.done, *self.failed, *self.skipped, *self.kept, *self.planned)
        return self.total - len(told)

    def add(self, event: Event) -> None:
        """Count an outcome. Traces are not kept: those of thousands of failures fill memory."""
        match event:
            case Done():
                self.done.append(event)
            case Failed():
                self.failed.append(replace(event, trace=""))
            case Kept():
                self.kept.append(event)
            case Skipped():
                self.skipped.append(event)
            case Planned():
                self.planned.append(event)

    @property
    def exit_code(self) -> int:
        """0 when every photo was done, now or earlier; 130 after Ctrl-C; 1 when some were not.

        When none was done, and all for one kind of reason, the code of that kind.
        """
        if self.interrupted:
            return INTERRUPTED
        codes = {failed.code for failed in self.failed}
        if self.skipped:
            codes.add(OutputError.exit_code)
        if not codes:
            return 0
        return (
            codes.pop() if len(codes) == 1 and not (self.done or self.kept or self.planned) else 1
        )
