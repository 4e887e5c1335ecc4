"""Enlarging as commands: what is refused as long as no model ships, and paper B's tables."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from burnish import cli
from burnish.bench.examples import examples, load
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import find
from burnish.engine.options import EnhanceOptions
from burnish.metrics.protocol import super_resolution


def photos(folder: Path, count: int = 2) -> Path:
    folder.mkdir(parents=True)
    for seed in range(count):
        small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
        Image.fromarray(small).resize((48, 40), Image.Resampling.BICUBIC).save(
            folder / f"{seed}.png"
        )
    return folder


def test_a_scale_without_a_shipped_model_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = photos(tmp_path / "in")
    assert cli.run(["enhance", str(source), "-o", str(tmp_path / "out"), "--scale", "3"]) == 2
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
    assert cli.run([*call, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert f"{values['rows']['bicubic']['mine']['psnr']:.2f}/" in table
    same = values["rows"]["theirs"]["mine"]
    assert values["pictures"] == {"mine": 2} and (same["psnr"], same["ssim"]) == (None, 1)
    assert "| mine (2) |" in table and "| bicubic | -" in table
    assert "| theirs | - | - | - | inf/1.0000 |" in table  # the photos themselves
    assert "bicubic on luma" in table
    call[4] = str(mine.rename(tmp_path / "ALLTUU2"))
    assert cli.run(call) == 0
    table = capsys.readouterr().out
    assert "| ALLTUU2 (2, RGB) |" in table and "bicubic on luma" not in table
    assert cli.run(["bench", "table", "b2"]) == 2
    assert "--on FOLDER" in capsys.readouterr().err


def test_table_b2_at_other_scales(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A network of three times the size, trained, exported and scored; nothing is published."""
    set5, run, model = photos(tmp_path / "Set5"), str(tmp_path / "run"), str(tmp_path / "three")
    call = ["train", "srpie-sr-cpu", "--data", str(set5), "--run", run, "--budget", "0.0001"]
    choices = "scale=3,start=random,channels=8,t=1,dunet_width=27"
    assert cli.run([*call, "--choices", choices, "--threads", "1"]) == 0
    assert cli.run(["export", f"{run}/last.safetensors", model, "--name", "three"]) == 0
    capsys.readouterr()
    call = ["bench", "table", "b2", "--on", str(set5), "--score", model]
    assert cli.run([*call, "--scale", "3", "--threads", "1"]) == 0
    table = capsys.readouterr().out
    assert "| Set5 (2) |" in table and "| three |" in table and "published" not in table
    for wrong, said in (("2", "has scale 3, not 2"), ("5", "--scale is 2, 3 or 4, not 5")):
        assert cli.run([*call, "--scale", wrong]) == 2
        assert said in capsys.readouterr().err


