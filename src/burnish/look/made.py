"""Looks made by published recipes, varied from shot to shot as a hand would: pairs to learn from.

Each recipe turns a finished photo into (before, after), both (H, W, 3) float32 in [0, 1]. Every
number that a person would set by eye is drawn anew for each shot, so no look is a fixed function.
"""

from collections.abc import Callable

import numpy as np

from burnish.engine.look_facts import LINEAR_LUMA
from burnish.engine.look_maps import blur
from burnish.metrics.colour import linear_to_srgb, srgb_to_linear

Pair = tuple[np.ndarray, np.ndarray]
LUMA = np.array([0.299, 0.587, 0.114])  # of sRGB values, BT.601; float64, as the recipes work


def _sigmoid(x: np.ndarray, contrast: float, middle: float = 0.5) -> np.ndarray:
    """ImageMagick's ``-sigmoidal-contrast``: a logistic curve stretched to keep 0 and 1."""
    low, high = (1 / (1 + np.exp(contrast * (middle - end))) for end in (0.0, 1.0))
    result: np.ndarray = (1 / (1 + np.exp(contrast * (middle - x))) - low) / (high - low)
    return result


def _saturate(x: np.ndarray, amount: float) -> np.ndarray:
    grey = x @ LUMA[:, None]
    result: np.ndarray = grey + amount * (x - grey)
    return result


def _cdl(x: np.ndarray, slope: np.ndarray, offset: np.ndarray, power: np.ndarray) -> np.ndarray:
    """ASC Colour Decision List: out = (slope x + offset) ^ power, on encoded values."""
    result: np.ndarray = np.clip(x * slope + offset, 0, 1) ** power
    return result


def _key(linear: np.ndarray) -> float:
    """Log-average luminance (Reinhard et al., 2002, eq. 1)."""
    return float(np.exp(np.log(linear @ LINEAR_LUMA + 1e-3).mean()))


def film(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """Narkowicz's fit (2015) of the ACES film curve, exposure +-0.15 EV, saturation 1.1."""
    light = srgb_to_linear(x) * 0.8 * 2 ** rng.uniform(-0.15, 0.15)
    curve = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    return x, _saturate(linear_to_srgb(np.clip(curve, 0, 1)), rng.uniform(1.05, 1.15))


def warm(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """ASC CDL: warm slopes and a cool shadow offset (teal and orange)."""
    much = rng.uniform(0.8, 1.2)
    slope = 1 + much * np.array([0.12, 0.02, -0.14])
    offset = much * np.array([-0.015, 0.0, 0.03])
    return x, _cdl(x, slope, offset, 1 + much * np.array([-0.06, 0.0, 0.05]))


def high_key(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """Reinhard's photographic operator at key 0.45 (+-8 %), white at 2; paler colours."""
    light = srgb_to_linear(x)
    scaled = light * (0.45 * rng.uniform(0.92, 1.08) / (_key(light) + 0.12))
    curve = scaled * (1 + scaled / 4) / (1 + scaled)
    return x, _saturate(linear_to_srgb(np.clip(curve, 0, 1)), rng.uniform(0.78, 0.88))


def low_key(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """Exposure to key 0.07 (+-8 %, Reinhard's scaling), then sigmoidal contrast 3."""
    light = srgb_to_linear(x)
    scaled = np.clip(light * (0.07 * rng.uniform(0.92, 1.08) / (_key(light) + 0.04)), 0, 1)
    return x, _sigmoid(linear_to_srgb(scaled), rng.uniform(2.5, 3.5), 0.4)


def local_contrast(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """Margulis' HiRaLoAm: unsharp masking of luma, radius about 5 % of the side, amount 0.8 +-0.15.

    Held back towards black and white, as a clarity slider does.
    """
    luma = (x @ LUMA).astype(np.float32)
    detail = luma - blur(luma, max(luma.shape) * rng.uniform(0.045, 0.06))
    middle = 1 - (2 * luma - 1) ** 4
    return x, np.clip(x + rng.uniform(0.65, 0.95) * (middle * detail)[..., None], 0, 1)


def vignette(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """Before: the photo under natural fall-off, cos^4 of the angle of view; after: without."""
    height, width = x.shape[:2]
    v, u = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    diagonal = (u**2 * width**2 + v**2 * height**2) / (width**2 + height**2)
    fall = (1 + diagonal * rng.uniform(0.75, 0.95) ** 2) ** -2  # cos^4 atan(r / focal length)
    return linear_to_srgb(srgb_to_linear(x) * fall[..., None]), x


def black_lift(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """Faded print: blacks lifted to 0.12 (+-0.015) of a blue-green tint, soft S-curve."""
    lift = rng.uniform(0.105, 0.135) * np.array([0.9, 1.0, 1.15])
    return x, _saturate(lift + (0.97 - lift) * _sigmoid(x, rng.uniform(2.5, 3.5)), 0.85)


def black_and_white(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """Channel mixer with an orange filter (50 / 40 / 10 %, +-5), sigmoidal contrast 3-5."""
    mix = np.array([0.5, 0.4, 0.1]) + rng.uniform(-0.05, 0.05, 3)
    grey = _sigmoid(x @ (mix / mix.sum()), rng.uniform(3, 5))
    return x, np.repeat(grey[..., None], 3, axis=2)


def exposure(x: np.ndarray, rng: np.random.Generator) -> Pair:
    """Before: up to 1.5 EV off; after: brought to a key of 0.16 (+-6 %), highlights rolled off.

    Reinhard's scaling and operator (2002, eqs. 2 and 4, white at 2).
    """
    before = linear_to_srgb(np.clip(srgb_to_linear(x) * 2 ** rng.uniform(-1.5, 0.7), 0, 1))
    light = srgb_to_linear(before)
    scaled = light * (0.16 * rng.uniform(0.94, 1.06) / _key(light))
    return before, linear_to_srgb(np.clip(scaled * (1 + scaled / 4) / (1 + scaled), 0, 1))


LOOKS: dict[str, Callable[[np.ndarray, np.random.Generator], Pair]] = {
    "film": film,
    "warm": warm,
    "high-key": high_key,
    "low-key": low_key,
    "local-contrast": local_contrast,
    "vignette": vignette,
    "black-lift": black_lift,
    "black-and-white": black_and_white,
    "exposure": exposure,
}


def make(look: str, photo: np.ndarray, seed: int, index: int) -> Pair:
    """(before, after) of the photo with this index; the same seed gives the same pair."""
    rng = np.random.default_rng([seed, index, list(LOOKS).index(look)])
    before, after = LOOKS[look](photo, rng)
    low, high = (np.clip(p, 0, 1).astype(np.float32) for p in (before, after))
    return low, high
