"""Other finishes of a finished photo, so that a network cannot know its targets by heart.

The map's gate sees little more than a photo's quantiles, and with some hundreds of photos those are
as good as a name. What is varied here is what a gate could learn by name: how bright a photo is
finished, how it is balanced, how colourful it is. The photo stays one that a person might hand out.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from burnish.data.degrade import luma

BRIGHTNESS, BALANCE, SATURATION = 0.12, 0.06, 0.08
"""Deviations: of the exponent's logarithm, of that of each channel's, and of the saturation."""


@dataclass(frozen=True)
class Finish:
    """One other finish: an exponent for each channel, and a factor on the colour around luma."""

    gamma: tuple[float, float, float]
    saturation: float

    @staticmethod
    def draw(rng: np.random.Generator) -> "Finish":
        """Draw one; the exponents' common part is brightness, the rest is balance."""
        brightness, balance = rng.normal(0, BRIGHTNESS), rng.normal(0, BALANCE, 3)
        r, g, b = np.exp(brightness + balance - balance.mean()).tolist()
        return Finish((r, g, b), 1 + float(rng.normal(0, SATURATION)))

    def of(self, photo: Tensor) -> Tensor:
        """(3,H,W) sRGB in [0,1] -> the same, in this finish."""
        x = photo ** photo.new_tensor(self.gamma)[:, None, None]
        y = luma(x[None])[0]
        return (y + self.saturation * (x - y)).clamp(0, 1)
