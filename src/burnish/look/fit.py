"""Fit a look: least squares with a penalty for each group, chosen by cross-validation over shots.

A look is linear in its weights, so a shot enters through a few small matrices: G = F'F/n,
b = F'(y-x)/n, (y-x)'(y-x)/n of its features F. With them, a fit and its error on held-out shots
take milliseconds, and hundreds of penalties are tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from burnish.engine.look import Part
from burnish.engine.look_facts import STATISTICS, Facts
from burnish.engine.look_features import ADAPTIVE, GROUPS, Strip
from burnish.look.shots import Shot

SAMPLES = 2500
"""Pixels of a shot that are fitted: on a regular grid."""
OFF = 1e3
"""A penalty that leaves nothing of a group."""
LADDER = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, OFF)
START = {"linear": 1e-5}
ORDER = (
    *("linear", "quadratic", "cubic", "tones", "automatic"),
    *("position", "local", ADAPTIVE, "network"),
)
WORTH = 0.01
"""A weaker penalty, which is a freer look, has to lower the held-out error by this share."""
DOUBT = 0.5
"""And by this many standard errors."""

Penalties = dict[str, float]


@dataclass(frozen=True)
class Frame:
    """What the features of all shots refer to."""

    target: Facts
    typical: Facts
    statistics: np.ndarray
    """(4,STATISTICS) of the photos before: mean, deviation, least, most."""
    groups: tuple[str, ...]

    @classmethod
    def of(cls, shots: Sequence[Shot], use_base: bool = True) -> "Frame":
        """Of the shots that are learned from."""
        statistics = np.array([s.facts.statistics() for s in shots])
        network = use_base and all(s.base is not None for s in shots)
        return cls(
            Facts.mean([s.finished for s in shots]),
            Facts.mean([s.facts for s in shots]),
            np.stack([f(statistics, axis=0) for f in (np.mean, np.std, np.min, np.max)]),
            tuple(g for g in ORDER if g != "network" or network),
        )

    def part(self, weights: dict[str, np.ndarray]) -> Part:
        """A look with these weights."""
        return Part(weights, self.target.vector, self.typical.vector, self.statistics)


def strip_of(shot: Shot, target: Facts, places: np.ndarray) -> Strip:
    """The pixels of a shot at flat indices, as the engine would see them."""
    height, width = shot.before.shape[:2]
    i, j = np.divmod(places, width)
    down, across = ((i + 0.5) * 2 - height), ((j + 0.5) * 2 - width)
    radius = (down**2 + across**2) / (height**2 + width**2)
    maps = shot.maps.rows(slice(0, height), height, width).reshape(height * width, -1)
    x = shot.before.reshape(-1, 3)[places]
    base = None if shot.base is None else shot.base.reshape(-1, 3)[places]
    return Strip(x, radius.astype(np.float32), maps[places], shot.facts, target, base)


def places_of(shot: Shot, count: int = SAMPLES) -> np.ndarray:
    """Flat indices of a regular grid over the part that both photos show."""
    step = max(1, int(np.sqrt(shot.inside.sum() / count)))
    chosen = np.zeros_like(shot.inside)
    chosen[step // 2 :: step, step // 2 :: step] = True
    found: np.ndarray = np.flatnonzero(chosen & shot.inside)
    return found


def features(shot: Shot, frame: Frame, places: np.ndarray) -> dict[str, np.ndarray]:
    """(n,k) float64 by group; the adaptive one multiplied out, (n, k statistics)."""
    strip = strip_of(shot, frame.target, places)
    found = {g: GROUPS[g](strip).astype(np.float64) for g in frame.groups}
    if ADAPTIVE in found:
        standing = frame.part({}).standing(shot.facts)
        flat = found[ADAPTIVE][:, :, None] * standing
        found[ADAPTIVE] = flat.reshape(len(flat), -1)
    return found


@dataclass(frozen=True)
class Moments:
    """All shots as small matrices, features scaled to a mean square of 1."""

    frame: Frame
    spans: dict[str, slice]
    scale: np.ndarray
    gram: np.ndarray
    """(N,P,P) float32"""
    cross: np.ndarray
    """(N,P,3)"""
    power: np.ndarray
    """(N,)"""

    @classmethod
    def of(
        cls, shots: Sequence[Shot], frame: Frame | None = None, use_base: bool = True
    ) -> "Moments":
        """Measure the shots; ``frame`` is that of the shots themselves, if not given."""
        frame = frame or Frame.of(shots, use_base)
        spans: dict[str, slice] = {}
        gram, cross, power = [], [], []
        for shot in shots:
            places = places_of(shot)
            found = features(shot, frame, places)
            if not spans:
                ends = np.cumsum([f.shape[1] for f in found.values()])
                spans = {
                    g: slice(e - found[g].shape[1], e) for g, e in zip(found, ends, strict=True)
                }
            f = np.concatenate(list(found.values()), axis=1)
            change = (shot.after - shot.before).reshape(-1, 3)[places].astype(np.float64)
            gram.append((f.T @ f / len(f)).astype(np.float32))
            cross.append(f.T @ change / len(f))
            power.append((change**2).sum() / len(f))
        diagonals = np.array([np.diagonal(g) for g in gram])
        scale = np.sqrt(diagonals.mean(axis=0)) + 1e-3
        grams = np.array(gram)
        grams /= (scale[:, None] * scale).astype(np.float32)
        return cls(frame, spans, scale, grams, np.array(cross) / scale[:, None], np.array(power))

    def diagonal(self, penalties: Penalties) -> np.ndarray:
        """(P,) the penalty of each feature."""
        found = np.full(len(self.scale), OFF)
        for group, span in self.spans.items():
            found[span] = penalties.get(group, OFF)
        return found


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
            w = _solve((total_gram - g) / n, (total_cross - c) / n, penalty[on])
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


def _solve(gram: np.ndarray, cross: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    a = gram + np.diag(penalty)
    result: np.ndarray = np.linalg.solve(a, cross)
    return result


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


def weights(moments: Moments, penalties: Penalties) -> dict[str, np.ndarray]:
    """Weights from all shots, by group, groups that are off left out."""
    penalty = moments.diagonal(penalties)
    on = np.flatnonzero(penalty < OFF)
    gram = moments.gram.mean(0, dtype=np.float64)[on[:, None], on]
    flat = np.zeros((len(penalty), 3))
    flat[on] = _solve(gram, moments.cross.mean(0)[on], penalty[on])
    flat /= moments.scale[:, None]
    found = {g: flat[s] for g, s in moments.spans.items() if penalties.get(g, OFF) < OFF}
    if ADAPTIVE in found:
        found[ADAPTIVE] = found[ADAPTIVE].reshape(-1, STATISTICS, 3)
    return {g: w.astype(np.float32) for g, w in found.items()}


def predict(part: Part, shot: Shot) -> np.ndarray:
    """(h,w,3) what a look makes of a shot, by the engine's own code."""
    strip = strip_of(shot, Facts(part.target), np.arange(shot.inside.size))
    out: np.ndarray = np.clip(strip.x + part.change(strip), 0, 1)
    return out.reshape(shot.before.shape)


ALONE = {"linear": 1e-6, "quadratic": 1e-5, "cubic": 1e-4, "tones": 1e-3, "position": 1e-3}
ALONE |= {"local": 1e-3}


def fit_alone(shot: Shot) -> np.ndarray:
    """(h,w,3) the pair's own best explanation: a generous look fitted to this shot only."""
    frame = replace(Frame.of([shot], use_base=False), groups=tuple(ALONE))
    moments = Moments.of([shot], frame)
    return predict(frame.part(weights(moments, ALONE)), shot)
