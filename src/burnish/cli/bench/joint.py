"""`burnish bench joint`: paper B's claim, one network against two in turn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.bench import joint
from burnish.bench import sets as evaluation
from burnish.cli.bench.enlarging import SCALE, enhancer
from burnish.cli.bench.flags import Every, Sets, Threads
from burnish.errors import OptionError


def command(
    model: Annotated[str | None, typer.Option(help="Model that does both at once.")] = None,
    retouch: Annotated[str | None, typer.Option(help="Model that retouches.")] = None,
    enlarge: Annotated[str | None, typer.Option(help="Model that enlarges.")] = None,
    sets: Sets = Path("data"),
    pairs: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Real pairs instead: inputs, and finished photos of twice the size."),
    ] = None,
    threads: Threads = 0,
    every: Every = 1,
) -> None:
    """One network for both tasks beside two in turn: halved un-retouched photos or real pairs."""
    if not (model or retouch or enlarge):
        raise OptionError(
            "bench joint wants models: --model (both at once), --retouch and --enlarge."
        )
    if pairs:
        found = list(evaluation.folders(*pairs))
    else:
        found = evaluation.named("retouch-val-half", sets)
    made = [
        None if name is None else enhancer(name, scale, threads).enhance_pixels
        for name, scale in ((model, SCALE), (retouch, 1), (enlarge, SCALE))
    ]
    scored = found[::every]
    print(f"{len(scored)} photos\n\n" + joint.table(joint.measure(joint.ways(*made), scored)))
