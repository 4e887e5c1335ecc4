"""The scores of an evaluation are those of its parts, and its table says them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from burnish.bench import quality, sets
from burnish.bench.baselines import BASELINES, gamma_to_mean
from burnish.errors import InputError, OptionError


def save(path: Path, seed: int, shift: int = 0, size: tuple[int, int] = (24, 32)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.random.default_rng(seed).integers(40, 200, (*size, 3)) + shift
    Image.fromarray(array.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def pairs(tmp_path: Path) -> list[sets.EvalPair]:
    for seed in range(3):
        save(tmp_path / "in" / f"{seed}.png", seed)
        save(tmp_path / "target" / f"{seed}.png", seed, shift=10 * seed)
    return list(sets.folders(tmp_path / "in", tmp_path / "target"))


def test_scores_of_a_known_shift(pairs: list[sets.EvalPair]) -> None:
    rows = quality.evaluate({"input": BASELINES["input"]}, pairs)
    assert rows[0].psnr == 50 and rows[0].delta_e == 0  # capped, identical
    for row, shift in zip(rows[1:], (10, 20), strict=True):
        assert row.psnr == pytest.approx(20 * np.log10(255 / shift), abs=1e-3)
        assert row.a_shift == row.b_shift == 0  # nothing moved from the input


def test_a_cast_is_counted(pairs: list[sets.EvalPair]) -> None:
    def warm(x: np.ndarray) -> np.ndarray:
        return np.clip(x * np.array([1.1, 1, 0.9], np.float32), 0, 1)

    rows = quality.evaluate({"warm": warm, "input": BASELINES["input"]}, pairs)
    found = quality.summaries(rows)
    assert found["pair", "warm"].cast == 1 and found["pair", "input"].cast == 0
    table = quality.table(rows).splitlines()
    assert len(table) == 4 and "| warm |" in table[2] and "100%" in table[2]


def test_results_of_others_come_from_a_folder(pairs: list[sets.EvalPair], tmp_path: Path) -> None:
    for pair in pairs:
        Image.open(pair.target).save(tmp_path / f"{pair.name}.png")
    rows = quality.score_folder("theirs", tmp_path, pairs, lambda row: None)
    assert [r.psnr for r in rows] == [50, 50, 50]
    (tmp_path / "1.png").unlink()
    with pytest.raises(InputError, match=r"holds no result for 1\.png"):
        quality.score_folder("theirs", tmp_path, pairs, lambda row: None)


def test_results_are_found_by_the_whole_name_whatever_is_in_it(tmp_path: Path) -> None:
    for name, grey in (("a", 0), ("a.b", 200), ("[c]", 100)):
        save(tmp_path / "in" / f"{name}.png", grey)
    pairs = list(sets.folders(tmp_path / "in", tmp_path / "in"))
    rows = quality.score_folder("theirs", tmp_path / "in", pairs, lambda row: None)
    assert [r.psnr for r in rows] == [50, 50, 50]


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.png", 0)
    save(tmp_path / "target" / "b.png", 0)
    with pytest.raises(InputError, match=r"no target for a\.png"):
        list(sets.folders(tmp_path / "in", tmp_path / "target"))
    save(tmp_path / "target" / "a.png", 0, size=(10, 10))
    with pytest.raises(InputError, match="differ in size"):
        quality.evaluate(
            {"input": BASELINES["input"]}, sets.folders(tmp_path / "in", tmp_path / "target")
        )
    with pytest.raises(OptionError, match="retouch-val"):
        sets.named("retouch", tmp_path)


@pytest.mark.parametrize("mean", [0.1, 0.45, 0.9])
def test_gamma_reaches_its_mean(mean: float) -> None:
    x = np.random.default_rng(0).random((20, 20, 3)).astype(np.float32)
    assert gamma_to_mean(x, mean).mean() == pytest.approx(mean, abs=1e-3)


def test_shared_baselines_score_as_their_readme_says(shared: Path) -> None:
    """The figures of plain tools on the yardstick, computed elsewhere, to a hundredth of a dB."""
    some = ("input", "autocontrast")
    rows = quality.evaluate(
        {n: BASELINES[n] for n in some}, sets.named("retouch-val", shared / "data")
    )
    found = {k: round(s.psnr, 2) for k, s in quality.summaries(rows).items()}
    assert found["full", "input"] == pytest.approx(19.32, abs=0.011)
    assert found["mild", "input"] == pytest.approx(23.31, abs=0.011)
    assert found["full", "autocontrast"] == pytest.approx(24.38, abs=0.02)
    assert found["finished", "autocontrast"] == pytest.approx(24.09, abs=0.02)
