"""ONNX Runtime: the second opinion, and the way to devices that OpenVINO does not know."""

from pathlib import Path
from typing import Any

import numpy as np

from burnish.engine.backend import Device, Graph, Precision, absent
from burnish.errors import MissingExtraError, ModelError, OptionError

try:
    import onnxruntime as ort
except ImportError as error:
    raise MissingExtraError("The ONNX Runtime backend", "onnx") from error

CUDA = "CUDAExecutionProvider"
EXACT = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
"""Float32 that deserves the name, and no search among algorithms that may end differently."""


def no_cuda() -> str:
    """Why there is no CUDA here; empty where this build of ONNX Runtime has it."""
    if CUDA in ort.get_available_providers():
        return ""
    return f"onnxruntime {ort.__version__} has no CUDA provider, which onnxruntime-gpu brings"


def require(device: Device) -> None:
    """Refuse a device that is not there."""
    if device != "cpu" and (why := no_cuda()):
        raise absent("onnx", device, "cpu", why)


class OnnxBackend:
    """The graphs of a model folder in float32."""

    def __init__(
        self,
        folder: Path,
        precision: Precision = "auto",
        threads: int = 0,
        device: Device = "cpu",
    ) -> None:
        if precision in ("bf16", "int8"):
            other = "torch" if device == "cuda" and precision == "bf16" else "openvino"
            raise OptionError(
                f"The onnx backend computes in f32 only; use --backend {other} for {precision}."
            )
        require(device)
        self.precision = "f32"
        self.folder, self.device = folder, device
        self._options = ort.SessionOptions()
        self._options.log_severity_level = 3
        if threads:
            self._options.intra_op_num_threads = threads
        self._sessions: dict[str, ort.InferenceSession] = {}
        if device != "cpu":
            self._session("main")  # whether the card answers is known only now

    def _session(self, graph: Graph) -> "ort.InferenceSession":
        if graph not in self._sessions:
            path = self.folder / f"{graph}.onnx"
            on_card = self.device == "cuda" and graph == "main"
            providers: list[Any] = [(CUDA, EXACT)] if on_card else []
            try:
                session = ort.InferenceSession(
                    str(path), self._options, providers=[*providers, "CPUExecutionProvider"]
                )
            except Exception as error:  # its exception classes have no public base
                raise ModelError(
                    f"{path} cannot be loaded: {str(error).splitlines()[0]}"
                ) from error
            if on_card and CUDA not in session.get_providers():  # it goes on without, quietly
                raise absent("onnx", "cuda", "cpu", "its CUDA provider does not start")
            self._sessions[graph] = session
        return self._sessions[graph]

    def run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run one graph; inputs that the exporter found unused are left out."""
        session = self._session(graph)
        names = {i.name for i in session.get_inputs()}
        result: np.ndarray = session.run(None, {k: v for k, v in inputs.items() if k in names})[0]
        return result
