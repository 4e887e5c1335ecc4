"""`burnish bench curves`: logged values of a run against its steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.bench.curves import logged, svg
from burnish.errors import OptionError
from burnish.files import write_text


def command(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    rows: Annotated[str, typer.Option(help="Names of values, with commas between.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the SVG goes.")] = Path(
        "curves.svg"
    ),
) -> None:
    """Draw what a run logged, such as a1,a2,a3 or psnr_all (see its metrics.csv)."""
    lines = {name: logged(run, name) for name in rows.split(",")}
    if missing := [name for name, line in lines.items() if not line]:
        raise OptionError(f"{run} has logged no '{missing[0]}' (see its metrics.csv).")
    write_text(output, svg(lines, run.name, "step", ", ".join(lines)))
    print(output)
