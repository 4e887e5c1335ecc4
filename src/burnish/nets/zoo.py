"""Every network that can be built by name: a literal table of small functions."""

import difflib
from collections.abc import Callable
from typing import Any

from torch import nn

from burnish.errors import OptionError
from burnish.nets.net import Net
from burnish.nets.nrl import NRL


def nrl(**choices: Any) -> NRL:
    """Paper A's final network as published: map residual, FMSB, RARU, N = 6."""
    return NRL(**choices)


def nrl_global(**choices: Any) -> NRL:
    """NRL with the map branch gated by whole-picture statistics and a unit-mean attention."""
    return NRL(**({"global_map": True, "attention_gain": 64.0} | choices))


NETS: dict[str, Callable[..., Net]] = {
    "nrl": nrl,
    "nrl-global": nrl_global,
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
