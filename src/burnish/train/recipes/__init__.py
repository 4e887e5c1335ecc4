"""Every recipe by name: NRL's on made pairs, PENet's with a gate, and each paper's runs."""

import difflib
from collections.abc import Callable

from burnish.errors import OptionError
from burnish.train.recipe import Recipe
from burnish.train.recipes import gated, nrl, paper_a, paper_b

RECIPES: dict[str, Callable[[], Recipe]] = {
    **nrl.RECIPES,
    "nrl-paper": paper_a.nrl_paper,
    "nrl-dpl": paper_a.nrl_dpl,
    **paper_b.RECIPES,
    **gated.RECIPES,
}


def recipe(name: str) -> Recipe:
    """Look a recipe up; an unknown name tells the nearest."""
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=3, cutoff=0.3) or list(RECIPES)
        raise OptionError(f"There is no recipe '{name}'; did you mean {', '.join(near)}?")
    return RECIPES[name]()
