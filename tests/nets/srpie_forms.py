"""Forms of Deep SR-PIE that its tests run over: the rows of Table 1 and every other reading."""

from typing import Any, get_args

import torch
from torch import Tensor

from burnish.nets.mbfnet import Without
from burnish.nets.srpie import SRPIE

TINY: dict[str, Any] = {
    "channels": 8, "msb_widths": (6, 4, 4, 4), "penet_widths": (4, 4, 6, 6, 6), "dunet_width": 12,
    "t": 1, "radius": 2,
}  # fmt: skip

TABLE_1: dict[int, dict[str, Any]] = {
    1: {},
    2: {"pair": "d,b"},
    3: {"pair": "d,i"},
    4: {"pair": "i,i"},
    5: {"without": "hfa1"},
    6: {"without": "hfa2"},
    7: {"without": "hfa3"},
    8: {"transform": "v1"},
    9: {"transform": "v2"},
    10: {"transform": "none"},
    11: {"upsampler": "shuffle"},
}
READINGS: list[dict[str, Any]] = [
    {"members": "first"},
    {"combine": "cat"},
    {"combine": "cat", "members": "first"},
    {"transform": "literal"},
    {"fca": "before"},
    {"cascade": "rrelu"},
    {"dunet_activation": "rrelu"},
    {"dunet_activation": "relu"},
    {"wide": True},
    {"wide": True, "upsampler": "shuffle"},
    {"t": 3},
    *({"scale": s} for s in (1, 3, 4)),
    *({"scale": s, "upsampler": "shuffle"} for s in (1, 3, 4)),
    *({"hfa_2": h, "without": w} for h in ("last", "shallow") for w in get_args(Without)),
    {"dilation": 1},
    {"place": "after"},
    {"place": "after", "wide": True, "upsampler": "shuffle", "scale": 3},
    {"place": "after", "gate": "tones"},
    {"gate": "tones", "transform": "v1"},
]
CHOICES = [*TABLE_1.values(), *READINGS]
LOCAL = [c for c in CHOICES if c.get("transform") != "v2"]  # v2 holds a whole-picture threshold


def name(choices: dict[str, Any]) -> str:
    return "-".join(map(str, choices.values())) or "published"


def tiny(choices: dict[str, Any], seed: int = 0, dtype: torch.dtype = torch.float32) -> SRPIE:
    torch.manual_seed(seed)
    return SRPIE(**(TINY | choices)).to(dtype)


def picture(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))
