"""`burnish train`: run a recipe, stop and go on at will, or pack it for another machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, get_args

import typer

from burnish.cli.lists import left_out, refuse_unknown
from burnish.cli.training_flags import Compile, Precision, Workers
from burnish.data.phones import Phone, phone_named
from burnish.engine.models import find, shipped
from burnish.errors import INTERRUPTED, MissingExtraError, OptionError

EPILOG = (
    "Example: burnish train nrl-global --data photos --validation held-out --run runs/mine. "
    "The same command goes on where a stopped run stands."
)


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE",
            help="nrl-global, srpie-sr-cpu, ...; without one all are listed.",
        ),
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Run folder: state, weights, logs.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder of finished photos; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Photo to leave out, or @LIST as `burnish data check` writes it; repeatable."
        ),
    ] = None,
    pairs: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Real pairs instead: inputs, targets.")
    ] = None,
    dped: Annotated[
        tuple[Path, str] | None,
        typer.Option(help="DPED instead: its folder, and iphone, blackberry or sony."),
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(help="Folder of finished photos that are not trained on.")
    ] = None,
    budget: Annotated[float, typer.Option(help="Scale the recipe's number of steps.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of weights, views and draws.", min=0)] = 0,
    time_limit: Annotated[
        float | None, typer.Option(help="Stop (resumable) after this many seconds.")
    ] = None,
    precision: Precision = "no",
    compile: Compile = False,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 leaves it to torch.", min=0)] = 0,
    workers: Workers = 0,
    lambda_reading: Annotated[
        str | None,
        typer.Option(
            "--lambda",
            help="nrl-paper, nrl-dpl: mean_difference (Eq. 6), ratio (Eq. 5) or least_squares "
            "(Eq. 4), over the training data.",
        ),
    ] = None,
    choices: Annotated[
        str | None,
        typer.Option(
            help="Choices of the network that are to change: dunet_activation=rrelu,hfa_2=last; "
            "its class says what they are."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Weights of the loss that are to change: mse=1,perceptual=0.005,adversarial=1e-4 "
            "(nrl-dpl), content=0,tv=1 (Deep SR-PIE)."
        ),
    ] = None,
    terms: Annotated[
        str | None,
        typer.Option(
            help="Readings of the loss that are to change: scale=raw,vgg=vgg19,level=pool5,"
            "form=minimax,rate=5e-4 (nrl-dpl), normalisation=means,place=mean (Deep SR-PIE)."
        ),
    ] = None,
    vgg: Annotated[
        Path | None,
        typer.Option(help="VGG's weights for losses that need them, if not in the cache."),
    ] = None,
    start: Annotated[
        list[Path] | None,
        typer.Option(
            help="Weights to start from, a file or a shipped model's name, as far as they fit; "
            "repeatable."
        ),
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
        from burnish.cli import recipe_flags
        from burnish.train import setup
        from burnish.train.bundle import bundle as pack
        from burnish.train.loop import RunOptions
        from burnish.train.recipe import LambdaReading, check_budget
        from burnish.train.recipes import RECIPES, recipe
    except ModuleNotFoundError as error:
        raise MissingExtraError("Training", "train") from error
    setup.use_threads(threads)
    if smoke:
        scores = setup.smoke()
        print(f"The smoke run trained, stopped, resumed and validated: {scores['all']:.2f} dB.")
        return 0
    if name is None:
        raise OptionError(f"Name a recipe ({', '.join(RECIPES)}), or use --smoke.")
    check_budget(budget)
    source = setup.DataOptions(
        tuple(data or ()), left_out(exclude or ()), pairs, phone_of(dped), validation
    )
    refuse_unknown(exclude or (), source.folders())
    chosen = replace(recipe(name), seed=seed)
    if choices is not None:
        chosen = recipe_flags.with_choices(chosen, choices)
    if weights is not None:
        chosen = recipe_flags.with_weights(chosen, weights)
    if terms is not None:
        chosen = recipe_flags.with_readings(chosen, terms)
    if lambda_reading is not None:
        known = {r: r for r in get_args(LambdaReading)}
        if lambda_reading not in known:
            raise OptionError(f"--lambda is one of {', '.join(known)}, not '{lambda_reading}'.")
        chosen = replace(chosen, measure_lambda=known[lambda_reading])
    begin = [_weights(named) for named in start or ()]
    options = RunOptions(run or Path(), time_limit, precision, compile, workers=workers, vgg=vgg)
    chosen = setup.resolve(chosen, source).scaled(budget)
    if begin:
        chosen = chosen.continued()
    if bundle:
        size = pack(chosen, source, bundle, begin, vgg)
        print(f"{bundle}: {size / 2**20:.1f} MiB. Train with: python {bundle}/train.py RUN")
        return 0
    if run is None:
        raise OptionError("--run names the folder where the run's state and weights go.")
    views = setup.validation_views(validation, chosen.pairs, setup.scale_of(chosen))
    trainer = setup.trainer(chosen, source, options, begin)
    finished = trainer.run(views)
    print("Finished." if finished else "Stopped; the same command goes on from here.")
    return INTERRUPTED if trainer.interrupted else 0


def _weights(named: Path) -> Path:
    """The file, or that of the shipped model of this name."""
    if named.exists() or str(named) not in shipped():
        return named
    return find(str(named)).weights


def phone_of(dped: tuple[Path, str] | None) -> tuple[Path, Phone] | None:
    """Checks the name of the phone."""
    return dped and (dped[0], phone_named(dped[1]))
