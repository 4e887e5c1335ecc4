"""The weights of a run: what they begin with, and the card that they are saved with."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.errors import ModelError
from burnish.nets.net import Net
from burnish.nets.zoo import parameter_count
from burnish.train.recipe import Recipe

NAMED = 3
"""Tensors that are named where a start lacks more of them."""


def model_card(
    recipe: Recipe, net: Net, data: Sequence[str], step: int, validation: str = ""
) -> ModelCard:
    """The card of a checkpoint of this run, which was chosen on the folder ``validation``."""
    chosen = {"validation": validation} if validation else {}
    return ModelCard(
        name=recipe.name,
        net=recipe.net,
        hyperparameters=recipe.choices,
        task="sr" if recipe.pairs in ("bicubic", "bicubic-mild") else "enhance",
        parameters=parameter_count(net),
        description=recipe.description,
        training_data=tuple(data),
        training={"recipe": asdict(recipe), "step": step} | chosen,
        **net.needs(),
    )


def take_over(net: Net, weights: Sequence[Path]) -> None:
    """Fill ``net`` with files' weights where names and shapes agree; the first that fits counts.

    A gate is one wherever it stands: that of NRL's map fits that of Deep SR-PIE.

    Raises:
        ModelError: nothing of a file fits.
    """
    own, fitting, taken = net.state_dict(), dict[str, Tensor](), []
    for file in weights:
        fits = dict[str, Tensor]()
        for name, value in checkpoint.load_weights(file)[0].items():
            for key in (name, name.removeprefix("map.")):
                if key not in fits and key in own and value.shape == own[key].shape:
                    fits[key] = value
        if not fits:
            raise ModelError(f"Nothing in {file} fits the network that is to be trained.")
        taken.append(f"{len(set(fits) - set(fitting))} of {len(own)} tensors taken from {file}")
        fitting = fits | fitting
    net.load_state_dict(own | fitting)
    if missing := sorted(set(own) - set(fitting)):
        names = ", ".join(missing[:NAMED]) + (", ..." if len(missing) > NAMED else "")
        print(f"{' and '.join(taken)}; not {names}.", flush=True)
