"""How a batch shows on a terminal, in a log, and to another program."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, TextIO

from burnish.batch.events import (
    Done,
    Event,
    Failed,
    Kept,
    Measured,
    Planned,
    Progress,
    Report,
    Skipped,
    Started,
)
from burnish.batch.plan import Job
from burnish.cli import told
from burnish.engine.chosen import Chosen
from burnish.files import printable

EVERY = 0.25
"""Least seconds between two progress lines of JSON."""
LEAST = 0.01
"""Megapixels that a photo of unknown size counts for in the bar."""


class Lines:
    """A line per photo: results on stdout, what went wrong on stderr."""

    model = ""
    """What enhances, by name; known once the options are settled."""
    jobs: Sequence[Job] = ()

    def uses(self, model: Chosen) -> None:
        self.model = model.name
        if model.second:
            self.bad(f"Two steps: {self.model} (one retouches, then the other enlarges).")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, jobs: list[Job]) -> None:
        self.jobs = jobs

    def event(self, event: Event) -> None:
        match event:
            case Done(job, seconds, megapixels, notes):
                self.good(f"{job.target}  {megapixels:.1f} MP in {seconds:.1f} s")
                for note in notes:
                    self.bad(f"{job.source}: {note}")
            case Failed(job, reason, _, trace):
                self.bad(f"{failed_name(job, reason)} {reason}")
                if os.environ.get("BURNISH_DEBUG"):
                    for line in trace.splitlines():
                        self.bad(line)
            case Skipped(_, reason):
                self.bad(f"skipped: {reason}")
            case Planned(job):
                self.good(f"{job.source} -> {job.target}")

    def good(self, line: str) -> None:
        put_line(printable(line), sys.stdout)

    def bad(self, line: str) -> None:
        put_line(printable(line), sys.stderr)

    def refused(self, error: Exception) -> None:
        """Nothing could be started, or an error ended it; the sentence is printed by the caller."""

    def interrupted(self, out: Path) -> None:
        """Ctrl-C before the first photo; that is printed by the caller."""

    def summary(self, report: Report, out: Path, code: int | None = None) -> None:
        """``code`` is the process's exit code where it is not the report's."""
        self.good(sentence(report, out))


class Bar(Lines):
    """A bar with the time left by megapixels, and lines only for what the user should read."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self.bar = RichProgress(
            TextColumn("{task.fields[count]}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self.finished = 0.0
        self.shares: dict[Path, float] = {}

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def begin(self, jobs: list[Job]) -> None:
        super().begin(jobs)
        total = sum(weight(job) for job in jobs)
        self.task = self.bar.add_task("", total=total, count=f"0/{len(jobs)}")

    def event(self, event: Event) -> None:
        match event:
            case Measured(job, number, total):
                self.bar.update(self.task, description="measuring", count=f"{number}/{total}")
            case Started(job, number, total):
                count = f"{number}/{total}"
                self.bar.update(self.task, description=printable(job.source.name), count=count)
            case Progress(job, share):
                self.shares[job.target] = share * weight(job)
            case Done(job) | Failed(job) | Kept(job) | Skipped(job) | Planned(job):
                self.shares.pop(job.target, None)
                self.finished += weight(job)
        completed = self.finished + sum(self.shares.values())
        self.bar.update(self.task, completed=completed)
        super().event(event)

    def good(self, line: str) -> None:
        # The bar shows what goes well; a file or a program behind stdout wants the lines.
        if not self.bar.live.is_started or not sys.stdout.isatty():
            super().good(line)

    def bad(self, line: str) -> None:
        self.bar.console.print(printable(line), markup=False, soft_wrap=True)


class JsonLines(Lines):
    """One JSON object a line on stdout, and nothing else there."""

    def __init__(self) -> None:
        self.last = 0.0

    def event(self, event: Event) -> None:
        if isinstance(event, Progress):
            now = time.monotonic()
            if now - self.last < EVERY:
                return
            self.last = now
        model = {"model": self.model} if isinstance(event, Started) else {}
        self.put(**fields(event), **model)

    def uses(self, model: Chosen) -> None:
        self.model = model.name

    def put(self, **values: Any) -> None:
        put_line(json.dumps(values), sys.stdout)  # ASCII, whatever the terminal's encoding

    def refused(self, error: Exception) -> None:
        reason, code = told(error)
        self.put(event="refused", reason=reason, exit_code=code)

    def interrupted(self, out: Path) -> None:
        self.summary(Report(total=len(self.jobs), interrupted=True), out)

    def summary(self, report: Report, out: Path, code: int | None = None) -> None:
        self.put(
            event="summary",
            model=self.model,
            total=report.total,
            done=len(report.done),
            failed=len(report.failed),
            skipped=len(report.skipped),
            kept=len(report.kept),
            planned=len(report.planned),
            seconds=round(report.seconds, 3),
            megapixels=round(sum(done.megapixels for done in report.done), 3),
            interrupted=report.interrupted,
            exit_code=report.exit_code if code is None else code,
        )


def put_line(line: str, stream: TextIO) -> None:
    """A line and its end at once: a signal or another thread finds no room between the two."""
    if stream:  # None where it was closed before we began
        stream.write(f"{line}\n")
        stream.flush()


def view(as_json: bool) -> Lines:
    """The view that fits where the output goes."""
    if as_json:
        return JsonLines()
    return Bar() if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else Lines()


def fields(event: Event) -> dict[str, Any]:
    """An event as plain values."""
    job = event.job
    values: dict[str, Any] = {
        "event": type(event).__name__.lower(),
        "source": str(job.source),
        "target": str(job.target),
    }
    match event:
        case Planned():
            values |= {"megapixels": round(job.megapixels, 3)}
        case Measured(_, number, total):
            values |= {"number": number, "total": total}
        case Started(_, number, total):
            values |= {"number": number, "total": total, "megapixels": round(job.megapixels, 3)}
        case Progress(_, share):
            values |= {"share": round(share, 4)}
        case Done(_, seconds, megapixels, notes):
            size = {"seconds": round(seconds, 3), "megapixels": round(megapixels, 3)}
            values |= {**size, "notes": list(notes)}
        case Failed(_, reason, code, _):
            values |= {"reason": reason, "code": code}
        case Skipped(_, reason):
            values |= {"reason": reason}
    return values


def weight(job: Job) -> float:
    """Share of a photo in the bar, in megapixels."""
    return max(job.megapixels, LEAST)


def failed_name(job: Job, reason: str) -> str:
    """The path goes first unless the reason names it already."""
    return "failed:" if str(job.source) in reason else f"failed: {job.source}:"


def sentence(report: Report, out: Path) -> str:
    """What became of the photos, in one line."""
    size = sum(done.megapixels for done in report.done)
    rate = f", {size / report.seconds:.2f} MP/s" if report.done and report.seconds else ""
    count = len(report.done)
    parts = [f"{count} photo{'' if count == 1 else 's'} enhanced"]
    if report.rehearsed:
        count = len(report.planned)
        parts = [f"{count} photo{'' if count == 1 else 's'} to enhance"]
    parts += [f"{len(report.kept)} done before"] if report.kept else []
    parts += [f"{len(report.failed)} failed"] if report.failed else []
    parts += [f"{len(report.skipped)} skipped"] if report.skipped else []
    parts += [f"interrupted with {report.left} left"] if report.interrupted else []
    if report.rehearsed:
        return f"{', '.join(parts)}: {out} (nothing was done)"
    return f"{', '.join(parts)} in {report.seconds:.1f} s{rate}: {out}"
