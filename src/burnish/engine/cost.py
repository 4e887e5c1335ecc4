"""What a graph costs whatever the machine: its operations, per pixel of the input."""

import math
from pathlib import Path
from typing import Any

from burnish.engine.quiet_openvino import core

SIDE = 64
"""Of the picture that is counted for: a multiple of every network's grid, so nothing is padded."""
WEIGHTED = ("Convolution", "GroupConvolution", "ConvolutionBackpropData")


def operations(path: Path) -> float:
    """Two for each multiply-add of an exported graph's convolutions, per pixel of the input.

    A transposed convolution takes every weight once per pixel of what it reads, others once per
    pixel of what they write.
    """
    total = 0
    for op in traced(path):
        if (kind := op.get_type_name()) in WEIGHTED:
            taken = op.input_value(0) if kind == "ConvolutionBackpropData" else op.output(0)
            total += 2 * math.prod(op.input_value(1).get_shape()) * math.prod(taken.get_shape()[2:])
    return total / SIDE**2


def traced(path: Path) -> list[Any]:
    """The graph's nodes in order, as OpenVINO reads them, for an input of `SIDE` x `SIDE`."""
    model = core().read_model(str(path))
    model.reshape({"x": [1, 3, SIDE, SIDE]})
    ordered: list[Any] = model.get_ordered_ops()
    return ordered
