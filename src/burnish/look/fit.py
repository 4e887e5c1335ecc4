"""Fit a look: least squares with a penalty for each group of features.

Which penalties, `folds` finds; what a shot is in the normal equations, `moments` says.
"""

from dataclasses import replace

import numpy as np

from burnish.engine.look import Part
from burnish.engine.look_facts import STATISTICS, Facts
from burnish.engine.look_features import ADAPTIVE
from burnish.look.moments import OFF, Frame, Moments, Penalties, solve, strip_of
from burnish.look.shots import Shot


def weights(moments: Moments, *mix: Penalties) -> dict[str, np.ndarray]:
    """Weights from all shots, by group, groups that are off left out; the mean of several fits."""
    fits = [_weights(moments, penalties) for penalties in mix]
    total: dict[str, np.ndarray] = {}
    for fit in fits:
        for group, own in fit.items():
            part = own / np.float32(len(fits))
            total[group] = total[group] + part if group in total else part
    return {group: total[group] for group in moments.spans if group in total}


def _weights(moments: Moments, penalties: Penalties) -> dict[str, np.ndarray]:
    penalty = moments.diagonal(penalties)
    on = np.flatnonzero(penalty < OFF)
    gram = moments.gram.mean(0, dtype=np.float64)[on[:, None], on]
    flat = np.zeros((len(penalty), 3))
    flat[on] = solve(gram, moments.cross.mean(0)[on], penalty[on], moments.prior[on])
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
"""Penalties of a generous look: what tone, colour and light can do."""


def fit_alone(shot: Shot) -> np.ndarray:
    """(h,w,3) the pair's own best explanation: a generous look fitted to this shot only."""
    frame = replace(Frame.of([shot], use_base=False), groups=tuple(ALONE))
    moments = Moments.of([shot], frame)
    return predict(frame.part(weights(moments, ALONE)), shot)
