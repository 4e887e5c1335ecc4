"""`burnish data`: what is wrong with a folder of training pairs, and its lambda."""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from burnish.cache import cache_folder
from burnish.cli.lists import left_out, refuse_unknown
from burnish.cli.train import phone_of
from burnish.errors import MissingExtraError, OptionError
from burnish.files import write_text

EPILOG = (
    "Example: burnish data check dped --phone iphone --list bad.txt, "
    "then burnish train nrl-paper --dped dped iphone --exclude @bad.txt"
)


def command(
    what: Annotated[str, typer.Argument(help="check: list bad pairs. lambda: Eqs. 4 to 6.")],
    folder: Annotated[
        Path, typer.Argument(help="A folder in DPED's layout, or one that holds low and high.")
    ],
    phone: Annotated[str | None, typer.Option(help="DPED: iphone, blackberry or sony.")] = None,
    part: Annotated[str, typer.Option(help="DPED: train or test.")] = "train",
    side: Annotated[
        int | None,
        typer.Option(help="check: side that every patch must have; DPED's 100 if not given."),
    ] = None,
    list_file: Annotated[
        Path | None,
        typer.Option("--list", help="check: write the bad pairs here, name and reason."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(help="lambda: pair to leave out, or @LIST as check writes it; repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Values as JSON.")] = False,
) -> int:
    """Check pairs of photos for training (exit code 1 if some are bad), or take their lambda."""
    try:
        from burnish.data import dped, lam
    except ModuleNotFoundError as error:
        raise MissingExtraError("Reading training data", "train") from error
    if what not in ("check", "lambda"):
        raise OptionError(f"There is no 'burnish data {what}'; choose check or lambda.")
    if part not in ("train", "test"):
        raise OptionError(f"--part is train or test, not '{part}'.")
    named = phone_of((folder, phone)) if phone else None
    low, high = dped.pair_folders(folder, named[1] if named else None, part)  # type: ignore[arg-type]
    if what == "lambda":
        refuse_unknown(exclude or (), (low, high))
        files = [(p.low, p.high) for p in dped.pairs_of(low, high, left_out(exclude or ()))]
        found = lam.lambda_of_files(files, cache_folder("lambda"))
        if json:
            print(jsonlib.dumps(asdict(found)))
            return 0
        print(
            f"{found.pairs} pairs in {low} and {high}\n"
            f"Eq. 6, 1 + mean(L) - mean(H)     {found.mean_difference:.6f}   (NRL- and the map)\n"
            f"Eq. 5, mean of H / L             {found.ratio:.6f}   ({found.zeros} values are 0)\n"
            f"minimiser of Eq. 4, <H,L>/<L,L>  {found.least_squares:.6f}"
        )
        return 0
    if side is None and low.name != "low":
        side = dped.SIDE
    bad = dped.check_folders(low, high, side)
    if list_file is not None:
        write_text(list_file, "".join(f"{b.name}\t{b.reason}\n" for b in bad))
    if json:
        print(jsonlib.dumps([asdict(b) for b in bad]))
    else:
        for b in bad:
            print(f"{b.name}  {b.reason}")
        print(f"{len(bad)} bad pairs in {low} and {high}." if bad else "All pairs are good.")
    return 1 if bad else 0
