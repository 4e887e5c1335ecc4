"""Devices: which backend takes which, what is said of absent ones, and the code for cards.

No card is needed: what runs there runs here on the CPU through the same code, and the refusals
are checked against what the libraries say of this machine, and skipped where a device exists.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import openvino as ov
import pytest
import torch

from burnish.batch.recipe import recipe_for
from burnish.bench import speed
from burnish.cli import run
from burnish.engine import torch_backend
from burnish.engine.backend import BackendName, Device, check_device, load_backend
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import find
from burnish.engine.network import parted
from burnish.engine.onnx_backend import CUDA, OnnxBackend
from burnish.engine.openvino_backend import OpenVinoBackend, arithmetic, devices
from burnish.engine.options import EnhanceOptions
from burnish.engine.torch_backend import TorchBackend
from burnish.errors import OptionError

SEEN: dict[tuple[BackendName, Device], Callable[[], bool]] = {
    ("torch", "cuda"): torch.cuda.is_available,
    ("onnx", "cuda"): lambda: CUDA in ort.get_available_providers(),
    ("openvino", "gpu"): lambda: any(d.startswith("GPU") for d in ov.Core().available_devices),
    ("openvino", "npu"): lambda: "NPU" in ov.Core().available_devices,
}


@pytest.mark.parametrize(
    ("asked", "device", "taken"),
    [
        ("auto", "cpu", "openvino"),
        ("auto", "gpu", "openvino"),
        ("auto", "npu", "openvino"),
        ("auto", "cuda", "torch"),
        ("onnx", "cuda", "onnx"),
        ("torch", "cpu", "torch"),
        ("openvino", "cuda", "knows the devices cpu, gpu, npu, not cuda: .* take torch or onnx"),
        ("torch", "gpu", "knows the devices cpu, cuda, not gpu: .* take openvino"),
        ("auto", "tpu", "device must be one of cpu, cuda, gpu, npu, not tpu"),
    ],
)
def test_a_device_settles_the_backend(asked: Any, device: Any, taken: str) -> None:
    if " " in taken:
        with pytest.raises(OptionError, match=taken):
            EnhanceOptions(backend=asked, device=device)
    else:
        assert EnhanceOptions(backend=asked, device=device).backend == taken


@pytest.mark.parametrize(("backend", "device"), SEEN)
def test_a_device_that_is_not_there(
    backend: BackendName,
    device: Device,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if SEEN[backend, device]():
        pytest.skip(f"this machine has {device}")
    says = f"There is no device {device} for the {backend} backend here"
    for refused in (
        lambda: check_device(backend, device),
        lambda: load_backend(backend, model, device=device),
        lambda: Enhancer(EnhanceOptions(model=str(model), backend=backend, device=device)),
    ):
        with pytest.raises(OptionError, match=rf"{says}.*: there is cpu"):
            refused()
    (tmp_path / "a.png").write_bytes(b"is not read")
    flags = ["--backend", backend, "--device", device]
    assert run(["enhance", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), *flags]) == 2
    told = capsys.readouterr().err
    assert says in told and len(told.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_what_openvino_finds_is_what_it_says() -> None:
    core = ov.Core()
    found = devices()
    assert found.keys() == {d.split(".")[0].lower() for d in core.available_devices}
    assert found["cpu"] == core.get_property("CPU", "FULL_DEVICE_NAME").strip()


def test_onnx_runtime_that_falls_back_to_the_cpu_is_found_out(model: Path) -> None:
    if SEEN["onnx", "cuda"]():
        pytest.skip("this machine has cuda")
    backend = OnnxBackend(model, threads=1)
    backend.device = "cuda"
    with (
        pytest.warns(UserWarning, match=CUDA),
        pytest.raises(OptionError, match="its CUDA provider does not start"),
    ):
        backend.run("main", {})


@pytest.mark.parametrize(
    ("precision", "device", "capabilities", "taken"),
    [
        ("auto", "cpu", "FP32 INT8", "f32"),
        ("auto", "cpu", "FP32 BF16", "bf16"),
        ("auto", "cpu", "FP32 FP16", "f32"),
        ("bf16", "cpu", "FP32", "bf16"),
        ("auto", "gpu", "FP32 BIN FP16 INT8", "f16"),
        ("f32", "gpu", "FP32 BIN FP16 INT8", "f32"),
        ("bf16", "gpu", "FP32 BIN FP16 INT8", "computes in f32, f16, not in bf16"),
        ("f32", "npu", "FP16 INT8", "computes in f16, not in f32"),
    ],
)
def test_arithmetic(precision: Any, device: Any, capabilities: str, taken: str) -> None:
    if " " in taken:
        with pytest.raises(OptionError, match=taken):
            arithmetic(precision, device, capabilities.split())
    else:
        assert arithmetic(precision, device, capabilities.split()) == taken


def test_only_the_main_graph_leaves_the_cpu(model: Path) -> None:
    backend = OpenVinoBackend(model, "f32", threads=1)
    assert {backend._place(g)[0] for g in ("main", "statistics", "condition")} == {"CPU"}
    backend.device, backend.precision = "gpu", "f16"
    device, config = backend._place("main")
    assert device == "GPU" and config["INFERENCE_PRECISION_HINT"] == "f16"
    assert "INFERENCE_NUM_THREADS" not in config
    for graph in ("statistics", "condition"):
        device, config = backend._place(graph)  # type: ignore[arg-type]
        assert device == "CPU" and config["INFERENCE_PRECISION_HINT"] == "f32"
        assert config["INFERENCE_NUM_THREADS"] == "1"


def test_graphs_of_fixed_size_give_the_same_picture(model: Path) -> None:
    free, fixed = (OpenVinoBackend(model, "f32", threads=1) for _ in range(2))
    fixed.fixed = True
    rng = np.random.default_rng(0)
    condition = rng.random((1, EnhancerOf(model).size), np.float32)
    compiled = []
    for size in ((40, 56), (40, 56), (31, 33)):
        x = {"x": rng.random((1, 3, *size), np.float32), "condition": condition}
        np.testing.assert_allclose(fixed.run("main", x), free.run("main", x), rtol=0, atol=1e-6)
        compiled.append(fixed._requests["main"])
    assert compiled[0] is compiled[1] and compiled[1] is not compiled[2]


class EnhancerOf:
    """A model's enhancer in f32 by torch, and its condition's size."""

    def __init__(self, model: Path, **options: Any) -> None:
        chosen: dict[str, Any] = {"precision": "f32", "threads": 1, "backend": "torch"}
        self.enhance = Enhancer(EnhanceOptions(model=str(model), **(chosen | options)))
        condition, _ = parted(self.enhance.condition(np.zeros((8, 8, 3), np.float32)))
        self.size = condition.shape[1]


def as_on_a_card(model: Path, precision: Any) -> Enhancer:
    """The torch backend with the layout and arithmetic of a card, on the CPU."""
    enhance = EnhancerOf(model, precision=precision, tile=64).enhance
    assert enhance.network
    backend = enhance.network.backend
    assert isinstance(backend, TorchBackend)
    backend.on_card = True
    backend.move()
    return enhance


def test_the_layout_of_a_card_gives_the_same_picture(model: Path) -> None:
    pixels = np.random.default_rng(1).random((77, 101, 3), np.float32)
    expected = EnhancerOf(model).enhance.enhance_pixels(pixels)
    got = as_on_a_card(model, "f32").enhance_pixels(pixels)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)


def test_bf16_on_a_card_is_close_and_judges_in_f32() -> None:
    """The shipped model, on a smooth ramp: where steps of bf16 in the divisor would be seen."""
    ramp = np.linspace(0.1, 0.9, 64, dtype=np.float32)
    pixels = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], 0.5 * ramp[None]), axis=2)
    model = find("nrl").folder
    exact = EnhancerOf(model).enhance
    close = as_on_a_card(model, "bf16")
    np.testing.assert_allclose(close.condition(pixels), exact.condition(pixels), rtol=0, atol=1e-4)
    gap = close.enhance_pixels(pixels) - exact.enhance_pixels(pixels)
    assert gap.any() and -10 * np.log10(np.mean(gap**2)) > 60 and np.abs(gap).max() < 1 / 255


@pytest.mark.parametrize("name", ["srpie", "srpie-sr"])
def test_bf16_on_a_card_leaves_the_enlarged_picture_smooth(name: str) -> None:
    """A faint ramp at twice its size: all in bf16, it would be off by two to five levels."""
    ramp = np.linspace(0.55, 0.75, 40, dtype=np.float32)[:, None] + np.linspace(0, 0.03, 48)
    pixels = (ramp[..., None] * (0.8, 0.9, 1)).astype(np.float32)
    model = find(name).folder
    expected = EnhancerOf(model).enhance.enhance_pixels(pixels)
    gap = as_on_a_card(model, "bf16").enhance_pixels(pixels) - expected
    assert gap.any() and -10 * np.log10(np.mean(gap**2)) > 70 and np.abs(gap).max() < 0.5 / 255


def test_a_batch_knows_the_device() -> None:
    model = find("nrl")
    plain, named, card = (
        recipe_for(EnhanceOptions(**options), model)
        for options in ({}, {"backend": "openvino", "device": "cpu"}, {"device": "cuda"})
    )
    assert plain.hash == named.hash != card.hash
    assert "device cuda, not cpu" in plain.differences(card)


def test_speed_says_what_is_missing_and_what_is_the_ceiling() -> None:
    if SEEN["torch", "cuda"]():
        pytest.skip("this machine has cuda")
    report = speed.race(speed.CONTENDERS["cuda"], "nrl", patch=32, threads=1, repeats=1)
    assert [row.name for row in report.rows] == ["OpenVINO f32, CPU"]
    assert len(report.missing) == 3 and "torch eager bf16, cuda: There is no" in report.missing[2]
    assert report.ceilings.keys() == {"f32"}
    assert torch_backend.matmul_ceiling("f32", "cpu", size=256, repeats=2) > 1e8
