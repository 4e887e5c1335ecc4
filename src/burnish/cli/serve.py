"""`burnish serve`: the page and the HTTP API."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from burnish.cli.flags import with_flags
from burnish.engine.backend import check_device
from burnish.engine.options import EnhanceOptions
from burnish.errors import MissingExtraError
from burnish.server.limits import Limits

EPILOG = "The options of an enhancement are what holds where a client does not choose."


@with_flags(Limits)
@with_flags(EnhanceOptions)
def command(
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond this machine needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes any that is free.")] = 8000,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the page in a browser.")
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="BURNISH_TOKEN",
            show_envvar=True,
            help="What clients must send as a bearer token; others can read it from the command "
            "line, so better set the variable.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A name under which the service may be asked, such as a proxy's."),
    ] = None,
    looks: Annotated[
        Path | None,
        typer.Option(help="Folder of look files (*.look) that clients may choose from."),
    ] = None,
    **choices: Any,
) -> int:
    """Open the page for photos in a browser, and serve the HTTP API."""
    try:
        from burnish.server.run import Listening, open_page
    except ImportError as error:
        if error.name and error.name.startswith("burnish"):
            raise
        raise MissingExtraError("The page", "serve") from error
    limits = Limits(**{field.name: choices.pop(field.name) for field in fields(Limits)})
    options = EnhanceOptions(**choices)
    check_device(options.backend, options.device)
    service = Listening(
        host, port, options, limits, looks=looks, token=token, hosts=allow_host or ()
    )
    print(f"burnish serves {service.url}  (Ctrl-C stops it)", file=sys.stderr, flush=True)
    if not no_browser:
        open_page(service.url, token)
    service.run()
    return 0
