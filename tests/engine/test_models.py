"""Finding models: by name, by path, and never a damaged one."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from burnish.engine import models
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import find, shipped
from burnish.engine.options import EnhanceOptions
from burnish.errors import ModelError, OptionError
from burnish.nets.zoo import build


@pytest.fixture
def wheel(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped models with three copies of the tiny one."""
    for name in ("early", models.DEFAULT, "zebra"):
        shutil.copytree(model, tmp_path / "weights" / name)
    monkeypatch.setattr(models, "_wheel", lambda: tmp_path / "weights")
    return tmp_path / "weights"


def test_by_name_with_the_default_first(wheel: Path) -> None:
    assert shipped() == [models.DEFAULT, "early", "zebra"]
    assert find("zebra").folder == wheel / "zebra"
    assert find(models.DEFAULT).card.net == "nrl-global"


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_card_says_what_its_network_needs(name: str) -> None:
    card = find(name).card
    needs = build(card.net, **card.hyperparameters).needs()
    assert {field: getattr(card, field) for field in needs} == needs


@pytest.mark.parametrize("name", shipped())
def test_the_code_still_computes_what_the_shipped_graph_does(name: str) -> None:
    """torch runs the networks as they are written now, on weights older than that."""
    pixels = np.random.default_rng(0).random((24, 40, 3), np.float32)
    made = [
        Enhancer(EnhanceOptions(model=name, backend=backend, precision="f32", threads=1))
        for backend in ("openvino", "torch")
    ]
    graph, code = (enhancer.enhance_pixels(pixels) for enhancer in made)
    np.testing.assert_allclose(code, graph, rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", shipped())
def test_no_shipped_model_learned_from_test_data(name: str) -> None:
    """`bsds400` may train what is for benchmarks alone (its photos are for research)."""
    told = " ".join(find(name).card.training_data).lower()
    assert "photos" in told
    for held_out in ("bsd", "set5", "set14", "cid22-val", "cid22 validation", "urban100"):
        assert held_out not in told


def test_by_path(model: Path) -> None:
    found = find(str(model))
    assert found.folder == model
    assert set(found.card.hashes) == {
        "main.onnx",
        "statistics.onnx",
        "condition.onnx",
        "weights.safetensors",
    }


@pytest.mark.parametrize("name", ["zebre", "nowhere/at/all", "", "."])
def test_an_unknown_name_is_an_option_error(wheel: Path, name: str) -> None:
    with pytest.raises(OptionError, match="There is no model") as caught:
        find(name)
    assert name != "zebre" or "did you mean zebra" in str(caught.value)


def test_a_file_that_may_not_be_read_is_told(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(models, "sha256", refuse)
    with pytest.raises(ModelError, match=r"cannot be read: Permission denied\.$"):
        find("zebra")


def test_without_shipped_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_wheel", lambda: tmp_path)
    with pytest.raises(OptionError, match="none is shipped"):
        find("nrl")


@pytest.mark.parametrize("file", ["main.onnx", "statistics.onnx", "weights.safetensors"])
def test_a_damaged_file_is_found_before_it_is_loaded(wheel: Path, file: str) -> None:
    path = wheel / "zebra" / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"{file} is missing or damaged"):
        find("zebra")
    path.unlink()
    with pytest.raises(ModelError, match=f"{file} is missing or damaged"):
        find("zebra")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe\x00", b'{"name": "x"'])
def test_a_damaged_card(wheel: Path, content: bytes) -> None:
    (wheel / "zebra" / "card.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"card\.json"):
        find("zebra")
