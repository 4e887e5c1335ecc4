"""What a graph costs whatever the machine: operations, values and nodes, counted from its ONNX."""

import math
from dataclasses import dataclass
from pathlib import Path

from burnish.engine.quiet_openvino import ov
from burnish.errors import MissingExtraError

SIDE = 64
"""Of the picture that is counted for: a multiple of every network's grid, so nothing is padded."""
WEIGHTED = {"Conv": "output", "ConvTranspose": "input"}
"""Layers with weights, and the picture of whose pixels each takes every weight once."""


@dataclass(frozen=True)
class Cost:
    """Per pixel of the input; a picture of H x W pixels costs H*W times as much."""

    operations: float
    """Two for each multiply-add of the convolutions."""
    bytes_moved: float
    """Float32 values of pictures that the nodes read and write, were nothing fused."""
    nodes: int


def cost(path: Path) -> Cost:
    """Count one exported graph, whose pictures are (1,C,H,W) at any scales.

    Raises:
        MissingExtraError: the package onnx is not there.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("Counting a graph's operations", "train") from error
    graph = onnx.load(str(path)).graph
    weights = {i.name: math.prod(i.dims) for i in graph.initializer}
    pictures = _pictures(path)
    operations = moved = 0
    for node in graph.node:
        moved += 4 * sum(math.prod(pictures.get(n, (0,))) for n in (*node.input, *node.output))
        if node.op_type in WEIGHTED:
            taken = (node.output if WEIGHTED[node.op_type] == "output" else node.input)[0]
            operations += 2 * weights[node.input[1]] * math.prod(pictures[taken][1:])
    return Cost(operations / SIDE**2, moved / SIDE**2, len(graph.node))


def _pictures(path: Path) -> dict[str, tuple[int, int, int]]:
    """(C,H,W) of everything in the graph that is a picture, for an input of `SIDE` x `SIDE`."""
    model = ov.Core().read_model(str(path))
    model.reshape({"x": [1, 3, SIDE, SIDE]})
    found = {}
    for op in model.get_ordered_ops():
        for port in op.outputs():
            shape = port.get_partial_shape()
            if op.get_type_name() != "Constant" and shape.is_static and len(shape) == 4:
                _, c, h, w = shape.to_shape()
                if h > 1 and w > 1:
                    found |= dict.fromkeys(port.get_names(), (c, h, w))
    return found
