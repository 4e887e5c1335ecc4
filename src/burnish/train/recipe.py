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
    betas: tuple[float, float] = (0.9, 0.99)
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


def nrl() -> Recipe:
    """NRL in the published form, on made retouch pairs: `burnish train nrl --data FOLDER...`."""
    return Recipe(
        name="nrl",
        net="nrl",
        stages=(Stage(0.78, 32, 16), Stage(0.18, 64, 8), Stage(0.04, 96, 8)),
        description="NRL (paper A) as published, trained on un-retouched photos.",
    )


def nrl_gate() -> Recipe:
    """The last run behind the model `nrl`, from an earlier one's weights.

    The adjusting map first, without G, since tone and colour are its business; then everything.
    `burnish train nrl-gate --start WEIGHTS ...`, half an hour on one core without matrix units.
    """
    return replace(
        nrl_global(),
        name="nrl-gate",
        steps=2100,
        stages=(
            Stage(0.7, 32, 32, only=("map.",), residual=False),
            Stage(0.3, 32, 16),
        ),
        own_scale=0.75,
        vary_finish=True,
        loss="tempered",
        learning_rate=3e-3,
        warmup=50,
        ema=0.995,
        description="NRL's adjusting map with a gate, then the whole network.",
    )


def nrl_gate_dpl() -> Recipe:
    """The model `nrl-dpl`: from `nrl`'s weights, by paper A's loss with tempered L1 for MSE.

    The map by itself first, as tone is most of what features can still gain; then everything.
    It wants `burnish weights add vgg16`. `burnish train nrl-gate-dpl --start NRL ...`
    """
    return replace(
        nrl_gate(),
        name="nrl-gate-dpl",
        steps=1500,
        stages=(
            Stage(0.6, 32, 32, only=("map.",), residual=False),
            Stage(0.4, 64, 8),
        ),
        loss="nrl-dpl",
        terms={
            "weights": {"mse": 0.0, "tempered": 1.0, "perceptual": 0.05, "adversarial": 5e-4},
        },
        learning_rate=1e-3,
        description="NRL with a gated map, by the dynamic perceptual and adversarial loss.",
    )


def nrl_global() -> Recipe:
    """The model `nrl`: NRL with the map gated by whole-picture statistics."""
    return replace(
        nrl(),
        name="nrl-global",
        net="nrl-global",
        description="NRL with a globally gated adjusting map, trained on un-retouched photos.",
    )


RECIPES = {"nrl": nrl, "nrl-global": nrl_global, "nrl-gate": nrl_gate, "nrl-gate-dpl": nrl_gate_dpl}
