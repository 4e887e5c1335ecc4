"""What the command adds to a batch: flags, reports, and names that are no text."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from batch.conftest import picture
from burnish import cli
from burnish.batch.manifest import home
from burnish.image.read import read


def names(folder: Path) -> list[str]:
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in found if not name.startswith(".burnish"))


def test_a_batch_from_rehearsal_to_retry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    picture(tmp_path / "in" / "a.png")
    picture(tmp_path / "in" / "x" / "b.jpg")
    content = picture(tmp_path / "in" / "c.png").read_bytes()
    (tmp_path / "in" / "c.png").write_bytes(content[:300])
    report = tmp_path / "report.json"
    arguments = [str(tmp_path / "in"), "-o", str(out), "--threads", "1", "--name", "{name}_new"]
    arguments += ["--report", str(report)]

    assert cli.run([*arguments, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert f"{tmp_path / 'in' / 'a.png'} -> {out / 'a_new.png'}" in shown
    assert "3 photos to enhance" in shown and "nothing was done" in shown
    assert not out.exists()
    assert len(json.loads(report.read_text())["planned"]) == 3

    assert cli.run(arguments) == 1
    assert names(out) == ["a_new.png", "x/b_new.jpg"]
    told = json.loads(report.read_text())
    assert [len(told[k]) for k in ("done", "kept", "failed", "planned")] == [2, 0, 1, 0]
    assert "c.png" in report.with_suffix(".txt").read_text()

    capsys.readouterr()
    assert cli.run(arguments) == 1
    shown = capsys.readouterr()
    assert "0 photos enhanced, 2 done before, 1 failed" in shown.out
    assert "--retry-failed" in shown.err
    assert cli.run([*arguments, "--retry-failed"]) == 1
    assert "--retry-failed" not in capsys.readouterr().err

    assert cli.run([*arguments, "--strength", "0.5"]) == 1
    assert "was made with strength 1.0, not 0.5" in capsys.readouterr().err
    (tmp_path / "in" / "c.png").write_bytes(content)
    assert cli.run(arguments) == 0
    assert read(out / "c_new.png").width == 56

    report.write_text("my diary")
    assert cli.run(arguments) == 4
    assert report.read_text() == "my diary"


def test_originals_are_safe_from_overwrite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = tmp_path / "in", tmp_path / "in" / "out"
    picture(photos / "a.png")
    picture(photos / "b.png")
    mine = picture(out / "a.png", seed=5).read_bytes()
    arguments = [str(photos), "-o", str(out), "--threads", "1", "--overwrite"]
    assert cli.run([*arguments, "--dry-run"]) == 1
    assert names(out) == ["a.png"] and not (out / ".burnish").exists()
    assert cli.run(arguments) == 1
    assert "a.png lies among the photos" in capsys.readouterr().err
    assert (out / "a.png").read_bytes() == mine and names(out) == ["a.png", "b.png"]
    assert cli.run([*arguments, "--lock-to", str(out / "a.png")]) == 4
    assert "is an original, which is never overwritten" in capsys.readouterr().err


def test_a_rehearsal_leaves_the_manifest_alone(tmp_path: Path) -> None:
    photo, out = picture(tmp_path / "in" / "a.png"), tmp_path / "out"
    arguments = [str(tmp_path / "in"), "-o", str(out), "--threads", "1"]
    assert cli.run(arguments) == 0
    before = home(out).read_bytes()
    os.utime(photo, (1, 1))
    assert cli.run([*arguments, "--dry-run"]) == 0
    assert home(out).read_bytes() == before
    assert cli.run(arguments) == 0
    assert home(out).read_bytes() != before  # what the rehearsal must not do can be seen


LONG = 300 * "n"
"""More than any file system takes as a name."""


@pytest.fixture
def beside_locked(locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a photo in `in`, and with a folder that may not be looked into."""
    monkeypatch.chdir(tmp_path)
    picture(Path("in/photo.png"))


