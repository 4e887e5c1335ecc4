"""`burnish bench`: how fast it runs here, as ratios and beside the machine's own ceiling."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from burnish.engine.models import DEFAULT
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError

EPILOG = """\b
  speed    one patch on every backend, beside the machine's ceiling
  process  cold start to file written, and peak memory
  folder   photos a minute of a --data folder, and where the time goes
  fast     how close fast mode comes to full mode on the photos of --data folders
"""


def command(
    what: Annotated[str, typer.Argument(help="speed, process, folder or fast.")],
    model: Annotated[str, typer.Option(help="Model by name or exported folder.")] = DEFAULT,
    threads: Annotated[int, typer.Option(help="Threads for all alike; 0 leaves it to each.")] = 0,
    patch: Annotated[int, typer.Option(help="speed: side of the patch in pixels.")] = 256,
    repeats: Annotated[int, typer.Option(help="speed: runs per backend, interleaved.")] = 20,
    sizes: Annotated[str, typer.Option(help="process: megapixels, smallest first.")] = "1,12",
    mode: Annotated[str, typer.Option(help="process, folder: full or fast.")] = "full",
    format: Annotated[str, typer.Option(help="process: jpeg or tiff.")] = "jpeg",
    data: Annotated[
        list[Path] | None, typer.Option(help="folder, fast: a folder of photos; repeatable.")
    ] = None,
    photos: Annotated[int, typer.Option(help="fast: at most so many a folder; 0: all.")] = 0,
) -> None:
    """Measure speed and memory on this machine. Stop other work first."""
    options = EnhanceOptions(model=model, threads=threads, mode=mode)  # type: ignore[arg-type]
    arguments = ["--model", model, "--threads", str(threads), "--mode", mode]
    if what in ("folder", "fast") and not data:
        raise OptionError(f"bench {what} wants --data FOLDER with photos.")
    if what == "speed":
        from burnish.bench import speed

        print(speed.table(speed.measure(model, patch, threads, repeats)))
    elif what == "process":
        from burnish.bench import process
        from burnish.image.formats import suffix_for

        try:
            megapixels = [float(s) for s in sizes.split(",")]
        except ValueError as error:
            raise OptionError(
                "--sizes wants numbers with commas between, such as 1,12,50."
            ) from error
        print(process.table(process.measure(megapixels, arguments, suffix_for(format))))
    elif what == "folder":
        from burnish.bench import folder

        for path in data or ():
            print(folder.table(folder.measure(path, options, arguments)))
    elif what == "fast":
        from burnish.bench import fidelity

        for path in data or ():
            found = fidelity.photos([path])
            chosen = found[:: -(-len(found) // photos)] if photos else found
            rows = fidelity.measure(
                chosen, options, lambda row: print(f"{row.name} {row.psnr:.2f} dB", file=sys.stderr)
            )
            print(f"{path}\n\n{fidelity.table(rows)}\n")
    else:
        raise OptionError(f"There is no benchmark '{what}'; choose speed, process, folder or fast.")
