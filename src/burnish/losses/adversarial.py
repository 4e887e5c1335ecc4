"""Adversarial losses in DPED's manner, from logits: sigmoid(logit) = D(x), "x is a target".

    discriminator   -(mean log D(H) + mean log(1 - D(G))) / 2      cross-entropy, half of each kind
    generator       -mean log D(G)                                 ``non-saturating``
                     mean log(1 - D(G))                            ``minimax``

DPED's paper prints the first form for the generator; its code trains the second, whose gradient
vanishes while the discriminator is far ahead. Paper A prints neither. ``non-saturating`` is the
default. All are computed from logits, so that nothing overflows or is clipped.
"""

from typing import Literal, get_args

from torch import Tensor
from torch.nn.functional import softplus

from burnish.errors import OptionError

GeneratorForm = Literal["non-saturating", "minimax"]


def discriminator_loss(real: Tensor, generated: Tensor) -> Tensor:
    """Cross-entropy of the logits (N,) of targets and of generated pictures; log 2 at chance."""
    return (softplus(-real).mean() + softplus(generated).mean()) / 2


def generator_loss(generated: Tensor, form: GeneratorForm = "non-saturating") -> Tensor:
    """What the generator minimises, from the logits (N,) of its pictures."""
    match form:
        case "non-saturating":
            return softplus(-generated).mean()
        case "minimax":
            return -softplus(generated).mean()
    raise OptionError(f"'{form}' is none of {', '.join(get_args(GeneratorForm))}.")


def discriminator_accuracy(real: Tensor, generated: Tensor) -> Tensor:
    """Share of pictures told right; 0.5 is chance. For the log: near 1 the generator is lost."""
    return ((real > 0).float().mean() + (generated <= 0).float().mean()) / 2
