"""Enlarging as commands: what is refused as long as no model ships, and paper B's tables."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from burnish import cli


def photos(folder: Path, count: int = 2) -> Path:
    folder.mkdir(parents=True)
    for seed in range(count):
        small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
        Image.fromarray(small).resize((48, 40), Image.Resampling.BICUBIC).save(
            folder / f"{seed}.png"
        )
    return folder


@pytest.mark.parametrize("asked", [["--task", "sr"], ["--scale", "3"]])
def test_a_task_without_a_shipped_model_is_one_sentence(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from burnish.engine.models import find, shipped

    cards = [find(name).card for name in shipped()]
    if asked[0] == "--task" and any(card.task == "sr" for card in cards):
        pytest.skip("a model for it ships")
    source = photos(tmp_path / "in")
    assert cli.run(["enhance", str(source), "-o", str(tmp_path / "out"), *asked]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "--model FOLDER" in error
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_scale_is_refused(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = photos(tmp_path / "in"), str(tmp_path / "out")
    assert cli.run(["enhance", str(source), "-o", out, "--model", model, "--scale", "2"]) == 2
    assert "has scale 1, not 2" in capsys.readouterr().err


def test_table_b2_on_any_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, theirs = photos(tmp_path / "mine"), photos(tmp_path / "theirs")
    call = ["bench", "table", "b2", "--on", str(mine), "--outputs", f"theirs={theirs}"]
    assert cli.run(call) == 0
    table = capsys.readouterr().out
    assert "| mine (2) |" in table and "| bicubic | -" in table
    assert "| theirs | - | - | - | inf/1.0000 |" in table  # the photos themselves
    assert cli.run(["bench", "table", "b2"]) == 2
    assert "--on FOLDER" in capsys.readouterr().err


def test_joint_wants_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "joint"]) == 2
    assert "--retouch" in capsys.readouterr().err
