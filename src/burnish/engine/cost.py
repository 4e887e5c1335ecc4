"""What a graph costs whatever the machine: operations, values and nodes, counted from its ONNX."""

import math
from dataclasses import dataclass
from pathlib import Path

from burnish.errors import MissingExtraError, ModelError


@dataclass(frozen=True)
class Cost:
    """Per pixel of the input; a picture of H x W pixels costs H*W times as much."""

    operations: float
    """Two for each multiply-add of the convolutions."""
    bytes_moved: float
    """Float32 values of picture size that the nodes read and write, were nothing fused."""
    nodes: int


def cost(path: Path) -> Cost:
    """Count one exported graph; pictures are (1,C,height,width) at one scale.

    Raises:
        MissingExtraError: the package onnx is not there.
        ModelError: the graph has a picture of another scale, which is not counted here.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("Counting a graph's operations", "train") from error
    graph = onnx.load(str(path)).graph
    shapes = {i.name: tuple(i.dims) for i in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes[value.name] = tuple(d.dim_value or d.dim_param for d in dims)

    def channels(name: str) -> int:
        shape = shapes.get(name, ())
        if len(shape) != 4 or not isinstance(shape[2], str):
            return 0
        if shape[2:] != ("height", "width"):
            raise ModelError(f"{path}: {name} is {shape[2]} high, which is not counted here.")
        return int(shape[1])

    operations = moved = 0.0
    for node in graph.node:
        moved += 4 * sum(channels(name) for name in (*node.input, *node.output))
        if node.op_type == "Conv":
            operations += 2 * math.prod(shapes[node.input[1]])
    return Cost(operations, moved, len(graph.node))
