"""Flags that several parts of `burnish bench` have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.engine.backend import check_device
from burnish.engine.options import EnhanceOptions

Model = Annotated[str, typer.Option(help="Model by name or exported folder.")]
Threads = Annotated[int, typer.Option(help="Threads for all alike; 0 leaves it to each.", min=0)]
DeviceName = Annotated[str, typer.Option("--device", help="cpu, cuda, gpu or npu.")]
Mode = Annotated[str, typer.Option(help="full or fast.")]
Folders = Annotated[
    list[Path], typer.Option("--data", help="Folder of photos; repeatable.", show_default=False)
]
Sets = Annotated[Path, typer.Option(help="Folder of the named sets.")]
Every = Annotated[int, typer.Option(help="Every n-th photo.", min=1)]
Exclude = Annotated[
    list[str] | None, typer.Option(help="Photo to leave out, or @LIST; repeatable.")
]
Budget = Annotated[float, typer.Option(help="Scale the steps of training.")]
Seeds = Annotated[str, typer.Option(help="Seeds, with commas between.")]


def options_for(model: str, threads: int, device: str, mode: str = "full") -> EnhanceOptions:
    """Checked: the device is there, and the mode is one."""
    options = EnhanceOptions(
        model=model,
        threads=threads,
        mode=mode,  # type: ignore[arg-type]
        device=device,  # type: ignore[arg-type]
    )
    check_device(options.backend, options.device)
    return options


def as_flags(options: EnhanceOptions) -> list[str]:
    """The same for a `burnish enhance` of its own."""
    flags = {
        "--model": options.model,
        "--threads": str(options.threads),
        "--mode": options.mode,
        "--device": options.device,
    }
    return [word for flag in flags.items() for word in flag]
