"""What the speed report claims can be counted by hand; times themselves are not tested."""

from pathlib import Path

import pytest

from burnish.bench import process, speed
from burnish.engine.ceiling import matmul_ceiling
from burnish.image.read import read


def test_the_ceiling_is_a_rate() -> None:
    assert matmul_ceiling("f32", threads=1, size=256, repeats=2) > 1e8


def test_a_slower_backend_has_a_ratio_below_one() -> None:
    rows = [speed.SpeedRow("a", 1.0, 0.07, 1.0, float("inf"))]
    report = speed.SpeedReport(rows, 256, 2, 7e10, {"f32": 1.4e11}, ["b: not here"])
    text = speed.table(report)
    assert "50%" in text and "Not measured: b: not here." in text


def test_memory_slope_is_in_bytes_a_pixel() -> None:
    rows = [process.ProcessRow(12, 5, 700), process.ProcessRow(50, 20, 700 + 38 * 30)]
    assert process.table(rows).splitlines()[-1].endswith("| 30 |")


@pytest.mark.parametrize(("suffix", "depth"), [(".jpg", 8), (".tif", 16)])
def test_made_photos_have_the_size_asked_for(tmp_path: Path, suffix: str, depth: int) -> None:
    path = tmp_path / f"made{suffix}"
    process.make_file(path, 0.6, depth)
    photo = read(path)
    assert abs(photo.height * photo.width - 6e5) < 2e3 and photo.source.depth == depth
