"""DPED (Ignatov et al. 2017): aligned 100x100 patches of three phones and a DSLR, as published.

    ROOT/<phone>/training_data/{<phone>,canon}/N.jpg
    ROOT/<phone>/test_data/patches/{<phone>,canon}/N.jpg
    ROOT/<phone>/test_data/full_size_test_images/N.jpg         no ground truth

The data set is the user's to bring. Paper A's sampling: an epoch is a random sixth of the patches.
The general case of pairs is FOLDER/low and FOLDER/high with equal names.
"""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from burnish.data.phones import PHONES, Phone, phone_named
from burnish.data.photos import load_rgb, photos_in
from burnish.errors import InputError, OptionError
from burnish.files import is_named

Part = Literal["train", "test"]
SIDE = 100
SHARE = 6
"""An epoch is one part in six of the patches."""
ABLATION_PAIRS = 400


@dataclass(frozen=True)
class PatchPair:
    """The same place seen by the phone and by the DSLR; ``name`` is the number of the pair."""

    name: str
    low: Path
    high: Path


@dataclass(frozen=True)
class BadPair:
    """A pair that cannot be used, and why."""

    name: str
    reason: str


def _number(name: str) -> tuple[int, str]:
    """Sorts 2 before 10, whatever else a name holds."""
    digits = re.search(r"\d+", name)
    return (int(digits.group()) if digits else -1, name)


def pair_folders(root: Path, phone: Phone | None, part: Part) -> tuple[Path, Path]:
    """Inputs and targets: of a phone in DPED's layout, or FOLDER/low and FOLDER/high without one.

    A root with the folders of one phone alone needs no name for it.
    """
    if phone is not None:
        return _folders(root, phone, part)
    if (root / "low").is_dir() and (root / "high").is_dir():
        return root / "low", root / "high"
    there = [name for name in PHONES if (root / name).is_dir()]
    if len(there) == 1:
        return _folders(root, there[0], part)
    if there:
        raise OptionError(f"{root} has {', '.join(there)}: choose one with --phone.")
    raise InputError(f"{root} has neither DPED's layout nor the folders low and high.")


def _folders(root: Path, phone: Phone, part: Part) -> tuple[Path, Path]:
    base = root / phone_named(phone) / ("training_data" if part == "train" else "test_data/patches")
    for folder in (base / phone, base / "canon"):
        if not folder.is_dir():
            raise InputError(f"{folder} is not there: {root} does not have DPED's layout.")
    return base / phone, base / "canon"


def _names(folder: Path) -> set[str]:
    return {path.name for path in photos_in(folder)}


def list_pairs(
    root: Path, phone: Phone, part: Part, leave_out: Collection[str] = ()
) -> list[PatchPair]:
    """All pairs of a part in the order of their numbers, but for the names in ``leave_out``.

    A patch without its partner is an error: `check_folders` (`burnish data check`) lists them all.
    """
    return pairs_of(*_folders(root, phone, part), leave_out)


def pairs_of(low: Path, high: Path, leave_out: Collection[str] = ()) -> list[PatchPair]:
    """All pairs of two folders; ``leave_out`` holds names, or names without their ending."""
    lows, highs = (
        {path.name for path in photos_in(folder) if not is_named(path, leave_out)}
        for folder in (low, high)
    )
    if alone := sorted(lows ^ highs, key=_number):
        raise InputError(
            f"{len(alone)} pictures of {low} and {high} have no partner, the first is "
            f"{alone[0]}: add what is missing, or leave them out with --exclude."
        )
    if not lows:
        raise InputError(f"There are no patches in {low}.")
    return [PatchPair(name, low / name, high / name) for name in sorted(lows, key=_number)]


