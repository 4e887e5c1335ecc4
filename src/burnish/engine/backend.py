"""What runs a network's graphs: one method, numpy in and numpy out."""

from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np

from burnish.errors import OptionError

Graph = Literal["main", "statistics", "condition"]
Precision = Literal["auto", "f32", "bf16", "int8"]
BackendName = Literal["auto", "openvino", "onnx", "torch"]
Device = Literal["cpu", "cuda", "gpu", "npu"]

RUNS_ON: dict[BackendName, tuple[Device, ...]] = {
    "openvino": ("cpu", "gpu", "npu"),
    "torch": ("cpu", "cuda"),
    "onnx": ("cpu", "cuda"),
}
"""The devices that each backend knows; ``auto`` is the first backend that knows the device.

``gpu`` and ``npu`` are what OpenVINO calls by these names: Intel's.
"""


class Backend(Protocol):
    """Runs the graphs of one model.

    ``statistics`` (x, weight -> sums), ``condition`` (known -> condition, always in f32: it is a
    few small products with logarithms in them) and ``main`` (x, condition -> y). On another device
    than the CPU the first two have f32 in any case, so that a photo is judged alike everywhere.
    """

    precision: str
    """What it computes in, after ``auto`` was settled: f32, bf16, int8, or f16 on
    OpenVINO's devices."""

    def run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run one graph on float32 arrays, x and y (1,3,H,W) in RGB [0,1]."""
        ...


def settle(name: BackendName, device: Device) -> BackendName:
    """The backend for a device; one that does not know the device is refused."""
    if name == "auto":
        return next(backend for backend, devices in RUNS_ON.items() if device in devices)
    if device not in RUNS_ON[name]:
        others = " or ".join(n for n, devices in RUNS_ON.items() if device in devices)
        raise OptionError(
            f"The {name} backend knows the devices {', '.join(RUNS_ON[name])}, not {device}: "
            f"leave --backend out, or take {others}."
        )
    return name


def absent(name: BackendName, device: Device, there: str, why: str = "") -> OptionError:
    """For a device that the backend knows and this machine does not have."""
    reason = f" ({why})" if why else ""
    return OptionError(
        f"There is no device {device} for the {name} backend here{reason}: there is {there} "
        "(see `burnish doctor`)."
    )


def check_device(name: BackendName, device: Device) -> None:
    """Refuse a device that is not there, before anything else is done.

    Raises:
        OptionError: it is not there, or the backend does not know it.
        MissingExtraError: the backend is not installed.
    """
    name = settle(name, device)
    if device == "cpu":
        return
    match name:
        case "openvino":
            from burnish.engine import openvino_backend

            openvino_backend.require(device)
        case "onnx":
            from burnish.engine import onnx_backend

            onnx_backend.require(device)
        case "torch":
            from burnish.engine import torch_backend

            torch_backend.require(device)


def load_backend(
    name: BackendName,
    folder: Path,
    precision: Precision = "auto",
    threads: int = 0,
    device: Device = "cpu",
) -> Backend:
    """Start a backend on a model folder; ``threads`` 0 leaves the number to the backend."""
    if name not in get_args(BackendName):
        raise OptionError(f"There is no backend '{name}'; choose openvino, onnx or torch.")
    match settle(name, device):
        case "onnx":
            from burnish.engine.onnx_backend import OnnxBackend

            return OnnxBackend(folder, precision, threads, device)
        case "torch":
            from burnish.engine.torch_backend import TorchBackend

            return TorchBackend(folder, precision, threads, device)
        case _:
            from burnish.engine.openvino_backend import OpenVinoBackend

            return OpenVinoBackend(folder, precision, threads, device=device)
