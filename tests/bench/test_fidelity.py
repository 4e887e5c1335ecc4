"""The comparison of the modes and the folder's clock, on the shipped network and tiny photos."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from burnish.bench import fidelity, folder
from burnish.engine import fast
from burnish.engine.options import EnhanceOptions
from burnish.engine.proxy import shrink
from burnish.errors import InputError
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.image.write import write

OPTIONS = EnhanceOptions(threads=1, precision="f32", tile=128)


EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Real photos, shrunk: on made ramps the local maps have nothing but grain to hold on to."""
    for name in ("perched-osprey", "tea-gardens"):
        small = shrink(read(EXAMPLES / f"{name}.jpg").pixels, 12_000)
        write(Photo.from_array(np.round(small * 255).astype(np.uint8)), tmp_path / f"{name}.png")
    return tmp_path


def test_rows_hold_what_they_say(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "LARGEST", 4_000)
    rows = fidelity.measure(fidelity.photos([data]), replace(OPTIONS, strength=0.7))
    assert [r.name for r in rows] == ["perched-osprey.png", "tea-gardens.png"]
    for row in rows:
        height, width = read(data / row.name).pixels.shape[:2]
        assert row.factor == 2 and row.megapixels == height * width / 1e6 < 0.0121
        assert row.psnr > row.moved and 0.8 < row.sharpness < 1.25
        assert row.full_seconds > 0 and row.fast_seconds > 0
    text = fidelity.table(rows)
    worst = min(r.psnr for r in rows)
    assert f"{worst:.2f} dB at worst" in text and text.splitlines()[2].startswith(
        "| tea-gardens.png"
    )


def test_gradient_energy_of_a_ramp() -> None:
    ramp = np.repeat(np.linspace(0, 1, 11, dtype=np.float32)[None, :, None], 3, 2).repeat(5, 0)
    assert fidelity.gradient_energy(ramp) == pytest.approx(0.01, rel=1e-4)


def test_a_folder_is_timed_and_its_stages_add_up(data: Path) -> None:
    report = folder.measure(data, OPTIONS, ["--threads", "1", "--precision", "f32"])
    assert report.photos == 2 and set(report.stages) == set(folder.STAGES)
    assert all(seconds > 0 for seconds in report.stages.values())
    assert "photos a minute" in folder.table(report) and "| network |" in folder.table(report)


def test_no_photos(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no photos"):
        fidelity.photos([tmp_path])
