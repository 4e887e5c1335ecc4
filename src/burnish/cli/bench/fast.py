"""`burnish bench fast`: fast mode against full mode."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from burnish.bench import fidelity
from burnish.cli.bench.flags import DeviceName, Folders, Model, Threads, options_for
from burnish.engine.models import DEFAULT


def command(
    data: Folders,
    model: Model = DEFAULT,
    threads: Threads = 0,
    device: DeviceName = "cpu",
    photos: Annotated[int, typer.Option(help="At most so many of each folder; 0: all.")] = 0,
) -> None:
    """How close fast mode comes to full mode, photo by photo."""
    options = options_for(model, threads, device)
    for path in data:
        found = fidelity.photos([path])
        chosen = found[:: -(-len(found) // photos)] if photos else found
        compared = fidelity.measure(
            chosen, options, lambda row: print(f"{row.name} {row.psnr:.2f} dB", file=sys.stderr)
        )
        print(f"{path}\n\n{fidelity.table(compared)}\n")
