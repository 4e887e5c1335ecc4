"""Weight files: a round trip, and one clear error for every way a file can be wrong."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.errors import ModelError
from burnish.nets.zoo import build

TINY: dict[str, Any] = {"channels": 8, "widths": [4, 4, 4], "steps": 2}
CARD = ModelCard("tiny", "nrl-global", halo=9, hyperparameters=TINY, training_data=("made",))


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    checkpoint.save(tmp_path / "new" / "w.safetensors", build(CARD.net, **TINY).state_dict(), CARD)
    return tmp_path / "new" / "w.safetensors"


@torch.no_grad()
def test_what_was_saved_comes_back(weights: Path) -> None:
    torch.manual_seed(0)
    net = build(CARD.net, **TINY).eval()
    loaded, card = checkpoint.load(weights)
    assert card == CARD and not loaded.training
    for name, value in net.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    x = torch.rand(1, 3, 9, 14)
    assert torch.equal(loaded(x), net(x))
    assert [p.name for p in weights.parent.iterdir()] == ["w.safetensors"]


def test_a_card_survives_json() -> None:
    card = dataclasses.replace(CARD, scores={"psnr": 21.5}, hashes={"main.onnx": "ab"})
    assert ModelCard.from_json(card.to_json()) == card
    for text in ("", "[]", "null", "7", '{"name": "x"}', '{"colour": 1}', "{"):
        with pytest.raises(ModelError, match="here holds no valid model card"):
            ModelCard.from_json(text, "here")


def test_missing_damaged_and_foreign_files(weights: Path) -> None:
    folder = weights.parent
    with pytest.raises(ModelError, match=r"gone\.safetensors cannot be read"):
        checkpoint.load(folder / "gone.safetensors")
    (folder / "noise.safetensors").write_bytes(b"not a weight file, certainly")
    with pytest.raises(ModelError, match=r"noise\.safetensors cannot be read"):
        checkpoint.load(folder / "noise.safetensors")
    (folder / "cut.safetensors").write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"cut\.safetensors cannot be read"):
        checkpoint.load(folder / "cut.safetensors")
    save_file({"a": torch.zeros(1)}, folder / "foreign.safetensors")
    with pytest.raises(ModelError, match=r"foreign\.safetensors .*without a burnish model card"):
        checkpoint.load(folder / "foreign.safetensors")


@pytest.mark.parametrize(
    "change",
    [
        {"hyperparameters": TINY | {"channels": 10}},
        {"hyperparameters": TINY | {"colour": 1}},
        {"net": "another"},
    ],
)
def test_a_card_that_does_not_fit_the_weights(weights: Path, change: dict[str, Any]) -> None:
    values, card = checkpoint.load_weights(weights)
    checkpoint.save(weights, values, dataclasses.replace(card, **change))
    with pytest.raises(ModelError, match=r"w\.safetensors does not fit"):
        checkpoint.load(weights)


def test_an_older_file_with_an_unknown_fact_is_refused(weights: Path) -> None:
    values, card = checkpoint.load_weights(weights)
    facts = json.loads(card.to_json()) | {"surprise": 1}
    save_file(values, weights, metadata={checkpoint.CARD_KEY: json.dumps(facts)})
    with pytest.raises(ModelError, match=r"w\.safetensors holds no valid model card"):
        checkpoint.load(weights)
