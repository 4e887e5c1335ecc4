"""The int8 form of a model: made, held to its bar, run, and refused where it is not."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nncf", reason="needs the extra int8")

from burnish.cli import run
from burnish.data.calibration import unretouched
from burnish.engine import int8
from burnish.engine.backend import load_backend
from burnish.engine.enhancer import Enhancer
from burnish.engine.int8 import LEAST, chosen, quantise
from burnish.engine.models import find
from burnish.engine.network import parted
from burnish.engine.openvino_backend import OpenVinoBackend
from burnish.engine.options import EnhanceOptions
from burnish.errors import InputError, ModelError, OptionError
from burnish.image.photo import Photo
from burnish.image.write import write


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ramps of many colours with grain."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    ramp = np.linspace(0, 1, 48, dtype=np.float32)
    for number in range(LEAST):
        pixels = ramp[:, None, None] * rng.random(3) + ramp[None, :, None] * rng.random(3)
        pixels = (pixels / 2 + rng.normal(0, 0.02, pixels.shape)).clip(0, 1)
        write(Photo.from_array((pixels * 255).astype(np.uint8)), folder / f"{number}.png")
    return folder


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "model"))


def test_made_measured_and_run(folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "BAR", 25.0)  # an untrained network has wide ranges
    before = find(str(folder)).card
    card = quantise(folder, unretouched(chosen(photos)))
    found = find(str(folder))  # which checks the hashes of all files
    assert found.card == card and {"main-int8.xml", "main-int8.bin"} == (
        card.hashes.keys() - before.hashes.keys()
    )
    (score,) = (s for name, s in card.scores.items() if name.startswith("int8"))
    assert score["photos"] == LEAST / 4 and score["mean"] >= score["worst"] >= int8.BAR
    assert sorted(p.name for p in folder.parent.iterdir()) == ["model"]

    graph = OpenVinoBackend(folder, "int8", threads=1)
    pixels = np.random.default_rng(1).random((70, 90, 3), np.float32)
    exact, small = (
        Enhancer(EnhanceOptions(model=str(folder), precision=p, threads=1)) for p in ("f32", "int8")
    )
    np.testing.assert_array_equal(small.condition(pixels), exact.condition(pixels))
    gap = small.enhance_pixels(pixels) - exact.enhance_pixels(pixels)
    assert 20 < -10 * np.log10(np.mean(gap**2)) < 90
    condition, _ = parted(exact.condition(pixels))
    graph.run("main", {"x": np.zeros((1, 3, 32, 32), np.float32), "condition": condition})
    assert kinds(graph) & {"i8", "u8"}


def kinds(backend: OpenVinoBackend) -> set[str]:
    """The arithmetic of the convolutions as OpenVINO executes them."""
    compiled = backend._request("main", {}).get_compiled_model()
    return {
        op.get_rt_info()["runtimePrecision"].astype(str)
        for op in compiled.get_runtime_model().get_ordered_ops()
        if op.get_rt_info()["layerType"].astype(str) == "Convolution"
    }


def test_what_misses_the_bar_is_not_kept(
    folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "BAR", 200.0)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(ModelError, match="dB from float32 on one of 4 photos, and 200 are wanted"):
        quantise(folder, unretouched(chosen(photos)))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_too_few_photos(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"holds 0 photos; calibration wants {LEAST}"):
        chosen(tmp_path / "nothing")
    with pytest.raises(InputError, match=f"wants {LEAST} photos or more, and there are 1"):
        quantise(folder, [np.zeros((99, 99, 3), np.float32)])


def test_where_there_is_no_int8(model: Path, weights: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="has no int8 graph: `burnish export --int8` makes one"):
        load_backend("openvino", model, "int8")
    for name in ("onnx", "torch"):
        with pytest.raises(OptionError, match="use --backend openvino"):
            load_backend(name, model, "int8")  # type: ignore[arg-type]
    assert run(["export", str(weights), str(tmp_path / "m"), "--int8"]) == 2
    assert not (tmp_path / "m").exists()
