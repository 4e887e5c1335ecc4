"""Cross-validation over shots: penalties of least error on the shots that a fit has not seen.

With the shots as small matrices, a fit and its error on held-out shots take milliseconds, and
hundreds of penalties are tried.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from burnish.look.moments import OFF, Moments, Penalties, solve

LADDER = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, OFF)
START = {"linear": 1e-5}
WORTH = 0.01
"""A weaker penalty, which is a freer look, has to lower the held-out error by this share."""
DOUBT = 0.5
"""And by this many standard errors."""


@dataclass(frozen=True)
class Folds:
    """Sums over the shots of each fold, so that leaving one out is a subtraction."""

    moments: Moments
    number: np.ndarray
    """(N,) the fold of each shot"""
    gram: np.ndarray
    """(K,P,P)"""
    cross: np.ndarray
    """(K,P,3)"""

    @classmethod
    def of(cls, moments: Moments, seed: int = 0) -> "Folds":
        """Five folds, each shot its own below ten shots."""
        number = fold_numbers(len(moments.power), seed)
        count = number.max() + 1
        return cls(
            moments,
            number,
            np.array([moments.gram[number == k].sum(0, dtype=np.float64) for k in range(count)]),
            np.array([moments.cross[number == k].sum(0) for k in range(count)]),
        )

    @classmethod
    def split(cls, moments: Moments, learned: np.ndarray) -> "Folds":
        """Shots that are learned from, and the others: only the errors of these mean anything."""
        sides = (~learned, learned)
        return cls(
            moments,
            learned.astype(int),
            np.array([moments.gram[side].sum(0, dtype=np.float64) for side in sides]),
            np.array([moments.cross[side].sum(0) for side in sides]),
        )

    def errors(self, penalties: Penalties) -> np.ndarray:
        """(N,) root mean squared error of each shot under the fit that has not seen it."""
        penalty = self.moments.diagonal(penalties)
        on = np.flatnonzero(penalty < OFF)
        gram, cross = self.gram[:, on[:, None], on], self.cross[:, on]
        total_gram, total_cross = gram.sum(0), cross.sum(0)
        found = np.empty(len(self.number))
        for k, (g, c) in enumerate(zip(gram, cross, strict=True)):
            held = np.flatnonzero(self.number == k)
            n = len(self.number) - len(held)
            w = solve((total_gram - g) / n, (total_cross - c) / n, penalty[on])
            for shot in held:
                own, b = self.moments.gram[shot][on[:, None], on], self.moments.cross[shot, on]
                found[shot] = (w * (own @ w)).sum() - 2 * (w * b).sum()
        square = (found + self.moments.power) / 3
        result: np.ndarray = np.sqrt(np.maximum(square, 1e-7))
        return result


def fold_numbers(shots: int, seed: int) -> np.ndarray:
    """(N,) which fold each shot is in."""
    count = shots if shots < 10 else 5
    order = np.random.default_rng(seed).permutation(shots)
    number = np.empty(shots, int)
    number[order] = np.arange(shots) % count
    return number


def search(
    folds: Folds,
    report: Callable[[float], None] = lambda share: None,
    steps: int = 12,
    keeps: bool = True,
) -> Penalties:
    """Penalties of least held-out error: the best single change of a group's penalty, repeated.

    It starts from an offset and a colour matrix. A freer look has to gain `WORTH`, and half the
    standard error of that gain over the shots; a stricter one only must not lose. Ctrl-C ends the
    search with the best so far, if it ``keeps`` that.
    """
    best = START
    errors = folds.errors(best)
    try:
        for step in range(steps):
            changes = [
                best | {group: value}
                for group in folds.moments.spans
                for value in LADDER
                if value != best.get(group, OFF) and (group != "linear" or value < OFF)
            ]
            worth = []
            for number, tried in enumerate(changes):
                report((step + number / len(changes)) / steps)
                found = folds.errors(tried)
                gain = errors - found
                freer = any(value < best.get(group, OFF) for group, value in tried.items())
                noise = gain.std() / np.sqrt(len(gain))
                needed = DOUBT * noise + WORTH * errors.mean() if freer else 0
                if gain.mean() > needed:
                    worth.append((gain.mean(), number, found))
            if not worth:
                break
            _, number, errors = max(worth, key=lambda w: w[:2])
            best = changes[number]
    except KeyboardInterrupt:
        if not keeps:
            raise
    return best
