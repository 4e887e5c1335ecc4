"""Cross-validation over shots: penalties of least error on the shots that a fit has not seen.

With the shots as small matrices, a fit and its error on held-out shots take milliseconds, and
hundreds of penalties are tried.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from burnish.look.moments import AS_IS, OFF, Moments, Penalties, solve

LADDER = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
STARTS: tuple[Penalties, ...] = (
    {"linear": 1e-5},
    {"linear": AS_IS},
    {"linear": AS_IS, "network": AS_IS},
)
"""A colour matrix, nothing, the network's result as it is. A few pairs that differ from photo to
photo spoil a matrix more than it helps, and a greedy search does not find the way back."""
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
        prior = self.moments.prior[on]
        gram, cross = self.gram[:, on[:, None], on], self.cross[:, on]
        total_gram, total_cross = gram.sum(0), cross.sum(0)
        found = np.empty(len(self.number))
        for k, (g, c) in enumerate(zip(gram, cross, strict=True)):
            held = np.flatnonzero(self.number == k)
            n = len(self.number) - len(held)
            w = solve((total_gram - g) / n, (total_cross - c) / n, penalty[on], prior)
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
) -> tuple[Penalties, bool]:
    """Penalties of least held-out error, found by climbing from each of `STARTS`; whether all were.

    What a later start leads to has to be better by `WORTH` than what earlier ones led to. Ctrl-C
    ends the search with the best so far, if it ``keeps`` that.
    """
    starts = [start for start in STARTS if start.keys() <= folds.moments.spans.keys()]
    best, least, leader = starts[0], np.inf, 0
    try:
        for number, start in enumerate(starts):
            for share, penalties, errors in climb(folds, start, steps):
                report((number + share) / len(starts))
                if errors.mean() < least * (1 if number == leader else 1 - WORTH):
                    best, least, leader = penalties, errors.mean(), number
    except KeyboardInterrupt:
        if not keeps:
            raise
        return best, False
    return best, True


def climb(
    folds: Folds, penalties: Penalties, steps: int
) -> Iterator[tuple[float, Penalties, np.ndarray]]:
    """The best single change of a group's penalty, repeated: (share done, penalties, errors) each.

    A freer look has to gain `WORTH`, and `DOUBT` standard errors of that gain over the shots; a
    stricter one only must not lose.
    """
    errors = folds.errors(penalties)
    yield 0.0, penalties, errors
    for step in range(steps):
        changes = [
            penalties | {group: value}
            for group in folds.moments.spans
            for value in ladder(group)
            if value != penalties.get(group, OFF)
        ]
        worth = []
        for number, tried in enumerate(changes):
            yield (step + number / len(changes)) / steps, penalties, errors
            found = folds.errors(tried)
            gain = errors - found
            freer = any(value < penalties.get(group, OFF) for group, value in tried.items())
            noise = gain.std() / np.sqrt(len(gain))
            needed = DOUBT * noise + WORTH * errors.mean() if freer else 0
            if gain.mean() > needed:
                worth.append((gain.mean(), number, found))
        if not worth:
            break
        _, number, errors = max(worth, key=lambda w: w[:2])
        penalties = changes[number]
    yield 1.0, penalties, errors


def ladder(group: str) -> tuple[float, ...]:
    """The penalties that a group may have; the colour matrix is held, but never off."""
    held = (AS_IS,) if group in ("linear", "network") else ()
    return (*LADDER, *held, *(() if group == "linear" else (OFF,)))
