"""The verbs `learn` and `look`, and `enhance --look`, as a user runs them."""

import json
from pathlib import Path

import numpy as np
import pytest

from burnish import cli
from burnish.cli.learn import Progress
from burnish.image.read import read
from look.conftest import make_photo, s_curve, save


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("looks")
    for seed in range(5):
        photo = make_photo(seed, 48, 64)
        save(photo, root / "before" / f"{seed}.png")
        save(s_curve(photo), root / "after" / f"{seed}.png")
        save(photo, root / "same" / f"{seed}.png")
    for name, folder in (("mine", "after"), ("still", "same")):
        arguments = ["learn", str(root / "before"), str(root / folder), "--base", "none"]
        assert cli.run([*arguments, "-o", str(root / f"{name}.look"), "--licence", "CC0"]) == 0
    return root


def test_enhance_with_it(work: Path, tmp_path: Path) -> None:
    photo = make_photo(60, 48, 64)
    save(photo, tmp_path / "a.png")
    arguments = ["enhance", str(tmp_path / "a.png"), "--look", str(work / "mine.look")]
    assert cli.run([*arguments, "-o", str(tmp_path / "b.png")]) == 0
    assert np.abs(read(tmp_path / "b.png").pixels - s_curve(photo)).mean() < 0.03
    assert (work / "mine.html").is_file()


def test_a_page_that_exists_stays(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.html").write_text("about me")
    arguments = ["learn", str(work / "before"), str(work / "after"), "-o"]
    assert cli.run([*arguments, str(tmp_path / "mine.look")]) == 4
    assert "mine.html, where the report goes, exists" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.html"]
    assert (tmp_path / "mine.html").read_text() == "about me"


def test_what_was_stopped_is_said(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(self: Progress, what: str, share: float) -> None:
        if what == "learning" and share > 0.1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "__call__", stop)
    arguments = ["learn", str(work / "before"), str(work / "after"), "--base", "none"]
    assert cli.run([*arguments, "-o", str(tmp_path / "mine.look")]) == 0
    said = capsys.readouterr().out
    assert "figures on held-out pairs are missing" in said and ".mine.look.learning" in said
    assert (tmp_path / ".mine.look.learning").is_dir() and (tmp_path / "mine.html").is_file()


def test_info(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["look", "info", str(work / "mine.look")]) == 0
    text = capsys.readouterr().out
    assert "from 5 pairs" in text and "licence: CC0" in text and "held out, look" in text
    assert cli.run(["look", "info", str(work / "mine.look"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pairs"] == 5


def test_blend_and_table(work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = [str(work / "mine.look"), str(work / "still.look")]
    out = tmp_path / "half.look"
    assert cli.run(["look", "blend", *both, "--share", "0.5", "-o", str(out)]) == 0
    assert cli.run(["look", "blend", *both, "-o", str(out)]) == 4
    kept = out.read_bytes()
    assert cli.run(["look", "export-cube", str(out), "-o", str(out), "--overwrite"]) == 4
    assert out.read_bytes() == kept
    assert cli.run(["look", "export-cube", str(out), "-o", str(tmp_path / "half.cube")]) == 0
    assert (tmp_path / "half.cube").read_text().startswith('TITLE "half"\nLUT_3D_SIZE 33\n')
    assert "50% mine" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["look", "dance", "x"], 2, "choose info"),
        (["look", "info", "nowhere.look"], 2, "There is no look"),
        (["look", "blend", "one.look", "-o", "x"], 2, "takes 2"),
        (["enhance", ".", "--look", "nowhere.look", "-o", "x"], 3, ""),
        (["learn", "nowhere", "nowhere", "-o", "x.look"], 3, "not a folder"),
        (["learn", ".", ".", "-o", "x.html"], 2, "look file"),
        (["learn", ".", ".", "-o", "photo.JPG", "--overwrite"], 2, "look file"),
    ],
)
def test_refusals(
    arguments: list[str],
    code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(arguments) == code
    assert says in capsys.readouterr().err
