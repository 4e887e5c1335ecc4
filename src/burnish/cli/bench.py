"""`burnish bench`: how fast it runs here, and the papers' tables, trained and scored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from burnish.cli.lists import folders, numbers
from burnish.engine.backend import check_device
from burnish.engine.models import DEFAULT
from burnish.engine.options import EnhanceOptions
from burnish.errors import MissingExtraError, OptionError

EPILOG = """\b
  speed    one patch on every backend of a --device, beside its ceiling; or --net, untrained nets
  process  cold start to file written, and peak memory
  folder   photos a minute of a --data folder, and where the time goes
  fast     how close fast mode comes to full mode on the photos of --data folders
  looks    learned looks against simpler ways, on made ones or on real --pairs
  table    a table of a paper, trained and scored
  joint    one network for both tasks, or two in turn
  curves   what a run logged, drawn

""" + (
    "Example: burnish bench table a2 --runs runs/a2 --data photos --test retouch-val --sets data "
    "--budget 0.01 --view 32 --seeds 0,1. The same command goes on where a stopped one stands."
)


def command(
    what: Annotated[
        str,
        typer.Argument(help="speed, process, folder, fast, looks, table, joint or curves."),
    ],
    name: Annotated[
        str | None,
        typer.Argument(metavar="[TABLE|RUN]", help="a1, a2, a3, a4, b1 or b2; a run folder."),
    ] = None,
    model: Annotated[str, typer.Option(help="Model by name or exported folder.")] = DEFAULT,
    threads: Annotated[int, typer.Option(help="Threads for all alike; 0 leaves it to each.")] = 0,
    device: Annotated[
        str, typer.Option(help="speed, process, folder, fast: cpu, cuda, gpu or npu.")
    ] = "cpu",
    patch: Annotated[int, typer.Option(help="speed: side of the patch in pixels.")] = 256,
    repeats: Annotated[int, typer.Option(help="speed: runs per backend, interleaved.")] = 20,
    sizes: Annotated[str, typer.Option(help="process: megapixels, smallest first.")] = "1,12",
    mode: Annotated[str, typer.Option(help="process, folder: full or fast.")] = "full",
    format: Annotated[str, typer.Option(help="process: jpeg or tiff.")] = "jpeg",
    photos: Annotated[int, typer.Option(help="fast: at most so many a folder; 0: all.")] = 0,
    runs: Annotated[Path | None, typer.Option(help="table: folder of the runs.")] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="table, folder, fast: folder of photos; looks: one to learn from, cid22-train if "
            "not given. Repeatable."
        ),
    ] = None,
    pairs: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="table: train on real pairs instead. looks: learn and score on them."),
    ] = None,
    looks: Annotated[
        str | None, typer.Option(help="looks: which, with commas between; all if not given.")
    ] = None,
    counts: Annotated[str, typer.Option(help="looks: how many pairs to learn from.")] = "5,20,50",
    side: Annotated[int, typer.Option(help="looks: side of the photos in pixels.")] = 256,
    every: Annotated[int, typer.Option(help="looks, joint: every n-th photo.")] = 1,
    finetune: Annotated[
        str | None,
        typer.Option(
            help="looks: also train the default network further, its map, all of it, or map,all."
        ),
    ] = None,
    dped: Annotated[
        tuple[Path, str] | None,
        typer.Option(help="table: train and test on DPED: its folder and a phone."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="table, looks: photo to leave out; repeatable.")
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="table: named set below --sets to score on.")
    ] = None,
    sets: Annotated[
        Path, typer.Option(help="table, looks, joint: folder of the named sets.")
    ] = Path("data"),
    test_pairs: Annotated[
        tuple[Path, Path] | None, typer.Option(help="table: inputs and targets to score on.")
    ] = None,
    test_side: Annotated[
        int | None,
        typer.Option(help="table: shrink test targets to this short side, inputs alike."),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(help="table: only these rows; curves: these names. Commas between."),
    ] = None,
    seeds: Annotated[str, typer.Option(help="table, looks: seeds, with commas between.")] = "0",
    budget: Annotated[float, typer.Option(help="table, looks: scale the steps of training.")] = 1.0,
    view: Annotated[int | None, typer.Option(help="table: side of training views.")] = None,
    batch: Annotated[int | None, typer.Option(help="table: views per step.")] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(help="table: NAME=FOLDER, a row of another tool's results; repeatable."),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="table: stop training after so many seconds.")
    ] = None,
    only_score: Annotated[
        bool, typer.Option("--only-score", help="table: train nothing, read the runs.")
    ] = False,
    cpu: Annotated[
        bool, typer.Option("--cpu", help="table b1: train the form that is scaled down for CPUs.")
    ] = False,
    workers: Annotated[int, typer.Option(help="table: threads that make batches ahead.")] = 0,
    vgg: Annotated[
        Path | None, typer.Option(help="table: VGG's weights; the user's cache if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="table: values as JSON.")] = False,
    net: Annotated[
        list[str] | None, typer.Option(help="speed: untrained networks by name; repeatable.")
    ] = None,
    score: Annotated[
        list[str] | None, typer.Option(help="table b2: model to score; repeatable.")
    ] = None,
    on: Annotated[
        list[Path] | None,
        typer.Option(help="table b2: folder with HR (and LR), or of photos; repeatable."),
    ] = None,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="table b2: a row of each model with four flips.")
    ] = False,
    retouch: Annotated[str | None, typer.Option(help="joint: model that retouches.")] = None,
    enlarge: Annotated[str | None, typer.Option(help="joint: model that enlarges.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="curves, process: where an SVG goes; curves.svg for curves."
        ),
    ] = None,
) -> None:
    """Measure speed and memory on this machine (stop other work first), or make a paper's table."""
    options = EnhanceOptions(
        model=model,
        threads=threads,
        mode=mode,  # type: ignore[arg-type]
        device=device,  # type: ignore[arg-type]
    )
    check_device(options.backend, options.device)
    arguments = ["--model", model, "--threads", str(threads), "--mode", mode, "--device", device]
    if cpu and (what, name) != ("table", "b1"):
        raise OptionError("--cpu is for table b1, the only one with a form scaled down for CPUs.")
    if what in ("folder", "fast") and not data:
        raise OptionError(f"bench {what} wants --data FOLDER with photos.")
    if what == "speed" and net:
        from burnish.bench import net_speed

        print(net_speed.table(net_speed.measure(net, patch, threads, repeats), patch))
    elif what == "joint":
        from burnish.cli.bench_paper_b import joint

        print(joint(None if model == DEFAULT else model, retouch, enlarge, sets, threads, every))
    elif what == "table" and name == "b2":
        from burnish.cli.bench_paper_b import table_b2

        print(
            table_b2(score or [], on or [], folders(outputs or [], "--outputs"), ensemble, threads)
        )
    elif what == "speed":
        from burnish.bench import speed

        print(speed.table(speed.measure(model, patch, threads, repeats, options.device)))
    elif what == "process":
        from burnish.bench import process
        from burnish.image.formats import suffix_for

        try:
            megapixels = [float(s) for s in sizes.split(",")]
        except ValueError as error:
            raise OptionError(
                "--sizes wants numbers with commas between, such as 1,12,50."
            ) from error
        measured = process.measure(megapixels, arguments, suffix_for(format))
        print(process.table(measured))
        if output:
            output.write_text(process.picture(measured, mode), "utf-8")
    elif what == "folder":
        from burnish.bench import folder

        for path in data or ():
            print(folder.table(folder.measure(path, options, arguments)))
    elif what == "fast":
        from burnish.bench import fidelity

        for path in data or ():
            found = fidelity.photos([path])
            chosen = found[:: -(-len(found) // photos)] if photos else found
            compared = fidelity.measure(
                chosen, options, lambda row: print(f"{row.name} {row.psnr:.2f} dB", file=sys.stderr)
            )
            print(f"{path}\n\n{fidelity.table(compared)}\n")
    elif what == "looks":
        from burnish.cli.bench_looks import prove
        from burnish.cli.train import left_out

        for seed in numbers(seeds, "--seeds"):
            print(
                prove(
                    sets,
                    pairs,
                    looks,
                    numbers(counts, "--counts"),
                    seed,
                    side,
                    every,
                    model,
                    finetune=finetune,
                    budget=budget,
                    folders=data or (),
                    exclude=left_out(exclude or ()),
                )
            )
    elif what == "table":
        try:
            from burnish.bench import paper_a, paper_b, published, reproduce, tables
            from burnish.cli import bench_table
            from burnish.train import setup
            from burnish.train.loop import RunOptions
        except ModuleNotFoundError as error:
            raise MissingExtraError("Training the rows of a table", "train") from error
        from burnish.cli.train import left_out, phone_of

        known = paper_a.TABLES | paper_b.TABLES
        if name not in known:
            raise OptionError(f"There is no table '{name}'; choose {', '.join(known)} or b2.")
        if runs is None:
            raise OptionError("--runs names the folder where the rows' runs go.")
        table, phone = paper_b.b1(cpu) if cpu else known[name](), phone_of(dped)
        source = None
        if not only_score:
            source = setup.DataOptions(tuple(data or ()), left_out(exclude or ()), pairs, phone)
        setup.use_threads(threads)
        ablation = name in ("a1", "a2")
        scored, test_name = bench_table.test_set(test, sets, test_pairs, phone, ablation)
        settings = tables.Settings(
            runs=runs,
            test=scored,
            test_name=test_name,
            data=source,
            rows=tuple(rows.split(",")) if rows else (),
            seeds=numbers(seeds, "--seeds"),
            budget=budget,
            view=view,
            batch=batch,
            test_side=test_side,
            column=phone[1] if phone else next(iter(published.PUBLISHED[name])),
            outputs=folders(outputs or [], "--outputs"),
            time_limit=time_limit,
            run=RunOptions(runs, workers=workers, vgg=vgg),
        )
        result = reproduce.run(table, settings)
        text, values = bench_table.written(result, runs)
        print(values if json else text)
    elif what == "curves":
        draw(name, rows, output or Path("curves.svg"))
    else:
        raise OptionError(
            f"There is no benchmark '{what}'; choose speed, process, folder, fast, looks, "
            "table, joint or curves."
        )


def draw(run: str | None, names: str | None, output: Path) -> None:
    """Logged values of a run against its steps."""
    from burnish.bench.curves import logged, svg

    if run is None or names is None:
        raise OptionError("Give a run and what to draw: burnish bench curves RUN --rows a1,a2,a3.")
    lines = {name: logged(Path(run), name) for name in names.split(",")}
    if missing := [name for name, line in lines.items() if not line]:
        raise OptionError(f"{run} has logged no '{missing[0]}' (see its metrics.csv).")
    output.write_text(svg(lines, Path(run).name, "step", ", ".join(lines)), "utf-8")
    print(output)
