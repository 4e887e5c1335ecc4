"""What a graph costs whatever the machine: operations, values and nodes, per pixel of the input."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burnish.engine.quiet_openvino import core
from burnish.errors import MissingExtraError

SIDE = 64
"""Of the picture that is counted for: a multiple of every network's grid, so nothing is padded."""
WEIGHTED = ("Convolution", "GroupConvolution", "ConvolutionBackpropData")


@dataclass(frozen=True)
class Cost:
    """Per pixel of the input; a picture of H x W pixels costs H*W times as much."""

    operations: float
    bytes_moved: float
    """Float32 values of pictures that the nodes read and write, were nothing fused."""
    nodes: int
    """Of the ONNX graph, those that only work on shapes among them."""


def operations(path: Path) -> float:
    """Two for each multiply-add of an exported graph's convolutions, per pixel of the input.

    A transposed convolution takes every weight once per pixel of what it reads, others once per
    pixel of what they write.
    """
    return _operations(_ops(path))


def _operations(ops: list[Any]) -> float:
    total = 0
    for op in ops:
        if (kind := op.get_type_name()) in WEIGHTED:
            taken = op.input_value(0) if kind == "ConvolutionBackpropData" else op.output(0)
            total += 2 * math.prod(op.input_value(1).get_shape()) * math.prod(taken.get_shape()[2:])
    return total / SIDE**2


def cost(path: Path) -> Cost:
    """Count one exported graph, whose pictures are (1,C,H,W) at any scales.

    Raises:
        MissingExtraError: the package onnx is not there.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("Counting a graph's nodes", "train") from error
    nodes = onnx.load(str(path)).graph.node
    ops = _ops(path)
    values = {name: count for op in ops for name, count in _pictures(op)}
    moved = 4 * sum(values.get(name, 0) for node in nodes for name in (*node.input, *node.output))
    return Cost(_operations(ops), moved / SIDE**2, len(nodes))


def _ops(path: Path) -> list[Any]:
    """OpenVINO's form of the graph, for an input of `SIDE` x `SIDE`."""
    model = core().read_model(str(path))
    model.reshape({"x": [1, 3, SIDE, SIDE]})
    ordered: list[Any] = model.get_ordered_ops()
    return ordered


def _pictures(op: Any) -> Iterator[tuple[str, int]]:
    """ONNX's names of the pictures that a node makes, and how many values each has."""
    for port in op.outputs():
        shape = port.get_partial_shape()
        if op.get_type_name() != "Constant" and shape.is_static and len(shape) == 4:
            count, (_, _, height, width) = math.prod(shape.to_shape()), shape.to_shape()
            if height > 1 and width > 1:
                yield from ((name, count) for name in port.get_names())