def test_table_b1_on_real_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Inputs and targets twice as large, trained on and tested on; one step of one row."""
    high = photos(tmp_path / "high")
    (tmp_path / "low").mkdir()
    for path in high.iterdir():
        Image.open(path).resize((24, 20)).save(tmp_path / "low" / path.name)
    pairs = [str(tmp_path / "low"), str(high)]
    call = ["bench", "table", "b1", "--runs", str(tmp_path / "runs"), "--pairs", *pairs]
    call += ["--test-pairs", *pairs, "--rows", "full", "--view", "16", "--batch", "1"]
    call += ["--threads", "1"]
    assert cli.run([*call, "--cpu", "--budget", "0.0001", "--test-side", "32"]) == 0
    table = capsys.readouterr().out
    assert "| bicubic |" in table and "| full | 29.84 | 0.9649 |" in table
    drawing = (tmp_path / "runs" / "table-b1.svg").read_text()  # Fig. 6
    assert ">full, training<" in drawing and ">full, test<" in drawing and ">loss<" in drawing


def test_only_table_b1_has_a_form_for_cpus(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["table", "a1", "--runs", "x"], ["table", "b2"]):
        assert cli.run(["bench", *wrong, "--cpu"]) == 2
        assert "--cpu is for table b1" in capsys.readouterr().err
    assert cli.run(["bench", "speed", "--cpu"]) == 2
    assert "No such option: --cpu" in capsys.readouterr().err


def test_a_table_refuses_the_options_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["b2", "--test-side", "64"], ["b1", "--ensemble"], ["a1", "--on", "x"]):
        assert cli.run(["bench", "table", *wrong]) == 2
        assert f"{wrong[1]} is no option of table {wrong[0]}." in capsys.readouterr().err


def test_joint_on_real_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    high = photos(tmp_path / "high")
    (tmp_path / "low").mkdir()
    for path in high.iterdir():
        Image.open(path).resize((24, 20)).save(tmp_path / "low" / path.name)
    call = ["bench", "joint", "--enlarge", "srpie-sr", "--threads", "1", "--pairs"]
    assert cli.run([*call, str(tmp_path / "low"), str(high)]) == 0
    table = capsys.readouterr().out
    assert table.startswith("2 photos") and "| enlarge |" in table and "| bicubic |" in table
    assert cli.run([*call, str(high), str(high)]) == 3
    assert "the result of bicubic and the target differ in size" in capsys.readouterr().err


def test_joint_wants_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "joint"]) == 2
    assert "--retouch" in capsys.readouterr().err


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    """A data folder whose Set5 holds two small pictures."""
    photos(tmp_path / "data" / "benchmarks" / "Set5" / "HR")
    return tmp_path / "data"


def test_eval_of_a_model_that_enlarges(
    benchmark: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures of table b2, in the table, as lines of JSON, and on the card."""
    model = tmp_path / "mine"
    shutil.copytree(find("srpie-sr").folder, model)
    call = ["eval", "set5", "--data", str(benchmark), "--model", str(model), "--precision", "f32"]
    assert cli.run([*call, "--record", "--threads", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    row = {
        name: next(x for x in lines if x.startswith(f"| {name} |"))
        for name in ("bicubic", "srpie-sr")
    }
    on = str(benchmark / "benchmarks" / "Set5")
    assert (
        cli.run(["bench", "table", "b2", "--on", on, "--score", str(model), "--threads", "1"]) == 0
    )
    table = capsys.readouterr().out.splitlines()
    for name, line in row.items():
        other = next(x for x in table if x.startswith(f"| {name} |"))
        assert line.split("|")[-2] == other.split("|")[-2]  # all but seconds and memory
    recorded = find(str(model)).card.scores["Set5: luma, x2"]
    assert f"{recorded['psnr']:.2f}/{recorded['ssim']:.4f}" in row["srpie-sr"]
    assert f"{recorded['bicubic_psnr']:.2f}/" in row["bicubic"] and recorded["pictures"] == 2

    once = ["bench", "table", "b2", "--on", on, "--threads", "1"]
    assert cli.run([*once, "--score", str(model), "--score", "srpie-sr"]) == 0  # of one name
    table = capsys.readouterr().out
    assert f"| {model} |" in table and "| srpie-sr |" in table
    assert cli.run([*once, "--outputs", f"bicubic={on}/HR"]) == 2
    assert "Two rows would be called 'bicubic'" in capsys.readouterr().err
    assert cli.run([*once, "--on", on]) == 2

    assert cli.run([*call, "--json", "--outputs", f"same={benchmark}/benchmarks/Set5/HR"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [f["method"] for f in found] == ["bicubic"] * 2 + ["srpie-sr"] * 2 + ["same"] * 2
    assert found[-1]["psnr"] is None and found[-1]["ssim"] == pytest.approx(1)
    mean = np.mean([f["psnr"] for f in found if f["method"] == "srpie-sr"])
    assert mean == pytest.approx(recorded["psnr"], abs=1e-6)

    assert cli.run([*call, "--jpeg", "60", "--record"]) == 0
    rough = find(str(model)).card.scores["Set5: luma, x2, from JPEGs of quality 60"]
    assert rough["bicubic_psnr"] < recorded["bicubic_psnr"]


def test_the_row_with_flips_is_the_engines_mean_of_four(
    benchmark: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on = benchmark / "benchmarks" / "Set5"
    call = ["bench", "table", "b2", "--on", str(on), "--score", "srpie-sr", "--threads", "1"]
    assert cli.run([*call, "--ensemble", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    options = EnhanceOptions(model="srpie-sr", scale=2, precision="f32", threads=1, ensemble="4")
    four, scores = Enhancer(options), []
    for example in examples(on):
        small, large = load(example, 2)
        scores.append(super_resolution(four.enhance_pixels(small), large, 2).psnr)
    assert rows["srpie-sr+"]["Set5"]["psnr"] == pytest.approx(np.mean(scores), abs=1e-4)
    assert abs(rows["srpie-sr"]["Set5"]["psnr"] - np.mean(scores)) > 1e-3


def test_baselines_are_not_for_what_enlarges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    low, high = photos(tmp_path / "low"), photos(tmp_path / "high")
    call = ["eval", "--pairs", str(low), str(high), "--model", "srpie", "--baselines"]
    assert cli.run([*call, "--threads", "1"]) == 2
    assert "this one enlarges" in capsys.readouterr().err


def test_what_eval_cannot_score_on_benchmarks(
    benchmark: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(benchmark)]
    for asked, sentence in (
        (["set5"], "models that only enlarge, not for tone"),
        (["set5", "--scale", "2"], "not for srpie"),
        (["set5", "finished"], "score them apart"),
        (["set14", "--task", "sr"], "is not a folder of photos"),
        (["set5", "--jpeg", "0", "--task", "sr"], "a quality from 1 to 100, not 0"),
        (["set5", "--noise", "nan", "--task", "sr"], "a percentage from 0 to 100, not nan"),
        (["retouch-val", "--noise", "2"], "--noise is for set5"),
        (["finished", "--jpeg", "75"], "--jpeg is for set5"),
    ):
        assert cli.run(["eval", *asked, *data]) in (2, 3)
        assert sentence in capsys.readouterr().err


def test_joint_on_made_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two in turn stand in for a joint network: they are what the sequence of the two is."""
    data = tmp_path / "data"
    finished = photos(data / "photos" / "cid22-val", 3)
    (data / "retouch-val" / "input").mkdir(parents=True)
    rows = ["input,kind"]
    for path in sorted(finished.iterdir()):
        dull = np.asarray(Image.open(path)) // 2 + 20
        Image.fromarray(dull.astype(np.uint8)).save(data / "retouch-val" / "input" / path.name)
        rows.append(f"{path.name},full")
    (data / "retouch-val" / "pairs.csv").write_text("\n".join(rows) + "\n")
    call = ["bench", "joint", "--sets", str(data), "--threads", "1", "--every", "2"]
    both = ["--model", "nrl+srpie-sr", "--retouch", "nrl", "--enlarge", "srpie-sr"]
    assert cli.run([*call, *both]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 photos"
    cells = {x.split(" | ")[0].strip("| "): x.split(" | ")[1:] for x in lines[4:]}
    assert list(cells) == [
        "bicubic", "joint", "bicubic, then retouch", "retouch, then bicubic", "enlarge",
        "retouch, then enlarge", "enlarge, then retouch",
    ]  # fmt: skip
    assert cells["joint"][:3] == cells["retouch, then enlarge"][:3]
    assert cells["retouch, then enlarge"][4] == "+0.00 (+0.00 to +0.00), undecided"
    assert cells["enlarge, then retouch"][:3] != cells["retouch, then enlarge"][:3]
    assert all(float(row[3]) > 0 for row in cells.values())
    assert cli.run([*call[:-1], "0", *both]) == 2
    assert "--every" in capsys.readouterr().err
