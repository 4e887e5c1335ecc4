"""OpenVINO on the CPU: the default backend, and the fastest here with and without bf16 units."""

from pathlib import Path

import numpy as np

from burnish.engine import graph_cache
from burnish.engine.backend import Graph, Precision
from burnish.engine.quiet_openvino import ov
from burnish.errors import ModelError


class OpenVinoBackend:
    """Both graphs of a model folder, compiled for this CPU and cached on this machine."""

    def __init__(
        self,
        folder: Path,
        precision: Precision = "auto",
        threads: int = 0,
        cache: Path | str | None = "default",
    ) -> None:
        self.core = ov.Core()
        if precision == "auto":
            precision = "bf16" if self.has_bf16() else "f32"
        self.precision: str = precision
        self._config = {"PERFORMANCE_HINT": "LATENCY"}
        if threads:
            self._config["INFERENCE_NUM_THREADS"] = str(threads)
        self.folder = folder
        self._cache: Path | None = None
        if cache is not None:
            base = graph_cache.default_cache() if cache == "default" else Path(cache)
            self._cache = graph_cache.prepare(base, self._key())
            if self._cache:
                self.core.set_property({"CACHE_DIR": str(self._cache)})
        self._requests: dict[str, ov.InferRequest] = {}

    def has_bf16(self) -> bool:
        """Whether this CPU multiplies bfloat16 matrices in hardware."""
        return "BF16" in self.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")

    def _key(self) -> str:
        """Of all that the compiled graphs depend on; their precision and threads OpenVINO adds."""
        cpu = (
            str(self.core.get_property("CPU", "FULL_DEVICE_NAME")),
            *sorted(self.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        )
        graphs = [p.read_bytes() for p in sorted(self.folder.glob("*.onnx"))]
        return graph_cache.digest(ov.__version__, *cpu, *graphs)

    def _request(self, graph: Graph) -> "ov.InferRequest":
        if graph not in self._requests:
            path = self.folder / f"{graph}.onnx"
            try:
                precision = "f32" if graph == "condition" else self.precision
                config = self._config | {"INFERENCE_PRECISION_HINT": precision}
                compiled = self.core.compile_model(str(path), "CPU", config)
            except RuntimeError as error:
                raise ModelError(
                    f"{path} cannot be compiled: {str(error).splitlines()[0]}"
                ) from error
            if self._cache:
                graph_cache.seal(self._cache)
            self._requests[graph] = compiled.create_infer_request()
        return self._requests[graph]

    def run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run one graph; inputs that the exporter found unused are left out."""
        request = self._request(graph)
        names = {name for port in request.model_inputs for name in port.get_names()}
        request.infer({k: v for k, v in inputs.items() if k in names}, share_inputs=True)
        return np.array(request.get_output_tensor().data, dtype=np.float32)
