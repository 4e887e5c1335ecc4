"""A table of two tiny networks: trained, scored, stopped, read again; and paper A's own tables."""

import json
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from burnish import checkpoint, cli
from burnish.bench import (
    paper_a,
    reproduce,
    table_scores,
    table_text,
    table_training,
    tables,
)
from burnish.bench.curves import logged, mean_line, means_of, shortest, svg, ticks
from burnish.bench.paper_b import b1
from burnish.bench.published import PUBLISHED
from burnish.bench.sets import folders
from burnish.data.dped import EpochPairs, list_pairs
from burnish.data.pairs import Batch
from burnish.errors import InputError, OptionError, OutputError
from burnish.nets.recursive import RecursiveBlock
from burnish.nets.zoo import build, parameter_count
from burnish.train.loop import RunOptions
from burnish.train.recipe import Recipe, Stage
from burnish.train.setup import DataOptions

SIZES = {"channels": 4, "widths": (2, 2, 2)}
BASE = Recipe(
    "base",
    "nrl",
    steps=12,
    stages=(Stage(1.0, 100, 32),),
    epochs=100,
    measure_lambda="mean_difference",
)
TABLE = tables.Table(
    "a3",
    "two residual modes",
    {
        "RL": replace(BASE, choices={**SIZES, "steps": 1, "residual": "identity"}),
        "NRL": replace(BASE, choices={**SIZES, "steps": 1, "residual": "map"}),
    },
    (tables.Claim("NRL", "RL"), tables.Claim("RL", "no-RL")),
    curves=tables.Curves(("RL", "NRL")),
)


def save(path: Path, seed: int, gain: float = 1.0, side: int = 24) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    small = np.random.default_rng(seed).integers(40, 200, (4, 4, 3))
    image = Image.fromarray((small * gain).astype(np.uint8)).resize((side, side))
    image.save(path)


@pytest.fixture(scope="module")
def dped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made data set in DPED's layout: 12 patches to train on, 5 to test on."""
    root = tmp_path_factory.mktemp("dped")
    for part, count in (("training_data", 12), ("test_data/patches", 5)):
        for seed in range(count):
            save(root / "iphone" / part / "iphone" / f"{seed}.png", seed, 0.5)
            save(root / "iphone" / part / "canon" / f"{seed}.png", seed, 1.0)
    return root


