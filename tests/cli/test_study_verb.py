"""`burnish study` as a command."""

from pathlib import Path

import pytest
from PIL import Image

from burnish import cli


def test_new_and_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for method in ("a", "b"):
        (tmp_path / method).mkdir()
        for n in range(3):
            Image.new("RGB", (8, 6)).save(tmp_path / method / f"{n}.png")
    (tmp_path / "list.txt").write_text("0.png\n2.png\n\n")
    study, methods = str(tmp_path / "s"), [f"{m}={tmp_path / m}" for m in "ab"]
    assert cli.run(["study", "new", study, *methods, "--names", str(tmp_path / "list.txt")]) == 0
    assert "4 pictures to score" in capsys.readouterr().out
    for wrong, code, said in (
        (["report", study], 3, "Nobody has answered yet"),
        (["new", study, *methods], 4, "exists already"),
        (["new", str(tmp_path / "t")], 2, "needs its methods"),
        (["new", str(tmp_path / "t"), "a"], 2, "wants NAME=FOLDER"),
        (["new", str(tmp_path / "t"), *methods, "--names", "nowhere"], 2, "cannot be read"),
        (["serve", str(tmp_path)], 3, "holds no study"),
        (["open", study], 2, "choose new, serve or report"),
    ):
        assert cli.run(["study", *wrong]) == code
        assert said in capsys.readouterr().err
