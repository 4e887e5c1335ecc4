"""`burnish train --choices`, `--weights`, `--terms`: a recipe that differs in what is named."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from burnish.errors import OptionError
from burnish.losses import hybrid, nrl_dpl
from burnish.losses.readings import reading
from burnish.nets.zoo import build
from burnish.train.recipe import Recipe

READINGS = {"nrl-dpl": nrl_dpl.READINGS, "hybrid": hybrid.READINGS}
NUMBERS = {int: "whole number", float: "number"}
"""Kinds of the choices of a network that are no words."""
TERMS = {"nrl-dpl": nrl_dpl.Terms.of, "hybrid": hybrid.Terms.of}


def with_choices(recipe: Recipe, text: str) -> Recipe:
    """``dunet_activation=rrelu,t=4``: the network's choices that are named; the others stay."""
    try:
        pairs = _pairs(text)
    except ValueError:
        raise OptionError(
            f"--choices wants NAME=VALUE with commas between, not '{text}'."
        ) from None
    kinds = get_type_hints(type(build(recipe.net)).__init__)
    kinds = {name: k for name, k in kinds.items() if get_origin(k) is Literal or k in NUMBERS}
    choices = recipe.choices | {name: _choice(name, word, kinds) for name, word in pairs}
    build(recipe.net, **choices)  # refuses what makes no sense before photos are read
    return replace(recipe, choices=choices)


def _choice(name: str, word: str, kinds: Mapping[str, Any]) -> str | int | float:
    """The value that a word stands for by the choice's kind: a `Literal` or a number."""
    if name not in kinds:
        raise OptionError(f"The network has no '{name}' to choose; it has {', '.join(kinds)}.")
    kind = kinds[name]
    if words := get_args(kind):
        if word not in words:
            raise OptionError(f"{name}: '{word}' is none of {', '.join(words)}.")
        return word
    try:
        value: int | float = kind(word)
        if not math.isfinite(value):
            raise ValueError
    except ValueError:
        raise OptionError(f"{name}: '{word}' is no {NUMBERS[kind]}.") from None
    return value


def with_weights(recipe: Recipe, text: str) -> Recipe:
    """``mse=1,perceptual=0.005``: the weights that are named; the others stay."""
    _has_terms(recipe, "--weights")
    try:
        found = {name: float(value) for name, value in _pairs(text)}
    except ValueError:
        raise OptionError(
            f"--weights wants NAME=NUMBER with commas between, not '{text}'."
        ) from None
    return _merged(recipe, "weights", found)


def with_readings(recipe: Recipe, text: str) -> Recipe:
    """``scale=raw,vgg=vgg19``: the readings that are named; the others stay."""
    _has_terms(recipe, "--terms")
    try:
        pairs = _pairs(text)
    except ValueError:
        raise OptionError(f"--terms wants NAME=VALUE with commas between, not '{text}'.") from None
    found = {name: reading(name, value, READINGS[recipe.loss]) for name, value in pairs}
    forms = {k: v for k, v in found.items() if recipe.loss == "hybrid" and k in hybrid.FORMS}
    own = {k: v for k, v in found.items() if k not in forms}
    recipe = replace(recipe, terms=recipe.terms | own)
    return _merged(recipe, "forms", forms) if forms else recipe


def _has_terms(recipe: Recipe, flag: str) -> None:
    if recipe.loss not in READINGS:
        raise OptionError(f"{flag} wants a loss of several terms; {recipe.name} has {recipe.loss}.")


def _merged(recipe: Recipe, part: str, values: dict[str, Any]) -> Recipe:
    terms = recipe.terms | {part: recipe.terms.get(part, {}) | values}
    TERMS[recipe.loss](terms)  # refuses what makes no sense before photos are read
    return replace(recipe, terms=terms)


def _pairs(text: str) -> list[tuple[str, str]]:
    """``a=1,b=2,3`` by name and word, which may hold commas; anything else is a ValueError."""
    split = (item.split("=") for item in re.split(",(?=[^,=]*=)", text))
    return [(name.strip(), value.strip()) for name, value in split]
