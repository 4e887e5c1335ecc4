"""Cross-validation over shots: penalties of least error on the shots that a fit has not seen.

With the shots as small matrices, a fit and its error on held-out shots take milliseconds, and
hundreds of penalties are tried.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from burnish.look.moments import AS_IS, DIFFERENCE, OFF, Mix, Moments, Penalties, solve

LADDER = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
STARTS: tuple[Penalties, ...] = (
    {"linear": AS_IS, "network": AS_IS},
    {"linear": 1e-5},
    {"linear": AS_IS},
    {"linear": AS_IS, "network": AS_IS, "grade": 1e-3},
)
"""The network's result as it is, a colour matrix, nothing, a grade on top of the network's. A few
pairs that differ from photo to photo spoil a matrix more than it helps, and a greedy search does
not find the way back."""
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

    def fits(self, penalties: Penalties) -> np.ndarray:
        """(K,P,3) the weights of each fold: of the fit that has not seen its shots."""
        penalty = self.moments.diagonal(penalties)
        on = np.flatnonzero(penalty < OFF)
        prior = self.moments.prior[on]
        gram, cross = self.gram[:, on[:, None], on], self.cross[:, on]
        total_gram, total_cross = gram.sum(0), cross.sum(0)
        found = np.zeros((len(gram), len(penalty), 3))
        for k, (g, c) in enumerate(zip(gram, cross, strict=True)):
            n = (self.number != k).sum()
            found[k, on] = solve((total_gram - g) / n, (total_cross - c) / n, penalty[on], prior)
        return found

    def errors(self, *mix: Penalties) -> np.ndarray:
        """(N,) root mean squared `DIFFERENCE` in each shot of the fit that has not seen it.

        Of several penalties: under the mean of their fits.
        """
        return self.errors_of(np.mean([self.fits(penalties) for penalties in mix], axis=0))

    def errors_of(self, fits: np.ndarray) -> np.ndarray:
        """(N,) as `errors`, of weights (K,P,3)."""
        on = np.flatnonzero(fits.any(axis=(0, 2)))
        found = np.empty(len(self.number))
        for shot, k in enumerate(self.number):
            own, b = self.moments.gram[shot][on[:, None], on], self.moments.cross[shot, on]
            w, b = fits[k, on] @ DIFFERENCE, b @ DIFFERENCE
            found[shot] = (w * (own @ w)).sum() - 2 * (w * b).sum()
        square = found + self.moments.power
        result: np.ndarray = np.sqrt(np.maximum(square, 1e-4))
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
    more: Mix = (),
) -> tuple[Mix, bool]:
    """Penalties of least held-out error, found by climbing from each of `STARTS`; whether all were.

    Several, whose fits are averaged, where that is better: see `mixed`. ``more`` were found in
    another search and may be among them. Ctrl-C ends the search with the best so far, if it
    ``keeps`` that.
    """
    starts = [start for start in STARTS if start.keys() <= folds.moments.spans.keys()]
    ends: list[Penalties] = []
    try:
        for number, start in enumerate(starts):
            for share, penalties, _ in climb(folds, start, steps):
                report((number + share) / len(starts))
                ends[number:] = [penalties]
    except KeyboardInterrupt:
        if not keeps:
            raise
        return mixed(folds, ends or starts[:1]), False
    return mixed(folds, [*ends, *more]), True


def halved(report: Callable[[float], None], half: int) -> Callable[[float], None]:
    """For the first or the second of two searches: its share of both."""
    return lambda share: report((half + share) / 2)


def mixed(folds: Folds, ends: list[Penalties]) -> Mix:
    """The ends whose mean fit has the least held-out error, taken up one by one.

    Where pairs differ from photo to photo, fits that err in ways of their own are better together
    than the best alone (ensemble selection: Caruana et al., 2004). A later end, and one more to
    the mean, have to be `clearly` better.
    """
    different = [end for n, end in enumerate(ends) if end not in ends[:n]]
    fits = [folds.fits(end) for end in different]
    taken: list[int] = []
    errors = np.full(len(folds.number), np.inf)
    while len(taken) < len(different):
        best = -1
        for number in (n for n in range(len(different)) if n not in taken):
            together = np.mean([fits[n] for n in (*taken, number)], axis=0)
            found = folds.errors_of(together)
            if clearly(errors, found):
                best, errors = number, found
        if best < 0:
            break
        taken.append(best)
    return tuple(different[n] for n in taken)


def clearly(errors: np.ndarray, found: np.ndarray, worth: float = WORTH) -> bool:
    """Whether errors fall by ``worth`` and `DOUBT` standard errors of that gain over the shots."""
    if not np.isfinite(errors).all():
        return True
    gain = errors - found
    needed = worth * errors.mean() + DOUBT * gain.std() / np.sqrt(len(gain))
    return bool(gain.mean() > needed)


def climb(
    folds: Folds, penalties: Penalties, steps: int
) -> Iterator[tuple[float, Penalties, np.ndarray]]:
    """The best single change of a group's penalty, repeated: (share done, penalties, errors) each.

    A freer look has to be `clearly` better; a stricter one only must not lose.
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
            freer = any(value < penalties.get(group, OFF) for group, value in tried.items())
            gain = (errors - found).mean()
            if clearly(errors, found) if freer else gain > 0:
                worth.append((gain, number, found))
        if not worth:
            break
        _, number, errors = max(worth, key=lambda w: w[:2])
        penalties = {g: value for g, value in changes[number].items() if value < OFF}
    yield 1.0, penalties, errors


def ladder(group: str) -> tuple[float, ...]:
    """The penalties that a group may have; the colour matrix is held, but never off."""
    held = (AS_IS,) if group in ("linear", "network") else ()
    return (*LADDER, *held, *(() if group == "linear" else (OFF,)))
