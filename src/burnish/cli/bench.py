"""`burnish bench`: how fast it runs here, as ratios and beside the machine's own ceiling."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from burnish.engine.models import DEFAULT
from burnish.errors import OptionError


def command(
    what: Annotated[
        str,
        typer.Argument(
            help="speed: one patch on every backend. process: cold start to file. looks: learned "
            "looks against simpler ways, on made ones."
        ),
    ],
    model: Annotated[str, typer.Option(help="Model by name or exported folder.")] = DEFAULT,
    threads: Annotated[int, typer.Option(help="Threads for all alike; 0 leaves it to each.")] = 0,
    patch: Annotated[int, typer.Option(help="speed: side of the patch in pixels.")] = 256,
    repeats: Annotated[int, typer.Option(help="speed: runs per backend, interleaved.")] = 20,
    sizes: Annotated[str, typer.Option(help="process: megapixels, smallest first.")] = "1,12",
    data: Annotated[Path, typer.Option(help="looks: folder that holds photos/cid22-*.")] = Path(
        "../shared/data"
    ),
    looks: Annotated[str, typer.Option(help="looks: which, with commas; all if empty.")] = "",
    pairs: Annotated[str, typer.Option(help="looks: how many pairs to learn from.")] = "5,20,50",
    folders: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="looks: real pairs instead, before and after; the rest is scored."),
    ] = None,
    side: Annotated[int, typer.Option(help="looks: side of the photos in pixels.")] = 256,
    every: Annotated[int, typer.Option(help="looks: score every n-th photo.")] = 1,
    seed: Annotated[int, typer.Option(help="looks: seed of the choice and the variation.")] = 0,
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
    elif what == "looks":
        _looks(data, folders, looks, pairs, seed, side, every)
    else:
        raise OptionError(f"There is no benchmark '{what}'; choose speed, process or looks.")


def _looks(
    data: Path,
    folders: tuple[Path, Path] | None,
    looks: str,
    pairs: str,
    seed: int,
    side: int,
    every: int,
) -> None:
    from burnish.look import made, proof

    def tell(row: proof.Row) -> None:
        print(
            f"{row.look} {row.pairs} {row.method}: {row.delta_e:.2f} in {row.seconds:.1f} s",
            file=sys.stderr,
            flush=True,
        )

    try:
        counts = [int(n) for n in pairs.split(",")]
    except ValueError as error:
        raise OptionError("--pairs wants numbers with commas between, such as 5,20,50.") from error
    if folders:
        print(proof.table(proof.split(*folders, counts, seed, tell)))
        return
    chosen = looks.split(",") if looks else list(made.LOOKS)
    print(proof.table(proof.run(data, chosen, counts, seed, side, every, tell)))
