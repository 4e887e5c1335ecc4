"""What happens to each photo of a batch, told as it happens, and the report at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

from burnish.batch.plan import Job
from burnish.errors import OutputError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count it."""


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
    """

    job: Job
    reason: str
    code: int
    trace: str = ""


@dataclass(frozen=True)
class Skipped:
    """There is no new result because there was one already."""

    job: Job
    reason: str


Event = Started | Progress | Done | Failed | Skipped


@dataclass
class Report:
    """The outcome of a batch."""

    total: int
    done: list[Done] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 when every photo was done; 130 after Ctrl-C; 1 when some were not done.

        When none was done, and all for one kind of reason, the code of that kind.
        """
        if self.interrupted:
            return INTERRUPTED
        codes = {failed.code for failed in self.failed}
        if self.skipped:
            codes.add(OutputError.exit_code)
        if not codes:
            return 0
        return codes.pop() if len(codes) == 1 and not self.done else 1
