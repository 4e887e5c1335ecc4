"""What is done with each photo of a batch, as a hash that changes when the outputs would."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from burnish import __version__
from burnish.batch import files
from burnish.engine.models import Model
from burnish.engine.options import EnhanceOptions

HOW = ("model", "task", "scale", "threads", "tile")
"""Options that say how or by what name it is computed, not what comes out.

The card's name and the weights stand for what ``model``, ``task`` and ``scale`` chose.
"""


@dataclass(frozen=True)
class Recipe:
    """``facts`` are plain values by name; equal facts give an equal ``hash``."""

    facts: dict[str, Any]
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        text = json.dumps(self.facts, sort_keys=True)
        object.__setattr__(self, "hash", hashlib.sha256(text.encode()).hexdigest())

    def in_series(self, photos: str) -> Recipe:
        """The same for a series; ``photos`` is the hash of those that it follows."""
        return Recipe(self.facts | {"series": photos})

    def differences(self, other: Recipe | None) -> str:
        """What ``other`` had, where it differs from this one: "strength 0.6, not 1.0"."""
        old = other.facts if other else {}
        named = [
            f"{name} {shown(old.get(name))}, not {shown(self.facts.get(name))}"
            for name in sorted(old.keys() | self.facts.keys())
            if old.get(name) != self.facts.get(name)
        ]
        return "; ".join(named) if other else "unknown options"


def shown(value: Any) -> str:
    """A fact for people to read: hashes are cut short."""
    text = "none" if value is None else str(value)
    return text[:8] if len(text) == 64 else text


def recipe_for(
    options: EnhanceOptions,
    model: Model,
    *,
    metadata: str = "keep",
    quality: int | None = None,
) -> Recipe:
    """The recipe of these options, each photo by itself."""
    weights = json.dumps(model.card.hashes, sort_keys=True)
    facts = {name: value for name, value in asdict(options).items() if name not in HOW}
    if options.mode != "auto":
        del facts["budget"]
    facts |= {
        "model": model.card.name,
        "weights": hashlib.sha256(weights.encode()).hexdigest(),
        "metadata": metadata,
        "quality": quality,
        "look": files.digest(Path(options.look)) if options.look else None,
        "series": None,
        "burnish": __version__,
    }
    return Recipe(facts)
