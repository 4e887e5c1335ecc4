"""Flags from a dataclass of options, so that an option is declared in one place only."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer

from burnish.errors import OptionError


def flags(options: type) -> list[inspect.Parameter]:
    """One keyword per field of the dataclass, with the field's default and its ``help`` metadata.

    A choice of words becomes a string: the dataclass itself checks it, for all callers alike.
    """
    hints = get_type_hints(options)
    found = []
    for field in fields(options):
        kind, metavar = hints[field.name], None
        if get_origin(kind) is Literal:
            kind, metavar = str, "|".join(get_args(kind))
        flag = "--" + field.name.replace("_", "-")
        option = typer.Option(
            field.default, flag, help=field.metadata["help"], metavar=metavar, show_default=True
        )
        found.append(
            inspect.Parameter(
                field.name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind
            )
        )
    return found


def with_flags(options: type) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Put the flags of ``options`` for a command's ``**choices`` in the signature typer reads."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        signature = inspect.signature(command, eval_str=True)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        parameters: list[inspect.Parameter] = [*own, *flags(options)]
        changed: Any = command
        changed.__signature__ = signature.replace(parameters=parameters)
        changed.__annotations__ = {p.name: p.annotation for p in parameters}
        return command

    return decorate


def folders(items: list[str]) -> dict[str, Path]:
    """NAME=FOLDER items as a table."""
    found = {}
    for item in items:
        name, _, folder = item.partition("=")
        if not folder:
            raise OptionError(f"--outputs wants NAME=FOLDER, not '{item}'.")
        found[name] = Path(folder)
    return found
