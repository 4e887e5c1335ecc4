"""`burnish train --weights` and `--terms`: a recipe whose loss differs in what is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from burnish.errors import OptionError
from burnish.losses import hybrid, nrl_dpl
from burnish.losses.readings import reading
from burnish.train.recipe import Recipe

READINGS = {"nrl-dpl": nrl_dpl.READINGS, "hybrid": hybrid.READINGS}
TERMS = {"nrl-dpl": nrl_dpl.Terms.of, "hybrid": hybrid.Terms.of}


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
    """``a=1,b=2`` by name and word; anything else is a ValueError."""
    split = (item.split("=") for item in text.split(","))
    return [(name.strip(), value.strip()) for name, value in split]
