"""High-frequency energy against the frequency response of its Gaussian."""

import numpy as np
import pytest

from burnish.metrics import detail_ratio
from burnish.metrics.detail import high_frequency_energy
from burnish.metrics.ssim import gaussian


def wave(period: float, amplitude: float = 0.2, side: int = 96) -> np.ndarray:
    line = 0.5 + amplitude * np.cos(2 * np.pi * np.arange(side) / period)
    return np.broadcast_to(line[None, :, None], (side, side, 3)).copy()


@pytest.mark.parametrize("period", [2.0, 4.0, 5.3, 8.0, 16.0])
def test_energy_of_a_wave_is_that_of_the_response(period: float) -> None:
    t = np.arange(11) - 5
    passed = 1 - float((gaussian() * np.cos(2 * np.pi * t / period)).sum())
    inner = np.cos(2 * np.pi * (np.arange(96)[5:-5]) / period)
    expected = (0.2 * passed) ** 2 * (inner**2).mean()
    assert high_frequency_energy(wave(period)) == pytest.approx(expected, rel=1e-9)


def test_the_passband_is_as_documented() -> None:
    t = np.arange(11) - 5
    for period, share in ((6, 0.5), (11, 0.1)):
        passed = 1 - float((gaussian() * np.cos(2 * np.pi * t / period)).sum())
        assert passed**2 == pytest.approx(share, abs=0.01)


def test_ratio() -> None:
    x = np.random.default_rng(0).random((40, 50, 3))
    blurred = (x + np.roll(x, 1, 0) + np.roll(x, 1, 1) + np.roll(x, 2, 0)) / 4
    assert detail_ratio(x, x) == 1
    assert detail_ratio(0.5 + 0.5 * (x - 0.5), x) == pytest.approx(0.25, rel=1e-4)
    assert detail_ratio(blurred, x) < 0.6
    flat = np.full((20, 20, 3), 0.3)
    assert detail_ratio(flat, flat + 0.2) == pytest.approx(1)  # a shift of tone is no detail
    with pytest.raises(ValueError, match="at least 11x11"):
        detail_ratio(x[:8], x[:8])


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from burnish.metrics import arrays

    x = np.random.default_rng(1).random((64, 30, 3))
    whole = high_frequency_energy(x)
    monkeypatch.setattr(arrays, "STRIP", 16)
    assert high_frequency_energy(x) == pytest.approx(whole)
