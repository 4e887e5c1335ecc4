"""Dynamic multi-level perceptual loss of paper A, Eqs. 16-18.

    z_i = mean |phi_i(G) - phi_i(H)| / s_i            Eq. 17, over pixels, channels and the batch
    a_i = exp(z_i) / sum_j exp(z_j)                   Eq. 18, a constant: no gradient through it
    L_p = sum_i a_i * L_c_i                           Eq. 16

phi_i are VGG's features after its i-th max-pool. What the paper leaves open, and the reading here:

- L_c is not defined: the same mean absolute difference as z.
- The scales s_i are not in the paper. Features of VGG differ by two orders of magnitude between the
  pools, so that a softmax of the raw errors is one-hot. ``rms`` divides by the root mean square of
  each level over photos, in z and in L_c; ``raw``, the letter of the paper, has s_i = 1.
- z is one number a level for the whole batch, not one for each patch.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from burnish.errors import OptionError
from burnish.nets.vgg import POOLS, VGG

Scale = Literal["rms", "raw"]
Extractor = Callable[[Tensor], Sequence[Tensor]]


class DynamicLoss(NamedTuple):
    """The loss and what it was made of."""

    loss: Tensor
    """L_p, a scalar."""
    weights: Tensor
    """a_i, (levels,), constants."""
    errors: Tensor
    """z_i, (levels,), constants."""


def content_errors(
    generated: Sequence[Tensor], target: Sequence[Tensor], scales: Sequence[float]
) -> Tensor:
    """z_i of Eq. 17 for each level, (levels,), in float32 or wider."""
    errors = []
    for g, t, scale in zip(generated, target, scales, strict=True):
        dtype = torch.promote_types(g.dtype, torch.float32)
        errors.append((g.to(dtype) - t.to(dtype)).abs().mean() / scale)
    return torch.stack(errors)


def dynamic_perceptual(
    generated: Sequence[Tensor], target: Sequence[Tensor], scales: Sequence[float]
) -> DynamicLoss:
    """L_p of Eq. 16 from the features of both pictures, level by level."""
    content = content_errors(generated, target, scales)
    errors = content.detach()
    weights = torch.softmax(errors, dim=0)
    return DynamicLoss((weights * content).sum(), weights, errors)


def level_scales(vgg: VGG, scale: Scale) -> tuple[float, ...]:
    """s_i of a reading; ``rms`` needs measured values for the weights in use."""
    if scale not in get_args(Scale):
        raise OptionError(f"'{scale}' is none of {', '.join(get_args(Scale))}.")
    if scale == "raw":
        return (1.0,) * len(POOLS)
    if vgg.rms is None:
        raise OptionError(
            f"The feature scales of {vgg.name} with {vgg.preprocessing} weights are not known: "
            f"measure them with `burnish weights add {vgg.name} FILE --photos FOLDER`, or do "
            "without them (`burnish train --terms scale=raw`)."
        )
    return vgg.rms


class DynamicPerceptual(nn.Module):
    """The loss of two batches of pictures, (N,3,H,W) RGB in [0,1]; its extractor never learns.

    ``scales`` are those of `level_scales`, or measured ones.
    """

    def __init__(self, extractor: Extractor, scales: Sequence[float]) -> None:
        super().__init__()
        self.extractor, self.scales = extractor, tuple(scales)
        if isinstance(extractor, nn.Module):
            extractor.requires_grad_(False)

    def forward(self, generated: Tensor, target: Tensor) -> DynamicLoss:
        with torch.no_grad():
            wanted = self.extractor(target)
        return dynamic_perceptual(self.extractor(generated), wanted, self.scales)
