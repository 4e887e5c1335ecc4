"""`burnish bench curves`: logged values of runs against their steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.bench.curves import logged, means_of, shortest, svg
from burnish.errors import OptionError
from burnish.files import write_text


def command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")],
    rows: Annotated[str, typer.Option(help="Names of values, with commas between.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the SVG goes.")] = Path(
        "curves.svg"
    ),
    mean: Annotated[int, typer.Option(help="Draw means of so many values.")] = 1,
) -> None:
    """Draw what runs logged, such as a1,a2,a3 or psnr_all (see their metrics.csv)."""
    if mean < 1:
        raise OptionError(f"--mean is a number of values, 1 or more, not {mean}.")
    names, lines = rows.split(","), {}
    for run, short in zip(runs, shortest(runs), strict=True):
        for name in names:
            line = logged(run, name)
            if not line:
                raise OptionError(f"{run} has logged no '{name}' (see its metrics.csv).")
            label = [short] * (len(runs) > 1) + [name] * (len(names) > 1 or len(runs) == 1)
            lines[" ".join(label)] = means_of(line, mean)
    title = runs[0].name if len(runs) == 1 else ", ".join(names)
    write_text(output, svg(lines, title, "step", ", ".join(names)))
    print(output)
