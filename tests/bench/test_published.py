"""The numbers of the papers that tables show beside ours, against the papers' own texts."""

import re
from pathlib import Path

import pytest

from burnish.bench.paper_b import b1
from burnish.bench.published import B2_COST, PUBLISHED

TABLE_1 = (  # ticks of the printed rows, by their numbers -> what the recipe changes
    (1, "full", {}),
    (2, "inputs d,b", {"pair": "d,b"}),
    (3, "inputs d,i", {"pair": "d,i"}),
    (4, "inputs i,i", {"pair": "i,i"}),
    (5, "no HFA_1", {"without": "hfa1"}),
    (6, "no HFA_2", {"without": "hfa2"}),
    (7, "no HFA_3", {"without": "hfa3"}),
    (8, "A_v1", {"transform": "v1"}),
    (9, "A_v2", {"transform": "v2"}),
    (10, "no PENet", {"transform": "none"}),
    (11, "pixel-shuffle", {"upsampler": "shuffle"}),
)
OURS = {"bicubic": "Bicubic", "Deep SR-PIE": "Ours", "Deep SR-PIE+": "Ours+"}


def rows(paper: Path) -> dict[str, list[str]]:
    """Rows of the tables in the text of a paper: their first cell -> the others."""
    text = paper.read_text().replace("<b>", "").replace("</b>", "")
    cells = [line.split("\t") for line in text.splitlines() if "\t" in line]
    return {first: more for first, *more in cells}


def number(cell: str) -> float | None:
    return None if cell == "/" else float(cell)


@pytest.mark.parametrize(("place", "name", "choices"), TABLE_1)
def test_a_row_of_table_1_trains_what_the_paper_ticks(
    place: int, name: str, choices: dict[str, str]
) -> None:
    recipes = b1().rows
    assert list(recipes)[place - 1] == name
    full = recipes["full"]
    assert recipes[name].choices == full.choices | choices
    assert recipes[name].stages == full.stages and recipes[name].seed == full.seed


def test_table_1_is_the_papers(shared: Path) -> None:
    printed = rows(shared / "papers/deep-sr-pie.txt")
    for place, name, _ in TABLE_1:
        psnr, ssim = printed[str(place)][-2:]
        assert PUBLISHED["b1"]["alltuu2"][name] == (float(psnr), float(ssim)), name


def test_table_2_is_the_papers(shared: Path) -> None:
    printed = rows(shared / "papers/deep-sr-pie.txt")
    sets = {"alltuu2": 0, "Set14": 4, "BSD100": 6, "Urban100": 8, "Set5": 10}
    assert PUBLISHED["b2"].keys() == sets.keys()
    names = {name for values in PUBLISHED["b2"].values() for name in values}
    assert len(names) == 10
    for name in names:
        cells = [number(cell) for cell in printed[OURS.get(name, name)]]
        for values, first in ((PUBLISHED["b2"][s], first) for s, first in sets.items()):
            told = values.get(name, (None, None))
            assert told == (cells[first], cells[first + 1]), name
        assert B2_COST.get(name, (None, None)) == (cells[2], cells[3]), name


@pytest.mark.parametrize("table", ["a1", "a2", "a3", "a4", "a5"])
def test_each_number_of_paper_a_is_printed(shared: Path, table: str) -> None:
    text = (shared / "papers/nrl-dpl.txt").read_text()
    printed = {float(number) for number in re.findall(r"\d+\.\d+", text)}
    for values in PUBLISHED[table].values():
        for row, told in values.items():
            assert printed.issuperset(told), row
