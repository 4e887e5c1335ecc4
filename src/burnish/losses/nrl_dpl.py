"""The loss of NRL-DPL (paper A): ``L = w_mse L_mse + w_p L_p + w_adv L_adv``.

The paper does not publish the weights. All of them stand in `Weights`; the terms carry none.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from torch import Tensor
from torch.nn.functional import mse_loss

from burnish.errors import OptionError
from burnish.losses.adversarial import GeneratorForm, generator_loss
from burnish.losses.dynamic_perceptual import DynamicPerceptual


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

    def __post_init__(self) -> None:
        if min(asdict(self).values()) < 0 or not any(asdict(self).values()):
            raise OptionError("Loss weights are 0 or more, and one of them is above 0.")


def weighted_sum(terms: dict[str, Tensor], weights: Weights) -> Tensor:
    """Sum of the terms, each with the weight of its name."""
    total = sum(getattr(weights, name) * term for name, term in terms.items())
    assert isinstance(total, Tensor)
    return total


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
        levels = {f"a{i}": a for i, a in enumerate(dynamic.weights, 1)}
    if weights.adversarial:
        assert discriminator is not None
        terms["adversarial"] = generator_loss(discriminator(out), form)
    total = weighted_sum(terms, weights)
    return total, {name: term.detach() for name, term in terms.items()} | levels
