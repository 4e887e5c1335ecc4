"""Learned looks against simpler ways on looks made by published recipes: `burnish bench looks`."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from burnish.engine import proxy
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import DEFAULT
from burnish.engine.options import EnhanceOptions
from burnish.errors import InputError, OptionError
from burnish.files import is_named
from burnish.image.folder import photos_in
from burnish.image.read import read
from burnish.look.baselines import BASELINES, Method
from burnish.look.fit import predict, weights
from burnish.look.learn import choose
from burnish.look.made import LOOKS, make
from burnish.look.match import SetAside
from burnish.look.options import LearnOptions
from burnish.look.shots import Shot, check_folders, shots, views
from burnish.metrics import delta_e, psnr
from burnish.metrics.protocol import CAP

LEARNED, SHIPPED = "learned", "shipped"
LEARNT_FROM = Path("photos/cid22-train")
"""The folder of photos to learn from, below the sets, if none is named."""
Methods = dict[str, Callable[[Sequence[Shot]], Method]]
"""Name of a column -> what makes its method from pairs."""


@dataclass(frozen=True)
class Row:
    """Mean scores of one method on the photos that nothing was fitted on."""

    look: str
    pairs: int
    method: str
    delta_e: float
    psnr: float
    seconds: float
    """Processor time of the fit."""


def photos(folders: Sequence[Path], side: int, exclude: Sequence[str] = ()) -> list[np.ndarray]:
    """All photos of some folders but those named, shrunk to about side x side pixels."""
    found = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder of photos; --sets or --data names it.")
        paths = [path for path in photos_in(folder) if not is_named(path, exclude)]
        found += [proxy.shrink(read(p).pixels, side * side) for p in paths]
    return found


def made(look: str, pictures: Sequence[np.ndarray], chosen: Sequence[int], seed: int) -> list[Shot]:
    """Shots of a made look."""
    found = []
    for index in chosen:
        before, after = make(look, pictures[index], seed, index)
        inside = np.ones(before.shape[:2], bool)
        found.append(Shot.of(str(index), before, after, inside))
    return found


def compare(
    train: Sequence[Shot],
    test: Sequence[Shot],
    look: str,
    more: Methods | None = None,
) -> Iterator[Row]:
    """Fit every method, and ``more`` of them, on the one and score it on the other."""
    for name, fit in {**BASELINES, LEARNED: _learned, **(more or {})}.items():
        start = time.process_time()
        method = fit(train)
        yield _row(look, len(train), name, method, test, time.process_time() - start)


def _learned(train: Sequence[Shot]) -> Method:
    """As `burnish learn` does it."""
    moments, mix, finished = choose(train, LearnOptions())
    if not finished:
        raise KeyboardInterrupt  # a row of half a search would be wrong
    part = moments.frame.part(weights(moments, *mix))
    return lambda shot: predict(part, shot)


def _with_base(shots: Sequence[Shot], enhance: Enhancer) -> list[Shot]:
    return [replace(shot, base=enhance.enhance_pixels(shot.before)) for shot in shots]


def _base(shot: Shot) -> np.ndarray:
    assert shot.base is not None
    return shot.base


def _row(
    look: str,
    pairs: int,
    name: str,
    method: Method,
    test: Sequence[Shot],
    seconds: float,
) -> Row:
    out = [method(shot) for shot in test]
    both = list(zip(out, test, strict=True))
    return Row(
        look,
        pairs,
        name,
        float(np.mean([delta_e(o, s.after) for o, s in both])),
        float(np.mean([psnr(o, s.after, CAP) for o, s in both])),
        seconds,
    )


def run(
    sets: Path,
    looks: Sequence[str] = tuple(LOOKS),
    counts: Sequence[int] = (5, 20, 50),
    seed: int = 0,
    side: int = 256,
    every: int = 1,
    on_row: Callable[[Row], None] = lambda row: None,
    more: Methods | None = None,
    folders: Sequence[Path] = (),
    exclude: Sequence[str] = (),
    model: str = DEFAULT,
) -> list[Row]:
    """All looks: pairs of some folders to learn from, every n-th of ``cid22-val`` to score.

    The folders are ``cid22-train`` below ``sets`` if none are named.
    """
    unknown = [look for look in looks if look not in LOOKS]
    if unknown:
        raise OptionError(f"There is no made look '{unknown[0]}'; choose {', '.join(LOOKS)}.")
    source = photos(folders or [sets / LEARNT_FROM], side, exclude)
    if len(source) < max(counts):
        raise InputError(
            f"{max(counts)} pairs want as many photos, and there are {len(source)}; "
            "name more folders with --data."
        )
    target = photos([sets / "photos" / "cid22-val"], side)
    order = np.random.default_rng(seed).permutation(len(source))
    enhance = Enhancer(EnhanceOptions(model=model))
    rows: list[Row] = []
    for look in looks:
        test = made(look, target, range(0, len(target), every), seed + 1)
        train = made(look, source, [int(i) for i in order[: max(counts)]], seed)
        for row in _with_shipped(train, test, look, counts, more, enhance):
            rows.append(row)
            on_row(row)
    return rows


def _with_shipped(
    train: Sequence[Shot],
    test: Sequence[Shot],
    look: str,
    counts: Sequence[int],
    more: Methods | None,
    enhance: Enhancer,
) -> Iterator[Row]:
    """`compare` by each number of pairs, then the network that knows nothing of them."""
    train, test = (_with_base(shots, enhance) for shots in (train, test))
    for count in counts:
        yield from compare(train[:count], test, look, more)
    yield _row(look, 0, SHIPPED, _base, test, 0.0)


def split(
    before: Path,
    after: Path,
    counts: Sequence[int],
    seed: int = 0,
    on_row: Callable[[Row], None] = lambda row: None,
    more: Methods | None = None,
    model: str = DEFAULT,
) -> list[Row]:
    """Real pairs of two folders: some to learn from, the rest beyond the largest count to score."""
    found = _pairs(before, after)
    order = np.random.default_rng(seed).permutation(len(found))
    test = [found[i] for i in order[max(counts) :]]
    if not test:
        raise InputError(f"{len(found)} pairs leave none to score beyond {max(counts)}.")
    train = [found[i] for i in order[: max(counts)]]
    enhance = Enhancer(EnhanceOptions(model=model))
    rows = []
    for row in _with_shipped(train, test, before.name, counts, more, enhance):
        rows.append(row)
        on_row(row)
    return rows


def folded(
    before: Path,
    after: Path,
    folds: int,
    seed: int = 0,
    on_row: Callable[[Row], None] = lambda row: None,
    more: Methods | None = None,
    model: str = DEFAULT,
) -> list[Row]:
    """Real pairs of two folders, each scored by what was learned without its fold: mean rows."""
    found = _pairs(before, after)
    if not 2 <= folds <= len(found):
        raise OptionError(f"{len(found)} pairs make 2 to {len(found)} folds, not {folds}.")
    found = _with_base(found, Enhancer(EnhanceOptions(model=model)))
    number = np.random.default_rng(seed).permutation(len(found)) % folds
    rows: list[tuple[Row, int]] = []
    for fold in range(folds):
        train, test = (
            [s for s, k in zip(found, number, strict=True) if (k == fold) == held]
            for held in (False, True)
        )
        scored = [*compare(train, test, before.name, more)]
        scored.append(_row(before.name, 0, SHIPPED, _base, test, 0.0))
        for row in scored:
            on_row(row)
        rows += [(row, len(test)) for row in scored]
    return [_mean([r for r in rows if r[0].method == m]) for m in {r.method: 0 for r, _ in rows}]


def _mean(rows: Sequence[tuple[Row, int]]) -> Row:
    """Of rows and the photos that each was scored on; of pairs the most that were learned from."""
    first, photos = rows[0][0], sum(n for _, n in rows)
    return replace(
        first,
        pairs=max(r.pairs for r, _ in rows),
        delta_e=sum(r.delta_e * n for r, n in rows) / photos,
        psnr=sum(r.psnr * n for r, n in rows) / photos,
        seconds=sum(r.seconds for r, _ in rows) / len(rows),
    )


def _pairs(before: Path, after: Path) -> list[Shot]:
    aside: list[SetAside] = []
    quiet = lambda what, share: None  # noqa: E731
    check_folders(before, after)
    return shots(views(before, after, quiet, aside), views(after, before, quiet, aside))[0]
