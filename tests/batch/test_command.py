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