def test_a_photo_that_cannot_be_reached_does_not_stop_the_rest(
    locked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    picture(Path("a.png"))
    arguments = ["a.png", "locked/sub/x.jpg", f"{LONG}.jpg", "-o", "out", "--threads", "1"]
    for made in ("1 photo enhanced, 2 failed", "1 done before, 2 failed"):
        assert cli.run(arguments) == 1
        told = capsys.readouterr()
        assert made in told.out and names(Path("out")) == ["a.png"]
        assert "failed: locked/sub/x.jpg: x.jpg cannot be opened: Permission denied." in told.err
        assert f"{LONG}.jpg cannot be opened: File name too long." in told.err
    assert cli.run(["locked/sub/x.jpg", "-o", "x.jpg"]) == 3


def test_a_sub_folder_that_cannot_be_searched_does_not_stop_the_rest(
    beside_locked: None, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = "The folder ./locked cannot be searched: Permission denied."
    arguments = [".", "-o", "out", "--threads", "1", "--report", "report"]
    assert cli.run([*arguments, "--dry-run", "--series"]) == 1
    assert f"failed: {reason}" in capsys.readouterr().err
    for made in ("1 photo enhanced, 1 failed", "1 done before, 1 failed"):
        assert cli.run([*arguments, "--series"]) == 1
        told = capsys.readouterr()
        assert made in told.out and told.err.count(f"failed: {reason}") == 1
        assert names(Path("out")) == ["in/photo.png"]
        failed = json.loads(Path("report.json").read_text())["failed"]
        assert failed == [{"source": "locked", "target": "out/locked", "reason": reason, "code": 3}]
    assert cli.run(["in", "locked", "-o", "out"]) == 3  # named, it is a mistake
    assert reason.replace("./", "") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["in", "-o", "PLACE"], 4),
        (["in/photo.png", "-o", "PLACE"], 4),
        (["in/photo.png", "-o", "PLACE.png"], 4),
        (["in", "-o", "PLACE/deeper"], 4),
        (["in", "-o", "out", "--report", "PLACE/report"], 4),
        (["in", "-o", "out", "--model", "PLACE"], 2),
        (["in", "-o", "out", "--model", "PLACE+srpie-sr"], 2),
        (["in", "-o", "out", "--look", "PLACE"], 2),
        (["in", "-o", "out", "--lock-to", "PLACE"], 3),
        (["watch", "PLACE", "-o", "out"], 3),
        (["watch", "in", "-o", "PLACE"], 4),
        (["compare", "PLACE", "in"], 3),
        (["compare", "in", "PLACE"], 3),
        (["compare", "in", "in", "-o", "PLACE.png"], 4),
        (["learn", "PLACE", "in", "-o", "my.look"], 3),
        (["learn", "in", "PLACE", "-o", "my.look"], 3),
        (["learn", "in", ".", "-o", "PLACE"], 4),
        (["look", "info", "PLACE"], 2),
        (["eval", "--pairs", "in", "PLACE", "--baselines"], 3),
    ],
)
@pytest.mark.parametrize("place", ["locked/sub", LONG], ids=["locked", "long"])
def test_a_path_that_cannot_be_reached_is_one_sentence(
    place: str,
    arguments: list[str],
    code: int,
    beside_locked: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run([word.replace("PLACE", place) for word in arguments]) == code
    told = capsys.readouterr().err
    assert "unexpected" not in told and len(told.splitlines()) == 1
    assert not Path("out").exists()


@pytest.mark.parametrize("arguments", [["compare", "locked", "in"], ["learn", "locked", "in"]])
def test_a_folder_that_cannot_be_searched(
    arguments: list[str],
    beside_locked: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run([*arguments, "-o", "made"]) == 3
    assert "The folder locked cannot be searched: Permission denied." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["", "-o", "out"], 2, "it is empty"),
        (["in", "-o", ""], 2, "it is empty"),
        (["in", "-o", "loop"], 4, "is a link that leads nowhere"),
        (["in", "-o", "out", "--report", "."], 4, "is no name for a report"),
        (["in", "-o", "out", "--name", "a/{name}"], 2, "makes no file names, but paths"),
        (["in", "-o", "out", "--name", f"{252 * 'n'}{{name}}"], 4, "more than 255 bytes"),
        (["/dev/null", "-o", "out"], 3, "is a pipe, socket or device"),
        (["in", "-o", "out", "--lock-to", "/dev/null"], 3, "is a pipe, socket or device"),
        (["watch", "in", "-o", "out", "--poll", "inf"], 2, "at most a day"),
        (["watch", "in", "-o", "loop"], 4, "is a link that leads nowhere"),
        (["watch", "", "-o", "out"], 2, "it is empty"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="devices of POSIX")
def test_one_sentence_before_anything_is_done(
    arguments: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    picture(Path("in/photo.png"))
    Path("loop").symlink_to("loop")
    assert cli.run(arguments) == code
    told = capsys.readouterr().err
    assert words in told and len(told.splitlines()) == 1
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("error", "code", "event"),
    [
        (KeyboardInterrupt(), 130, {"event": "summary", "interrupted": True, "total": 0}),
        (ZeroDivisionError("surprise"), 1, {"event": "refused"}),
    ],
)
def test_json_has_an_end_however_it_comes(
    error: BaseException,
    code: int,
    event: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("burnish.cli.enhance.plan", broken)
    assert cli.run([str(tmp_path), "-o", str(tmp_path / "out"), "--json"]) == code
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told.items() >= event.items() and told["exit_code"] == code
    assert code == 130 or "surprise" in told["reason"]


def test_json_is_ascii(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = picture(tmp_path / "in" / "ä 日.png")
    arguments = [str(photo.parent), "-o", str(tmp_path / "out"), "--dry-run", "--json"]
    assert cli.run(arguments) == 0
    shown = capsys.readouterr().out
    assert shown.isascii() and json.loads(shown.splitlines()[0])["source"] == str(photo)


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_names_that_are_no_text_are_told(
    tmp_path: Path, start: Callable[..., "subprocess.Popen[str]"], form: list[str]
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/in/\xff.png"))
    picture(tmp_path / "in" / "a.png").rename(odd)
    child = start(tmp_path / "in", "-o", tmp_path / "out", "--dry-run", *form)
    shown, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
    assert r"\udcff.png" in shown
    if form:
        assert json.loads(shown.splitlines()[0])["source"] == str(odd)
