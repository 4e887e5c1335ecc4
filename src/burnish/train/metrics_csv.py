"""A run's ``metrics.csv``: a row of step, name and value for whatever was logged."""

import csv
from collections.abc import Iterator
from pathlib import Path

NAME = "metrics.csv"
FIELDS = ("step", "name", "value")


def rows(folder: Path) -> Iterator[tuple[int, str, str]]:
    """The rows as far as they are whole: a crash may have torn the last line."""
    path = folder / NAME
    if not path.is_file():
        return
    lines = path.read_text(errors="replace").splitlines(keepends=True)
    for row in csv.reader(line for line in lines if line.endswith("\n")):
        try:
            step, name, value = row
            float(value)
            yield int(step), name, value
        except ValueError:  # the header, too
            continue
