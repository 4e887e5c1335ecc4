"""`burnish bench`: how fast it runs here, as ratios and beside the machine's own ceiling."""

from __future__ import annotations

from typing import Annotated

import typer

from burnish.engine.models import DEFAULT
from burnish.errors import OptionError


def command(
    what: Annotated[
        str,
        typer.Argument(help="speed: one patch on every backend. process: cold start to file."),
    ],
    model: Annotated[str, typer.Option(help="Model by name or exported folder.")] = DEFAULT,
    threads: Annotated[int, typer.Option(help="Threads for all alike; 0 leaves it to each.")] = 0,
    patch: Annotated[int, typer.Option(help="speed: side of the patch in pixels.")] = 256,
    repeats: Annotated[int, typer.Option(help="speed: runs per backend, interleaved.")] = 20,
    sizes: Annotated[str, typer.Option(help="process: megapixels, smallest first.")] = "1,12",
) -> None:
    """Measure speed and memory on this machine. Stop other work first."""
    if what == "speed":
        from burnish.bench import speed

        print(speed.table(speed.measure(model, patch, threads, repeats)))
    elif what == "process":
        from burnish.bench import process

        try:
            megapixels = [float(s) for s in sizes.split(",")]
        except ValueError as error:
            raise OptionError(
                "--sizes wants numbers with commas between, such as 1,12,50."
            ) from error
        print(process.table(process.measure(megapixels, ["--model", model])))
    else:
        raise OptionError(f"There is no benchmark '{what}'; choose speed or process.")
