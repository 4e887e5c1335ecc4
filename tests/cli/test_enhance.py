"""`burnish enhance` from outside: files, exit codes, and what it prints."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from burnish import cli
from burnish.errors import OutputError
from burnish.image.read import read

Call = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]
SRC = Path(__file__).resolve().parents[2] / "src"


def files(folder: Path) -> list[str]:
    """Names of the files below a folder, but for what a batch remembers."""
    names = (str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in names if not name.startswith(".burnish"))


def hashes(folder: Path) -> dict[str, str]:
    return {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in files(folder)}


def test_names_and_subfolders_are_kept_and_a_broken_file_stops_nothing(
    burnish: Call, folder: Path, tmp_path: Path, model: str
) -> None:
    (folder / "broken.jpg").write_bytes((folder / "day 1" / "b.jpg").read_bytes()[:300])
    (folder / "empty.png").touch()
    before = hashes(folder)
    done = burnish(folder, "-o", tmp_path / "out", "--model", model)
    assert done.returncode == 1, done.stderr
    assert files(tmp_path / "out") == ["a.png", "day 1/b.jpg", "day 1/deep/ä.webp"]
    assert hashes(folder) == before
    assert "broken.jpg" in done.stderr and "empty.png is empty" in done.stderr
    assert "Traceback" not in done.stderr
    assert "3 photos enhanced, 2 failed" in done.stdout
    result, source = read(tmp_path / "out" / "a.png"), read(folder / "a.png")
    assert result.pixels.shape == source.pixels.shape
    assert not np.array_equal(result.pixels, source.pixels)


def test_json_lines(burnish: Call, folder: Path, tmp_path: Path, model: str) -> None:
    (folder / "empty.png").touch()
    done = burnish("enhance", folder, "-o", tmp_path / "out", "--model", model, "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds.count("started") == 4 and kinds.count("done") == 3
    assert kinds.count("failed") == 1 and kinds[-1] == "summary"
    assert "progress" in kinds
    failed = next(event for event in events if event["event"] == "failed")
    assert failed["source"].endswith("empty.png") and failed["code"] == 3 and failed["reason"]
    summary = events[-1]
    assert (summary["total"], summary["done"], summary["failed"]) == (4, 3, 1)
    assert summary["exit_code"] == done.returncode == 1
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_whole_files_only(
    number: signal.Signals, tmp_path: Path, photo_file: Make, model: str
) -> None:
    for seed in range(40):
        photo_file(tmp_path / "in" / f"{seed:02}.png", 100, 150, seed=seed)
    child = subprocess.Popen(
        [sys.executable, "-m", "burnish", "in", "-o", "out", "--model", model, "--json"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(SRC)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Runners without a terminal may have it ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert child.stdout is not None
    seen = []
    for line in child.stdout:
        seen.append(json.loads(line))
        if seen[-1]["event"] == "done":
            child.send_signal(number)
            break
    rest, errors = child.communicate(timeout=60)
    seen += [json.loads(line) for line in rest.splitlines()]
    assert child.returncode == 130, errors
    assert seen[-1]["event"] == "summary" and seen[-1]["interrupted"]
    done = [event["target"] for event in seen if event["event"] == "done"]
    written = files(tmp_path / "out")
    assert 1 <= len(done) < 40
    # One photo may have been written while the signal was under way.
    assert len(done) <= len(written) <= len(done) + 1
    for name in written:
        assert read(tmp_path / "out" / name).pixels.shape == (100, 150, 3)


def test_torch_is_never_imported(folder: Path, tmp_path: Path, model: str) -> None:
    arguments = [str(folder), "-o", str(tmp_path / "out"), "--model", model]
    code = (
        "import sys; from burnish import cli\n"
        f"code = cli.run({arguments!r})\n"
        "print(code, 'torch' in sys.modules, 'rich' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines()[-1] == "0 False False", done.stderr


def test_existing_outputs_are_kept_unless_asked(
    folder: Path, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_text("mine")
    arguments = [str(folder), "-o", str(out), "--model", model]
    assert cli.run(arguments) == 1
    assert (out / "a.png").read_text() == "mine"
    assert "a.png exists already: use --overwrite" in capsys.readouterr().err
    assert cli.run(arguments) == 1
    assert "0 photos enhanced, 2 done before, 1 skipped" in capsys.readouterr().out
    assert cli.run([*arguments, "--overwrite"]) == 0
    assert read(out / "a.png").width == 56


def test_one_photo_to_one_file_in_another_format(
    tmp_path: Path, photo_file: Make, model: str
) -> None:
    photo_file(tmp_path / "a.png")
    out = tmp_path / "new" / "b.jpg"
    code = cli.run(["enhance", "-o", str(out), str(tmp_path / "a.png"), "--model", model])
    assert code == 0
    assert read(out).source.format == "jpeg"
    arguments = [str(tmp_path / "a.png"), "-o", str(tmp_path / "x"), "--model", model]
    assert cli.run([*arguments, "--format", "JPG", "--quality", "80"]) == 0
    assert read(tmp_path / "x" / "a.jpg").source.format == "jpeg"


def test_patterns_that_no_shell_expanded(folder: Path, tmp_path: Path, model: str) -> None:
    arguments = [str(folder / "*.png"), "-o", str(tmp_path / "out"), "--model", model]
    assert cli.run(arguments) == 0
    assert files(tmp_path / "out") == ["a.png"]


@pytest.mark.parametrize("count", [1, 2])
def test_a_jpeg_beside_a_raw_file_is_an_original(
    tmp_path: Path, photo_file: Make, model: str, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    """PNG stands for raw: what the camera wrote beside it is not replaced, whatever is asked."""
    shoot = tmp_path / "shoot"
    named = [str(photo_file(shoot / f"{number}.png", seed=number)) for number in range(count)]
    for number in range(count):
        photo_file(shoot / f"{number}.jpg", seed=9)
    before = hashes(shoot)
    arguments = [*named, "-o", str(shoot), "--format", "jpeg", "--model", model, "--overwrite"]
    assert cli.run(arguments) != 0
    assert hashes(shoot) == before
    assert "may be" in capsys.readouterr().err
    other = [*arguments[:-1], "--name", "{name} better"]
    assert cli.run(other) == 0
    assert cli.run([named[0], "-o", str(shoot / "0.jpg"), "--model", model, "--overwrite"]) == 0
    assert hashes(shoot)["0.jpg"] != before["0.jpg"]  # it was named


def test_a_star_that_names_the_results_the_second_time(
    folder: Path, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "better"
    for made in ("3 photos enhanced", "3 done before"):
        star = [str(path) for path in sorted(folder.glob("[!.]*")) if path.suffix != ".txt"]
        assert cli.run([*star, "-o", str(out), "--model", model]) == 0
        assert made in capsys.readouterr().out
    assert cli.run([str(out), "-o", str(out), "--model", model]) == 4


def test_strength_0_gives_the_same_pixels(folder: Path, tmp_path: Path, model: str) -> None:
    arguments = [str(folder / "a.png"), "-o", str(tmp_path / "out"), "--model", model]
    assert cli.run([*arguments, "--strength", "0"]) == 0
    assert np.array_equal(read(tmp_path / "out" / "a.png").pixels, read(folder / "a.png").pixels)


def test_a_folder_named_like_a_verb(
    tmp_path: Path, photo_file: Make, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photo_file(Path("models/a.png"))
    assert cli.run(["./models", "-o", "out", "--model", model]) == 0
    assert Path("out/a.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["in", "-o", "out", "--model", "nlr"], 2, "There is no model 'nlr'"),
        (["in", "-o", "out", "--strength", "1.5"], 2, "strength must lie between 0 and 1"),
        (["in", "-o", "out", "--precision", "f16"], 2, "precision must be one of auto, f32, bf16"),
        (["in", "-o", "out", "--metadata", "some"], 2, "metadata must be one of keep, copyright"),
        (["in", "-o", "out", "--quality", "0"], 2, "quality must be from 1 to 100"),
        (["in", "-o", "out", "--format", "gif"], 2, "Unknown output format 'gif'"),
        (["in", "-o", "out", "--strngth", "1"], 2, "--strength"),
        (["in"], 2, "--output"),
        (["in", "-o", "in"], 4, "choose another"),
        (["in", "-o", "all.jpg"], 2, "3 photos go in"),
        (["nowhere.jpg", "-o", "out", "--model", "MODEL"], 3, "nowhere.jpg does not exist"),
        (["void", "-o", "out"], 3, "There are no photos in void"),
        (["enhence", "-o", "out"], 2, "did you mean 'enhance'?"),
    ],
)
def test_refusals_are_one_sentence(
    arguments: list[str],
    code: int,
    words: str,
    folder: Path,
    model: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder.parent)
    Path("void").mkdir()
    assert cli.run([model if a == "MODEL" else a for a in arguments]) == code
    shown = capsys.readouterr()
    assert words in shown.err
    assert len(shown.err.splitlines()) == 1
    assert not Path("out").exists()


def test_a_refusal_in_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(folder.parent / "out")
    assert cli.run([str(folder), "-o", out, "--model", "nowhere", "--json"]) == 2
    *_, last = capsys.readouterr().out.splitlines()
    refused = json.loads(last)
    assert refused["event"] == "refused" and refused["exit_code"] == 2


def test_a_report_that_cannot_be_written_ends_the_lines_with_the_codes_own(
    folder: Path, model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OutputError("r.json cannot be written: No space left on device.")

    monkeypatch.setattr("burnish.cli.enhance.write_report", full)
    call = [str(folder), "-o", str(folder.parent / "out"), "--model", model, "--json"]
    assert cli.run([*call, "--report", str(folder.parent / "r.json")]) == 4
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["event"], summary["exit_code"]) == ("summary", 4)


@pytest.mark.skipif(os.name == "nt", reason="signals and shells of POSIX")
def test_a_closed_stdout_is_no_error(folder: Path, model: str, tmp_path: Path) -> None:
    call = f"{sys.executable} -m burnish {folder} -o {tmp_path / 'out'} --model {model} >&-"
    environment = os.environ | {"PYTHONPATH": str(SRC)}
    done = subprocess.run(call, shell=True, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and files(tmp_path / "out")


def test_a_bug_shows_one_line_and_how_to_see_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr("burnish.cli.enhance.plan", broken)
    assert cli.run([str(folder), "-o", "out"]) == 1
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1 and "surprise" in shown and "BURNISH_DEBUG=1" in shown
    monkeypatch.setenv("BURNISH_DEBUG", "1")
    assert cli.run([str(folder), "-o", "out"]) == 1
    assert "Traceback" in capsys.readouterr().err
