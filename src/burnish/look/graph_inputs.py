"""What the graph of a look takes for a photo: its pixels, and what they say as a whole."""

import numpy as np

from burnish.engine.look import Look
from burnish.engine.look_facts import Facts
from burnish.engine.look_features import ADAPTIVE, WIDTHS, tabled
from burnish.engine.look_maps import Maps


def inputs(look: Look, pixels: np.ndarray, base: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """The graph's inputs by name, for (H,W,3) float32 RGB in [0,1].

    ``base`` is what the look's network makes of it, (H,W,3), for a look that has one.
    """
    facts, still = Facts.of(pixels), np.zeros((WIDTHS[ADAPTIVE], 3))
    tables, adaptive = [], []
    for part in look.parts:
        tables.append(tabled(part.weights, facts, Facts(part.target)))
        own = part.weights.get(ADAPTIVE)
        adaptive.append(still if own is None else np.einsum("ksc,s->kc", own, part.standing(facts)))
    found = {
        "photo": _planes(pixels),
        "maps": _planes(Maps.of(pixels).maps),
        "tables": np.stack(tables),
        "adaptive": np.stack(adaptive).astype(np.float32),
    }
    return found if base is None else found | {"base": _planes(base)}


def _planes(pixels: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
    return result
