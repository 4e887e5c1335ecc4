"""Weights in safetensors with the model's card in the header; nothing is ever unpickled."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as dumped
from torch import Tensor

from burnish.card import ModelCard
from burnish.errors import ModelError, OptionError
from burnish.files import is_folder, whole
from burnish.nets.net import Net
from burnish.nets.zoo import build

CARD_KEY = "burnish.card"


def save(path: Path, weights: dict[str, Tensor], card: ModelCard) -> None:
    """Write weights (float32) and card to ``path``, whole or not at all."""
    tensors = {k: v.detach().float().cpu().contiguous() for k, v in weights.items()}
    with whole(path) as partial:  # by itself safetensors leaves the user's umask aside
        partial.write_bytes(dumped(tensors, metadata={CARD_KEY: card.to_json()}))


def load_weights(path: Path) -> tuple[dict[str, Tensor], ModelCard]:
    """Read what `save` wrote; a missing, damaged or foreign file is a `ModelError`."""
    if is_folder(path):
        raise ModelError(f"{path} is a folder: name its best.safetensors or last.safetensors.")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            weights = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be read as a weight file: {error}") from error
    if CARD_KEY not in header:
        raise ModelError(f"{path} is a safetensors file without a burnish model card.")
    return weights, ModelCard.from_json(header[CARD_KEY], str(path))


def load(path: Path) -> tuple[Net, ModelCard]:
    """Build the network that the card names and fill it; the module is in eval mode."""
    weights, card = load_weights(path)
    try:
        net = build(card.net, **card.hyperparameters)
        net.load_state_dict(weights)
    except (OptionError, RuntimeError) as error:
        raise ModelError(f"{path} does not fit the network '{card.net}': {error}") from error
    return net.eval(), card
