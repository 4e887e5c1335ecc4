"""ONNX Runtime: the second opinion, and the way to devices that OpenVINO does not know."""

from pathlib import Path

import numpy as np

from burnish.engine.backend import Graph, Precision
from burnish.errors import MissingExtraError, ModelError, OptionError

try:
    import onnxruntime as ort
except ImportError as error:
    raise MissingExtraError("The ONNX Runtime backend", "onnx") from error


class OnnxBackend:
    """Both graphs of a model folder in float32 on the CPU."""

    def __init__(self, folder: Path, precision: Precision = "auto", threads: int = 0) -> None:
        if precision == "bf16":
            raise OptionError(
                "The onnx backend computes in f32 only; use --backend openvino for bf16."
            )
        self.precision = "f32"
        self.folder = folder
        self._options = ort.SessionOptions()
        self._options.log_severity_level = 3
        if threads:
            self._options.intra_op_num_threads = threads
        self._sessions: dict[str, ort.InferenceSession] = {}

    def run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run one graph; inputs that the exporter found unused are left out."""
        if graph not in self._sessions:
            path = self.folder / f"{graph}.onnx"
            try:
                self._sessions[graph] = ort.InferenceSession(
                    str(path), self._options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:  # its exception classes have no public base
                raise ModelError(
                    f"{path} cannot be loaded: {str(error).splitlines()[0]}"
                ) from error
        session = self._sessions[graph]
        names = {i.name for i in session.get_inputs()}
        result: np.ndarray = session.run(None, {k: v for k, v in inputs.items() if k in names})[0]
        return result
