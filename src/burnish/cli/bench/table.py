"""`burnish bench table`: a table of a paper; rows without a run are trained first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.cli.bench.flags import Budget, Exclude, Seeds, Sets, Threads
from burnish.cli.lists import folders, left_out, names, numbers, refuse_unknown
from burnish.cli.training_flags import Compile, Precision, Workers
from burnish.errors import MissingExtraError, OptionError

EPILOG = (
    "Example: burnish bench table a2 --runs runs/a2 --data photos --test retouch-val --sets data "
    "--budget 0.01 --view 32 --seeds 0,1. The same command goes on where a stopped one stands."
)

OF_ALL = ("name", "outputs", "threads", "json")
OF_B2 = ("score", "on", "ensemble", "scale")


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TABLE", help="a1, a2, a3, a4, b1 or b2.")],
    runs: Annotated[Path | None, typer.Option(help="Folder of the runs; not for b2.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Folder of photos to train on; repeatable.")
    ] = None,
    exclude: Exclude = None,
    pairs: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Train on real pairs instead.")
    ] = None,
    dped: Annotated[
        tuple[Path, str] | None, typer.Option(help="Train and test on DPED: its folder, a phone.")
    ] = None,
    test: Annotated[str | None, typer.Option(help="Named set below --sets to score on.")] = None,
    sets: Sets = Path("data"),
    test_pairs: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Inputs and targets to score on.")
    ] = None,
    test_side: Annotated[
        int | None,
        typer.Option(help="Shrink test targets to this short side, inputs alike.", min=1),
    ] = None,
    rows: Annotated[str | None, typer.Option(help="Only these rows, commas between.")] = None,
    seeds: Seeds = "0",
    budget: Budget = 1.0,
    view: Annotated[int | None, typer.Option(help="Side of training views.", min=1)] = None,
    batch: Annotated[int | None, typer.Option(help="Views per step.", min=1)] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(help="NAME=FOLDER, a row of another tool's results; repeatable."),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Stop training after so many seconds.")
    ] = None,
    only_score: Annotated[
        bool, typer.Option("--only-score", help="Train nothing, read the runs.")
    ] = False,
    cpu: Annotated[
        bool, typer.Option("--cpu", help="b1: train the form that is scaled down for CPUs.")
    ] = False,
    precision: Precision = "no",
    compile: Compile = False,
    threads: Threads = 0,
    workers: Workers = 0,
    vgg: Annotated[
        Path | None, typer.Option(help="VGG's weights; the user's cache if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Values as JSON.")] = False,
    score: Annotated[list[str] | None, typer.Option(help="b2: model to score; repeatable.")] = None,
    on: Annotated[
        list[Path] | None,
        typer.Option(help="b2: folder with HR (and LR), or of photos; repeatable."),
    ] = None,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="b2: a row of each model with four flips.")
    ] = False,
    scale: Annotated[int, typer.Option(help="b2: 2, 3 or 4.")] = 2,
) -> None:
    """A table of a paper, measured beside published; trains the rows that are missing."""
    if cpu and name != "b1":
        raise OptionError("--cpu is for table b1, the only one with a form scaled down for CPUs.")
    _refuse_options_of_others(context, name)
    others = folders(outputs or [], "--outputs")
    if name == "b2":
        from burnish.cli.bench.enlarging import table_b2

        text, values = table_b2(score or [], on or [], others, ensemble, threads, scale)
        print(values if json else text)
        return
    try:
        from burnish.bench import paper_a, paper_b, published, reproduce, tables
        from burnish.cli.bench import table_ends
        from burnish.train import setup
        from burnish.train.loop import RunOptions
    except ModuleNotFoundError as error:
        raise MissingExtraError("Training the rows of a table", "train") from error
    from burnish.cli.train import phone_of

    known = paper_a.TABLES | paper_b.TABLES
    if name not in known:
        raise OptionError(f"There is no table '{name}'; choose {', '.join(known)} or b2.")
    if runs is None:
        raise OptionError("--runs names the folder where the rows' runs go.")
    table, phone = paper_b.b1(cpu) if cpu else known[name](), phone_of(dped)
    source = None
    if not only_score:
        source = setup.DataOptions(tuple(data or ()), left_out(exclude or ()), pairs, phone)
        refuse_unknown(exclude or (), source.folders())
    setup.use_threads(threads)
    scored, test_name = table_ends.test_set(
        test, sets, test_pairs, phone, name in paper_a.ABLATIONS
    )
    settings = tables.Settings(
        runs=runs,
        test=scored,
        test_name=test_name,
        data=source,
        rows=names(rows, table.rows) if rows else (),
        seeds=numbers(seeds, "--seeds"),
        budget=budget,
        view=view,
        batch=batch,
        test_side=test_side,
        column=phone[1] if phone else next(iter(published.PUBLISHED[name])),
        outputs=others,
        run=RunOptions(runs, time_limit, precision, compile, workers=workers, vgg=vgg),
    )
    text, values = table_ends.written(reproduce.run(table, settings), runs)
    print(values if json else text)


def _refuse_options_of_others(context: typer.Context, table: str) -> None:
    """Table b2 trains nothing and has options of its own; what is not a table's is no option."""
    for option in context.params:
        source = context.get_parameter_source(option)
        if source is None or source.name != "COMMANDLINE":
            continue
        if option not in OF_ALL and (option in OF_B2) != (table == "b2"):
            raise OptionError(f"--{option.replace('_', '-')} is no option of table {table}.")