def settings(root: Path, runs: Path, **more: object) -> tables.Settings:
    test = root / "iphone/test_data/patches"
    given = {
        "data": DataOptions(dped=(root, "iphone")), "view": 16, "batch": 4, "budget": 0.04,
    } | more  # fmt: skip
    pairs = list(folders(test / "iphone", test / "canon"))
    return tables.Settings(runs, pairs, "made pairs", **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(dped: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tables.Result]:
    runs = tmp_path_factory.mktemp("runs")
    return runs, reproduce.run(TABLE, settings(dped, runs, seeds=(0, 1)))


def test_the_batches_of_a_seed_are_made_once_while_they_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    class Source:
        def batch(self, step: int, indices: Sequence[int], size: int) -> Batch:
            calls.append(step)
            x = torch.full((len(indices), 3, size, size), float(step))
            return x, x + 1

    monkeypatch.setattr(table_training, "MOST_REMEMBERED", 2 * 2 * 3 * 8 * 8 * 4)  # one batch
    remembered = table_training.Remembered(Source())
    first, again = (remembered.batch(0, [0, 1], 8) for _ in range(2))
    assert calls == [0] and torch.equal(first[1], again[1])
    assert all(float(remembered.batch(1, [0, 1], 8)[0].max()) == 1 for _ in range(2))
    assert calls == [0, 1, 1]  # the second did not fit


def test_rows_of_one_name_are_one_run() -> None:
    """Tables may share a folder of runs."""
    rows: dict[str, Recipe] = {}
    for table in paper_a.TABLES.values():
        for key, recipe in table().rows.items():
            assert rows.setdefault(key, recipe) == recipe, key


def test_rows_are_trained_at_equal_budget_and_scored(
    made: tuple[Path, tables.Result], dped: Path
) -> None:
    runs, result = made
    assert list(result.rows) == ["input", "RL", "NRL"] and not result.unfinished
    for key in ("RL", "NRL"):
        row = result.rows[key]
        assert row.scores.shape == (2, 5, 2) and row.steps == 4  # 100 epochs of 1 step, 4 %
        assert "batches of 4 views of 16 px" in row.training and "DPED iphone" in row.training
    # The row that does nothing, from its definition.
    pair = result.settings.test[0]
    a, b = (np.asarray(Image.open(p), np.float64) / 255 for p in (pair.input, pair.target))
    expected = -10 * np.log10(((a - b) ** 2).mean())
    assert result.rows["input"].scores[0, 0, 0] == pytest.approx(expected, abs=1e-4)
    # Lambda of Eq. 6, from the files.
    low, high = (
        np.mean(
            [
                np.asarray(Image.open(p), np.float64).mean() / 255
                for p in (dped / "iphone/training_data" / c).iterdir()
            ]
        )
        for c in ("iphone", "canon")
    )
    card = checkpoint.load_weights(runs / "NRL/seed-1/last.safetensors")[1]
    assert card.hyperparameters["lam"] == pytest.approx(1 + low - high, abs=1e-5)


def test_the_same_command_trains_and_scores_nothing_again(
    made: tuple[Path, tables.Result], dped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, result = made
    monkeypatch.setattr(table_scores.apply, "method", lambda *_: pytest.fail("scored again"))
    again = reproduce.run(TABLE, settings(dped, runs, seeds=(0, 1)))
    for key, row in result.rows.items():
        assert np.array_equal(again.rows[key].scores, row.scores)


def test_all_rows_of_a_seed_see_the_same_batches(dped: Path) -> None:
    pairs = list_pairs(dped, "iphone", "train")
    a, b = (EpochPairs(pairs, seed=1, batch=4).batch(3, range(4), 16) for _ in range(2))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_text_and_values(made: tuple[Path, tables.Result]) -> None:
    _, result = made
    text = table_text.markdown(result)
    assert "| RL | 23.33 | 0.9211 |" in text and "| input |" in text and "±" in text
    # One claim was measured; the other lacks a row.
    assert text.count("NRL > RL, PSNR | +0.03 |") == 1 and "no-RL" not in text.split("order")[1]
    assert any(v in text for v in ("holds |", "does not hold |", "undecided |"))
    values = table_text.plain(result)
    assert values["rows"]["NRL"]["published"] == [23.36, 0.9211]
    assert values["rows"]["NRL"]["seeds"] == [0, 1] and len(values["claims"]) == 1
    json.dumps(values)
    drawing = table_text.figure(result)
    assert drawing is not None
    names = [e.text for e in ET.fromstring(drawing).iter() if e.tag.endswith("text")]
    assert {"RL", "NRL", "step", "PSNR (dB)"} <= set(names)


def test_outputs_of_other_tools_are_rows(
    made: tuple[Path, tables.Result], dped: Path, tmp_path: Path
) -> None:
    runs, result = made
    for pair in result.settings.test:
        Image.open(pair.target).save(tmp_path / f"{pair.name}.png")
    table = replace(TABLE, claims=(tables.Claim("theirs", "NRL"),))
    PUBLISHED["a3"]["iphone"]["theirs"] = (30.0, 1.0)
    try:
        found = reproduce.run(
            table, settings(dped, runs, seeds=(0, 1), data=None, outputs={"theirs": tmp_path})
        )
        assert found.rows["theirs"].scores.shape == (1, 5, 2)
        assert np.all(found.rows["theirs"].scores[..., 0] == 50)
        (claim,) = table_text.plain(found)["claims"]
        assert claim["verdict"] == "holds" and claim["measured"] > 20
    finally:
        del PUBLISHED["a3"]["iphone"]["theirs"]
    (tmp_path / "3.png").unlink()
    with pytest.raises(InputError, match="no result of theirs for 3"):
        reproduce.run(table, settings(dped, runs, data=None, outputs={"theirs": tmp_path}))


def test_what_is_not_finished_is_not_compared(dped: Path, tmp_path: Path) -> None:
    soon = RunOptions(tmp_path, time_limit=1e-9)
    stopped = reproduce.run(TABLE, settings(dped, tmp_path, rows=("NRL",), run=soon))
    assert "NRL" not in stopped.rows and "Not measured" in table_text.markdown(stopped)
    with pytest.raises(OptionError, match="has no row 'NLR': RL, NRL"):
        reproduce.run(TABLE, settings(dped, tmp_path, rows=("NLR",)))
    with pytest.raises(OptionError, match="no numbers for 'nokia'"):
        reproduce.run(TABLE, settings(dped, tmp_path, column="nokia"))


@pytest.mark.parametrize("name", paper_a.TABLES)
def test_the_papers_tables(name: str) -> None:
    table = paper_a.TABLES[name]()
    for column, printed in PUBLISHED[name].items():
        for claim in table.claims:  # every claim is about rows that the paper prints
            assert claim.metric in table.metrics
            assert claim.better in printed and claim.worse in printed, (column, claim)
        assert set(printed) - {"APE"} <= set(table.rows)
    steps = {r.steps for r in table.rows.values()}
    assert steps == {83_600} and {r.learning_rate for r in table.rows.values()} == {5e-4}
    assert (table.curves is not None) == (name in ("a2", "a3"))  # Figs. 5 and 6
    assert table.curves is None or set(table.curves.rows) <= set(table.rows)
    assert len(set(table.claims)) == len(table.claims)
    for claim in table.claims:  # and about an order that they show on some phone
        m = table.metrics.index(claim.metric)
        columns = PUBLISHED[name].values()
        assert any((c[claim.better][m] or 0) > (c[claim.worse][m] or 0) for c in columns), claim
    for question in table.asked:  # not answered by a number of the paper's
        assert {question.better, question.worse} <= set(table.rows)
        assert all(not {question.better, question.worse} <= set(c) for c in columns)
    for key, recipe in table.rows.items():
        assert parameter_count(build(recipe.net, **recipe.choices)) > 0, key


def test_the_rows_differ_in_what_they_compare() -> None:
    block = build("nrl", **paper_a.a2().rows["rru+a-6"].choices).recursive
    assert isinstance(block, RecursiveBlock) and len(block.attention) == 1 and block.steps == 6
    modes = [r.choices["residual"] for r in paper_a.a3().rows.values()]
    assert modes == ["none", "identity", "scalar", "map"]
    lambdas = [bool(r.measure_lambda) for r in paper_a.a3().rows.values()]
    assert lambdas == [False, False, True, True]
    assert all(
        r.loss == "mse" for t in ("a1", "a2", "a3") for r in paper_a.TABLES[t]().rows.values()
    )


def measured_as(table: tables.Table, values: dict[str, float], seeds: int) -> tables.Result:
    """A result whose rows have these values on each of four pictures, give or take the same."""
    spread = np.array([-1.0, -0.5, 0.5, 1.0])[None, :, None].repeat(seeds, 0)
    rows = {k: tables.Measured(v + spread * np.ones((1, 1, 2))) for k, v in values.items()}
    settings = tables.Settings(Path(), (), "made", seeds=tuple(range(seeds)))
    return tables.Result(table, settings, rows, ())


def test_what_the_paper_has_no_number_of_is_asked() -> None:
    """Attention times 64: against the same unit without it, and against none."""
    values = {"rru-6": 20.0, "raru-6": 20.0, "raru-6-gain64": 21.0, "arru-6": 22.0}
    result = measured_as(paper_a.a2(), values | {"arru-6-gain64": 20.0}, seeds=2)
    result.rows["rru-6"].scores[..., :2, 0] += 1  # by a half in the mean, not on every picture
    text = table_text.markdown(result)
    _, claims, asked = text.split("| 95 % interval |")
    assert "gain64" not in claims.split("not among")[0] and "| arru-6 > rru-6, PSNR |" in claims
    for line in (
        "| arru-6-gain64 against arru-6, PSNR | -2.00 | -2.00 to -2.00 | worse |",
        "| raru-6-gain64 against raru-6, PSNR | +1.00 | +1.00 to +1.00 | better |",
        "| arru-6-gain64 against rru-6, PSNR | -0.50 | -1.00 to +0.00 | undecided |",
    ):
        assert line in asked, asked
    assert "rrau" not in asked and "resnet" not in asked  # rows that were not measured
    found = table_text.plain(result)["asked"]
    assert [(q["first"], q["second"], q["verdict"]) for q in found] == [
        ("arru-6-gain64", "arru-6", "worse"),
        ("raru-6-gain64", "raru-6", "better"),
        ("arru-6-gain64", "rru-6", "undecided"),
        ("raru-6-gain64", "rru-6", "undecided"),
    ]
    assert found[0]["measured"] == pytest.approx(-2) and len(found[0]["interval"]) == 2
    assert table_text.plain(measured_as(TABLE, {"RL": 1.0, "NRL": 2.0}, 1))["asked"] == []


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (1, "What another seed would change is not in the interval."),
        (2, "2 seeds are few: the interval understates what others would change."),
        (3, "3 seeds are few: the interval understates what others would change."),
        (4, "larger is better."),
    ],
)
def test_what_the_interval_does_not_hold_is_said(seeds: int, said: str) -> None:
    text = table_text.markdown(measured_as(TABLE, {"RL": 20.0, "NRL": 21.0}, seeds))
    assert text.endswith(said)


