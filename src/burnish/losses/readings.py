"""A loss's readings as words: what a name may be set to, and one choice of it checked.

A loss lists its readings as a literal table, ``READINGS``: the known words, or `float` or `int` for
a number above 0.
"""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from burnish.errors import OptionError

Choices = tuple[str, ...] | type[float] | type[int]


def check(name: str, value: object, choices: Choices) -> None:
    """Refuse a value that the reading cannot have."""
    if isinstance(choices, tuple):
        if value not in choices:
            raise OptionError(f"{name}: {value!r} is none of {', '.join(choices)}.")
        return
    kinds = int if choices is int else int | float
    if not (isinstance(value, kinds) and math.isfinite(value) and value > 0):
        raise OptionError(f"{name}: {value!r} is no {_kind(choices)} above 0.")


def check_weights(weights: Mapping[str, float]) -> None:
    """Refuse weights of which no sum can be made."""
    found = weights.values()
    if not all(math.isfinite(w) and w >= 0 for w in found) or not any(found):
        raise OptionError("Loss weights are 0 or more, and one of them is above 0.")


def check_names(values: Mapping[str, Any], kind: type, what: str) -> None:
    """Refuse a name that the dataclass ``kind`` of a loss does not have."""
    known = [f.name for f in fields(kind)]
    if unknown := [name for name in values if name not in known]:
        names = ", ".join(known)
        raise OptionError(f"There is no '{unknown[0]}'; the loss has the {what} {names}.")


def reading(name: str, word: str, known: Mapping[str, Choices]) -> str | float:
    """The value that a word stands for; an unknown name or value is an `OptionError`."""
    if name not in known:
        raise OptionError(f"The loss has no '{name}' to choose; it has {', '.join(known)}.")
    choices = known[name]
    value: str | float = word
    if not isinstance(choices, tuple):
        try:
            value = choices(word)
        except ValueError:
            raise OptionError(f"{name}: {word!r} is no {_kind(choices)} above 0.") from None
    check(name, value, choices)
    return value


def _kind(choices: type[float] | type[int]) -> str:
    return "whole number" if choices is int else "number"
