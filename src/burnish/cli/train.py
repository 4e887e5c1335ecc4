"""`burnish train`: run a recipe, stop and go on at will, or pack it for another machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from burnish.errors import MissingExtraError, OptionError

EPILOG = (
    "Example: burnish train nrl-global --data photos --validation held-out --run runs/mine. "
    "The same command goes on where a stopped run stands."
)


def command(
    name: Annotated[
        str | None, typer.Argument(metavar="RECIPE", help="Which run; no name lists them all.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Run folder: state, weights, logs.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder of finished photos; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="File name (without ending) to leave out; repeatable.")
    ] = None,
    pairs: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Real pairs instead: inputs, targets.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(help="Folder of finished photos that are not trained on.")
    ] = None,
    budget: Annotated[float, typer.Option(help="Scale the recipe's number of steps.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of weights, views and draws.")] = 0,
    time_limit: Annotated[
        float | None, typer.Option(help="Stop (resumable) after this many seconds.")
    ] = None,
    precision: Annotated[str, typer.Option(help="no (float32) or bf16.")] = "no",
    compile: Annotated[bool, typer.Option("--compile", help="Use torch.compile.")] = False,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves it to torch.")] = 0,
    workers: Annotated[int, typer.Option(help="Threads that make batches ahead.")] = 0,
    vgg: Annotated[
        Path | None, typer.Option(help="VGG's weights, if not in the cache; for some losses only.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="Weights to start from, as far as they fit.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Pack code and photos here instead of training.")
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A whole tiny run on made photos, under a minute.")
    ] = False,
) -> int:
    """Train a network; resumes to the same weights after a stop at any moment."""
    try:
        from burnish.train import setup
        from burnish.train.bundle import bundle as pack
        from burnish.train.loop import RunOptions
        from burnish.train.recipe import recipe
    except ModuleNotFoundError as error:
        raise MissingExtraError("Training", "train") from error
    setup.use_threads(threads)
    if smoke:
        scores = setup.smoke()
        print(f"The smoke run trained, stopped, resumed and validated: {scores['all']:.2f} dB.")
        return 0
    if name is None:
        raise OptionError("Name a recipe (nrl, nrl-global, nrl-paper), or use --smoke.")
    chosen = replace(recipe(name), seed=seed).scaled(budget)
    source = setup.DataOptions(tuple(data or ()), tuple(exclude or ()), pairs, validation)
    if bundle:
        size = pack(chosen, source, bundle, start)
        print(f"{bundle}: {size / 2**20:.1f} MiB. Train with: python {bundle}/train.py RUN")
        return 0
    if run is None:
        raise OptionError("--run names the folder where the run's state and weights go.")
    if precision not in ("no", "bf16"):
        raise OptionError(f"precision must be no or bf16, not {precision}.")
    options = RunOptions(run, time_limit, precision, compile, workers=workers, vgg=vgg)
    finished = setup.trainer(chosen, source, options, start).run(
        setup.validation_views(validation, chosen.pairs)
    )
    print("Finished." if finished else "Stopped; the same command goes on from here.")
    return 0
