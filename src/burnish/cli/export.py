"""`burnish export`: trained weights to a model folder that runs without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.errors import InputError, MissingExtraError, OutputError


def command(
    weights: Annotated[Path, typer.Argument(help="Trained weights, a .safetensors file.")],
    folder: Annotated[Path, typer.Argument(help="Model folder to make.")],
    name: Annotated[
        str | None, typer.Option(help="Name on the model's card, if not the one it has.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model folder that exists.")
    ] = False,
) -> None:
    """Turn trained weights into a model folder for --model, and check it against torch."""
    if not weights.is_file():
        raise InputError(f"{weights} does not exist.")
    refuse_folder(folder, overwrite)
    try:
        from burnish.engine.export import export
    except MissingExtraError:
        raise
    except ImportError as error:
        raise MissingExtraError("burnish export", "train") from error
    card = export(weights, folder, name)
    print(f"{folder}: model '{card.name}', {card.parameters:,} parameters, graphs equal to torch")


def refuse_folder(folder: Path, overwrite: bool) -> None:
    """Only a model folder is ever replaced: anything else may be somebody's."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / "card.json").is_file():
        raise OutputError(f"{folder} exists and is no model folder: choose another.")
    if not overwrite:
        raise OutputError(f"{folder} exists already: use --overwrite to replace it.")
