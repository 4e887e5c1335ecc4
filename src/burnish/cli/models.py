"""`burnish models`: what can be given to --model."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from burnish.engine.models import find, offered


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models by name, or exported folders; all shipped ones if none is given."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the whole cards as JSON.")] = False,
) -> None:
    """List the models that can be used, the default first."""
    cards = [find(name).card for name in names or offered()]
    if json:
        print(jsonlib.dumps([asdict(card) for card in cards], indent=1))
        return
    if not cards:
        print("No model is installed with this copy of burnish; give one with --model FOLDER.")
        return
    head = ("model", "parameters", "scale", "licence", "description")
    rows = [
        (c.name, f"{c.parameters:,}", f"x{c.scale}", c.licence or "-", c.description or "-")
        for c in cards
    ]
    print(table([head, *rows]))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
