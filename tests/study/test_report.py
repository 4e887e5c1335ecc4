"""Means, intervals and agreement against worked examples."""

import csv
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from burnish import cli
from burnish.bench.published import PUBLISHED
from burnish.errors import InputError
from burnish.study.report import (
    krippendorff_alpha,
    mean_with_interval,
    plot,
    report,
    table,
    to_csv,
)
from burnish.study.store import QUESTIONS, Answer, Store

# Krippendorff's own example (four observers, twelve units, some missing): interval alpha 0.849.
NAN = float("nan")
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)


def answers(raters: int = 4, pictures: int = 6) -> list[Answer]:
    """Everyone gives "good" a 4 and "bad" a 2, for colour; a step more or less by picture."""
    return [
        Answer(f"r{r}", f"p{p}", method, question, base + (p % 2), 1.0)
        for r in range(raters)
        for p in range(pictures)
        for method, base in (("good", 4), ("bad", 2))
        for question in QUESTIONS
    ]


def test_alpha_of_the_published_example() -> None:
    assert krippendorff_alpha(EXAMPLE) == pytest.approx(0.849, abs=5e-4)


def test_alpha_at_its_ends() -> None:
    same = np.tile(np.array([1.0, 2, 5, 3]), (3, 1))
    assert krippendorff_alpha(same) == 1
    rng = np.random.default_rng(0)
    assert abs(krippendorff_alpha(rng.integers(1, 6, (5, 400)).astype(float))) < 0.05
    assert np.isnan(krippendorff_alpha(np.full((3, 4), 2.0)))  # no variation: not defined
    assert np.isnan(krippendorff_alpha(np.array([[1.0, NAN], [NAN, 2.0]])))


def test_interval_covers_raters_who_differ() -> None:
    """Raters with habits of their own: more pictures cannot make the mean certain."""
    rng = np.random.default_rng(1)
    habits = rng.normal(0, 0.8, (8, 1))
    few, many = (3 + habits + rng.normal(0, 0.3, (8, n)) for n in (20, 500))
    widths = [m.high - m.low for m in map(mean_with_interval, (few, many))]
    expected = 2 * 1.96 * habits.std() / np.sqrt(8)
    assert widths[1] == pytest.approx(expected, rel=0.15) and widths[0] < 1.3 * widths[1]


def test_report_and_its_forms() -> None:
    given = answers()
    found = report(given)
    assert (found.methods, found.raters, found.pictures) == (("bad", "good"), 4, 6)
    assert found.means["good", "colour"].mean == 4.5 and found.means["bad", "average"].mean == 2.5
    assert all(v == 1 for v in found.agreement.values())
    text = table(found)
    assert "| good | 4.50 (" in text and "*Krippendorff's alpha* | 1.00 |" in text
    rows = list(csv.DictReader(io.StringIO(to_csv(given))))
    assert len(rows) == len(given) and rows[0]["rater"] == "1" and "r0" not in to_csv(given)
    drawing = ET.fromstring(plot(found))
    assert sum(e.tag.endswith("circle") for e in drawing.iter()) == 2 * 5 + 2


def test_raters_who_stop_early_count_with_what_they_gave() -> None:
    given = [*answers(1, 2), Answer("late", "p0", "good", "colour", 1, 1.0)]
    found = report(given)
    assert found.raters == 2
    assert found.means["good", "colour"].mean == pytest.approx((4 + 5 + 1) / 3)
    assert found.means["good", "average"].answers == 2  # the late one answered one of four
    with pytest.raises(InputError, match="Nobody has answered"):
        report([])


def test_the_papers_table_has_the_form_of_the_measured_one(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(study)
    token = store.join("Ann")
    for question in QUESTIONS:
        store.answer(token, store.shown[0].id, question, 4)
    assert cli.run(["study", "report", str(study), "--paper"]) == 0
    _, measured, paper_said, paper = capsys.readouterr().out.strip().split("\n\n")
    header = (
        "| method | colour | texture | luminance | overall | average |\n|---|---|---|---|---|---|\n"
    )
    assert measured.startswith(header) and paper.startswith(header)
    assert "Table 5: 29 raters" in paper_said
    assert paper.splitlines()[2:] == [  # every digit as printed
        "| original | 2.0 | 2.7 | 1.6 | 2.9 | 2.30 |",
        "| srcnn | 3.1 | 2.6 | 2.0 | 2.5 | 2.55 |",
        "| dped | 3.0 | 1.8 | 3.8 | 3.1 | 2.93 |",
        "| dense-skip | 3.3 | 2.7 | 3.3 | 3.4 | 3.18 |",
        "| NRL-DPL | 3.9 | 3.0 | 3.4 | 3.6 | 3.48 |",
    ]


def test_the_papers_averages_are_of_its_four_scores() -> None:
    for *scores, average in PUBLISHED["a5"]["VOC2012-LQ100"].values():
        assert average == pytest.approx(np.mean(np.array(scores, float)), abs=0.00501)
