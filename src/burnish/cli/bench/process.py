"""`burnish bench process`: what a user waits for, and what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.bench import process
from burnish.cli.bench.flags import DeviceName, Mode, Model, Threads, as_flags, options_for
from burnish.engine.models import DEFAULT
from burnish.errors import OptionError
from burnish.files import write_text
from burnish.image.formats import suffix_for


def command(
    model: Model = DEFAULT,
    threads: Threads = 0,
    device: DeviceName = "cpu",
    mode: Mode = "full",
    sizes: Annotated[str, typer.Option(help="Megapixels, smallest first.")] = "1,12",
    format: Annotated[str, typer.Option(help="jpeg or tiff.")] = "jpeg",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="SVG of seconds and memory.")
    ] = None,
) -> None:
    """Cold start to file written, and peak memory, a process for each size (stop other work)."""
    options = options_for(model, threads, device, mode)
    try:
        megapixels = [float(size) for size in sizes.split(",")]
    except ValueError as error:
        raise OptionError("--sizes wants numbers with commas between, such as 1,12,50.") from error
    measured = process.measure(megapixels, as_flags(options), suffix_for(format))
    print(process.table(measured))
    if output:
        write_text(output, process.picture(measured, mode))
