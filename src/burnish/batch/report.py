"""The report of a batch as two files: JSON for programs, text for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from burnish import __version__
from burnish.batch.events import Done, Failed, Kept, Planned, Report, Skipped
from burnish.batch.plan import refuse_read_only
from burnish.batch.search import is_special
from burnish.errors import OutputError
from burnish.files import printable
from burnish.image.write import write_bytes

TITLE = "burnish report"
OPENING = f'{{"what": "{TITLE}"'


def names(file: Path) -> tuple[Path, Path]:
    """(JSON file, text file) for a name that is one of the two, or what both begin with."""
    stem = file.stem if file.suffix.lower() in (".json", ".txt") else file.name
    return file.with_name(f"{stem}.json"), file.with_name(f"{stem}.txt")


def check_report(file: Path) -> None:
    """Refuse early what cannot be written, or would replace what is no report of an earlier run."""
    if file.name in ("", ".."):
        raise OutputError(f"{file} is no name for a report: give that of a file.")
    refuse_read_only(file.parent)
    for name, opening in zip(names(file), (OPENING, TITLE), strict=True):
        if is_special(name):
            raise OutputError(f"{name} is no file, and cannot be the report.")
        try:
            with name.open("rb") as existing:
                head = existing.read(len(opening))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise OutputError(f"{name} cannot be the report: {error.strerror}.") from None
        if head != opening.encode():
            raise OutputError(f"{name} is no report of burnish: choose another name for it.")


def write_report(report: Report, file: Path, headline: str) -> None:
    """Write both files, whole or not at all; ``headline`` sums up in one sentence."""
    check_report(file)
    for name, text in zip(names(file), (as_json(report), as_text(report, headline)), strict=True):
        write_bytes([text.encode("utf-8", "backslashreplace")], name, overwrite=True)


def as_json(report: Report) -> str:
    """One object, an outcome a line."""
    facts = {
        "version": __version__,
        "total": report.total,
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "left": report.left,
        "exit_code": report.exit_code,
    }
    lines = [OPENING, *(f', "{name}": {json.dumps(value)}' for name, value in facts.items())]
    for name in ("done", "kept", "skipped", "failed", "planned"):
        rows = ",\n  ".join(json.dumps(row(event)) for event in getattr(report, name))
        lines.append(f',\n "{name}": [' + (f"\n  {rows}" if rows else "") + "]")
    return "".join(lines) + "\n}\n"


def row(event: Done | Failed | Kept | Skipped | Planned) -> dict[str, Any]:
    values: dict[str, Any] = {"source": str(event.job.source), "target": str(event.job.target)}
    match event:
        case Done(_, seconds, megapixels, notes):
            sizes = {"seconds": round(seconds, 3), "megapixels": round(megapixels, 3)}
            values |= {**sizes, "notes": list(notes)}
        case Failed(_, reason, code, _):
            values |= {"reason": reason, "code": code}
        case Skipped(_, reason):
            values |= {"reason": reason}
    return values


def as_text(report: Report, headline: str) -> str:
    """What went wrong first, then what was done."""
    lines = [TITLE, "", headline]
    parts = {
        "Failed": [f"{e.job.source}: {e.reason}" for e in report.failed],
        "Skipped": [f"{e.job.source}: {e.reason}" for e in report.skipped],
        "Done": [
            " ".join((f"{e.job.source} -> {e.job.target}", *(f"({note})" for note in e.notes)))
            for e in report.done
        ],
        "Done before": [f"{e.job.source} -> {e.job.target}" for e in report.kept],
        "To do": [f"{e.job.source} -> {e.job.target}" for e in report.planned],
    }
    for title, rows in parts.items():
        if rows:
            lines += ["", f"{title} ({len(rows)})", *(f"  {printable(row)}" for row in rows)]
    return "\n".join(lines) + "\n"
