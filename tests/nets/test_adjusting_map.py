"""Quantiles from an additive histogram, and the gate's effect."""

import numpy as np
import torch

from burnish.nets.adjusting_map import LEVELS, quantiles, tail_maps


def test_quantiles_are_those_of_the_picture() -> None:
    generator = torch.Generator().manual_seed(0)
    for gain, power in ((1.0, 1.0), (0.6, 1.0), (0.9, 2.5), (1.0, 0.4)):
        x = gain * torch.rand(1, 3, 200, 200, generator=generator) ** power
        got = quantiles(tail_maps(x).mean((2, 3))).reshape(3, -1).numpy()
        for channel in range(3):
            expected = np.quantile(x[0, channel].numpy(), LEVELS)
            assert (
                np.abs(got[channel] - expected).max() < 0.045
            )  # soft: the hardest edge is blurred


def test_quantiles_follow_a_stretch() -> None:
    x = torch.rand(1, 3, 100, 100, generator=torch.Generator().manual_seed(1))
    white = [
        float(quantiles(tail_maps(g * x).mean((2, 3))).reshape(3, -1)[:, -1].mean())
        for g in (0.5, 0.7, 0.9)
    ]
    np.testing.assert_allclose(np.diff(white), 0.2, atol=0.03)
