"""`burnish bench curves`: logged values of runs against their steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.bench.curves import logged, shortest, svg
from burnish.errors import OptionError
from burnish.files import write_text


def command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")],
    rows: Annotated[str, typer.Option(help="Names of values, with commas between.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the SVG goes.")] = Path(
        "curves.svg"
    ),
) -> None:
    """Draw what runs logged, such as a1,a2,a3 or psnr_all (see their metrics.csv)."""
    names, lines = rows.split(","), {}
    for run, short in zip(runs, shortest(runs), strict=True):
        for name in names:
            line = logged(run, name)
            if not line:
                raise OptionError(f"{run} has logged no '{name}' (see its metrics.csv).")
            label = [short] * (len(runs) > 1) + [name] * (len(names) > 1 or len(runs) == 1)
            lines[" ".join(label)] = line
    title = runs[0].name if len(runs) == 1 else ", ".join(names)
    write_text(output, svg(lines, title, "step", ", ".join(names)))
    print(output)
