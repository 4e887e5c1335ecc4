"""`burnish learn`: a personal look from photos before and after."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from burnish.cli.batch_flags import some_path
from burnish.cli.flags import with_flags
from burnish.errors import OptionError, OutputError
from burnish.files import is_folder, is_there, printable
from burnish.image.sniff import SUFFIXES
from burnish.look.options import LearnOptions

EPILOG = (
    "Example: burnish learn camera finished -o mine.look, then: burnish enhance new --look "
    "mine.look -o out. Ctrl-C keeps the best so far, or what has been read: the same command "
    "goes on from there."
)
EVERY = 10.0
"""Least seconds between two lines of progress where there is no terminal."""


@with_flags(LearnOptions)
def command(
    before: Annotated[
        Path, typer.Argument(parser=some_path, help="Folder of photos as the camera made them.")
    ],
    after: Annotated[
        Path, typer.Argument(parser=some_path, help="Folder of the same photos, finished by you.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The look file to write.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a look and a report that exist.")
    ] = False,
    **choices: Any,
) -> int:
    """Learn a look from 5 to 500 pairs; a report (HTML) is written beside it."""
    from burnish.look import report
    from burnish.look.learn import learn, reading

    if output.suffix.lower() in (".html", ".htm", *SUFFIXES) or is_folder(output):
        raise OptionError("-o names the look file to write, such as mine.look.")
    page = output.with_suffix(".html")
    if is_there(page) and not overwrite:
        raise OutputError(
            f"{page}, where the report goes, exists already: choose another name, or use "
            "--overwrite."
        )
    learned = learn(before, after, output, LearnOptions(**choices), Progress(), overwrite)
    report.write(learned, page)
    clear()
    for aside in learned.aside:
        print(f"set aside: {printable(str(aside))}", file=sys.stderr)
    for sentence in learned.verdict.sentences:
        print(sentence)
    if not learned.finished:
        print(report.STOPPED)
        print(f"What was read is kept for it in {reading(output)}; delete that if you are done.")
    print(f"{output}: learned from {learned.look.card.pairs} pairs. Report: {page}")
    return 0


class Progress:
    """What is being done and how long it will take: one line that changes, or a line now and then.

    The time left is that of the step at hand.
    """

    def __init__(self) -> None:
        self.what, self.start, self.shown = "", 0.0, 0.0
        self.live = sys.stderr.isatty()

    def __call__(self, what: str, share: float) -> None:
        now = time.monotonic()
        if what != self.what:
            self.what, self.start, self.shown = what, now, 0.0
        if now - self.shown < (0.2 if self.live else EVERY):
            return
        self.shown = now
        spent = now - self.start
        left = f", {spent / share - spent:.0f} s left" if share > 0.02 and spent > 1 else ""
        line = f"{what}: {share:.0%}{left}"
        print(
            f"\r{line:<78}" if self.live else line, end="" if self.live else "\n", file=sys.stderr
        )
        sys.stderr.flush()


def clear() -> None:
    """Take the changing line away."""
    if sys.stderr.isatty():
        print("\r" + " " * 79 + "\r", end="", file=sys.stderr)
