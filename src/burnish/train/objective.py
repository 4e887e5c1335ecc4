"""What a step minimises: the loss that the recipe names for its stage; its terms for the log."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from burnish.losses.hybrid import Forms, Weights, hybrid
from burnish.nets.vgg import load_vgg
from burnish.train.recipe import Recipe

PLAIN: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": nn.functional.l1_loss,
    "mse": nn.functional.mse_loss,
}


class Objective:
    """Call with the result, the target and the step; `terms` tells what the losses were made of."""

    def __init__(
        self, recipe: Recipe, device: torch.device | None = None, vgg: Path | None = None
    ) -> None:
        self.recipe = recipe
        self.weights, self.forms = Weights(**recipe.weights), Forms(**recipe.forms)
        self.sums: dict[str, Tensor] = {}
        self.steps = 0
        needed = "hybrid" in {stage.loss or recipe.loss for stage in recipe.stages}
        self.vgg = load_vgg("vgg16", vgg) if needed and self.weights.content else None
        if self.vgg is not None:
            self.vgg = self.vgg.to(device)

    def _features(self, x: Tensor) -> Tensor:
        """VGG's pool4, (N,3,H,W) -> (N,512,H/16,W/16)."""
        assert self.vgg is not None
        return self.vgg(x, ["pool4"])[0]

    def __call__(self, out: Tensor, target: Tensor, step: int) -> Tensor:
        kind = self.recipe.stage_at(step).loss or self.recipe.loss
        if kind in PLAIN:
            return PLAIN[kind](out, target)
        features = self._features if self.vgg is not None else None
        total, terms = hybrid(out, target, self.weights, self.forms, features)
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, torch.zeros_like(value)) + value
        self.steps += 1
        return total

    def terms(self) -> dict[str, float]:
        """Means of the terms since the last call, plain as ``l1``, weighted as ``weighted/l1``."""
        means = {name: (total / self.steps).item() for name, total in self.sums.items()}
        self.sums, self.steps = {}, 0
        return means
