"""Flags of everything that trains: how a run is carried out, which changes its speed only."""

from __future__ import annotations

from typing import Annotated

import typer

Precision = Annotated[str, typer.Option(help="no (float32) or bf16.")]
Compile = Annotated[bool, typer.Option("--compile", help="Use torch.compile.")]
Workers = Annotated[int, typer.Option(help="Threads that make batches ahead.", min=0)]
