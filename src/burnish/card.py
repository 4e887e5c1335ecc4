"""ModelCard: what a set of weights is, what it needs from the engine, and where it comes from."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from burnish.errors import ModelError


@dataclass(frozen=True)
class ModelCard:
    """Facts about one trained network; they travel in the header of its weight file and its graph.

    The engine reads ``task``, ``scale``, ``multiple_of``, ``halo``, ``whole``, ``moments``,
    ``tones`` and ``ends_in_share``; people read the rest.
    """

    name: str
    """Name by which ``--model`` finds it."""
    net: str
    """Builder in ``burnish.nets.zoo``."""
    halo: int
    """Receptive-field radius in input pixels: what a tile must see around its core."""
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    """Keyword arguments of the builder, so that the network can be built again."""
    task: str = "enhance"
    """``enhance`` (with ``scale`` above 1: and enlarge) or ``sr`` (enlarge only): for `--task`."""
    scale: int = 1
    """Output pixels per input pixel along each side."""
    multiple_of: int = 1
    """Tile origins lie on multiples of this number of input pixels."""
    whole: bool = False
    """Whether it must see the whole picture at once, and cannot be run in tiles."""
    moments: int = 0
    """Length of what the statistics graph says; 0 when the network needs no statistics pass."""
    moments_halo: int = 0
    """Receptive-field radius of the statistics pass in input pixels."""
    tones: tuple[float, ...] = ()
    """Shares of the photo's pixels at which it wants the quantiles of R, G, B and luma."""
    ends_in_share: bool = False
    """Whether strength is a factor on the last number of the condition: the photo is enlarged in
    any case, and retouched to that share."""
    parameters: int = 0
    """Number of trained parameters."""
    description: str = ""
    paper: str = ""
    licence: str = ""
    training_data: tuple[str, ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    """Recipe, seed, steps, loss, as recorded by the run that made the weights."""
    scores: dict[str, Any] = field(default_factory=dict)
    """Measured scores, each with the data and the protocol in its key."""
    hashes: dict[str, str] = field(default_factory=dict)
    """sha256 of the files that belong to the model, by file name."""

    def to_json(self) -> str:
        """One JSON object with sorted keys."""
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True)

    @staticmethod
    def from_json(text: str, where: str = "model card") -> "ModelCard":
        """Read a card; an unknown or missing field is a `ModelError` that names ``where``."""
        try:
            values = json.loads(text)
            for name in ("training_data", "tones"):
                values[name] = tuple(values.get(name, ()))
            return ModelCard(**values)
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{where} holds no valid model card: {error}") from error
