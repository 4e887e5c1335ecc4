"""Lambda of paper A: what a low-quality picture is multiplied by before the residual is added.

    Eq. 5   mean over pixels of H / L                  here without the pixels where L is 0
    Eq. 6   1 + mean_i(mean(L_i) - mean(H_i))          what the paper's NRL- and map A take
    Eq. 4   <H, L> / <L, L>                            the least-squares solution of what it asks

H and L are in [0,1]. Pictures are read one by one and summed in float64.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from burnish.data.photos import load_rgb
from burnish.errors import InputError, OutputError
from burnish.files import write_text

VERSION = 1  # of the computation: part of the key of what is cached


@dataclass(frozen=True)
class Lambda:
    """The three readings over one training set."""

    ratio: float
    """Eq. 5, each picture counting the same."""
    mean_difference: float
    """Eq. 6."""
    least_squares: float
    """Minimiser of Eq. 4 over all pixels."""
    pairs: int
    zeros: int
    """Values of L that are 0 and so have no ratio."""


def lambda_of(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Lambda:
    """The readings for pairs (L, H) of arrays of equal shapes in [0,1]."""
    ratios, differences = [], []
    product = square = 0.0
    zeros = 0
    for low, high in pairs:
        assert low.shape == high.shape
        low, high = low.astype(np.float64), high.astype(np.float64)
        lit = low > 0
        zeros += int(low.size - lit.sum())
        if lit.any():
            ratios.append(float((high[lit] / low[lit]).mean()))
        differences.append(float(low.mean() - high.mean()))
        product += float((high * low).sum())
        square += float((low * low).sum())
    if not ratios:
        raise InputError("Lambda needs pictures, at least one of them not black.")
    return Lambda(
        ratio=float(np.mean(ratios)),
        mean_difference=1 + float(np.mean(differences)),
        least_squares=product / square,
        pairs=len(differences),
        zeros=zeros,
    )


def _read(low: Path, high: Path) -> tuple[np.ndarray, np.ndarray]:
    a, b = load_rgb(low).numpy(), load_rgb(high).numpy()
    if a.shape != b.shape:
        raise InputError(f"{low} and {high} have different sizes.")
    return a / 255, b / 255


def cache_key(files: Sequence[tuple[Path, Path]]) -> str:
    """Changes with the paths, sizes or times of any of the files, and with the computation."""
    digest = hashlib.sha256(f"lambda {VERSION}\n".encode())
    for path in (p for pair in files for p in pair):
        try:
            about = path.stat()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from error
        digest.update(f"{path.resolve()}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def lambda_of_files(files: Sequence[tuple[Path, Path]], cache: Path | None = None) -> Lambda:
    """The readings for pairs (L, H) of files; kept as JSON in the folder ``cache`` if given."""
    kept = cache / f"lambda-{cache_key(files)[:32]}.json" if cache else None
    if kept and kept.is_file():
        try:
            return Lambda(**json.loads(kept.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            pass  # a damaged cache is computed again
    found = lambda_of(_read(low, high) for low, high in files)
    if kept:
        with contextlib.suppress(OutputError):  # no cache, no harm
            write_text(kept, json.dumps(asdict(found), indent=1))
    return found
