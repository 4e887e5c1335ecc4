"""`burnish compare`: a sheet of photos before and after."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from burnish.bench.sheet import chosen, pairs, sheet
from burnish.cli.batch_flags import some_path
from burnish.errors import BurnishError
from burnish.files import printable, refuse_input
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
) -> int:
    """Put photos before and after side by side on one sheet, to look at."""
    found = pairs(before, after)
    refuse_input(output, (path for _, *both in found for path in both))
    rows = [(printable(name), old, new) for name, old, new in chosen(found)]
    page, count = sheet(rows, read, failed)
    write(page, output, overwrite=overwrite)
    shown = f"{count} of {len(found)} pairs" if count < len(found) else f"{count} pair(s)"
    print(printable(f"{output}: {shown}, before | after"))
    return 0 if count == len(rows) else 1


def failed(path: Path, error: BurnishError) -> None:
    print(printable(f"failed: {path}: {error}"), file=sys.stderr)
