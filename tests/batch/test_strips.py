"""Large photos of a batch go in strips: the same bytes, remembered like the rest."""

from pathlib import Path

import numpy as np
import pytest

import burnish.batch.steps as steps
from burnish import cli
from burnish.image.photo import Photo
from burnish.image.write import write


def test_a_batch_in_strips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, name in enumerate("ab"):
        noise = np.random.default_rng(seed).integers(0, 255, (200, 150, 3))
        write(Photo.from_array(noise.astype(np.uint8)), tmp_path / "in" / f"{name}.jpg")
    strips, whole = tmp_path / "strips", tmp_path / "whole"
    call = [str(tmp_path / "in"), "--threads", "1", "--tile", "128", "-o"]
    assert cli.run([*call, str(whole)]) == 0
    monkeypatch.setattr(steps, "FROM_MEGAPIXELS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(steps, "read", None)  # nobody reads a whole photo
        assert cli.run([*call, str(strips)]) == 0
    for name in ("a.jpg", "b.jpg"):
        assert (strips / name).read_bytes() == (whole / name).read_bytes()
    capsys.readouterr()
    assert cli.run([*call, str(strips)]) == 0
    assert "2 done before" in capsys.readouterr().out
    assert not list(strips.rglob("*.part"))