def test_an_order_that_turns_from_phone_to_phone_is_the_columns() -> None:
    result = measured_as(paper_a.a4(), {"NRL": 20.0, "NRL-DPL": 21.0}, seeds=1)
    for column, expected in (("blackberry", "NRL > NRL-DPL"), ("sony", "NRL-DPL > NRL")):
        of_column = replace(result, settings=replace(result.settings, column=column))
        psnr = [c for c, _, _ in table_text.comparisons(of_column) if c.metric == "PSNR"]
        assert [f"{c.better} > {c.worse}" for c in psnr] == [expected]


def test_quoted_differences_of_table_4() -> None:
    """What the text says fixes the order of the columns."""
    sony, iphone = PUBLISHED["a4"]["sony"], PUBLISHED["a4"]["iphone"]

    def gap(column: dict[str, tuple[float | None, ...]], other: str, i: int) -> float:
        return round((column["NRL-DPL"][i] or 0) - (column[other][i] or 0), 4)

    assert gap(sony, "srcnn", 0) == 3.82 and gap(sony, "dense-skip", 0) == 1.14
    assert gap(iphone, "dped", 1) == 0.0072 and gap(iphone, "mcrn", 1) == 0.0046


def test_curves(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text(
        "step,name,value\n4,psnr_all,20\n2,psnr_all,18\n2,loss,1\n6,psnr_all,2"
    )  # a crash has torn the last line
    assert logged(tmp_path, "psnr_all") == [(2, 18), (4, 20)]
    assert logged(tmp_path / "nowhere", "psnr_all") == []
    assert mean_line([[(2, 18), (4, 20)], [(2, 20)]]) == [(2, 19)]
    assert means_of([(1, 1), (2, 3), (3, 5), (4, 7), (5, 9)], 2) == [(1.5, 2), (3.5, 6)]
    assert ticks(0, 10) == [0, 2, 4, 6, 8, 10] and ticks(22.3, 22.9) == pytest.approx(
        [22.4, 22.6, 22.8]
    )
    drawing = ET.fromstring(svg({"a<b": [(0, 1), (10, 2)], "empty": []}, "t", "x", "y"))
    (line,) = [e for e in drawing.iter() if e.tag.endswith("polyline")]
    (x0, y0), (x1, y1) = (map(float, p.split(",")) for p in line.attrib["points"].split())
    assert x0 < x1 and y0 > y1  # up is up
    assert shortest([Path("r/a/seed-0")]) == ["seed-0"]
    assert shortest([Path("r/a/seed-0"), Path("r/b/seed-0")]) == ["a/seed-0", "b/seed-0"]
    assert shortest([Path("a"), Path("r/a")]) == ["a", "r/a"]
    svg({}, "t", "x", "y")  # nothing to draw is no error
    steep = ET.fromstring(svg({"a": [(0, 100), (1, 1), (2, 0.01)]}, "t", "x", "y", log=True))
    (line,) = [e for e in steep.iter() if e.tag.endswith("polyline")]
    heights = [float(p.split(",")[1]) for p in line.attrib["points"].split()]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.2)
    assert {"0.01", "1", "100"} <= {e.text for e in steep.iter() if e.tag.endswith("text")}


