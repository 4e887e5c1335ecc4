"""How fast the network runs: backends side by side in one run, warm, interleaved, as ratios.

From numpy to numpy: copies to a card and back are within the times, as a photo has to make them.
"""

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from burnish.engine.backend import Backend, BackendName, Device, Precision, load_backend
from burnish.engine.ceiling import matmul_ceiling
from burnish.engine.cost import operations
from burnish.engine.models import find
from burnish.engine.openvino_backend import has_bf16
from burnish.engine.statistics import condition, known
from burnish.errors import BurnishError, OptionError
from burnish.metrics import psnr

Contender = tuple[str, BackendName, Precision, Device]
ON_CPU: tuple[Contender, ...] = (
    ("torch eager f32", "torch", "f32", "cpu"),
    ("ONNX Runtime f32", "onnx", "f32", "cpu"),
    ("OpenVINO f32", "openvino", "f32", "cpu"),
    ("OpenVINO bf16", "openvino", "bf16", "cpu"),
    ("OpenVINO int8", "openvino", "int8", "cpu"),
)
REFERENCE: Contender = ("OpenVINO f32, CPU", "openvino", "f32", "cpu")
"""What another device's pictures and times are held against."""
CONTENDERS: dict[Device, tuple[Contender, ...]] = {
    "cpu": ON_CPU,
    "cuda": (
        REFERENCE,
        ("ONNX Runtime f32, cuda", "onnx", "f32", "cuda"),
        ("torch eager f32, cuda", "torch", "f32", "cuda"),
        ("torch eager bf16, cuda", "torch", "bf16", "cuda"),
    ),
    "gpu": (
        REFERENCE,
        ("OpenVINO f32, gpu", "openvino", "f32", "gpu"),
        ("OpenVINO auto, gpu", "openvino", "auto", "gpu"),
    ),
    "npu": (REFERENCE, ("OpenVINO auto, npu", "openvino", "auto", "npu")),
}


@dataclass(frozen=True)
class SpeedRow:
    """One backend on one patch: its time, and how close its picture is to the first row's."""

    name: str
    seconds: float
    megapixels_per_second: float
    ratio: float
    """Times as fast as the first row."""
    psnr: float
    """dB between its picture and the first row's."""
    ceiling: str = "f32"
    """The one of `SpeedReport.ceilings` that is its own."""


@dataclass(frozen=True)
class SpeedReport:
    """Every backend that could run, and what the machine could reach."""

    rows: list[SpeedRow]
    patch: int
    threads: int
    operations: float
    """Floating-point operations per patch, two for a multiply-add."""
    ceilings: dict[str, float]
    """Measured matrix-product rate by arithmetic (and device), operations per second."""
    missing: list[str]
    """Contenders that could not run here, with the reason."""


def measure(
    model: str, patch: int = 256, threads: int = 0, repeats: int = 20, device: Device = "cpu"
) -> SpeedReport:
    """Time one ``patch`` square picture on every backend of a device, as `race` does."""
    return race(CONTENDERS[device], model, patch, threads, repeats)


def race(
    contenders: Iterable[Contender], model: str, patch: int, threads: int, repeats: int
) -> SpeedReport:
    """Time the contenders round robin, median of ``repeats``."""
    found = find(model)
    if found.steps:
        raise OptionError(f"{model} is two networks: measure one at a time.")
    backends: dict[str, Backend] = {}
    roofs: dict[str, tuple[str, Device]] = {}
    missing = []
    for name, backend, precision, device in contenders:
        try:
            loaded = load_backend(backend, found.folder, precision, threads, device)
        except BurnishError as error:
            missing.append(f"{name}: {error}")
            continue
        if (backend, precision) == ("openvino", "bf16") and not has_bf16():
            missing.append(f"{name}: this CPU has no bf16 matrix units")
            continue
        arithmetic = "f32" if loaded.precision == "int8" else loaded.precision
        backends[name], roofs[name] = loaded, (arithmetic, device)
    rng = np.random.default_rng(0)
    x = rng.random((1, 3, patch, patch), np.float32)
    photo = x[0].transpose(1, 2, 0)
    times: dict[str, list[float]] = {n: [] for n in backends}
    pictures: dict[str, np.ndarray] = {}
    for turn in range(repeats + 2):
        for name, loaded in backends.items():
            start = time.perf_counter()
            told = condition(loaded.run, known(loaded.run, found.card, photo))
            y = loaded.run("main", {"x": x, "condition": told})
            if turn >= 2:  # the first two warm up
                times[name].append(time.perf_counter() - start)
            pictures[name] = y[0].transpose(1, 2, 0)
    first = next(iter(backends))
    rows = []
    for name, measured in times.items():
        seconds = statistics.median(measured)
        rows.append(
            SpeedRow(
                name,
                seconds,
                patch * patch / 1e6 / seconds,
                statistics.median(times[first]) / seconds,
                psnr(pictures[name], pictures[first]),
                roof_name(*roofs[name]),
            )
        )
    return SpeedReport(
        rows,
        patch,
        threads,
        operations(found.folder / "main.onnx") * patch * patch,
        {
            roof_name(arithmetic, device): matmul_ceiling(arithmetic, threads, device=device)
            for arithmetic, device in sorted(set(roofs.values()))
        },
        missing,
    )


def roof_name(arithmetic: str, device: Device) -> str:
    """What the ceiling of an arithmetic on a device is called."""
    return arithmetic if device == "cpu" else f"{arithmetic} on {device}"


def table(report: SpeedReport) -> str:
    """Markdown table of a report, with what share of the measured ceiling each backend reaches."""
    lines = [
        f"| {report.patch}x{report.patch} patch | seconds | MP/s | ratio | of the ceiling "
        "| PSNR to the first |",
        "|---|---|---|---|---|---|",
    ]
    for row in report.rows:
        share = report.operations / row.seconds / report.ceilings[row.ceiling]
        lines.append(
            f"| {row.name} | {row.seconds:.4f} | {row.megapixels_per_second:.2f} "
            f"| {row.ratio:.2f} | {share:.0%} | {row.psnr:.1f} dB |"
        )
    rates = ", ".join(f"{k} {v / 1e9:.0f} GFLOP/s" for k, v in report.ceilings.items())
    lines += ["", f"Measured matrix-product ceiling: {rates}."]
    lines += [f"Not measured: {reason.rstrip('.')}." for reason in report.missing]
    return "\n".join(lines)
