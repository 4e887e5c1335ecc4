"""What a look wants to know of the whole photo: its tones and colours as one short vector."""

from dataclasses import dataclass

import numpy as np

from burnish.engine import proxy
from burnish.engine.look_maps import PIXELS
from burnish.engine.luma import LUMA
from burnish.metrics.colour import srgb_to_linear

LEVELS = np.concatenate([[0.002, 0.01], np.linspace(0.03, 0.97, 29), [0.99, 0.998]])
"""Shares of the pixels at which quantiles are taken."""
LINEAR_LUMA = np.array([0.2126, 0.7152, 0.0722])
LENGTH = 4 * LEVELS.size + 7
STATISTICS = 17


@dataclass(frozen=True)
class Facts:
    """Views of the vector: quantiles, means, log-average brightness, spread, saturation."""

    vector: np.ndarray
    """(LENGTH,) float64"""

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Facts":
        """Of a whole photo, (H,W,3) RGB in [0,1], by its small stand-in."""
        small = proxy.shrink(pixels, PIXELS).astype(np.float64)
        y = small @ LUMA
        four = np.concatenate([y[..., None], small], axis=2).reshape(-1, 4)
        key = np.log(srgb_to_linear(small) @ LINEAR_LUMA + 1e-3).mean()
        saturation = (small.max(axis=2) - small.min(axis=2)).mean()
        rest = [*four.mean(axis=0), key, y.std(), saturation]
        return cls(np.concatenate([np.quantile(four, LEVELS, axis=0).T.ravel(), rest]))

    @classmethod
    def mean(cls, several: "list[Facts]") -> "Facts":
        """The average photo."""
        return cls(np.mean([f.vector for f in several], axis=0))

    @property
    def luma(self) -> np.ndarray:
        """(33,) quantiles of luma."""
        return self.vector[: LEVELS.size]

    @property
    def channels(self) -> np.ndarray:
        """(3, 33) quantiles of R, G, B."""
        return self.vector[LEVELS.size : 4 * LEVELS.size].reshape(3, -1)

    @property
    def means(self) -> np.ndarray:
        """(4,) means of luma, R, G, B."""
        return self.vector[-7:-3]

    @property
    def key(self) -> float:
        """Mean logarithm of linear brightness."""
        return float(self.vector[-3])

    def statistics(self) -> np.ndarray:
        """(STATISTICS,) what the changes may depend on: brightness, contrast, colour."""
        y, rgb = self.luma, self.channels
        at = np.interp((0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99), LEVELS, y)
        mean = self.means
        casts = [mean[1] - mean[2], mean[3] - mean[2]]
        ends = [rgb[0, -2] - y[-2], rgb[2, -2] - y[-2], rgb[0, 1] - y[1], rgb[2, 1] - y[1]]
        return np.array([self.key, mean[0], *at, self.vector[-2], self.vector[-1], *casts, *ends])
