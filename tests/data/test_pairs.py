"""A batch is a pure function of (seed, step, indices), however the indices are shared out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from burnish.data.finish import Finish
from burnish.data.pairs import PairFolder, PairSource, RetouchPairs, fixed_pairs
from burnish.data.photos import Pyramid
from burnish.errors import InputError

SIZE = 24


def made_photos(n: int = 3) -> list[Pyramid]:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(n, 3, 7, 9, generator=generator)
    fine = torch.nn.functional.interpolate(coarse, size=(80, 110), mode="bilinear")
    return [Pyramid((p * 255).to(torch.uint8), smallest=20) for p in fine]


def folder_pair(tmp_path: Path, sizes: dict[str, tuple[int, int]]) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    low, high = tmp_path / "low", tmp_path / "high"
    for folder in (low, high):
        folder.mkdir(exist_ok=True)
    for name, (width, height) in sizes.items():
        picture = rng.integers(0, 128, (height, width, 3), np.uint8)
        Image.fromarray(picture).save(low / name)
        Image.fromarray(picture * 2 + 1).save(high / name)
    return low, high


@pytest.fixture(params=["retouch", "folder"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> PairSource:
    if request.param == "retouch":
        return RetouchPairs(made_photos(), seed=7)
    return PairFolder(*folder_pair(tmp_path, {"a.png": (90, 71), "b.png": (60, 82)}), seed=7)


def test_views_are_the_same_without_samples() -> None:
    with_samples = RetouchPairs(made_photos(), 3).batch(5, [0, 1], SIZE)
    without = RetouchPairs(made_photos(), 3, samples=False).batch(5, [0, 1], SIZE)
    assert len(with_samples) == 3 and len(without) == 2
    assert all(torch.equal(a, b) for a, b in zip(with_samples, without, strict=False))


def test_batch_is_pure(source: PairSource) -> None:
    first = source.batch(5, range(6), SIZE)
    source.batch(6, range(6), SIZE)
    torch.manual_seed(99)
    np.random.seed(99)
    again = source.batch(5, range(6), SIZE)
    for a, b in zip(first, again, strict=True):
        assert torch.equal(a, b)
        assert a.shape[:2] == (6, 3) and a.dtype == torch.float32
        assert a.min() >= 0 and a.max() <= 1
    sample = 128 if isinstance(source, RetouchPairs) else 64
    assert [x.shape[-1] for x in first] == [SIZE, SIZE, sample]


def test_steps_and_indices_differ(source: PairSource) -> None:
    low, other = (source.batch(step, range(6), SIZE)[0] for step in (5, 6))
    assert all(not torch.equal(low[i], other[j]) for i in range(6) for j in range(6))
    assert all(not torch.equal(low[i], low[j]) for i in range(6) for j in range(i))


@pytest.mark.parametrize("processes", [2, 3, 6])
def test_sharing_the_indices_out_changes_no_view(source: PairSource, processes: int) -> None:
    for step in range(4):
        whole = source.batch(step, range(6), SIZE)
        for process in range(processes):
            part = source.batch(step, range(process, 6, processes), SIZE)
            for a, b in zip(part, whole, strict=True):
                assert torch.equal(a, b[process::processes])


def test_the_seed_of_a_source_counts() -> None:
    low, other = (RetouchPairs(made_photos(), seed).batch(0, [0], SIZE)[0] for seed in (0, 1))
    assert not torch.equal(low, other)


def test_folder_pairs_stay_aligned(tmp_path: Path) -> None:
    source = PairFolder(*folder_pair(tmp_path, {"a.png": (40, 30), "b.png": (25, 31)}), seed=3)
    low, high, sample = source.batch(0, range(20), SIZE)
    torch.testing.assert_close(high, low * 2 + 1 / 255)
    # The sample is of the photo that the crop is of: noise, so their means agree.
    torch.testing.assert_close(sample.mean((2, 3)), low.mean((2, 3)), rtol=0, atol=0.05)


def test_a_view_may_be_the_whole_picture(tmp_path: Path) -> None:
    source = PairFolder(*folder_pair(tmp_path, {"a.png": (SIZE, SIZE)}), seed=3)
    assert source.batch(0, range(2), SIZE)[0].shape == (2, 3, SIZE, SIZE)
    with pytest.raises(InputError, match="24x24 pixels is smaller than the 25 pixel view"):
        source.batch(0, range(2), SIZE + 1)


def test_some_can_be_left_out(tmp_path: Path) -> None:
    low, high = folder_pair(tmp_path, {"a.png": (40, 30), "b.png": (25, 31)})
    for name in ("a", "a.png"):
        (kept,) = PairFolder(low, high, seed=0, exclude=[name]).pairs
        assert kept[0].shape == (3, 31, 25)


def test_errors_of_a_pair_folder_name_the_culprit(tmp_path: Path) -> None:
    low, high = folder_pair(tmp_path, {"a.png": (40, 30), "b.png": (25, 31)})
    with pytest.raises(InputError, match="nowhere is not a folder"):
        PairFolder(tmp_path / "nowhere", high, seed=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="No photos in"):
        PairFolder(tmp_path / "empty", high, seed=0)
    Image.new("RGB", (40, 31)).save(high / "a.png")
    with pytest.raises(InputError, match=r"a\.png has different sizes"):
        PairFolder(low, high, seed=0)
    (high / "a.png").unlink()
    with pytest.raises(InputError, match=r"high lacks a\.png to pair with"):
        PairFolder(low, high, seed=0)
    (high / "a.png").write_text("no picture")
    with pytest.raises(InputError, match=r"a\.png cannot be read as a photo"):
        PairFolder(low, high, seed=0)


def test_fixed_pairs_are_fixed_and_of_each_kind() -> None:
    first, second = (fixed_pairs(made_photos(4), SIZE) for _ in range(2))
    assert [kind for kind, *_ in first] == ["full", "mild", "finished", "full"]
    for (_, low, high, whole), (_, low2, high2, whole2) in zip(first, second, strict=True):
        assert torch.equal(low, low2) and torch.equal(high, high2) and torch.equal(whole, whole2)
        assert low.shape == high.shape == (1, 3, SIZE, SIZE) and whole.shape == (1, 3, 80, 80)
        torch.testing.assert_close(low.mean((2, 3)), whole.mean((2, 3)), rtol=0, atol=0.01)


def test_the_sample_shows_what_the_view_averages() -> None:
    """Single bright pixels, one in 64: gone in a view of an eighth, white in the sample."""
    photo = torch.zeros(3, 512, 512, dtype=torch.uint8)
    photo[:, ::8, ::8] = 255
    photos = [Pyramid(photo)]
    generator = np.random.default_rng(0)
    samples = [photos[0].mosaic(1.0, 0.5, 0.5, generator) for _ in range(6)]
    brightest = {round(255 * float(s.max())) for s in samples}
    assert brightest == {255, 64}  # at full size, and at half
    full = next(s for s in samples if s.max() == 1)
    assert full.sum() == 3 * 256  # each square of 8 holds one of them
    view = photos[0].view(1.0, 0.5, 0.5, 64)
    assert view.max() < 0.1
    torch.testing.assert_close(full.mean(), view.mean(), rtol=0, atol=1e-3)


def test_views_at_the_photos_own_scale() -> None:
    """The same lonely bright pixels: views at the photo's own scale show them, others do not."""
    photo = torch.zeros(3, 512, 512, dtype=torch.uint8)
    photo[:, ::8, ::8] = 255
    for share in (0.0, 0.5, 1.0):
        source = RetouchPairs([Pyramid(photo)], 0, share)
        _, target, _ = source.batch(0, range(80), 32)
        own = (target.amax((1, 2, 3)) > 0.2).float().mean().item()
        assert abs(own - share) < 0.15, (share, own)
        assert target.shape == (80, 3, 32, 32)
    assert torch.equal(source.batch(0, [7], 32)[1], target[7:8])


def test_other_finishes_vary_the_target_and_what_is_made_of_it() -> None:
    photo = Pyramid(torch.full((3, 80, 80), 128, dtype=torch.uint8))
    kept, varied = (RetouchPairs([photo], 0, vary_finish=v) for v in (False, True))
    assert kept.batch(0, range(32), SIZE)[1].std() < 1e-6
    target = varied.batch(0, range(200), SIZE)[1].mean((2, 3))
    assert 0.02 < target.mean(1).std() < 0.06
    assert 0.005 < (target - target.mean(1, keepdim=True)).std() < 0.04


def test_a_finish_keeps_black_white_and_grey_in_range() -> None:
    x = torch.linspace(0, 1, 33).expand(3, 3, 33).clone()
    for seed in range(20):
        y = Finish.draw(np.random.default_rng(seed)).of(x)
        assert y.min() == 0 and y.max() == 1
        assert (y.diff(dim=2) > -1e-6).all()
