"""Shots as small matrices of their features, all that a fit needs to know of them.

A look is linear in its weights, so a shot enters through G = F'F/n, b = F'(y-x)/n and the power
of y-x, which is measured as colours differ, of its features F, on a regular grid of its pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from burnish.engine.look import Part
from burnish.engine.look_facts import Facts
from burnish.engine.look_features import ADAPTIVE, GROUPS, NETWORKED, Strip
from burnish.look.shots import Shot
from burnish.metrics.colour import rgb_to_lab

SAMPLES = 2500
"""Pixels of a shot that are fitted: on a regular grid."""
OFF = 1e3
"""A penalty that leaves nothing of a group."""
AS_IS = 1e2
"""A penalty that holds a group at what it is without pairs: nothing, or the network's result."""
ORDER = (
    *("linear", "quadratic", "cubic", "tones", "automatic"),
    *("position", "local", ADAPTIVE, *NETWORKED),
)

DIFFERENCE = np.stack(
    [(rgb_to_lab(0.5 + step) - rgb_to_lab(0.5 - step))[0] for step in 0.005 * np.eye(3)[:, None]]
) / [0.01, 0.019, 0.019]
"""(3,3) a small change of R, G, B as a difference in L*, a*, b*: CIELAB at middle grey, a* and b*
weighed down as CIE94 does at a chroma of 20. Errors of a fit are measured by it, since a cast is
seen where the same error in R, G and B is not."""

Penalties = dict[str, float]
"""Of a group of features by its name; a group that is not named is off."""
Mix = tuple[Penalties, ...]
"""One or several, whose fits are averaged."""


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
            tuple(g for g in ORDER if g not in NETWORKED or network),
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
    """(N,) mean square of the change, by `DIFFERENCE`"""

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
            power.append(((change @ DIFFERENCE) ** 2).sum() / len(f))
        diagonals = np.array([np.diagonal(g) for g in gram])
        scale = np.sqrt(diagonals.mean(axis=0)) + 1e-3
        grams = np.array(gram)
        grams /= (scale[:, None] * scale).astype(np.float32)
        return cls(frame, spans, scale, grams, np.array(cross) / scale[:, None], np.array(power))

    @property
    def prior(self) -> np.ndarray:
        """(P,3) the weights that penalties pull to: the network's change as it is, else zero."""
        found = np.zeros((len(self.scale), 3))
        if "network" in self.spans:
            span = self.spans["network"]
            found[span] = np.diag(self.scale[span])
        return found

    def diagonal(self, penalties: Penalties) -> np.ndarray:
        """(P,) the penalty of each feature."""
        found = np.full(len(self.scale), OFF)
        for group, span in self.spans.items():
            found[span] = penalties.get(group, OFF)
        return found


def solve(
    gram: np.ndarray, cross: np.ndarray, penalty: np.ndarray, prior: np.ndarray
) -> np.ndarray:
    """(P,3) weights of least squares; a penalty (P,) on squared distances to a prior (P,3)."""
    wanted = cross + penalty[:, None] * prior
    result: np.ndarray = np.linalg.solve(gram + np.diag(penalty), wanted)
    return result
