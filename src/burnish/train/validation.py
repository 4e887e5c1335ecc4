"""Scores of a network on a run's held-out pairs: quick ones, to choose among a run's own weights.

What is published is scored elsewhere, by `metrics.protocol` on whole photos.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from burnish.nets.net import Net
from burnish.train.recipe import Stage

Validation = Sequence[tuple[str, Tensor, Tensor] | tuple[str, Tensor, Tensor, Tensor]]
"""Kind, input, target, and perhaps a sample of the input's whole picture."""


def inside(x: Tensor, border: int) -> Tensor:
    """(..., H, W) without the ``border`` outermost pixels."""
    return x[..., border : x.shape[-2] - border, border : x.shape[-1] - border]


def score_of(kind: str, out: Tensor, high: Tensor, scale: int) -> float:
    """PSNR in dB, at most 50: on RGB, and for super-resolution (``sr``) on luma without borders of
    ``scale`` pixels."""
    if kind == "sr":
        weights = out.new_tensor([65.481, 128.553, 24.966])[:, None, None] / 255
        out, high = (inside((v * weights).sum(1), scale) for v in (out, high))
    mse = nn.functional.mse_loss(out, high).item()
    return min(50.0, -10 * math.log10(max(mse, 1e-10)))


def sample_for(net: Net, more: Sequence[Tensor]) -> dict[str, Tensor]:
    """What a pair holds beside input and target, for a network that asks for a picture's tones."""
    return {"sample": more[0]} if more and net.tones else {}


@torch.no_grad()
def validate(
    net: Net, validation: Validation, device: torch.device
) -> tuple[dict[str, float], list[Tensor]]:
    """Mean score of each kind and of all, and pictures (3,H,3W): input, output, target."""
    scores: dict[str, list[float]] = {}
    pictures = []
    for kind, low, high, *more in validation:
        sample = sample_for(net, [x.to(device) for x in more])
        out = net(low.to(device), **sample).clamp(0, 1).cpu()
        score = score_of(kind, out, high, high.shape[-1] // low.shape[-1])
        scores.setdefault(kind, []).append(score)
        scores.setdefault("all", []).append(score)
        shown = nn.functional.interpolate(low, size=high.shape[-2:])
        pictures.append(torch.cat([shown, out, high], dim=3)[0])
    return {k: sum(v) / len(v) for k, v in scores.items()}, pictures


@torch.no_grad()
def mean_loss(
    net: Net,
    validation: Validation,
    device: torch.device,
    stage: Stage,
    loss: Callable[[Tensor, Tensor], tuple[Tensor, dict[str, Tensor]]],
) -> float:
    """Mean loss on the pairs' middles: views of the size that the stage trains on, its border cut.

    Some losses are sums over a picture, which only compare at one size.
    """
    found = []
    for _, low, high, *more in validation:
        scale = high.shape[-1] // low.shape[-1]
        h, w = (min(stage.size, side) for side in low.shape[-2:])
        top, left = (low.shape[-2] - h) // 2, (low.shape[-1] - w) // 2
        view, target = (
            x[..., s * top : s * (top + h), s * left : s * (left + w)].to(device)
            for x, s in ((low, 1), (high, scale))
        )
        out = net(view, **sample_for(net, [x.to(device) for x in more]))
        out, target = inside(out, stage.border), inside(target, stage.border)
        found.append(loss(out, target)[0].item())
    return sum(found) / len(found)
