"""What the speed report claims can be counted by hand; times themselves are not tested."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish import cli
from burnish.bench import net_speed, process, speed
from burnish.card import ModelCard
from burnish.engine import export, openvino_backend
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


class Waiting:
    """A backend that works for five milliseconds, and waits as a busy machine makes it wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def run(self, graph: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        end = time.process_time() + 0.005
        while time.process_time() < end:
            pass
        time.sleep(self.seconds)
        return inputs["x"]


def test_networks_are_compared_by_what_they_work_on_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exported(net: str, folder: Path) -> ModelCard:
        return ModelCard(net, net, halo=0, scale=2, parameters=7)

    def loaded(backend: str, folder: Path, *more: Any) -> Waiting:
        return Waiting(0.3 if folder.name == "slow" else 0)

    monkeypatch.setattr(export, "export_untrained", exported)
    monkeypatch.setattr(net_speed, "load_backend", loaded)
    monkeypatch.setattr(openvino_backend, "has_bf16", lambda: False)
    for threads, expected in ((1, (0.5, 2)), (2, (0, 0.5))):
        rows = net_speed.measure(["quick", "slow"], patch=50, threads=threads, repeats=1)
        assert [r.backend for r in rows] == 2 * ["OpenVINO f32", "torch eager f32"]
        assert rows[0].ratio == 1 and expected[0] < rows[2].ratio < expected[1]
        assert rows[2].seconds > 30 and 0.4 < rows[2].cpu < 5  # of a hundredth of a megapixel
    assert net_speed.table(rows, 50).splitlines()[4].startswith("| slow | OpenVINO f32 | 7 | ")


@pytest.mark.parametrize("option", ["--repeats", "--patch"])
def test_speed_wants_a_run_of_a_picture(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "speed", "--net", "imdn", option, "0"]) == 2
    assert option in capsys.readouterr().err
