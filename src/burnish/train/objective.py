"""What a run minimises: a plain loss, paper B's hybrid one, or paper A's with a discriminator.

The loop asks for three things: the network's loss, a step of whatever else learns, and the state of
that for the file from which the run goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from burnish.errors import OptionError
from burnish.losses import hybrid
from burnish.losses.adversarial import discriminator_accuracy, discriminator_loss
from burnish.losses.dynamic_perceptual import DynamicPerceptual, level_scales
from burnish.losses.nrl_dpl import Terms, nrl_dpl
from burnish.losses.tempered import tempered_l1
from burnish.nets.discriminator import SMALLEST, Discriminator
from burnish.nets.vgg import POOLS, Name
from burnish.nets.vgg import SMALLEST as SMALLEST_FOR_VGG
from burnish.nets.vgg_cache import load_vgg
from burnish.train.recipe import Recipe


class Objective:
    """One loss and nothing that learns; the others add to it."""

    every_step: tuple[str, ...] = ()
    """Names of terms that the log keeps for each step, not only as means."""

    def losses(self, out: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of the network's pictures, and named terms for the log (detached)."""
        raise NotImplementedError

    def learn(self, out: Tensor, target: Tensor, rate: float) -> dict[str, Tensor]:
        """A step of what learns beside the network, after the network's own; terms for the log.

        ``rate`` is the learning rate as a share of that at the start.
        """
        return {}

    def state(self) -> dict[str, Any]:
        """What `restore` needs for the run to go on as if it had never stopped."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take the state of a run that stopped."""


class Plain(Objective):
    """One function of the pictures and their targets."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.function = function

    def losses(self, out: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return self.function(out, target), {}


class Adversarial(Objective):
    """Paper A's loss. Generator and discriminator take turns, one step each."""

    def __init__(self, recipe: Recipe, accelerator: Accelerator, vgg: Path | None) -> None:
        self.terms = Terms.of(recipe.terms)
        weights, smallest = self.terms.weights, min(s.size for s in recipe.stages)
        self.accelerator, self.clip = accelerator, recipe.clip
        self.perceptual: DynamicPerceptual | None = None
        if weights.perceptual:
            if self.terms.level in ("dynamic", "pool5") and smallest < SMALLEST_FOR_VGG:
                raise OptionError(f"Five pools need views of at least {SMALLEST_FOR_VGG} pixels.")
            extractor = load_vgg(self.terms.vgg, vgg).to(accelerator.device)
            scales = dict(zip(POOLS, level_scales(extractor, self.terms.scale), strict=True))
            self.perceptual = DynamicPerceptual(
                accelerator.autocast()(partial(extractor, layers=self.terms.levels)),
                [scales[k] for k in self.terms.levels],
            )
            if len(self.terms.levels) > 1:
                self.every_step = tuple(f"a{i}" for i in range(1, len(self.terms.levels) + 1))
        self.discriminator: nn.Module | None = None
        if weights.adversarial:
            if smallest < SMALLEST:
                raise OptionError(f"The discriminator needs views of at least {SMALLEST} pixels.")
            torch.manual_seed(recipe.seed)
            judge = Discriminator(**self.terms.discriminator)
            optimiser = torch.optim.Adam(judge.parameters(), lr=self.terms.rate, betas=(0.5, 0.999))
            self.discriminator, self.optimiser = accelerator.prepare(judge, optimiser)

    def losses(self, out: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        judge = None
        if self.discriminator is not None:
            # Frozen and bare: this pass is the network's, and no other process waits for it.
            judge = self.accelerator.unwrap_model(self.discriminator).requires_grad_(False)
        return nrl_dpl(out, target, self.terms.weights, self.perceptual, judge, self.terms.form)

    def learn(self, out: Tensor, target: Tensor, rate: float) -> dict[str, Tensor]:
        if self.discriminator is None:
            return {}
        self.accelerator.unwrap_model(self.discriminator).requires_grad_(True)
        # Each picture is normalised by itself, so that one pass over both kinds equals two.
        real, made = self.discriminator(torch.cat([target, out])).chunk(2)
        loss = discriminator_loss(real, made)
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.discriminator.parameters(), self.clip)
        for group in self.optimiser.param_groups:
            group["lr"] = self.terms.rate * rate
        self.optimiser.step()
        return {
            "discriminator": loss.detach(),
            "discriminator_accuracy": discriminator_accuracy(real, made),
        }

    def state(self) -> dict[str, Any]:
        if self.discriminator is None:
            return {}
        return {
            "discriminator": self.accelerator.unwrap_model(self.discriminator).state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        if self.discriminator is not None:
            self.accelerator.unwrap_model(self.discriminator).load_state_dict(
                state["discriminator"]
            )
            self.optimiser.load_state_dict(state["optimiser"])


class Hybrid(Objective):
    """Paper B's loss; the recipe's ``terms`` are the values of `hybrid.Terms`."""

    def __init__(self, recipe: Recipe, device: torch.device, vgg: Path | None) -> None:
        self.terms = hybrid.Terms.of(recipe.terms)
        self.features: hybrid.Features | None = None
        if name := extractor_of(recipe):
            extractor = load_vgg(name, vgg).to(device)
            self.features = lambda x: extractor(x, ["pool4"])[0]

    def losses(self, out: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return hybrid.hybrid(out, target, self.terms.weights, self.terms.forms, self.features)


def extractor_of(recipe: Recipe) -> Name | None:
    """The VGG whose features a recipe's loss compares; None if it compares none."""
    if recipe.loss == "nrl-dpl":
        paper_a = Terms.of(recipe.terms)
        return paper_a.vgg if paper_a.weights.perceptual else None
    if recipe.loss == "hybrid":
        paper_b = hybrid.Terms.of(recipe.terms)
        used = any(stage.loss is None for stage in recipe.stages)
        return paper_b.vgg if used and paper_b.weights.content else None
    return None


@dataclass(frozen=True)
class Surroundings:
    """What an objective is built with beside its recipe."""

    accelerator: Accelerator
    vgg: Path | None = None
    """File of the feature extractor's weights; the user's cache if None."""


Builder = Callable[[Recipe, Surroundings], Objective]
LOSSES: dict[str, Builder] = {
    "l1": lambda recipe, around: Plain(nn.functional.l1_loss),
    "mse": lambda recipe, around: Plain(nn.functional.mse_loss),
    "tempered": lambda recipe, around: Plain(tempered_l1),
    "hybrid": lambda recipe, around: Hybrid(recipe, around.accelerator.device, around.vgg),
    "nrl-dpl": lambda recipe, around: Adversarial(recipe, around.accelerator, around.vgg),
}
