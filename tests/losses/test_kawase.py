"""Dual Kawase blur: its taps from the shader's definition, its impulse response."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from burnish.losses.kawase import PASSES, color_loss, down, dual_kawase_blur, up

Array = np.ndarray


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def texture(a: Array, u: float, v: float) -> float:
    """Bilinear sample of (H,W) at row u, column v in pixels, centres at .5, clamped to the edge."""
    out = 0.0
    r, c = math.floor(u - 0.5), math.floor(v - 0.5)
    for row, wr in ((r, 1 - (u - 0.5 - r)), (r + 1, u - 0.5 - r)):
        for column, wc in ((c, 1 - (v - 0.5 - c)), (c + 1, v - 0.5 - c)):
            at = min(max(row, 0), a.shape[0] - 1), min(max(column, 0), a.shape[1] - 1)
            out += wr * wc * a[at]
    return out


def down_at(a: Array, row: int, column: int) -> float:
    """A half-size pixel; half of its own pixel is one of the source's."""
    u, v = 2 * (row + 0.5), 2 * (column + 0.5)
    corners = sum(texture(a, u + du, v + dv) for du in (-1, 1) for dv in (-1, 1))
    return (4 * texture(a, u, v) + corners) / 8


def up_at(a: Array, row: int, column: int) -> float:
    """A double-size pixel; half a source pixel is 0.5 of its coordinates."""
    u, v = (row + 0.5) / 2, (column + 0.5) / 2
    axial = sum(texture(a, u + du, v + dv) for du, dv in ((-1, 0), (1, 0), (0, -1), (0, 1)))
    corners = sum(texture(a, u + du, v + dv) for du in (-0.5, 0.5) for dv in (-0.5, 0.5))
    return (axial + 2 * corners) / 12


@pytest.mark.parametrize(("layer", "by_hand"), [(down, down_at), (up, up_at)])
def test_passes_equal_the_shaders(
    layer: Callable[[torch.Tensor], torch.Tensor],
    by_hand: Callable[[Array, int, int], float],
) -> None:
    x = random(1, 2, 8, 12)
    got = layer(x)[0].numpy()
    inner = 2 if layer is up else 0  # enlarging first, the border repeats the enlarged picture's
    for channel in range(2):
        for row in range(inner, got.shape[1] - inner):
            for column in range(inner, got.shape[2] - inner):
                expected = by_hand(x[0, channel].numpy(), row, column)
                assert got[channel, row, column] == pytest.approx(expected, abs=1e-12)


def impulse_response(passes: int, phase: tuple[int, int], side: int) -> torch.Tensor:
    x = torch.zeros(1, 1, side, side, dtype=torch.float64)
    x[..., side // 2 + phase[0], side // 2 + phase[1]] = 1
    return dual_kawase_blur(x, passes)[0, 0]


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_impulse_response(passes: int) -> None:
    """Sums to 1 wherever the impulse lies; averaged over the grid's phases it is symmetric."""
    step, side = 2**passes, 16 * 2**passes
    mean = torch.zeros(side - 1, side - 1, dtype=torch.float64)
    for row in range(step):
        for column in range(step):
            response = impulse_response(passes, (row, column), side)
            assert response.sum().item() == pytest.approx(1, abs=1e-12)
            assert response.min() >= 0
            moved = response.roll((-row, -column), (0, 1))  # the impulse back in the middle
            mean += moved[1:, 1:] / step**2
    for other in (mean.flip(0), mean.flip(1), mean.T):
        torch.testing.assert_close(mean, other)
    middle = side // 2 - 1
    assert mean.argmax() == middle * (side - 1) + middle
    t = torch.arange(side - 1, dtype=torch.float64) - middle
    deviation = (mean.sum(1) * t**2).sum().sqrt().item()
    assert deviation == pytest.approx({1: 1.683, 2: 3.764, 3: 7.714}[passes], abs=2e-3)
    assert PASSES == 2


def test_mirrored_pictures_blur_alike() -> None:
    x = random(1, 3, 16, 24)
    for other in ((2,), (3,), (2, 3)):
        torch.testing.assert_close(dual_kawase_blur(x.flip(other)), dual_kawase_blur(x).flip(other))
    torch.testing.assert_close(dual_kawase_blur(x.mT), dual_kawase_blur(x).mT)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 7), (13, 16)])
def test_any_size_and_flat_pictures(height: int, width: int) -> None:
    flat = torch.full((2, 3, height, width), 0.3)
    torch.testing.assert_close(dual_kawase_blur(flat), flat)


def test_color_loss() -> None:
    x, y = random(2, 3, 12, 13), random(2, 3, 12, 13, seed=1)
    squares = ((dual_kawase_blur(x) - dual_kawase_blur(y)) ** 2).numpy()
    assert color_loss(x, y).item() == pytest.approx(squares.sum((1, 2, 3)).mean())
    assert color_loss(x, y, "mean").item() == pytest.approx(squares.mean())
    assert color_loss(x, x).item() == 0
    noise = random(2, 3, 12, 13, seed=2) - 0.5
    losses = [color_loss(x, x + amount * noise).item() for amount in (0.01, 0.1, 1)]
    assert losses == sorted(losses)
    # Fine texture hardly counts beside a shift of colour of the same size.
    checker = (torch.arange(32)[:, None] + torch.arange(32)) % 2 * 0.2 - 0.1
    flat = torch.full((1, 3, 32, 32), 0.5)
    assert color_loss(flat + checker, flat) < 1e-3 * color_loss(flat + 0.1, flat)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_gradcheck(reduction: str) -> None:
    x, y = random(2, 1, 5, 6).requires_grad_(), random(2, 1, 5, 6, seed=1)
    assert torch.autograd.gradcheck(lambda v: color_loss(v, y, reduction), (x,))  # type: ignore[arg-type]


def test_low_precision_is_computed_in_float32() -> None:
    x, y = random(1, 3, 8, 8).bfloat16(), random(1, 3, 8, 8, seed=1).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        got = color_loss(x, y)
    torch.testing.assert_close(got, color_loss(x.float(), y.float()))
    assert got.dtype == torch.float32
