"""The whole process measured: a real one, on a tiny photo, drawn."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from burnish import cli
from burnish.bench import process


def test_measured_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = tmp_path / "cost.svg"
    options = ["--sizes", "0.01,0.02", "--threads", "1", "-o", str(drawn)]
    assert cli.run(["bench", "process", *options]) == 0
    small, large = capsys.readouterr().out.splitlines()[2:]
    assert small.startswith("| 0.01 |") and large.startswith("| 0.02 |")
    peak = float(large.split("|")[3])
    assert 100 < peak < 1000
    picture = ElementTree.fromstring(drawn.read_text("utf-8"))
    lines = picture.findall(".//{*}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 2]


def test_peak_is_the_child_s_own() -> None:
    """However large the process that measures is."""
    held = np.ones(300_000_000, np.uint8)
    status, _, peak = process.run([sys.executable, "-c", "raise SystemExit(3)"])
    assert status == 3
    assert 1 < peak < 100 < held.nbytes / 1e6


def test_slope_of_memory() -> None:
    rows = [process.ProcessRow(1, 1.0, 500.0), process.ProcessRow(11, 2.0, 800.0)]
    assert process.table(rows).splitlines()[-1] == "| 11 | 2.0 | 800 | 30 |"
