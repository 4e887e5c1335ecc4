"""The weights of a run: what they begin with, and the card that they are saved with."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.nets.net import Net
from burnish.nets.zoo import parameter_count
from burnish.train.recipe import Recipe


def model_card(recipe: Recipe, net: Net, data: Sequence[str], step: int) -> ModelCard:
    """The card of a checkpoint of this run."""
    return ModelCard(
        name=recipe.name,
        net=recipe.net,
        hyperparameters=recipe.choices,
        task="sr" if recipe.pairs in ("bicubic", "bicubic-mild") else "enhance",
        parameters=parameter_count(net),
        description=recipe.description,
        training_data=tuple(data),
        training={"recipe": asdict(recipe), "step": step},
        **net.needs(),
    )


def take_over(net: Net, weights: Sequence[Path]) -> None:
    """Fill ``net`` with files' weights where names and shapes agree; the first that fits counts.

    A gate is one wherever it stands: that of NRL's map fits that of Deep SR-PIE.
    """
    own, fitting = net.state_dict(), dict[str, Tensor]()
    for file in weights:
        for name, value in checkpoint.load_weights(file)[0].items():
            for key in (name, name.removeprefix("map.")):
                if key not in fitting and key in own and value.shape == own[key].shape:
                    fitting[key] = value
    net.load_state_dict(own | fitting)
    if missing := sorted(set(own) - set(fitting)):
        files = " and ".join(map(str, weights))
        print(f"Starting from {files}, but for {', '.join(missing)}.", flush=True)
