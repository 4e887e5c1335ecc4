"""What else one could do with a few pairs: the methods that a learned look has to beat.

Each is fitted on the same shots and returns a function of a shot's photo before, (h,w,3) -> same.
"""

from collections.abc import Callable, Sequence

import numpy as np

from burnish.engine.look_facts import Facts
from burnish.look.folds import fold_numbers
from burnish.look.moments import places_of
from burnish.look.shots import Shot

Method = Callable[[Shot], np.ndarray]
POINTS = 9
SMOOTH = (1e-5, 1e-4, 1e-3, 1e-2)
RIDGE = (1.0, 10.0, 100.0, 1000.0)


def nothing(shots: Sequence[Shot]) -> Method:
    """The photo as it is."""
    return lambda shot: shot.before


def histogram(shots: Sequence[Shot]) -> Method:
    """Match each channel's histogram to the mean histogram of the finished photos."""
    target = Facts.mean([s.finished for s in shots]).channels

    def method(shot: Shot) -> np.ndarray:
        curves = zip(np.moveaxis(shot.before, 2, 0), shot.facts.channels, target, strict=True)
        return np.stack([np.interp(x, own, t) for x, own, t in curves], axis=2).clip(0, 1)

    return method


def _corners(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,3) -> indices and weights (n,8) of the table's entries around each colour."""
    at = np.clip(x, 0, 1) * (POINTS - 1)
    low = np.minimum(at.astype(int), POINTS - 2)
    part = at - low
    corners = list(np.ndindex(2, 2, 2))
    index = [np.ravel_multi_index((low + c).T, (POINTS,) * 3) for c in corners]
    weight = [np.prod(np.where(c, part, 1 - part), axis=1) for c in corners]
    return np.stack(index, axis=1), np.stack(weight, axis=1)


def _bending() -> np.ndarray:
    """(P,P) sum of squared second differences of a table along each axis."""
    size = POINTS**3
    entry = np.arange(size).reshape((POINTS,) * 3)
    total = np.zeros((size, size))
    for axis in range(3):
        e = np.moveaxis(entry, axis, 0)
        rows = np.zeros((e[1:-1].size, size))
        n = np.arange(len(rows))
        for part, weight in ((e[:-2], 1.0), (e[1:-1], -2.0), (e[2:], 1.0)):
            rows[n, part.ravel()] += weight
        total += rows.T @ rows
    return total


def table(shots: Sequence[Shot]) -> Method:
    """One 3-D table of 9 points a side for all, kept smooth as much as held-out shots advise."""
    size, grams, crosses, powers = POINTS**3, [], [], []
    for shot in shots:
        places = places_of(shot, 1000)
        index, weight = _corners(shot.before.reshape(-1, 3)[places])
        change = (shot.after - shot.before).reshape(-1, 3)[places]
        pairs = (index[:, :, None] * size + index[:, None]).ravel()
        products = (weight[:, :, None] * weight[:, None]).ravel()
        grams.append(np.bincount(pairs, products, size * size).reshape(size, size) / len(places))
        crosses.append(
            np.stack(
                [
                    np.bincount(index.ravel(), (weight * change[:, c, None]).ravel(), size)
                    for c in range(3)
                ],
                axis=1,
            )
            / len(places)
        )
        powers.append((change**2).sum() / len(places))
    bending, number = _bending(), fold_numbers(len(shots), 0) % 3
    gram, cross = np.array(grams), np.array(crosses)

    def fit(chosen: np.ndarray, smooth: float) -> np.ndarray:
        a = gram[chosen].mean(0) + smooth * bending + 1e-8 * np.eye(size)
        result: np.ndarray = np.linalg.solve(a, cross[chosen].mean(0))
        return result

    def error(smooth: float) -> float:
        total = 0.0
        for k in range(3):
            t, g, c = fit(number != k, smooth), gram[number == k], cross[number == k]
            total += float((t * (g.sum(0) @ t)).sum() - 2 * (t * c.sum(0)).sum())
        return total

    chosen = fit(np.ones(len(shots), bool), min(SMOOTH, key=error))

    def method(shot: Shot) -> np.ndarray:
        x = shot.before.reshape(-1, 3)
        index, weight = _corners(x)
        out = x + (weight[..., None] * chosen[index]).sum(axis=1)
        result: np.ndarray = out.clip(0, 1).reshape(shot.before.shape)
        return result

    return method


def affine(shots: Sequence[Shot]) -> Method:
    """An affine change of colour for each photo, foretold from its statistics by ridge."""
    own = []
    for shot in shots:
        places = places_of(shot)
        before, after = (p.reshape(-1, 3)[places] for p in (shot.before, shot.after))
        f = np.concatenate([np.ones((len(places), 1)), before], 1)
        g = f.T @ f.copy() / len(places)  # the last bits of f.T @ f are another routine's
        own.append(
            np.linalg.solve(g + 1e-5 * np.eye(4), f.T @ (after - before) / len(places)).ravel()
        )
    coefficients = np.array(own)
    statistics = np.array([s.facts.statistics() for s in shots])
    centre, spread = statistics.mean(0), statistics.std(0) + 1e-3
    z, mean = (statistics - centre) / spread, coefficients.mean(0)
    kernel = z @ z.T

    def left_out(ridge: float) -> float:
        hat = kernel @ np.linalg.inv(kernel + ridge * np.eye(len(z)))
        residual = (coefficients - mean) - hat @ (coefficients - mean)
        return float((residual / (1 - np.diagonal(hat))[:, None]).__pow__(2).sum())

    ridge = min(RIDGE, key=left_out)
    weights = z.T @ np.linalg.solve(kernel + ridge * np.eye(len(z)), coefficients - mean)

    def method(shot: Shot) -> np.ndarray:
        stands = np.clip((shot.facts.statistics() - centre) / spread, -2.5, 2.5)
        a = (mean + stands @ weights).reshape(4, 3)
        result: np.ndarray = (shot.before + shot.before @ a[1:] + a[0]).clip(0, 1)
        return result

    return method


BASELINES: dict[str, Callable[[Sequence[Shot]], Method]] = {
    "nothing": nothing,
    "histogram": histogram,
    "3-D table": table,
    "affine": affine,
}
