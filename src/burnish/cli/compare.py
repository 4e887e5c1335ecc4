"""`burnish compare`: a sheet of photos before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.bench.sheet import chosen, pairs, sheet
from burnish.cli.batch_flags import some_path
from burnish.image.read import read
from burnish.image.write import write


def command(
    before: Annotated[
        Path,
        typer.Argument(parser=some_path, metavar="IN", help="A photo, or a folder of photos."),
    ],
    after: Annotated[
        Path,
        typer.Argument(
            parser=some_path, metavar="OUT", help="What became of it: a photo, or a folder."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The sheet: a .jpg or .png file.")
    ] = Path("compare.jpg"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a sheet that exists.")
    ] = False,
) -> None:
    """Put photos before and after side by side on one sheet, to look at."""
    found = pairs(before, after)
    rows = chosen(found)
    write(sheet(rows, read), output, overwrite=overwrite)
    shown = (
        f"{len(rows)} of {len(found)} pairs" if len(rows) < len(found) else f"{len(rows)} pair(s)"
    )
    print(f"{output}: {shown}, before | after")
