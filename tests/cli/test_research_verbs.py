"""eval, train and export as commands, on small real files."""

import json
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from PIL import Image

from burnish import checkpoint, cli
from burnish.engine.models import find


def photos(folder: Path, count: int = 3) -> Path:
    folder.mkdir(parents=True)
    for seed in range(count):
        small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
        Image.fromarray(small).resize((80, 60), Image.Resampling.BICUBIC).save(
            folder / f"{seed}.png"
        )
    return folder


def test_eval_scores_folders_and_records(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(photos(tmp_path / "a"))
    call = ["eval", "--pairs", folder, folder, "--model", model, "--threads", "1", "--baselines"]
    assert cli.run([*call, "--record"]) == 0
    table = capsys.readouterr().out
    assert "| pair | 3 | input | 50.00 |" in table and "| tiny |" in table
    card = json.loads((Path(model) / "card.json").read_text())
    assert card["scores"]["pairs: pair"]["photos"] == 3
    assert cli.run([*call, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 12 and {r["method"] for r in rows} >= {"input", "tiny"}


def test_eval_wants_something_to_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["eval"]) == 2
    assert "Nothing to score" in capsys.readouterr().err


def test_train_then_export_then_enhance(burnish: Any, tmp_path: Path) -> None:
    """The whole way of a researcher, with a run of two steps."""
    data = photos(tmp_path / "photos")
    run = tmp_path / "run"
    train = ["train", "nrl-global", "--data", data, "--run", run, "--threads", "1"]
    first: CompletedProcess[str] = burnish(*train, "--budget", "0.0001", "--validation", data)
    assert first.returncode == 0, first.stderr
    again = burnish(*train, "--budget", "0.0002")
    assert again.returncode == 5 and "another recipe" in again.stderr
    exported = burnish("export", run / "best.safetensors", tmp_path / "model", "--name", "mine")
    assert exported.returncode == 0, exported.stderr
    done = burnish(data / "0.png", "-o", tmp_path / "out.png", "--model", tmp_path / "model")
    assert done.returncode == 0 and (tmp_path / "out.png").exists()


def test_train_smoke(burnish: Any) -> None:
    done = burnish("train", "--smoke")
    assert done.returncode == 0 and "trained, stopped, resumed" in done.stdout


def test_bundle_is_made_and_small(burnish: Any, tmp_path: Path) -> None:
    data = photos(tmp_path / "photos")
    done = burnish("train", "nrl", "--data", data, "--bundle", tmp_path / "bundle")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "bundle" / "train.py").is_file() and "MiB" in done.stdout
    assert burnish("train", "nrl", "--data", data, "--bundle", data).returncode == 4


def test_eval_refuses_before_it_scores(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(photos(tmp_path / "a", 1))
    call = ["eval", "--pairs", folder, folder, "--model", model, "--threads", "1", "--json"]
    for wrong, said in (
        (["--outputs", f"tiny={folder}"], "Two methods would be called 'tiny'"),
        (["--outputs", f"input={folder}", "--baselines"], "Two methods would be called 'input'"),
        (["--record", "--strength", "0.5"], "--record wants --strength 1 and --mode full"),
        (["--record", "--mode", "fast"], "--record wants --strength 1 and --mode full"),
    ):
        assert cli.run([*call, *wrong]) == 2
        told = capsys.readouterr()
        assert said in told.err and not told.out
    assert cli.run(["eval", "--pairs", folder, folder, "--model", "nrl+srpie-sr", "--record"]) == 2
    assert "is two models" in capsys.readouterr().err


def test_eval_records_an_ensemble_as_one(model: str, tmp_path: Path) -> None:
    folder = str(photos(tmp_path / "a", 1))
    call = ["eval", "--pairs", folder, folder, "--model", model, "--threads", "1", "--record"]
    assert cli.run([*call, "--ensemble", "4"]) == 0
    assert (
        "pairs: pair, ensemble 4" in json.loads((Path(model) / "card.json").read_text())["scores"]
    )


@pytest.mark.parametrize(
    ("verb", "option", "value"),
    [
        ("train", "--exclude", "1.png"),
        ("train", "--budget", "nan"),
        ("train", "--budget", "inf"),
        ("train", "--seed", "-1"),
        ("train", "--workers", "-1"),
        ("train", "--threads", "-1"),
        ("train", "--time-limit", "nan"),
        ("train", "--time-limit", "-1"),
        ("table", "--exclude", "1.png"),
        ("table", "--budget", "nan"),
        ("table", "--seeds", "0,-1"),
        ("table", "--workers", "-1"),
        ("table", "--test-side", "-3"),
        ("table", "--view", "0"),
        ("table", "--batch", "0"),
        ("table", "--time-limit", "nan"),
    ],
)
def test_what_makes_no_sense_is_told_before_data_are_read(
    verb: str, option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").write_bytes(b"no photo")
    a, b, run = (str(tmp_path / name) for name in ("a", "b", "run"))
    call = {
        "train": ["train", "nrl", "--data", a, "--run", run],
        "table": ["bench", "table", "a4", "--data", a, "--test-pairs", a, b, "--runs", run],
    }[verb]
    assert cli.run([*call, option, value]) == 2
    assert option in capsys.readouterr().err and not Path(run).exists()


def test_train_that_a_signal_stops_ends_with_130(tmp_path: Path) -> None:
    """And one that its time limit stops with 0."""
    pytest.importorskip("burnish.train.setup")
    data, run = photos(tmp_path / "photos"), tmp_path / "run"
    call = [
        sys.executable,
        "-m",
        "burnish",
        "train",
        "nrl-global",
        "--data",
        data,
        "--threads",
        "1",
    ]
    with subprocess.Popen(
        [*call, "--run", run, "--budget", "1"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("step"):
                process.terminate()
                break
        assert "the same command goes on" in process.stdout.read()
    assert process.returncode == 130
    limited = [*call, "--run", tmp_path / "limited", "--budget", "0.0001", "--time-limit", "0"]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "the same command goes on" in done.stdout


def test_validation_photos_are_looked_for_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, run = tmp_path / "photos", tmp_path / "run"
    data.mkdir()
    (data / "0.png").write_bytes(b"no photo")
    call = ["train", "nrl", "--data", data, "--run", run, "--validation", tmp_path / "gone"]
    assert cli.run([str(word) for word in call]) == 3
    assert "gone is not a folder of photos" in capsys.readouterr().err and not run.exists()


def test_a_shipped_model_is_a_start_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two networks of one recipe, from the same weights by name and by path, are the same."""
    pytest.importorskip("burnish.train.setup")
    monkeypatch.chdir(tmp_path)
    data = photos(tmp_path / "photos")
    call = ["train", "tone", "--data", str(data), "--budget", "0.0004", "--threads", "1"]
    starts = "tone", str(find("tone").folder / "weights.safetensors")
    for number, start in enumerate(starts):
        assert cli.run([*call, "--run", f"run{number}", "--start", start]) == 0
    made = [checkpoint.load_weights(Path(f"run{n}/last.safetensors"))[0] for n in range(2)]
    first, second = made
    assert first.keys() == second.keys() and all((first[k] == second[k]).all() for k in first)
    capsys.readouterr()
    assert cli.run([*call, "--run", "run", "--start", "tune"]) == 5
    assert "tune" in capsys.readouterr().err
