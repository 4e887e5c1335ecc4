"""Flags that `enhance` and `watch` share, as types for their parameters: declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def some_path(text: str) -> Path:
    """A path; an empty one, as of a variable that is not set, would be the current folder."""
    if not text:
        raise typer.BadParameter("it is empty.")
    return Path(text)


Metadata = Annotated[
    str,
    typer.Option(metavar="keep|copyright|strip", help="What of EXIF, XMP and IPTC to keep."),
]
Format = Annotated[
    str | None,
    typer.Option(metavar="jpeg|png|webp|tiff|avif|heic", help="Output format, if not the input's."),
]
Quality = Annotated[int | None, typer.Option(help="Quality 1 to 100 of JPEG, WebP, AVIF and HEIC.")]
Name = Annotated[
    str | None,
    typer.Option(
        metavar="TEMPLATE",
        help="Names for the results: {name} and {folder} stand for the photo's.",
    ),
]
LockTo = Annotated[
    Path | None,
    typer.Option(
        parser=some_path, metavar="PHOTO", help="Give all photos the look that this one gets."
    ),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Try photos again that failed in an earlier run.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print each event as a line of JSON, for machines.")
]
