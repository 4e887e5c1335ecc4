"""A recipe is a frozen description of one training run; an ablation is `replace()` of its base."""

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

from burnish.errors import OptionError

PlainLoss = Literal["mse", "l1", "tempered"]
Loss = Literal["mse", "l1", "tempered", "nrl-dpl", "hybrid"]
Pairs = Literal["retouch", "bicubic", "bicubic-mild", "joint"]
LambdaReading = Literal["mean_difference", "ratio", "least_squares"]


@dataclass(frozen=True)
class Stage:
    """Part of a run with one view size and batch size."""

    share: float
    """Share of the run's steps, (0,1]; the shares of a recipe add up to 1."""
    size: int
    """Side of the square training view, in pixels of the input."""
    batch: int
    """Views per step, over all processes."""
    only: tuple[str, ...] = ()
    """Beginnings of the names of the parameters that are trained; all if empty."""
    learning_rate: float | None = None
    """Rate of this stage, where the recipe's schedule is ``stages``."""
    loss: PlainLoss | None = None
    """A plain loss for this stage instead of the recipe's."""
    residual: bool = True
    """Whether what works on detail takes part: NRL's G, Deep SR-PIE's MBFNet and DUNet. Without it
    tone and colour are learned at a sixth of the time or less."""
    border: int = 0
    """Width, in pixels of the output, of the ring at its edges that the loss leaves out."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights of a run, but for the data and the machine."""

    name: str
    net: str
    choices: dict[str, Any] = field(default_factory=dict)
    steps: int = 30_000
    stages: tuple[Stage, ...] = (Stage(1.0, 64, 16),)
    pairs: Pairs = "retouch"
    """What is made of finished photos: `data.pairs`, and `data.shrunk_pairs` for x2."""
    loss: Loss = "l1"
    terms: dict[str, Any] = field(default_factory=dict)
    """What the loss wants to know: weights, readings. Keyword arguments of its `Terms`."""
    learning_rate: float = 1e-3
    optimiser: Literal["adam", "muon"] = "adam"
    """``muon`` steps by whole matrices (`train.muon`), Adam by single numbers."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Of Adam, and of what Muon leaves to it."""
    schedule: Literal["cosine", "staircase", "stages"] = "cosine"
    """``cosine`` falls to 1 %; ``staircase`` is paper A's: x0.95 every 5 of 100 epochs; ``stages``
    is paper B's: a rate for each stage."""
    warmup: int = 100
    clip: float = 1.0
    """Largest gradient norm; larger ones are scaled down."""
    ema: float = 0.999
    """Decay of the weights' moving average, which is what gets validated and saved."""
    seed: int = 0
    own_scale: float = 0.0
    """Share of un-retouched views at the photo's own scale (`RetouchPairs`, `JointPairs`)."""
    vary_finish: bool = False
    """Whether un-retouched photos are varied themselves (`data.finish`)."""
    data_side: int = 512
    """Photos are shrunk to this short side when read."""
    epochs: int = 0
    """On pairs, so many epochs of paper A (a random sixth of them each) instead of ``steps``."""
    measure_lambda: LambdaReading | None = None
    """Take the network's ``lam`` from the training data, by Eq. 6, 5 or the minimiser of Eq. 4."""
    description: str = ""

    @classmethod
    def of(cls, saved: dict[str, Any]) -> Self:
        """The recipe that a card, a bundle or a run's files hold as plain values."""
        values = with_defaults(saved)
        stages = tuple(Stage(**(s | {"only": tuple(s["only"])})) for s in values["stages"])
        return cls(**(values | {"stages": stages, "betas": tuple(values["betas"])}))

    def stage_at(self, step: int) -> Stage:
        """The stage that ``step`` (from 0) belongs to."""
        end = 0.0
        for stage in self.stages:
            end += stage.share * self.steps
            if step < end - 1e-6:
                return stage
        return self.stages[-1]

    def learning_rate_at(self, step: int) -> float:
        """The rate of ``step`` (from 0): the warm-up, then the schedule."""
        warm = min(1.0, (step + 1) / (self.warmup + 1))
        done = step / self.steps
        if self.schedule == "stages":
            return warm * (self.stage_at(step).learning_rate or self.learning_rate)
        if self.schedule == "staircase":
            return warm * self.learning_rate * 0.95 ** (int(done * 100) // 5)
        return warm * self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))

    def continued(self) -> "Recipe":
        """The same run from an earlier one's weights: no stage leaves the views' edges out.

        Only a start as bicubic enlargement is too dark there (`nets.bicubic_start`).
        """
        return replace(self, stages=tuple(replace(stage, border=0) for stage in self.stages))

    def scaled(self, budget: float) -> "Recipe":
        """The same run with ``budget`` times the steps; stages and schedule scale along."""
        check_budget(budget)
        return replace(self, steps=max(1, round(self.steps * budget)))


def check_budget(budget: float) -> None:
    """Refuse what no number of steps comes of."""
    if not (math.isfinite(budget) and budget > 0):
        raise OptionError(f"--budget must be a number above 0, not {budget:g}.")


def with_defaults(saved: dict[str, Any]) -> dict[str, Any]:
    """A recipe as a run's files keep it; what the run did not know yet is as it was then."""
    recipe = asdict(Recipe(saved["name"], saved["net"])) | saved
    default = asdict(Stage(1.0, 64, 16))
    return recipe | {"stages": tuple(default | stage for stage in recipe["stages"])}
