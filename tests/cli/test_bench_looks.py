"""`burnish bench looks` on small folders: which photos it learns from, and what it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest

from burnish import cli
from cli.conftest import SRC
from look.conftest import make_photo, s_curve, save


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three photos to learn from, three more in a folder ``more``, two to score on."""
    root = tmp_path_factory.mktemp("sets")
    for folder, seeds in (("cid22-train", range(3)), ("more", range(3, 6)), ("cid22-val", (9, 10))):
        for seed in seeds:
            save(make_photo(seed, 48, 64), root / "photos" / folder / f"{seed}.png")
    return root


def test_pairs_come_from_several_folders(
    sets: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["bench", "looks", "--looks", "film", "--counts", "5", "--sets", str(sets)]
    call += ["--side", "64"]
    both = ["--data", str(sets / "photos" / "cid22-train"), "--data", str(sets / "photos" / "more")]
    assert cli.run(call) == 3
    assert "5 pairs want as many photos, and there are 3;" in capsys.readouterr().err
    assert cli.run([*call, *both, "--exclude", "0", "--exclude", "4.png"]) == 3
    assert "there are 4;" in capsys.readouterr().err
    assert cli.run([*call, *both, "--exclude", "nosuch"]) == 2
    assert "--exclude nosuch: no photo of that name in" in capsys.readouterr().err
    assert cli.run([*call, "--pairs", str(sets), str(sets), "--exclude", "0"]) == 2
    assert "are for made looks" in capsys.readouterr().err
    tune = ["--finetune", "map,all", "--budget", "0.06", "--model", model]
    assert cli.run([*call, *both, *tune]) == 0
    head, _, row = capsys.readouterr().out.splitlines()
    assert "| shipped | map tuned | all tuned | learned |" in head and row.startswith(
        "| film | 5 |"
    )


def test_every_pair_is_scored_by_the_others(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(6):
        photo = make_photo(seed, 48, 64)
        save(photo, tmp_path / "before" / f"{seed}.png")
        save(s_curve(photo), tmp_path / "after" / f"{seed}.png")
    call = ["bench", "looks", "--pairs", str(tmp_path / "before"), str(tmp_path / "after")]
    assert cli.run([*call, "--model", model, "--folds", "7"]) == 2
    assert "6 pairs make 2 to 6 folds, not 7." in capsys.readouterr().err
    assert cli.run(["bench", "looks", "--folds", "3"]) == 2
    assert "--folds goes with --pairs" in capsys.readouterr().err
    assert cli.run(["bench", "looks", "--every", "0"]) == 2
    assert cli.run(["bench", "looks", "--counts", "0"]) == 2
    assert "--counts wants numbers from 1 on" in capsys.readouterr().err
    assert cli.run([*call, "--model", model, "--folds", "3"]) == 0
    out, err = capsys.readouterr()
    assert err.count(" learned: ") == 3
    head, _, row = out.splitlines()
    assert head.endswith("| shipped | learned | of nothing |") and row.startswith("| before | 4 |")
    each = [float(line.split(": ")[1].split()[0]) for line in err.splitlines() if "nothing" in line]
    assert f"| {sum(each) / 3:.1f}" in row  # folds of two


def test_an_unknown_way_is_refused_at_once(sets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "looks", "--sets", str(sets), "--finetune", "maps"]) == 2
    assert "There is no way 'maps' to fine-tune" in capsys.readouterr().err


def test_without_torch_one_sentence_says_what_is_missing(sets: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from burnish import cli\n"
        f"sys.exit(cli.run(['bench', 'looks', '--sets', {str(sets)!r}, '--finetune', 'map']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SRC), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 6, done.stderr
    assert "burnish[train]" in done.stderr and "Traceback" not in done.stderr
