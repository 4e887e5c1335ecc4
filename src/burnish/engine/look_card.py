"""LookCard: what a look file is, whose it is, and how well it did on photos it had not seen."""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Any

from burnish.errors import ModelError

FORMAT = 1
"""Version of the features that the weights belong to."""


@dataclass(frozen=True)
class LookCard:
    """Facts about one look; they travel in the header of its file."""

    name: str
    base: str = ""
    """Network whose result the look starts from as well, by name; none if empty."""
    base_hash: str = ""
    """Hash of that network's graphs: another version of it would not do."""
    shares: tuple[float, ...] = (1.0,)
    """How much of each blended look; one for a look that was learned."""
    pairs: int = 0
    licence: str = ""
    """Whose the look is and what others may do with it, as its owner says."""
    options: dict[str, Any] = field(default_factory=dict)
    """How it was learned: strengths of the penalties, seed, the groups in use."""
    scores: dict[str, Any] = field(default_factory=dict)
    """Measured on pairs that each measured model had not seen."""
    format: int = FORMAT

    def to_json(self) -> str:
        """One JSON object with sorted keys."""
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True)

    @staticmethod
    def from_json(text: str, where: str) -> "LookCard":
        """Read a card; ModelError names ``where`` if it is none, or of another format."""
        try:
            values = json.loads(text)
            if (found := values.get("format", FORMAT)) != FORMAT:
                raise ModelError(
                    f"{where} is a look of format {found}, this burnish reads {FORMAT}: "
                    "install a newer burnish, or learn the look again."
                )
            card = LookCard(**values | {"shares": tuple(values.get("shares", (1.0,)))})
            card.check()
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ModelError(f"{where} holds no valid look card: {error}.") from error
        return card

    def check(self) -> None:
        """ValueError names a fact of a wrong kind."""
        for name, usual in vars(LookCard("")).items():
            if not isinstance(getattr(self, name), type(usual)):
                raise ValueError(f"its '{name}' is no {type(usual).__name__}")
        if not self.shares or not all(
            isinstance(share, int | float) and math.isfinite(share) for share in self.shares
        ):
            raise ValueError("its 'shares' are no list of numbers")
