"""The joint task: its pairs, the ways through it, and the comparison."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from burnish.bench import joint, paper_b, sets, table_scores, table_training, tables
from burnish.bench.published import PUBLISHED
from burnish.data.bicubic import enlarge, shrink_8bit
from burnish.nets.zoo import build
from burnish.train.recipes import recipe


@pytest.fixture
def pairs(tmp_path: Path) -> list[sets.EvalPair]:
    made = []
    for seed in range(6):
        small = np.random.default_rng(seed).integers(40, 200, (7, 9, 3)).astype(np.uint8)
        target = np.asarray(Image.fromarray(small).resize((48, 40), Image.Resampling.BICUBIC))
        for folder, array in (("in", target // 2), ("out", target)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(array).save(tmp_path / folder / f"{seed}.png")
        made.append(
            sets.EvalPair(str(seed), "full", tmp_path / "in" / f"{seed}.png",
                          tmp_path / "out" / f"{seed}.png", halve=2)
        )  # fmt: skip
    return made


def brighten(x: np.ndarray) -> np.ndarray:
    return np.clip(2 * x, 0, 1)


def test_pairs_are_halved_when_they_are_read(pairs: list[sets.EvalPair]) -> None:
    low = np.asarray(Image.open(pairs[0].input), np.float32) / 255
    high = np.asarray(Image.open(pairs[0].target), np.float32) / 255
    small, large = pairs[0].shrunk(low, high)
    expected = shrink_8bit(np.asarray(Image.open(pairs[0].input)), 2)
    np.testing.assert_array_equal(np.rint(small * 255), expected)
    np.testing.assert_array_equal(large, high)


def test_every_way_is_scored_and_the_joint_one_compared(pairs: list[sets.EvalPair]) -> None:
    def both(x: np.ndarray) -> np.ndarray:
        return np.clip(enlarge(brighten(x), 2), 0, 1)

    def bad(x: np.ndarray) -> np.ndarray:
        return np.float32(x.repeat(2, 0).repeat(2, 1))

    result = joint.measure(joint.ways(both, brighten, bad), pairs)
    lines = joint.table(result).splitlines()[2:]
    names = [line.split(" | ")[0].strip("| ") for line in lines]
    assert names == [
        "bicubic", "joint", "bicubic, then retouch", "retouch, then bicubic", "enlarge",
        "retouch, then enlarge", "enlarge, then retouch",
    ]  # fmt: skip
    assert lines[0].count(", better") == 3 and lines[1].endswith("|  |  |  |")
    plain, joined = ([float(cell) for cell in line.split(" | ")[1:4]] for line in lines[:2])
    gaps = [float(cell.split()[0]) for cell in lines[0].split(" | ")[5:]]
    sign = np.array([1, 1, -1])  # the smaller CIEDE2000 is ahead
    np.testing.assert_allclose(gaps, sign * np.subtract(joined, plain), atol=0.02)
    assert "+0.00 (+0.00 to +0.00), undecided" in lines[3]  # the same thing by another name
    assert lines[4].count(", better") == 3
    assert set(result.seconds) == set(names) and min(result.seconds.values()) > 0


def test_networks_in_turn_go_in_the_order_of_the_rows_name() -> None:
    def darken(x: np.ndarray) -> np.ndarray:
        return np.float32(0.5 * x)

    def larger(x: np.ndarray) -> np.ndarray:
        return np.clip(x.repeat(2, 0).repeat(2, 1) + 0.2, 0, 1)

    x = np.full((4, 4, 3), 0.4, np.float32)
    ways = joint.ways(None, darken, larger)
    assert ways["retouch, then enlarge"](x).mean() == pytest.approx(0.2 + 0.2)
    assert ways["enlarge, then retouch"](x).mean() == pytest.approx((0.4 + 0.2) / 2)


def test_without_networks_there_is_bicubic() -> None:
    assert list(joint.ways(None, None, None)) == ["bicubic"]
    assert list(joint.ways(None, brighten, None))[1:] == [
        "bicubic, then retouch",
        "retouch, then bicubic",
    ]


@pytest.fixture
def real_pairs(tmp_path: Path) -> tuple[Path, Path]:
    """Folders of inputs of 220x160 pixels and of targets twice as large."""
    for seed in range(2):
        small = np.random.default_rng(seed).integers(0, 255, (40, 50, 3)).astype(np.uint8)
        for folder, size in (("low", (220, 160)), ("high", (440, 320))):
            (tmp_path / folder).mkdir(exist_ok=True)
            made = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
            made.save(tmp_path / folder / f"{seed}.png")
    return tmp_path / "low", tmp_path / "high"


@pytest.mark.parametrize("side", [None, 200, 125])
def test_targets_of_real_pairs_stay_twice_as_large(
    real_pairs: tuple[Path, Path], side: int | None
) -> None:
    """Also where each for itself would be rounded to another size (275 columns for 138)."""
    pairs = list(sets.folders(*real_pairs))
    low, high = table_scores.load(pairs[0], side)
    assert high.shape == (2 * low.shape[0], 2 * low.shape[1], 3)
    assert high.shape[0] == {None: 320, 200: 200, 125: 124}[side]
    assert table_scores.scale_of(pairs[0]) == 2
    # The targets themselves as another tool's results, scored with whatever is scored.
    settings = tables.Settings(
        Path(), pairs, "made", test_side=side, column="alltuu2", outputs={"theirs": real_pairs[1]}
    )
    result = table_scores.measure(paper_b.b1(), settings)
    assert np.all(result.rows["theirs"].scores[..., 0] == 50)  # the cap
    assert result.rows["bicubic"].scores[..., 0].mean() > 20


def test_curves_of_real_pairs_are_of_targets_twice_as_large(
    real_pairs: tuple[Path, Path],
) -> None:
    views = table_training.curve_views(
        tables.Settings(Path(), list(sets.folders(*real_pairs)), "made")
    )
    assert [(tuple(low.shape), tuple(high.shape)) for _, low, high, *_ in views] == 2 * [
        ((1, 3, 96, 132), (1, 3, 192, 264))
    ]


def test_retouch_val_half(shared: Path) -> None:
    found = sets.named("retouch-val-half", shared / "data")
    assert len(found) == 41 and {p.halve for p in found} == {2}


@pytest.mark.parametrize("cpu", [False, True])
def test_table_b1_has_the_papers_rows_and_each_builds(cpu: bool) -> None:
    table = paper_b.b1(cpu)
    first = recipe("srpie-cpu" if cpu else "srpie")
    assert table.rows["full"] == first and first.steps == (12_000 if cpu else 33_000)
    assert list(table.rows) == list(PUBLISHED["b1"]["alltuu2"]) and len(table.rows) == 11
    steps = {(r.steps, r.stages, r.pairs, r.loss) for r in table.rows.values()}
    assert len(steps) == 1 and {r.pairs for r in table.rows.values()} == {"joint"}
    tiny = {"channels": 8, "msb_widths": (6, 4, 4, 4), "penet_widths": (4, 4, 6, 6, 6),
            "dunet_width": 36, "t": 1}  # fmt: skip
    for row in table.rows.values():
        build(row.net, **(row.choices | tiny))
    published = PUBLISHED["b1"]["alltuu2"]
    assert {r.name for r in table.rows.values()} == {first.name}
    for claim in table.claims:
        m = table.metrics.index(claim.metric)
        better, worse = published[claim.better][m], published[claim.worse][m]
        assert better is not None and worse is not None and better > worse
