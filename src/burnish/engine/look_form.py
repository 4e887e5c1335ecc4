"""What the arrays in a look file must be: by name, with their forms, all finite."""

from collections.abc import Mapping

import numpy as np

from burnish.engine.look_facts import LENGTH, STATISTICS
from burnish.engine.look_features import ADAPTIVE, WIDTHS

WEIGHTS = "weights."
VECTORS = {"target": (LENGTH,), "typical": (LENGTH,), "statistics": (4, STATISTICS)}
"""What a part holds beside its weights, with its form."""


def form(group: str) -> tuple[int, ...]:
    """Of a group's weights; KeyError for an unknown one."""
    width = WIDTHS[group]
    return (width, STATISTICS, 3) if group == ADAPTIVE else (width, 3)


def split(
    tensors: Mapping[str, np.ndarray], number: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """(weights by group, `VECTORS`) of one part; KeyError or ValueError name what is not right."""
    prefix = f"{number}."
    own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    weights = {k.removeprefix(WEIGHTS): v for k, v in own.items() if k.startswith(WEIGHTS)}
    vectors = {name: own[name] for name in VECTORS}
    forms = {group: form(group) for group in weights} | VECTORS
    for name, values in (weights | vectors).items():
        if values.shape != forms[name] or values.dtype.kind != "f" or not np.isfinite(values).all():
            raise ValueError(name)
    return weights, vectors