@pytest.mark.parametrize("name", paper_a.TABLES)
def test_ablations_are_scored_on_the_same_pairs(
    name: str, dped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["bench", "table", name, "--runs", str(tmp_path), "--dped", str(dped), "iphone"]
    assert cli.run([*call, "--only-score"]) == 0
    said = "DPED iphone (at most 400, by seed 0)" in capsys.readouterr().out
    assert said == (name in ("a1", "a2", "a3"))


def test_the_command(dped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = [
        *("bench", "table", "a2", "--runs", str(tmp_path), "--dped", str(dped), "iphone"),
        *("--rows", "rru-1", "--view", "16", "--batch", "2", "--budget", "0.02", "--threads", "1"),
    ]
    assert cli.run(call) == 0
    out = capsys.readouterr().out
    assert "| rru-1 | 22.45 |" in out and "DPED iphone (at most 400, by seed 0)" in out
    assert json.loads((tmp_path / "table-a2.json").read_text())["rows"]["rru-1"]["steps"] == 2
    assert (tmp_path / "table-a2.md").is_file()
    run, drawing = str(tmp_path / "rru-1/seed-0"), tmp_path / "c.svg"
    assert cli.run(["bench", "curves", run, "--rows", "loss", "-o", str(drawing)]) == 0
    assert "polyline" in drawing.read_text()
    other = tmp_path / "other"
    other.mkdir()
    (other / "metrics.csv").write_text("step,name,value\n1,loss,0.5\n2,loss,0.25\n")
    assert cli.run(["bench", "curves", run, str(other), "--rows", "loss", "-o", str(drawing)]) == 0
    assert all(f">{name}</text>" in drawing.read_text() for name in ("seed-0", "other", "loss"))
    for wrong, said in (
        (["bench", "curves", run, "--rows", "loss,a1"], "has logged no 'a1'"),
        (["bench", "curves", run], "Missing option '--rows'"),
        (["bench", "curves", run, "--rows", "loss", "--mean", "0"], "1 or more, not 0"),
        (["bench", "table", "a9"], "no table 'a9'; choose a1"),
        (["bench", "table", "a1"], "--runs names the folder"),
        (["bench", "table", "a1", "--runs", "x", "--data", str(tmp_path)], "Nothing to score on"),
        ([*call, "--seeds", "one"], "--seeds wants numbers"),
        ([*call, "--outputs", "x"], "--outputs wants NAME=FOLDER"),
        (["bench", "slow"], "takes speed, process, folder, fast, looks, table, joint, curves"),
        (["bench", "fast"], "Missing option '--data'"),
    ):
        assert cli.run(wrong) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("taken", ["input", "bicubic", "NRL"])
def test_a_tools_row_takes_no_other_rows_name(dped: Path, tmp_path: Path, taken: str) -> None:
    outputs = {taken: tmp_path}
    with pytest.raises(OptionError, match=f"Two rows would be called '{taken}'"):
        reproduce.run(TABLE, settings(dped, tmp_path / "runs", outputs=outputs))
    assert not (tmp_path / "runs").exists()


def test_pairs_of_another_scale_are_refused_before_training(dped: Path, tmp_path: Path) -> None:
    given = settings(dped, tmp_path / "runs")
    halved = replace(given, test=[replace(pair, halve=2) for pair in given.test])
    for table, wrong, said in ((TABLE, halved, "RL makes pictures 1"), (b1(cpu=True), given, "2")):
        with pytest.raises(OptionError, match=f"{said} times as large .* choose other test pairs"):
            reproduce.run(table, replace(wrong, column=next(iter(PUBLISHED[table.name]))))
    assert not (tmp_path / "runs").exists()


def test_results_that_are_not_there_are_told_before_training(
    dped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reproduce, "train", lambda *_: pytest.fail("trained"))
    some = tmp_path / "some"
    save(some / "0.png", 0)
    for folder, said in ((tmp_path / "gone", "gone is not a folder"), (some, "no result of x for")):
        with pytest.raises(InputError, match=said):
            reproduce.run(TABLE, settings(dped, tmp_path / "runs", outputs={"x": folder}))


def test_a_folder_of_runs_that_is_a_file_is_told_before_training(
    dped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reproduce, "train", lambda *_: pytest.fail("trained"))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file cannot be made a folder"):
        reproduce.run(TABLE, settings(dped, tmp_path / "file"))


def test_a_signal_ends_the_table_and_scores_nothing(dped: Path, tmp_path: Path) -> None:
    call = [
        *(sys.executable, "-m", "burnish", "bench", "table", "a2", "--runs", tmp_path / "runs"),
        *("--dped", dped, "iphone", "--rows", "rru-1,rru-3", "--view", "16", "--batch", "2"),
        *("--budget", "1", "--threads", "1"),
    ]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("step"):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stdout.read()
    assert process.returncode == 130 and "| rru-1" not in rest
    assert (tmp_path / "runs/rru-1/seed-0/state.pt").is_file()
    assert {p.name for p in (tmp_path / "runs").iterdir()} == {"rru-1"}
