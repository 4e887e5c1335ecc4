"""DPED's layout on a made folder: pairs, what is wrong with them, epochs, the ablation set."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from burnish.data.dped import (
    BadPair,
    EpochPairs,
    ablation_pairs,
    check_folders,
    epoch_sample,
    list_pairs,
    pairs_of,
    steps_per_epoch,
)
from burnish.data.pairs import PairSource
from burnish.errors import InputError, OptionError

SIDE = 12


def made(root: Path, count: int = 13, side: int = SIDE) -> Path:
    """An iPhone set of flat patches; number n has the value n, and 2n + 1 by the DSLR."""
    for part in ("training_data", "test_data/patches"):
        for camera in ("iphone", "canon"):
            folder = root / "iphone" / part / camera
            folder.mkdir(parents=True)
            for n in range(count):
                value = n if camera == "iphone" else 2 * n + 1
                grey = np.full((side, side, 3), value, np.uint8)
                Image.fromarray(grey).save(folder / f"{n}.jpg", quality=95)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path / "dped")


def test_pairs_come_in_the_order_of_their_numbers(root: Path) -> None:
    for part, folder in (("train", "training_data"), ("test", "test_data/patches")):
        pairs = list_pairs(root, "iphone", part)  # type: ignore[arg-type]
        assert [p.name for p in pairs] == [f"{n}.jpg" for n in range(13)]
        assert pairs[10].low == root / "iphone" / folder / "iphone" / "10.jpg"
        assert pairs[10].high == root / "iphone" / folder / "canon" / "10.jpg"


def test_check_lists_every_bad_pair_once(root: Path) -> None:
    low, high = (root / "iphone/training_data" / camera for camera in ("iphone", "canon"))
    assert check_folders(low, high, SIDE) == []
    (low / "3.jpg").unlink()
    (high / "11.jpg").unlink()
    (high / "4.jpg").write_bytes((high / "4.jpg").read_bytes()[:200])
    (low / "5.jpg").write_text("no picture")
    Image.new("RGB", (SIDE + 1, SIDE)).save(low / "6.jpg")
    bad = check_folders(low, high, SIDE)
    assert [b.name for b in bad] == ["3.jpg", "4.jpg", "5.jpg", "6.jpg", "11.jpg"]
    assert bad[0] == BadPair("3.jpg", "missing in iphone")
    assert bad[1].reason.startswith("unreadable in canon")
    assert bad[2].reason.startswith("unreadable in iphone")
    assert bad[3].reason == "13x12 in iphone, not 12x12"
    assert bad[4].reason == "missing in canon"
    with pytest.raises(InputError, match=r"2 pictures of .*iphone and .*canon have no partner"):
        list_pairs(root, "iphone", "train")
    assert len(list_pairs(root, "iphone", "train", {b.name for b in bad})) == 8


def test_folders_that_are_not_there_and_hidden_files(root: Path) -> None:
    low, high = (root / "iphone/training_data" / camera for camera in ("iphone", "canon"))
    (low / "._3.jpg").write_bytes(b"what macOS puts beside a file")
    assert len(pairs_of(low, high)) == len(list_pairs(root, "iphone", "train"))
    assert check_folders(low, high) == []
    for pair in ((low, root / "gone"), (root / "gone", high)):
        with pytest.raises(InputError, match=r"gone is not a folder of photos\.$"):
            pairs_of(*pair)


def test_what_is_not_dped_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match=r"sony.* is not there: .* does not have DPED's layout"):
        list_pairs(root, "sony", "train")
    with pytest.raises(OptionError, match="no phone 'nokia'; it has iphone"):
        list_pairs(root, "nokia", "train")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="There are no patches in"):
        list_pairs(root, "iphone", "train", {f"{n}.jpg" for n in range(13)})


def test_an_epoch_is_a_random_sixth() -> None:
    assert steps_per_epoch(160_471, 32) == 836  # DPED's iPhone part
    first, again = (epoch_sample(6000, 10, seed=1, epoch=0) for _ in range(2))
    assert np.array_equal(first, again) and len(first) == len(set(first.tolist())) == 1000
    assert first.min() >= 0 and first.max() < 6000
    for other in (epoch_sample(6000, 10, 1, 1), epoch_sample(6000, 10, 2, 0)):
        assert len(set(first.tolist()) & set(other.tolist())) < 300  # a sixth of it by chance
    seen = np.concatenate([epoch_sample(6000, 10, 1, e) for e in range(60)])
    assert np.bincount(seen, minlength=6000).min() > 0


def test_fewer_patches_than_a_batch_holds() -> None:
    sample = epoch_sample(3, 8, seed=0, epoch=0)
    assert len(sample) == 8 and np.bincount(sample).tolist() in ([3, 3, 2], [3, 2, 3], [2, 3, 3])


def values(source: PairSource, step: int, indices: range) -> list[int]:
    low, high = source.batch(step, indices, SIDE)
    assert low.shape == high.shape == (len(indices), 3, SIDE, SIDE)
    assert low.dtype == torch.float32
    assert torch.equal(high, (low * 255 * 2 + 1) / 255)
    return (low[:, 0, 0, 0] * 255).round().int().tolist()


def test_batches_walk_through_the_epoch(root: Path) -> None:
    pairs = list_pairs(root, "iphone", "train") * 3  # 39 pairs: an epoch is 7, in batches of 4: 8
    source = EpochPairs(pairs, seed=5, batch=4)
    assert source.epoch_steps == 2
    for epoch in (1, 0):
        got = values(source, 2 * epoch, range(4)) + values(source, 2 * epoch + 1, range(4))
        assert got == [int(i) % 13 for i in epoch_sample(39, 4, 5, epoch)]


def test_sharing_the_indices_out_changes_no_view(root: Path) -> None:
    source: PairSource = EpochPairs(list_pairs(root, "iphone", "train"), seed=5, batch=6)
    for step in (3, 0, 1):
        whole = source.batch(step, range(6), 5)
        for process in range(2):
            part = source.batch(step, range(process, 6, 2), 5)
            for a, b in zip(part, whole, strict=True):
                assert torch.equal(a, b[process::2])


def test_smaller_views_stay_aligned(tmp_path: Path) -> None:
    root = made(tmp_path, count=2)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    for camera in ("iphone", "canon"):
        for n in range(2):
            Image.fromarray(pixels).save(root / f"iphone/training_data/{camera}/{n}.jpg")
    source = EpochPairs(list_pairs(root, "iphone", "train"), seed=0, batch=4)
    low, high = source.batch(0, range(4), 7)
    assert torch.equal(low, high) and not torch.equal(low[0], low[1])
    with pytest.raises(InputError, match="smaller than 13 pixels"):
        source.batch(0, [0], 13)


def test_ablation_set(root: Path) -> None:
    pairs = list_pairs(root, "iphone", "test")
    chosen = ablation_pairs(pairs, seed=3, count=5)
    assert chosen == ablation_pairs(pairs, seed=3, count=5) != ablation_pairs(pairs, 4, 5)
    assert len({p.name for p in chosen}) == 5
    assert chosen == sorted(chosen, key=pairs.index)
    with pytest.raises(OptionError, match="400 pairs were asked for, but there are only 13"):
        ablation_pairs(pairs, seed=3)