def check_folders(low: Path, high: Path, side: int | None = None) -> list[BadPair]:
    """Read every picture; the bad pairs in the order of their numbers, each once.

    Without a ``side`` the two of a pair must be of one size.
    """
    bad = []
    for name in sorted(_names(low) | _names(high), key=_number):
        first: tuple[int, ...] | None = None if side is None else (side, side)
        for folder in (low, high):
            if not (folder / name).is_file():
                bad.append(BadPair(name, f"missing in {folder.name}"))
                break
            try:
                shape = tuple(load_rgb(folder / name).shape[1:])
            except InputError as error:
                bad.append(BadPair(name, f"unreadable in {folder.name}: {error}"))
                break
            first = first or shape
            if shape != first:
                size = f"{shape[1]}x{shape[0]} in {folder.name}"
                bad.append(BadPair(name, f"{size}, not {first[1]}x{first[0]}"))
                break
    return bad


def ablation_pairs(
    pairs: Sequence[PatchPair], seed: int, count: int = ABLATION_PAIRS
) -> list[PatchPair]:
    """Paper A's test set for ablations: ``count`` random pairs, in order, the same for a seed."""
    if count > len(pairs):
        raise OptionError(f"{count} pairs were asked for, but there are only {len(pairs)}.")
    chosen = np.random.default_rng(seed).choice(len(pairs), count, replace=False)
    return [pairs[i] for i in np.sort(chosen)]


def steps_per_epoch(count: int, batch: int) -> int:
    """Steps in which a sixth of ``count`` patches is seen, the last one filled up."""
    return math.ceil(count / SHARE / batch)


def epoch_sample(count: int, batch: int, seed: int, epoch: int) -> np.ndarray:
    """Indices of an epoch's patches, whole batches of them: a pure function of (seed, epoch).

    No patch comes twice, unless there are fewer than the batches hold.
    """
    wanted = steps_per_epoch(count, batch) * batch
    rng = np.random.default_rng([seed, epoch])
    rounds = [rng.permutation(count) for _ in range(math.ceil(wanted / count))]
    return np.concatenate(rounds)[:wanted]


class EpochPairs:
    """A source of training pairs with paper A's epochs; patches are read when they are needed.

    ``batch`` of the constructor is the batch size of the run, which decides where epochs end. Views
    smaller than a patch are cut at random, the same place in both; nothing is flipped.
    """

    def __init__(self, pairs: Sequence[PatchPair], seed: int, batch: int = 32) -> None:
        self.pairs, self.seed, self.batch_size = pairs, seed, batch
        self.epoch_steps = steps_per_epoch(len(pairs), batch)
        self._sample: tuple[int, np.ndarray] = (-1, np.empty(0, int))

    def _epoch(self, epoch: int) -> np.ndarray:
        known, sample = self._sample  # read and set as one, for threads that make batches ahead
        if known != epoch:
            sample = epoch_sample(len(self.pairs), self.batch_size, self.seed, epoch)
            self._sample = (epoch, sample)
        return sample

    def batch(self, step: int, indices: Sequence[int], size: int) -> tuple[Tensor, Tensor]:
        """Views ``indices`` of ``step``: (input, target), (N,3,size,size) RGB in [0,1]."""
        epoch, within = divmod(step, self.epoch_steps)
        sample = self._epoch(epoch)
        rows = []
        for index in indices:
            assert index < self.batch_size
            pair = self.pairs[sample[within * self.batch_size + index]]
            low, high = load_rgb(pair.low), load_rgb(pair.high)
            if low.shape != high.shape or min(low.shape[1:]) < size:
                raise InputError(
                    f"The patches {pair.name} in {pair.low.parent} and {pair.high.parent} differ "
                    f"in size or are smaller than {size} pixels."
                )
            rng = np.random.default_rng([self.seed, step, index])
            top, left = (int(rng.integers(side - size + 1)) for side in low.shape[1:])
            cut = torch.stack([p[:, top : top + size, left : left + size] for p in (low, high)])
            rows.append(cut.float() / 255)
        low_batch, high_batch = torch.stack(rows, dim=1)
        return low_batch, high_batch
