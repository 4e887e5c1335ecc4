"""OpenVINO: the default backend, the fastest here on a CPU with and without bf16 units.

On its other devices, ``gpu`` and ``npu``, only the main graph runs there; what a photo is judged
by is small and stays on the CPU, in float32.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from burnish.engine import graph_cache
from burnish.engine.backend import Device, Graph, Precision, absent
from burnish.engine.quiet_openvino import core, ov
from burnish.errors import ModelError, OptionError

FIXED = ("npu",)
"""Devices that compile a graph for one size of picture, which all tiles of a photo have."""
INT8 = "main-int8"
"""The main graph's form in int8, where a model has one: see `quantise`."""
CAPABILITY = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}


def devices() -> dict[str, str]:
    """The devices that OpenVINO finds here -> what they are; the first of several counts."""
    found = dict[str, str]()
    for name in core().available_devices:  # CPU, GPU or GPU.0 and GPU.1, NPU
        kind = name.split(".")[0].lower()
        found.setdefault(kind, str(core().get_property(name, "FULL_DEVICE_NAME")).strip())
    return found


def require(device: Device) -> None:
    """Refuse a device that is not there."""
    there = devices() if device != "cpu" else {}
    if device != "cpu" and device not in there:
        names = ", ".join(f"{kind} ({what})" for kind, what in there.items())
        raise absent("openvino", device, names)


def arithmetic(precision: Precision, device: Device, capabilities: Iterable[str]) -> str:
    """What a device computes in: ``auto`` is bf16 on a CPU that has it, f16 elsewhere, else f32."""
    known = set(capabilities)
    if precision == "int8" and device != "cpu":
        raise OptionError("int8 is for the device cpu: leave --precision at auto.")
    if precision == "auto":
        best = "bf16" if device == "cpu" else "f16"
        return best if CAPABILITY[best] in known else "f32"
    if device != "cpu" and CAPABILITY[precision] not in known:  # a CPU takes f32 for bf16
        has = ", ".join(name for name, word in CAPABILITY.items() if word in known)
        raise OptionError(
            f"The device {device} computes in {has}, not in {precision}: leave --precision at auto."
        )
    return precision


def capabilities(device: str) -> list[str]:
    """OpenVINO's words for what a device computes in."""
    return sorted(core().get_property(device.upper(), "OPTIMIZATION_CAPABILITIES"))


def has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 matrices in hardware."""
    return CAPABILITY["bf16"] in capabilities("cpu")


class OpenVinoBackend:
    """The graphs of a model folder, compiled for this machine and cached on it."""

    def __init__(
        self,
        folder: Path,
        precision: Precision = "auto",
        threads: int = 0,
        cache: Path | str | None = "default",
        device: Device = "cpu",
    ) -> None:
        self.core = core()
        require(device)
        self.device = device
        self.precision = arithmetic(precision, device, capabilities(device))
        if self.precision == "int8" and not (folder / f"{INT8}.xml").is_file():
            raise OptionError(
                f"The model in {folder} has no int8 graph: `burnish export --int8` makes one."
            )
        self.fixed = device in FIXED
        # Pinned, the threads of every process would go to the same first cores.
        self._on_cpu = {"ENABLE_CPU_PINNING": "NO"}
        if threads:
            self._on_cpu["INFERENCE_NUM_THREADS"] = str(threads)
        self.folder = folder
        self._cache: Path | None = None
        if cache is not None:
            base = graph_cache.default_cache() if cache == "default" else Path(cache)
            self._cache = graph_cache.prepare(base, self._key()) if base else None
        self._requests: dict[str, ov.InferRequest] = {}
        self._shapes: dict[str, list[int]] = {}
        """Of the main graph's inputs where they are fixed."""

    def _key(self) -> str:
        """Of all that the compiled graphs depend on; their precision and threads OpenVINO adds."""
        hardware = []
        for device in dict.fromkeys(("cpu", self.device)):
            name = str(self.core.get_property(device.upper(), "FULL_DEVICE_NAME"))
            hardware += [name, *capabilities(device)]
        files = sorted(p for p in self.folder.glob("*.*") if p.suffix in (".onnx", ".xml", ".bin"))
        graphs = [p.read_bytes() for p in files]
        return graph_cache.digest(ov.__version__, *hardware, *graphs)

    def _place(self, graph: Graph) -> tuple[str, dict[str, str]]:
        """(OpenVINO's device, its configuration) for a graph."""
        on_cpu = self.device == "cpu" or graph != "main"
        precision = self.precision
        if graph == "condition" or precision == "int8" or (on_cpu and self.device != "cpu"):
            precision = "f32"
        config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
        if self._cache:
            config["CACHE_DIR"] = str(self._cache)
        return ("CPU", config | self._on_cpu) if on_cpu else (self.device.upper(), config)

    def _request(self, graph: Graph, shapes: dict[str, list[int]]) -> "ov.InferRequest":
        fixed = self.fixed and graph == "main"
        if graph not in self._requests or (fixed and shapes != self._shapes):
            in_int8 = self.precision == "int8" and graph == "main"
            path = self.folder / (f"{INT8}.xml" if in_int8 else f"{graph}.onnx")
            device, config = self._place(graph)
            try:
                if fixed:
                    model = self.core.read_model(str(path))
                    model.reshape({n: shapes[n] for i in model.inputs for n in i.names})
                    compiled = self.core.compile_model(model, device, config)
                    self._shapes = shapes
                else:
                    compiled = self.core.compile_model(str(path), device, config)
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
        request = self._request(graph, {k: list(v.shape) for k, v in inputs.items()})
        names = {name for port in request.model_inputs for name in port.get_names()}
        request.infer({k: v for k, v in inputs.items() if k in names}, share_inputs=True)
        return np.array(request.get_output_tensor().data, dtype=np.float32)
