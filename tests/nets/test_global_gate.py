"""The quantiles that the gate asks for."""

import numpy as np
import torch

from burnish.engine.statistics import tones
from burnish.nets.global_gate import LEVELS, tones_of


def test_tones_are_the_quantiles_of_channels_and_luma() -> None:
    """In torch, where the network learns, and in numpy, where it works: the same numbers."""
    x = torch.rand(2, 3, 50, 41, generator=torch.Generator().manual_seed(0)) ** 2.5
    got = tones_of(x).unflatten(1, (4, len(LEVELS)))
    for picture, quantiles in zip(x.numpy().astype(np.float64), got, strict=True):
        luma = np.tensordot([0.299, 0.587, 0.114], picture, 1)
        for values, found in zip([*picture, luma], quantiles, strict=True):
            np.testing.assert_allclose(found, np.quantile(values, LEVELS), atol=1e-5)
        there = tones(picture.transpose(1, 2, 0).astype(np.float32), LEVELS)
        np.testing.assert_allclose(there, quantiles.reshape(1, -1), atol=1e-5)


def test_levels_are_symmetric_and_rising() -> None:
    assert tuple(sorted(LEVELS)) == LEVELS and len(set(LEVELS)) == 15
    np.testing.assert_allclose(LEVELS, 1 - np.array(LEVELS[::-1]), atol=1e-12)
