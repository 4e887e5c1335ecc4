"""Evaluation sets: lists of (input, target) files, each with the kind of pair it is."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from burnish.data import bicubic
from burnish.data.phones import Phone
from burnish.errors import InputError, OptionError
from burnish.image.folder import by_stem


@dataclass(frozen=True)
class EvalPair:
    """Two files of one picture; ``kind`` groups rows in the table."""

    name: str
    kind: str
    input: Path
    target: Path
    halve: int = 1
    """The input is the file's picture at a ``halve``-th of its size, for networks that enlarge."""

    def shrunk(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both pictures as they are scored: (H,W,3) float32 in [0,1], of sizes that divide."""
        if self.halve == 1:
            return low, high
        low, high = (bicubic.cut_to_multiple(v, self.halve) for v in (low, high))
        eight = np.rint(low * 255).astype(np.uint8)
        return bicubic.shrink_8bit(eight, self.halve).astype(np.float32) / 255, high


def folders(inputs: Path, targets: Path, kind: str = "pair") -> Iterator[EvalPair]:
    """Pairs of two folders, matched by file name without its ending."""
    wanted = by_stem(targets)
    for stem, path in by_stem(inputs).items():
        if stem not in wanted:
            raise InputError(f"{targets} holds no target for {path.name}.")
        yield EvalPair(stem, kind, path, wanted[stem])


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise InputError(f"{path} is not there; --data names the folder that holds the sets.")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def retouch_val(data: Path) -> Iterator[EvalPair]:
    """cid22-val photos un-retouched by a generator that is not burnish's: full, mild, finished."""
    targets = by_stem(data / "photos" / "cid22-val")
    for row in _rows(data / "retouch-val" / "pairs.csv"):
        path = data / "retouch-val" / "input" / row["input"]
        yield EvalPair(path.stem, row["kind"], path, targets[path.stem])


def retouch_val_half(data: Path) -> Iterator[EvalPair]:
    """The same with inputs of half the size: the joint task of paper B."""
    for pair in retouch_val(data):
        yield replace(pair, halve=2)


def exposure_val(data: Path) -> Iterator[EvalPair]:
    """Badly exposed frames of multi-exposure sequences against the best frame of each (SICE)."""
    frames = by_stem(data / "exposure" / "val")
    for row in _rows(data / "exposure" / "pairs.csv"):
        if row["split"] == "val":
            name = f"{row['scene']}/{row['input']}"
            yield EvalPair(name, "exposure", frames[row["input"]], frames[row["target"]])


def finished(data: Path) -> Iterator[EvalPair]:
    """Finished photos (cid22-val), to be left alone: input and target are one."""
    for stem, path in by_stem(data / "photos" / "cid22-val").items():
        yield EvalPair(stem, "finished", path, path)


def dped(root: Path, phone: Phone, ablation: bool) -> list[EvalPair]:
    """DPED's test patches of a phone; for ablations the 400 that seed 0 draws."""
    from burnish.data.dped import ABLATION_PAIRS, ablation_pairs, list_pairs

    pairs = list_pairs(root, phone, "test")
    if ablation and len(pairs) > ABLATION_PAIRS:
        pairs = ablation_pairs(pairs, seed=0)
    return [EvalPair(Path(p.name).stem, phone, p.low, p.high) for p in pairs]


SETS = {
    "retouch-val": retouch_val,
    "retouch-val-half": retouch_val_half,
    "exposure-val": exposure_val,
    "finished": finished,
}


def named(name: str, data: Path) -> list[EvalPair]:
    """The pairs of a named set below ``data``."""
    if name not in SETS:
        raise OptionError(f"There is no set '{name}'; choose {', '.join(SETS)}, or two folders.")
    return list(SETS[name](data))
