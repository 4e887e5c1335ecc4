"""`burnish enhance`: photos in, better photos out."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import Annotated, Any

import typer

from burnish.batch.plan import plan
from burnish.batch.run import run
from burnish.cli.flags import with_flags
from burnish.cli.progress import view
from burnish.engine.options import EnhanceOptions
from burnish.errors import BurnishError, InputError

EPILOG = """\b
Exit codes:
  0    every photo was enhanced
  1    some were not: each reason is printed
  2    an option makes no sense
  3    no input can be read as a photo
  4    the results cannot be written there, or are there already
  5    the model is damaged
  6    an optional part is not installed
  130  interrupted: what is written is whole; the same command does the rest
"""


@with_flags(EnhanceOptions)
def command(
    paths: Annotated[
        list[Path], typer.Argument(help="Photos, and folders to search with their sub-folders.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="Folder for the results, or a file name if one photo goes in."
        ),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that exist (never an original).")
    ] = False,
    metadata: Annotated[
        str,
        typer.Option(metavar="keep|copyright|strip", help="What of EXIF, XMP and IPTC to keep."),
    ] = "keep",
    format: Annotated[
        str | None,
        typer.Option(
            metavar="jpeg|png|webp|tiff|avif|heic", help="Output format, if not the input's."
        ),
    ] = None,
    quality: Annotated[
        int | None, typer.Option(help="Quality 1 to 100 of JPEG, WebP, AVIF and HEIC.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print each event as a line of JSON, for machines.")
    ] = False,
    **choices: Any,
) -> int:
    """Make photos better: tone, colour and light. Originals are never touched."""
    show = view(json)
    try:
        options = EnhanceOptions(**choices)
        jobs = plan(expanded(paths), output, format=format)
        with show:
            show.begin(jobs)
            report = run(
                jobs,
                lambda: _enhancer(options),
                metadata=metadata,
                quality=quality,
                overwrite=overwrite,
                on_event=show.event,
            )
    except BurnishError as error:
        show.refused(error)
        raise
    show.summary(report, output)
    return report.exit_code


def expanded(paths: list[Path]) -> list[Path]:
    """Patterns like *.jpg as the files they match: Windows leaves that to the program."""
    found: list[Path] = []
    for path in paths:
        if path.exists() or not set("*?[") & set(str(path)):
            found.append(path)
        elif matches := sorted(glob(str(path))):  # noqa: PTH207 (may be absolute)
            found += map(Path, matches)
        else:
            raise InputError(f"Nothing matches {path}.")
    return found


def _enhancer(options: EnhanceOptions) -> Any:
    from burnish.engine.enhancer import Enhancer

    return Enhancer(options)
