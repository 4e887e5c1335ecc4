"""`burnish bench speed`: one patch, everything interleaved."""

from __future__ import annotations

from typing import Annotated

import typer

from burnish.cli.bench.flags import DeviceName, Model, Threads, options_for
from burnish.engine.models import DEFAULT
from burnish.errors import OptionError


def command(
    model: Model = DEFAULT,
    threads: Threads = 0,
    device: DeviceName = "cpu",
    patch: Annotated[int, typer.Option(help="Side of the patch in pixels.", min=1)] = 256,
    repeats: Annotated[int, typer.Option(help="Runs of each, interleaved.", min=1)] = 20,
    net: Annotated[
        list[str] | None,
        typer.Option(help="Untrained networks by name instead of a model; repeatable."),
    ] = None,
) -> None:
    """One patch on every backend of a device, beside its ceiling (stop other work first)."""
    options = options_for(model, threads, device)
    if net and options.device != "cpu":
        raise OptionError("--device is for a model: the networks of --net are timed on the CPU.")
    if net:
        from burnish.bench import net_speed

        print(net_speed.table(net_speed.measure(net, patch, threads, repeats), patch))
    else:
        from burnish.bench import speed

        print(speed.table(speed.measure(model, patch, threads, repeats, options.device)))
