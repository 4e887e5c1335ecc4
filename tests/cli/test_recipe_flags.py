"""`burnish train --choices` and `--start`: what they make of a recipe, before any training."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from burnish import cli


@pytest.fixture
def packed(tmp_path: Path) -> Any:
    """Packs a recipe with flags; its plain values, or the exit code."""
    photos = tmp_path / "photos"
    photos.mkdir()
    picture = np.random.default_rng(0).integers(0, 256, (80, 96, 3), dtype=np.uint8)
    Image.fromarray(picture).save(photos / "a.png")

    def pack(recipe: str, *flags: str) -> Any:
        folder = tmp_path / f"bundle-{len(list(tmp_path.iterdir()))}"
        call = ["train", recipe, "--data", str(photos), "--threads", "1", *flags]
        code = cli.run([*call, "--bundle", str(folder)])
        return code or json.loads((folder / "recipe.json").read_text())

    return pack


def test_choices_of_the_network_change_by_name(
    packed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = packed("srpie-sr-cpu", "--choices", "pair=d,b, t=2,dropout=0")
    changed = {"pair": "d,b", "t": 2, "dropout": 0.0}
    assert recipe["choices"] == {"start": "bicubic"} | changed
    assert packed("nrl", "--choices", "unit=rru,lam=2")["choices"] == {"unit": "rru", "lam": 2.0}
    capsys.readouterr()
    for name, choices, said in (
        ("srpie", "t", "--choices wants NAME=VALUE with commas between, not 't'."),
        ("srpie", "tee=3", "The network has no 'tee' to choose; it has scale, pair, combine,"),
        ("srpie", "msb_widths=3", "The network has no 'msb_widths' to choose;"),
        ("srpie", "t=3.5", "t: '3.5' is no whole number."),
        ("srpie", "eps=low", "eps: 'low' is no number."),
        ("srpie", "eps=nan", "eps: 'nan' is no number."),
        ("srpie", "eps=inf", "eps: 'inf' is no number."),
        ("srpie", "t=2=3", "--choices wants NAME=VALUE"),
        ("srpie", "pair=a", "pair: 'a' is none of i+d,i, d,b,"),
        ("srpie", "scale=5", "Network 'srpie': the scale is 1, 2, 3 or 4, not 5"),
    ):
        assert packed(name, "--choices", choices) == 2
        assert said in capsys.readouterr().err


def test_a_run_from_weights_learns_the_edges_from_its_first_step(packed: Any) -> None:
    def borders(*flags: str) -> list[int]:
        return [stage["border"] for stage in packed("srpie-sr-bf16", *flags)["stages"]]

    assert borders() == [8, 0, 0]
    assert borders("--start", "srpie-sr") == [0, 0, 0]
