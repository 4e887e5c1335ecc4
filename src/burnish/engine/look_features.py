"""What a look can do to a pixel: groups of changes, of which a learned look is a weighted sum.

A group maps a `Strip` of pixels to (n, k) float32; `Look` adds their products with its weights to
the pixels. The same code makes the features that a look is fitted on and those it is applied with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from burnish.engine.look_facts import Facts
from burnish.engine.look_maps import SCALES
from burnish.engine.luma import LUMA
from burnish.metrics.colour import linear_to_srgb, srgb_to_linear

TONES = np.linspace(0, 1, 9, dtype=np.float32)
STEP = 1024  # of the tables that stand for functions of one value


@dataclass(frozen=True)
class Strip:
    """Some pixels of a photo with all that their change may depend on."""

    x: np.ndarray
    """(n,3) float32 RGB in [0,1]"""
    radius: np.ndarray
    """(n,) squared distance from the photo's middle, 1 in the corners"""
    maps: np.ndarray
    """(n,5) the photo's `Maps` at these pixels"""
    facts: Facts
    """Of the photo that these pixels belong to."""
    target: Facts
    """Of the average finished photo."""
    base: np.ndarray | None = None
    """(n,3) what the base network makes of these pixels."""

    @cached_property
    def y(self) -> np.ndarray:
        """(n,) luma"""
        result: np.ndarray = self.x @ LUMA
        return result


def _bumps(t: np.ndarray, centres: np.ndarray, width: float) -> np.ndarray:
    """Gaussian bumps of (n,) values, (n, centres)."""
    values: np.ndarray = np.exp(-0.5 * ((t[:, None] - centres) / np.float32(width)) ** 2)
    return values


