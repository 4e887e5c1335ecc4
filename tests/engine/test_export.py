"""Export: what it writes, and that it writes nothing when the graph is not the network."""

import dataclasses
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.engine import export as exporting
from burnish.engine.backend import BackendName, load_backend
from burnish.engine.export import export
from burnish.errors import ModelError, OptionError, OutputError
from burnish.files import sha256

CONDITION = 2 * 8 + 8 + 7
"""What the tiny model knows of the whole picture: two attentions, gamma, beta and delta."""

BACKENDS: tuple[BackendName, ...] = ("torch", "onnx", "openvino")


@pytest.fixture
def graphs_of_tiny(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing takes seconds: here the graphs are always those of the tiny model."""

    def copy(*arguments: object) -> None:
        path = arguments[-1]
        assert isinstance(path, Path)
        shutil.copy(model / path.name, path)

    monkeypatch.setattr(exporting, "write_graph", copy)


def test_a_model_folder(model: Path, weights: Path) -> None:
    files = {"card.json", "main.onnx", "statistics.onnx", "condition.onnx", "weights.safetensors"}
    assert {p.name for p in model.iterdir()} == files
    assert [p.name for p in model.parent.iterdir()] == [model.name]
    assert logging.getLogger("torch.onnx._internal.exporter._registration").level == logging.NOTSET
    card = ModelCard.from_json((model / "card.json").read_text())
    assert card.hashes == {n: sha256(model / n) for n in files - {"card.json"}}
    original = checkpoint.load_weights(weights)[0]
    for name, value in checkpoint.load_weights(model / "weights.safetensors")[0].items():
        assert torch.equal(value, original[name])


@pytest.mark.parametrize("size", [(2, 2), (5, 64), (61, 83), (130, 33)])
@torch.no_grad()
def test_all_backends_equal_torch_at_any_size(model: Path, size: tuple[int, int]) -> None:
    net, _ = checkpoint.load(model / "weights.safetensors")
    rng = np.random.default_rng(0)
    x = rng.random((1, 3, *size), np.float32)
    weight = rng.random((1, 1, *size), np.float32) / (size[0] * size[1])
    sums = net.moments(torch.from_numpy(x), torch.from_numpy(weight))
    known = net.statistics(torch.from_numpy(x))
    condition = net.condition(known)
    y = net(torch.from_numpy(x), known)
    for name in BACKENDS:
        backend = load_backend(name, model, "f32", threads=1)
        assert backend.precision == "f32"
        got = backend.run("statistics", {"x": x, "weight": weight})
        np.testing.assert_allclose(got, sums.numpy(), rtol=0, atol=1e-5)
        got = backend.run("condition", {"known": known.numpy()})
        np.testing.assert_allclose(got, condition.numpy(), rtol=0, atol=1e-5)
        got = backend.run("main", {"x": x, "condition": condition.numpy()})
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, y.numpy(), rtol=0, atol=1e-4)


def test_results_are_not_overwritten_by_the_next_run(model: Path) -> None:
    x = np.random.default_rng(0).random((2, 1, 3, 20, 20), np.float32)
    condition = np.full((1, CONDITION), 0.1, np.float32)
    for name in BACKENDS:
        backend = load_backend(name, model, "f32", threads=1)
        first = backend.run("main", {"x": x[0], "condition": condition})
        before = first.copy()
        backend.run("main", {"x": x[1], "condition": condition})
        np.testing.assert_array_equal(first, before)


@pytest.mark.usefixtures("graphs_of_tiny")
def test_a_graph_of_other_weights_is_not_written(
    make_weights: Callable[..., Path], tmp_path: Path
) -> None:
    other = make_weights(tmp_path / "other.safetensors", seed=5)
    with pytest.raises(ModelError, match=r"other\.safetensors is .* away from torch; not written"):
        export(other, tmp_path / "models" / "tiny")
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.parametrize("tolerance", [-1.0, float("nan")])
@pytest.mark.usefixtures("graphs_of_tiny")
def test_a_refused_export_leaves_the_old_model(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tolerance: float
) -> None:
    folder = tmp_path / "models" / "tiny"
    export(weights, folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    monkeypatch.setattr(exporting, "TOLERANCE", tolerance)
    with pytest.raises(ModelError, match="not written"):
        export(weights, folder, {"name": "another"})
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in folder.parent.iterdir()] == ["tiny"]


@pytest.mark.usefixtures("graphs_of_tiny")
def test_an_export_replaces_the_old_model_and_can_rename_it(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    assert export(weights, folder).name == "tiny"
    assert export(weights, folder, {"name": "another"}).name == "another"
    assert ModelCard.from_json((folder / "card.json").read_text()).name == "another"
    assert checkpoint.load_weights(folder / "weights.safetensors")[1].name == "another"


@pytest.mark.usefixtures("graphs_of_tiny")
def test_a_card_of_older_code_is_brought_up_to_date(weights: Path, tmp_path: Path) -> None:
    """A run that began before the engine knew a field says nothing of it."""
    values, card = checkpoint.load_weights(weights)
    old = tmp_path / "old.safetensors"
    checkpoint.save(old, values, dataclasses.replace(card, halo=1, tones=()))
    assert export(old, tmp_path / "tiny").halo == card.halo > 1
    assert ModelCard.from_json((tmp_path / "tiny" / "card.json").read_text()).tones == card.tones


@pytest.mark.usefixtures("graphs_of_tiny")
def test_a_folder_of_other_things_is_never_replaced(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "photo.jpg").write_text("dear")
    (tmp_path / "file").write_text("dear")
    for name in ("album", "file"):
        with pytest.raises(OutputError, match=f"{name} holds other things"):
            export(weights, tmp_path / name)
    assert (tmp_path / "album" / "photo.jpg").read_text() == "dear"
    (tmp_path / "empty").mkdir()
    export(weights, tmp_path / "empty")


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.safetensors cannot be read"):
        export(tmp_path / "gone.safetensors", tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", BACKENDS)
def test_a_folder_without_a_model(name: BackendName, tmp_path: Path) -> None:
    x = {"x": np.zeros((1, 3, 8, 8), np.float32), "condition": np.zeros((1, CONDITION), np.float32)}
    with pytest.raises(ModelError, match=str(tmp_path)):
        load_backend(name, tmp_path, "f32", 1).run("main", x)
    for file in ("main.onnx", "weights.safetensors"):
        (tmp_path / file).write_bytes(b"neither a graph nor weights")
    with pytest.raises(ModelError, match=str(tmp_path)):
        load_backend(name, tmp_path, "f32", 1).run("main", x)


def test_what_a_backend_cannot_do_is_said(model: Path) -> None:
    with pytest.raises(OptionError, match="onnx backend computes in f32 only"):
        load_backend("onnx", model, "bf16")
    with pytest.raises(OptionError, match="no backend 'cuda'"):
        load_backend("cuda", model)  # type: ignore[arg-type]
    assert load_backend("openvino", model).precision in ("f32", "bf16")
