"""What runs a network's graphs: one method, numpy in and numpy out."""

from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from burnish.errors import OptionError

Graph = Literal["main", "statistics", "condition"]
Precision = Literal["auto", "f32", "bf16"]
BackendName = Literal["openvino", "onnx", "torch"]


class Backend(Protocol):
    """Runs the graphs of one model.

    ``statistics`` (x, weight -> sums), ``condition`` (moments -> condition, always in f32: it is a
    few small products with logarithms in them) and ``main`` (x, condition -> y).
    """

    precision: str
    """What it computes in, after ``auto`` was settled: f32 or bf16."""

    def run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run one graph on float32 arrays, x and y (1,3,H,W) in RGB [0,1]."""
        ...


def load_backend(
    name: BackendName, folder: Path, precision: Precision = "auto", threads: int = 0
) -> Backend:
    """Start a backend on a model folder; ``threads`` 0 leaves the number to the backend."""
    match name:
        case "openvino":
            from burnish.engine.openvino_backend import OpenVinoBackend

            return OpenVinoBackend(folder, precision, threads)
        case "onnx":
            from burnish.engine.onnx_backend import OnnxBackend

            return OnnxBackend(folder, precision, threads)
        case "torch":
            from burnish.engine.torch_backend import TorchBackend

            return TorchBackend(folder, precision, threads)
    raise OptionError(f"There is no backend '{name}'; choose openvino, onnx or torch.")
