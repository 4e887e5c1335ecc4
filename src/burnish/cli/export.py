"""`burnish export`: trained weights to a model folder that runs without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from burnish.errors import InputError, MissingExtraError, OptionError, OutputError
from burnish.files import is_file, is_folder, is_there


def command(
    weights: Annotated[Path, typer.Argument(help="Trained weights, a .safetensors file.")],
    folder: Annotated[Path, typer.Argument(help="Model folder to make.")],
    name: Annotated[
        str | None, typer.Option(help="Name on the model's card, if not the one it has.")
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(help="JSON file with facts for the card: licence, description, ..."),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Add an int8 form for --precision int8 (extra int8).")
    ] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Finished photos that int8 is calibrated and measured on, un-retouched."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model folder that exists.")
    ] = False,
) -> None:
    """Turn trained weights into a model folder for --model, and check it against torch."""
    if not is_there(weights):
        raise InputError(f"{weights} does not exist.")
    if int8 != (calibration is not None):
        raise OptionError("--int8 and --calibration FOLDER go together.")
    refuse_folder(folder, overwrite)
    try:
        from burnish.engine.export import export
    except MissingExtraError:
        raise
    except ImportError as error:
        raise MissingExtraError("burnish export", "train") from error
    said = read_facts(facts) | ({"name": name} if name else {})
    card = export(weights, folder, said)
    print(f"{folder}: model '{card.name}', {card.parameters:,} parameters, graphs equal to torch")
    if calibration:
        from burnish.data.calibration import unretouched
        from burnish.engine.int8 import chosen, quantise

        card = quantise(folder, unretouched(chosen(calibration)))
        score = next(s for name, s in card.scores.items() if name.startswith("int8"))
        print(
            f"int8: {score['mean']:.1f} dB to float32 on {score['photos']} photos not calibrated "
            f"on, {score['worst']:.1f} at worst"
        )


def read_facts(path: Path | None) -> dict[str, Any]:
    """The JSON object in ``path``."""
    if path is None:
        return {}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(said, dict):
        raise InputError(f"{path} must hold one JSON object.")
    return said


def refuse_folder(folder: Path, overwrite: bool) -> None:
    """Only a model folder is ever replaced: anything else may be somebody's."""
    if not is_there(folder) or (is_folder(folder) and not any(folder.iterdir())):
        return
    if not is_file(folder / "card.json"):
        raise OutputError(f"{folder} exists and is no model folder: choose another.")
    if not overwrite:
        raise OutputError(f"{folder} exists already: use --overwrite to replace it.")