def _table(x: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """A function on [0,1] from its table (STEP+1,), linear between entries."""
    at = x * np.float32(STEP)
    low = np.minimum(at.astype(np.int32), STEP - 1)
    values = curve.astype(np.float32)
    result: np.ndarray = values[low] + (at - low) * (values[low + 1] - values[low])
    return result


def linear(s: Strip) -> np.ndarray:
    """Offset and colour matrix."""
    return np.concatenate([np.ones((len(s.x), 1), np.float32), s.x], axis=1)


def quadratic(s: Strip) -> np.ndarray:
    """Products of two channels."""
    r, g, b = s.x.T
    return np.stack([r * r, g * g, b * b, r * g, r * b, g * b], axis=1)


def cubic(s: Strip) -> np.ndarray:
    """Products of three channels."""
    r, g, b = s.x.T
    rr, gg, bb = r * r, g * g, b * b
    return np.stack(
        [rr * r, gg * g, bb * b, rr * g, rr * b, gg * r, gg * b, bb * r, bb * g, r * g * b], axis=1
    )


def tones(s: Strip) -> np.ndarray:
    """Free curves: bumps along luma and along each channel."""
    return np.concatenate([_bumps(t, TONES, 0.1) for t in (s.y, *s.x.T)], axis=1)


def _gamma_for(quantiles: np.ndarray, mean: float) -> float:
    """The exponent that brings the mean of the quantiles to ``mean`` (bisection)."""
    low, high, q = -3.0, 3.0, np.clip(quantiles, 1e-3, 1)
    for _ in range(25):
        middle = (low + high) / 2
        if (q ** np.exp(middle)).mean() > mean:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


def _curves(facts: Facts, target: Facts) -> list[np.ndarray]:
    """Adjustments that this photo itself asks for, as tables (3, STEP+1) of their change."""
    x = np.linspace(0, 1, STEP + 1)
    light = srgb_to_linear(x)
    found = []

    def stretch(low: float, high: float) -> np.ndarray:
        return np.clip((x - low) / max(high - low, 0.05), 0, 1)

    alike = [stretch(facts.luma[1], facts.luma[-2])]  # automatic contrast, channels together
    for mean in (target.means[0], (target.means[0] + facts.means[0]) / 2):  # gamma to brightness
        alike.append(np.maximum(x, 1e-6) ** _gamma_for(facts.luma, float(mean)))
    gain = float(np.exp(np.clip(target.key - facts.key, -4, 4)))  # exposure to brightness
    alike += [np.clip(linear_to_srgb(light * g), 0, 1) for g in (gain, gain**0.5)]
    alike.append(linear_to_srgb(light * gain / (1 + light * gain)))  # and with a shoulder
    found += [np.stack([curve - x] * 3) for curve in alike]
    found.append(np.stack([stretch(q[1], q[-2]) - x for q in facts.channels]))
    pairs = zip(facts.channels, target.channels, strict=True)
    found.append(np.stack([np.interp(x, a, b) - x for a, b in pairs]))  # histogram matching
    grey = facts.means[0] / np.maximum(facts.means[1:], 0.02)  # grey world
    found.append((grey[:, None] - 1) * x)
    return found


def automatic(s: Strip) -> np.ndarray:
    """Automatic adjustments towards the average finished photo, as parts of the change."""
    curves = _curves(s.facts, s.target)
    parts = [np.stack([_table(s.x[:, c], t[c]) for c in range(3)], axis=1) for t in curves]
    match = np.interp(s.y, s.facts.luma, s.target.luma).astype(np.float32) - s.y
    return np.concatenate([*parts, match[:, None]], axis=1)


def tabled(weights: Mapping[str, np.ndarray], facts: Facts, target: Facts) -> np.ndarray:
    """What `tones` and `automatic` add with these weights, as tables (4,STEP+1,3): both are sums of
    functions of luma, R, G and B. Looking these up takes a fraction of the time."""
    x = np.linspace(0, 1, STEP + 1, dtype=np.float32)
    found = np.zeros((4, STEP + 1, 3), np.float32)
    if "tones" in weights:
        parts = np.split(weights["tones"], 4)
        found += np.stack([_bumps(x, TONES, 0.1) @ part for part in parts])
    if "automatic" in weights:
        own = weights["automatic"]
        for number, curve in enumerate(_curves(facts, target)):
            found[1:] += (curve[:, :, None] * own[3 * number : 3 * number + 3, None]).astype("f4")
        match = np.interp(x, facts.luma, target.luma) - x
        found[0] += (match[:, None] * own[-1]).astype("f4")
    return found


def looked_up(s: Strip, tables: np.ndarray) -> np.ndarray:
    """(n,3) the sum of the four tables at luma, R, G, B; linear between entries."""
    total = np.zeros_like(s.x)
    for values, table in zip((s.y, *s.x.T), tables, strict=True):
        at = np.clip(values, 0, 1) * np.float32(STEP)
        low = np.minimum(at.astype(np.int32), STEP - 1)
        start = table[low]
        total += start + (at - low)[:, None] * (table[low + 1] - start)
    return total


def network(s: Strip) -> np.ndarray:
    """What the base network would change."""
    assert s.base is not None
    return s.base - s.x


def grade(s: Strip) -> np.ndarray:
    """Changes by the colour that the network gives a pixel: a style on top of its result."""
    assert s.base is not None
    b = replace(s, x=s.base)
    return np.concatenate([linear(b), quadratic(b), tones(b)], axis=1)


def position(s: Strip) -> np.ndarray:
    """Light that falls off towards the corners: r^2, r^4, r^6 times powers of each channel."""
    powers = np.stack([s.radius, s.radius**2, s.radius**3], axis=1)
    parts = [powers]
    for channel in s.x.T:
        parts += [powers * channel[:, None], powers * (channel * channel)[:, None]]
    return np.concatenate(parts, axis=1)


def local(s: Strip) -> np.ndarray:
    """Detail against the surroundings at several scales, by tone; tone mapping of the surroundings.

    Surroundings: blurs, and the edge-keeping guided filter.
    """
    surroundings = [*s.maps[:, : len(SCALES)].T, s.maps[:, -2] * s.y + s.maps[:, -1]]
    parts = []
    for around in surroundings:
        detail = (s.y - around)[:, None]
        by_tone = _bumps(around, np.array([0, 0.5, 1], np.float32), 0.25)
        mapped = np.stack([around**2, around**3, around * s.y], axis=1)
        parts += [detail, detail * by_tone, detail * s.x, mapped]
    return np.concatenate(parts, axis=1)


def adaptive(s: Strip) -> np.ndarray:
    """The changes whose amount depends on the photo's statistics, before that product."""
    y = s.y[:, None]
    ends = _bumps(s.y, np.array([0, 0.15, 0.85, 1], np.float32), 0.1)
    return np.concatenate([linear(s), s.x * s.x, y * y, y * y * y, ends], axis=1)


GROUPS: dict[str, Callable[[Strip], np.ndarray]] = {
    "linear": linear,
    "quadratic": quadratic,
    "cubic": cubic,
    "tones": tones,
    "automatic": automatic,
    "network": network,
    "grade": grade,
    "position": position,
    "local": local,
    "adaptive": adaptive,
}
WIDTHS = {
    "linear": 4,
    "quadratic": 6,
    "cubic": 10,
    "tones": 36,
    "automatic": 28,
    "network": 3,
    "grade": 46,
    "position": 21,
    "local": 40,
    "adaptive": 13,
}
"""How many features each has."""
TABLED = ("tones", "automatic")
"""Groups that `tabled` can do."""
NETWORKED = ("network", "grade")
"""Groups that want the base network's result."""
ADAPTIVE = "adaptive"
"""The group whose weights are (k, statistics, 3): they are chosen photo by photo."""
