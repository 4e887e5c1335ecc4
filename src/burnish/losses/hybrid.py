"""The hybrid loss of Deep SR-PIE (paper B, Eq. 14).

    L = 0.001 L_con + 1 L_tv + 0.0005 L_color + 300 L_MSSIM + 0.05 L_1

All weights stand in `Weights`; the terms carry none. As printed, L_con and L_tv are divided by
C H W while L_color and L_1 are plain sums over a picture; the mean over the batch, and the value
range [0,1], are our readings. ``means`` divides all of them.

L_con (Eq. 15) prints a bare norm of the difference of VGG's pool4 features: the mean absolute
difference here, and the mean square, that of the paper's reference 41, as a choice. Which network
the features are from is the caller's matter: VGG-19 in the paper.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from burnish.errors import OptionError
from burnish.losses.kawase import PASSES, color_loss
from burnish.losses.ms_ssim import Place, ms_ssim_loss
from burnish.losses.readings import Choices, check, check_names, check_weights
from burnish.losses.tv import TVForm, tv_loss
from burnish.nets.vgg import CONVOLUTIONS, Name

Normalisation = Literal["printed", "means"]
ContentNorm = Literal["absolute", "squared"]
FORMS: dict[str, Choices] = {
    "normalisation": get_args(Normalisation),
    "place": get_args(Place),
    "tv": get_args(TVForm),
    "content": get_args(ContentNorm),
    "blur_passes": int,
}
READINGS: dict[str, Choices] = {"vgg": tuple(CONVOLUTIONS)} | FORMS
"""What `Terms` and its `Forms` may be set to, by name (`burnish train --terms`)."""
Features = Callable[[Tensor], Tensor]
"""Pictures (N,3,H,W) in [0,1] -> features (N,c,h,w)."""


@dataclass(frozen=True)
class Weights:
    """Weight of each term, as published; a term of weight 0 is not computed."""

    content: float = 0.001
    tv: float = 1.0
    color: float = 0.0005
    ms_ssim: float = 300.0
    l1: float = 0.05

    def __post_init__(self) -> None:
        check_weights(asdict(self))


@dataclass(frozen=True)
class Forms:
    """The reading of each term."""

    normalisation: Normalisation = "printed"
    place: Place = "centre"
    tv: TVForm = "output"
    content: ContentNorm = "absolute"
    blur_passes: int = PASSES

    def __post_init__(self) -> None:
        for name, choices in FORMS.items():
            check(name, getattr(self, name), choices)


@dataclass(frozen=True)
class Terms:
    """What a recipe says of the loss: weights, readings, and where the features come from."""

    weights: Weights = field(default_factory=Weights)
    forms: Forms = field(default_factory=Forms)
    vgg: Name = "vgg16"

    def __post_init__(self) -> None:
        check("vgg", self.vgg, READINGS["vgg"])

    @staticmethod
    def of(values: dict[str, Any]) -> "Terms":
        """From a recipe's plain values; an unknown name is an `OptionError`."""
        weights, forms = values.get("weights", {}), values.get("forms", {})
        check_names(weights, Weights, "weights")
        check_names(forms, Forms, "forms")
        check_names(values, Terms, "terms")
        return Terms(**(values | {"weights": Weights(**weights), "forms": Forms(**forms)}))


def content_loss(out: Tensor, target: Tensor, norm: ContentNorm = "absolute") -> Tensor:
    """Eq. 15 from the features of both pictures, (N,c,h,w) each, in float32 or wider."""
    dtype = torch.promote_types(out.dtype, torch.float32)
    difference = out.to(dtype) - target.to(dtype)
    return (difference.abs() if norm == "absolute" else difference**2).mean()


def l1_loss(out: Tensor, target: Tensor, reduction: Literal["sum", "mean"] = "sum") -> Tensor:
    """Eq. 20: absolute difference, the sum over each picture, as printed, or the mean."""
    dtype = torch.promote_types(out.dtype, torch.float32)
    mean = F.l1_loss(out.to(dtype), target.to(dtype))
    return mean if reduction == "mean" else mean * out[0].numel()


def hybrid(
    out: Tensor,
    target: Tensor,
    weights: Weights | None = None,
    forms: Forms | None = None,
    features: Features | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Total loss, and for the log (detached) each term as ``l1`` and, weighted, ``weighted/l1``.

    ``features`` is needed where the content term has a weight.
    """
    weights, forms = weights or Weights(), forms or Forms()
    if weights.content and features is None:
        raise OptionError("The content term needs a feature extractor, or a weight of 0.")
    reduction: Literal["sum", "mean"] = "mean" if forms.normalisation == "means" else "sum"
    terms: dict[str, Tensor] = {}
    if weights.content:
        assert features is not None
        with torch.no_grad():
            wanted = features(target)
        terms["content"] = content_loss(features(out), wanted, forms.content)
    if weights.tv:
        terms["tv"] = tv_loss(out, target, forms.tv)
    if weights.color:
        terms["color"] = color_loss(out, target, reduction, forms.blur_passes)
    if weights.ms_ssim:
        terms["ms_ssim"] = ms_ssim_loss(out, target, forms.place)
    if weights.l1:
        terms["l1"] = l1_loss(out, target, reduction)
    weighted = {name: getattr(weights, name) * term for name, term in terms.items()}
    total = torch.stack(list(weighted.values())).sum()
    log = terms | {f"weighted/{name}": term for name, term in weighted.items()}
    return total, {name: term.detach() for name, term in log.items()}
