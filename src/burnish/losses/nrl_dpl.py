"""The loss of NRL-DPL (paper A): ``L = w_mse L_mse + w_p L_p + w_adv L_adv``.

The paper does not publish the weights. All of them stand in `Weights`; the terms carry none. Of the
terms that are off by default two make the loss of DPED's network (Table 4) from the same parts, and
one is what burnish's own models are trained by instead of MSE.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from torch import Tensor
from torch.nn.functional import mse_loss

from burnish.losses.adversarial import GeneratorForm, generator_loss
from burnish.losses.dynamic_perceptual import DynamicPerceptual, Scale
from burnish.losses.kawase import color_loss
from burnish.losses.readings import Choices, check, check_names, check_weights
from burnish.losses.tempered import tempered_l1
from burnish.nets.vgg import CONVOLUTIONS, POOLS, Name

Level = Literal["dynamic", "pool1", "pool2", "pool3", "pool4", "pool5"]
READINGS: dict[str, Choices] = {
    "scale": get_args(Scale),
    "level": get_args(Level),
    "vgg": tuple(CONVOLUTIONS),
    "form": get_args(GeneratorForm),
    "rate": float,
}
"""What `Terms` may be set to, by name (`burnish train --terms`)."""


@dataclass(frozen=True)
class Weights:
    """Weight of each term; a term of weight 0 is not computed.

    The defaults are ours. Between un-retouched photos and their targets (six pairs, 100x100),
    MSE is 0.001 to 0.045 and L_p with VGG16 is 0.06 to 0.17 (``rms``; 40 to 114 as ``raw``), and
    the gradient of L_p is 30 to 900 times that of MSE, 230 in the middle (``rms``): at 0.005 the
    two pull about equally hard. The adversarial term is log 2 at chance.
    """

    mse: float = 1.0
    perceptual: float = 5e-3
    adversarial: float = 1e-4
    colour: float = 0.0
    """DPED's colour loss: mean squared difference after a blur."""
    tv: float = 0.0
    """DPED's total variation: mean squared step to the next row and column."""
    tempered: float = 0.0
    """Tempered L1 (`losses.tempered`), ours: MSE gives finished photos a cast."""

    def __post_init__(self) -> None:
        check_weights(asdict(self))


@dataclass(frozen=True)
class Terms:
    """Everything that is free about the loss: weights, and the readings of the terms."""

    weights: Weights = field(default_factory=Weights)
    scale: Scale = "rms"
    """What each level of features is divided by (see `losses.dynamic_perceptual`)."""
    level: Level = "dynamic"
    """All five levels with their dynamic weights, or one level alone, as older losses have it."""
    vgg: Name = "vgg16"
    form: GeneratorForm = "non-saturating"
    rate: float = 1e-4
    """The discriminator's learning rate at the start; it falls as the network's does."""
    discriminator: dict[str, Any] = field(default_factory=dict)
    """Keyword arguments of `nets.discriminator.Discriminator`; the published form if empty."""

    def __post_init__(self) -> None:
        for name, choices in READINGS.items():
            check(name, getattr(self, name), choices)

    @staticmethod
    def of(values: dict[str, Any]) -> "Terms":
        """From a recipe's plain values; an unknown name is an `OptionError`."""
        weights = values.get("weights", {})
        check_names(weights, Weights, "weights")
        check_names(values, Terms, "terms")
        return Terms(**(values | {"weights": Weights(**weights)}))

    @property
    def levels(self) -> tuple[str, ...]:
        """The layers whose features are compared."""
        return POOLS if self.level == "dynamic" else (self.level,)


def weighted_sum(terms: dict[str, Tensor], weights: Weights) -> Tensor:
    """Sum of the terms, each with the weight of its name."""
    total = sum(getattr(weights, name) * term for name, term in terms.items())
    assert isinstance(total, Tensor)
    return total


def squared_tv(x: Tensor) -> Tensor:
    """Mean squared difference to the next column and to the next row, as DPED's code has it."""
    return (x[..., 1:] - x[..., :-1]).square().mean() + (
        x[..., 1:, :] - x[..., :-1, :]
    ).square().mean()


def nrl_dpl(
    out: Tensor,
    target: Tensor,
    weights: Weights,
    perceptual: DynamicPerceptual | None = None,
    discriminator: Callable[[Tensor], Tensor] | None = None,
    form: GeneratorForm = "non-saturating",
) -> tuple[Tensor, dict[str, Tensor]]:
    """The generator's total loss and its unweighted terms for the log (detached).

    The log holds ``mse``, ``perceptual`` with its level weights ``a1`` to ``a5``, ``adversarial``.
    The discriminator's own gradients are to be cleared by its own step.
    """
    terms: dict[str, Tensor] = {}
    levels: dict[str, Tensor] = {}
    if weights.mse:
        terms["mse"] = mse_loss(out, target)
    if weights.perceptual:
        assert perceptual is not None
        dynamic = perceptual(out, target)
        terms["perceptual"] = dynamic.loss
        if len(dynamic.weights) > 1:
            levels = {f"a{i}": a for i, a in enumerate(dynamic.weights, 1)}
    if weights.adversarial:
        assert discriminator is not None
        terms["adversarial"] = generator_loss(discriminator(out), form)
    if weights.colour:
        terms["colour"] = color_loss(out, target, "mean")
    if weights.tv:
        terms["tv"] = squared_tv(out)
    if weights.tempered:
        terms["tempered"] = tempered_l1(out, target)
    total = weighted_sum(terms, weights)
    return total, {name: term.detach() for name, term in terms.items()} | levels
