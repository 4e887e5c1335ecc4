"""Every network that can be built by name: a literal table of small functions."""

import difflib
from collections.abc import Callable
from typing import Any

from torch import nn

from burnish.errors import OptionError
from burnish.nets.baselines.dense_skip import DenseSkip
from burnish.nets.baselines.dped_resnet import DpedResNet
from burnish.nets.baselines.imdn import IMDN
from burnish.nets.baselines.johnson import JohnsonNet
from burnish.nets.baselines.mcrn import MCRN
from burnish.nets.baselines.srcnn import SRCNN
from burnish.nets.net import Net
from burnish.nets.nrl import NRL
from burnish.nets.srpie import SRPIE
from burnish.nets.tone import ToneNet


def nrl(**choices: Any) -> NRL:
    """Paper A's final network as published: map residual, FMSB, RARU, N = 6."""
    return NRL(**choices)


def nrl_global(**choices: Any) -> NRL:
    """NRL with the map branch gated by whole-picture statistics and a unit-mean attention."""
    form: dict[str, Any] = {"gate": "tones", "attention_gain": 64.0}
    return NRL(**(form | choices))


def srpie(**choices: Any) -> SRPIE:
    """Paper B's network as published: every detail reaches DUNet through a 3-channel image."""
    return SRPIE(**choices)


def srpie_wide(**choices: Any) -> SRPIE:
    """Deep SR-PIE whose DUNet also receives the features; narrower 5x5 and DUNet pay for it."""
    form: dict[str, Any] = {"wide": True, "msb_widths": (48, 16, 32, 8), "dunet_width": 36}
    return SRPIE(**(form | choices))


def srpie_global(**choices: Any) -> SRPIE:
    """The wide form for both tasks at once: it enlarges, then retouches by a PENet with a gate."""
    form: dict[str, Any] = {"place": "after", "gate": "tones", "dropout": 0.0}
    return srpie_wide(**(form | choices))


NETS: dict[str, Callable[..., Net]] = {
    "nrl": nrl,
    "nrl-global": nrl_global,
    "srpie": srpie,
    "srpie-wide": srpie_wide,
    "srpie-global": srpie_global,
    "tone": ToneNet,
    # What paper A compares with (Table 4).
    "srcnn": SRCNN,
    "johnson": JohnsonNet,
    "dped-resnet": DpedResNet,
    "mcrn": MCRN,
    "dense-skip": DenseSkip,
    # What paper B compares sizes and seconds with (Table 2).
    "imdn": IMDN,
}


def build(name: str, **choices: Any) -> Net:
    """Build a network of the table with its typed choices; an unknown name tells the nearest."""
    if name not in NETS:
        near = difflib.get_close_matches(name, NETS, n=3, cutoff=0.3) or list(NETS)
        raise OptionError(f"There is no network '{name}'; did you mean {', '.join(near)}?")
    try:
        return NETS[name](**choices)
    except (TypeError, ValueError) as error:
        raise OptionError(f"Network '{name}': {error}") from error


def parameter_count(net: nn.Module) -> int:
    """Number of parameters, frozen ones such as those of a moving average included."""
    return sum(p.numel() for p in net.parameters())
