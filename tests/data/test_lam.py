"""Lambda of Eqs. 4-6 against values worked out by hand and a least-squares solver; its cache."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from burnish.data import lam
from burnish.data.lam import cache_key, lambda_of, lambda_of_files
from burnish.errors import InputError

RNG = np.random.default_rng(0)
PAIRS = [(RNG.uniform(0.1, 0.6, s), RNG.uniform(0.2, 0.9, s)) for s in ((4, 5, 3), (6, 2, 3))]


def test_readings_equal_their_formulas() -> None:
    got = lambda_of(PAIRS)
    ratios = [sum((h / x).flat) / x.size for x, h in PAIRS]
    assert got.ratio == pytest.approx(sum(ratios) / 2, rel=1e-12)
    differences = [sum(x.flat) / x.size - sum(h.flat) / h.size for x, h in PAIRS]
    assert got.mean_difference == pytest.approx(1 + sum(differences) / 2, rel=1e-12)
    low, high = (np.concatenate([p[i].ravel() for p in PAIRS]) for i in (0, 1))
    (solution,), *_ = np.linalg.lstsq(low[:, None], high)
    assert got.least_squares == pytest.approx(solution, rel=1e-12)
    assert (got.pairs, got.zeros) == (2, 0)


def test_a_brighter_target_of_known_gain() -> None:
    low = np.full((2, 2, 3), 0.25)
    got = lambda_of([(low, 2 * low)])
    assert (got.ratio, got.mean_difference, got.least_squares) == (2, 0.75, 2)


def test_black_has_no_ratio() -> None:
    low = np.array([[[0.0, 0.5, 0.5]]])
    high = np.array([[[0.9, 0.5, 1.0]]])
    got = lambda_of([(low, high), (np.zeros((1, 1, 3)), np.ones((1, 1, 3)))])
    assert got.ratio == 1.5 and got.zeros == 4 and got.least_squares == 1.5
    assert got.mean_difference == pytest.approx(1 + (1 / 3 - 0.8 - 1) / 2)
    with pytest.raises(InputError, match="not black"):
        lambda_of([(np.zeros((1, 1, 3)), np.ones((1, 1, 3)))])
    with pytest.raises(InputError, match="not black"):
        lambda_of([])


@pytest.fixture
def files(tmp_path: Path) -> list[tuple[Path, Path]]:
    pairs = []
    for n in range(2):
        pair = (tmp_path / f"low{n}.png", tmp_path / f"high{n}.png")
        for path, value in zip(pair, (50 + n, 100 + n), strict=True):
            Image.new("RGB", (4, 3), (value, value, value)).save(path)
        pairs.append(pair)
    return pairs


def test_files_and_cache(
    files: list[tuple[Path, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = lambda_of_files(files, cache)
    assert first == lambda_of_files(files)
    assert first.mean_difference == pytest.approx(1 - 50 / 255)
    assert first.ratio == pytest.approx((100 / 50 + 101 / 51) / 2)
    (kept,) = cache.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(lam, "_read", lambda *_: pytest.fail("the cache was not used"))
        assert lambda_of_files(files, cache) == first
    kept.write_text("{damaged")
    assert lambda_of_files(files, cache) == first
    assert len(list(cache.iterdir())) == 1


def test_the_key_changes_with_the_files(files: list[tuple[Path, Path]]) -> None:
    key = cache_key(files)
    assert key == cache_key(files)
    assert key != cache_key(files[::-1]) and key != cache_key(files[:1])
    os.utime(files[0][0], ns=(1, 1))
    assert key != cache_key(files)
    with pytest.raises(InputError, match="cannot be read"):
        cache_key([(files[0][0].with_name("gone.png"), files[0][1])])


def test_pairs_of_other_sizes_are_refused(files: list[tuple[Path, Path]]) -> None:
    Image.new("RGB", (5, 3)).save(files[1][1])
    with pytest.raises(InputError, match=r"low1\.png and .*high1\.png have different sizes"):
        lambda_of_files(files)
