"""`burnish bench looks`: the look learner against simpler ways."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from burnish.cli.bench.flags import Budget, Every, Exclude, Model, Seeds, Sets
from burnish.cli.lists import left_out, numbers, refuse_unknown
from burnish.engine.models import DEFAULT
from burnish.errors import OptionError
from burnish.look import made, proof
from burnish.look.proof_table import table


def command(
    sets: Sets = Path("data"),
    pairs: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Learn and score on real pairs: folders before and after."),
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Folder to learn from, cid22-train if not given; repeatable."),
    ] = None,
    exclude: Exclude = None,
    looks: Annotated[
        str | None, typer.Option(help="Which made looks, with commas between; all if not given.")
    ] = None,
    counts: Annotated[str, typer.Option(help="How many pairs to learn from.")] = "5,20,50",
    folds: Annotated[
        int,
        typer.Option(help="With --pairs: score each of so many parts by the others, no --counts."),
    ] = 0,
    seeds: Seeds = "0",
    side: Annotated[int, typer.Option(help="Side of the photos in pixels.")] = 256,
    every: Every = 1,
    model: Model = DEFAULT,
    finetune: Annotated[
        str | None,
        typer.Option(
            help="Also train the network further: map, all, attention (of nrl), low-rank, colour; "
            "several with commas between."
        ),
    ] = None,
    budget: Budget = 1.0,
) -> None:
    """Learned looks against simpler ways, on made looks or on real pairs."""
    if pairs and (data or exclude):
        raise OptionError("--data and --exclude are for made looks, not for --pairs.")
    if exclude:
        refuse_unknown(exclude, data or [sets / proof.LEARNT_FROM])
    for seed in numbers(seeds, "--seeds"):
        print(
            prove(
                sets,
                pairs,
                looks,
                numbers(counts, "--counts", least=1),
                seed,
                side,
                every,
                model,
                folds=folds,
                finetune=finetune,
                budget=budget,
                folders=data or (),
                exclude=left_out(exclude or ()),
            )
        )


def prove(
    sets: Path,
    pairs: tuple[Path, Path] | None,
    looks: str | None,
    counts: Sequence[int],
    seed: int,
    side: int,
    every: int,
    model: str,
    folds: int,
    finetune: str | None,
    budget: float,
    folders: Sequence[Path],
    exclude: Sequence[str],
) -> str:
    """Learned looks against other ways, as a table: on made looks, or on real pairs."""
    more: proof.Methods = {}
    if finetune:
        from burnish.look.finetune import methods  # torch, which nothing else here wants

        more = methods(finetune.split(","), model, seed, budget)

    def tell(row: proof.Row) -> None:
        print(
            f"{row.look} {row.pairs} {row.method}: {row.delta_e:.2f} in {row.seconds:.1f} s",
            file=sys.stderr,
            flush=True,
        )

    if pairs and folds:
        return table(proof.folded(*pairs, folds, seed, tell, more, model))
    if folds:
        raise OptionError("--folds goes with --pairs.")
    if pairs:
        return table(proof.split(*pairs, list(counts), seed, tell, more, model))
    chosen = looks.split(",") if looks else list(made.LOOKS)
    rows = proof.run(
        sets, chosen, list(counts), seed, side, every, tell, more, folders, exclude, model
    )
    return table(rows)
