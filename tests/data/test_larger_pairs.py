"""Real pairs of two sizes: crops stay aligned, flips go along, what does not fit is said."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from burnish.data.larger_pairs import LargerPairs
from burnish.data.photos import load_rgb
from burnish.errors import InputError


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("low", "high"):
        (tmp_path / name).mkdir()
    for seed in range(2):
        small = np.random.default_rng(seed).integers(0, 255, (20, 26, 3)).astype(np.uint8)
        Image.fromarray(small).save(tmp_path / "low" / f"{seed}.png")
        Image.fromarray(small.repeat(2, 0).repeat(2, 1)).save(tmp_path / "high" / f"{seed}.png")
    return tmp_path / "low", tmp_path / "high"


def test_crops_are_aligned(folders: tuple[Path, Path]) -> None:
    source = LargerPairs(*folders, seed=0)
    low, high, samples = source.batch(0, range(12), 8)
    assert low.shape == (12, 3, 8, 8) and len({v.numpy().tobytes() for v in low}) > 8
    assert torch.equal(high, low.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert torch.equal(source.batch(0, [5], 8)[0][0], low[5])

    # The samples are of the whole inputs: their tones, whatever part the view shows.
    assert samples.shape == (12, 3, 64, 64)
    wholes = [load_rgb(folders[0] / f"{seed}.png").float() / 255 for seed in range(2)]
    means = torch.stack([whole.mean((1, 2)) for whole in wholes])
    gaps = (samples.mean((2, 3))[:, None] - means).abs().amax(2).amin(1)
    assert float(gaps.max()) < 0.02


def test_crops_are_flipped_along_both_axes(tmp_path: Path) -> None:
    """Of ramps every orientation comes, and the target's is the input's."""
    ramp = (np.arange(20)[:, None, None] * 6 + np.arange(26)[None, :, None] * 3).repeat(3, 2)
    for name, factor in (("low", 1), ("high", 2)):
        (tmp_path / name).mkdir()
        large = ramp.astype(np.uint8).repeat(factor, 0).repeat(factor, 1)
        Image.fromarray(large).save(tmp_path / name / "a.png")
    low, high, _ = LargerPairs(tmp_path / "low", tmp_path / "high", seed=0).batch(0, range(40), 8)
    assert orientations(low) == orientations(high)
    assert set(orientations(low)) == {(a, b) for a in (True, False) for b in (True, False)}


def orientations(views: torch.Tensor) -> list[tuple[bool, bool]]:
    """Of ramps that rise down and to the right: whether each view's rise down, to the right."""
    down, right = views[:, 0, -1, 0] > views[:, 0, 0, 0], views[:, 0, 0, -1] > views[:, 0, 0, 0]
    return list(zip(down.tolist(), right.tolist(), strict=True))


def test_some_can_be_left_out(folders: tuple[Path, Path]) -> None:
    for name in ("0", "0.png"):
        assert len(LargerPairs(*folders, seed=0, exclude=[name]).pairs) == 1


def test_what_does_not_fit_is_said(folders: tuple[Path, Path]) -> None:
    low, high = folders
    with pytest.raises(InputError, match="smaller than the 40 pixel view"):
        LargerPairs(low, high, 0).batch(0, [0], 40)
    with pytest.raises(InputError, match="is not 2 times as large"):
        LargerPairs(low, low, 0)
    (high / "1.png").unlink()
    with pytest.raises(InputError, match=r"lacks 1\.png"):
        LargerPairs(low, high, 0)
