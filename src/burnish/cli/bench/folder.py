"""`burnish bench folder`: a batch, and where its time goes."""

from __future__ import annotations

from burnish.bench import folder
from burnish.cli.bench.flags import (
    DeviceName,
    Folders,
    Mode,
    Model,
    Threads,
    as_flags,
    options_for,
)
from burnish.engine.models import DEFAULT


def command(
    data: Folders,
    model: Model = DEFAULT,
    threads: Threads = 0,
    device: DeviceName = "cpu",
    mode: Mode = "full",
) -> None:
    """Photos a minute of each folder, and where the time goes (stop other work first)."""
    options = options_for(model, threads, device, mode)
    for path in data:
        print(folder.table(folder.measure(path, options, as_flags(options))))
