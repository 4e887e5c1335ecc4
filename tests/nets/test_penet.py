"""PENet and the transforms against the equations, pixel by pixel in numpy."""

from typing import Any, get_args

import numpy as np
import pytest
import torch
from skimage.filters import threshold_otsu

from burnish.nets.penet import (
    BINS,
    PENet,
    Transform,
    apply_transform,
    enhance_v2,
    gradient_magnitude,
    otsu,
)
from burnish.nets.zoo import parameter_count

Array = np.ndarray
WIDTHS = (4, 4, 6, 6, 6)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_hand(kind: str, a: Array, y: Array) -> Array:
    """One pixel: coefficients (12,) or (3,), colour (3,) -> colour (3,)."""
    q = np.array([v * (1 - v) for v in y])
    if kind == "v1":
        return a * q + y
    gain = np.diag(a[9:12])
    if kind == "literal":
        return np.array([sum(a[3 * i + c] for i in range(3)) * q[c] for c in range(3)]) + gain @ y
    matrix = np.stack([a[0:3], a[3:6], a[6:9]], axis=1)  # column i multiplies q_i
    return np.asarray(matrix @ q + gain @ y)


@pytest.mark.parametrize("kind", ["matrix", "literal", "v1"])
def test_transforms_equal_their_formulas(kind: Transform) -> None:
    a, y = random(2, 3 if kind == "v1" else 12, 4, 5) - 0.5, random(2, 3, 4, 5, seed=1)
    got = apply_transform(kind, a, y).numpy()
    for n, row, column in np.ndindex(2, 4, 5):
        expected = by_hand(kind, a[n, :, row, column].numpy(), y[n, :, row, column].numpy())
        np.testing.assert_allclose(got[n, :, row, column], expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["matrix", "literal", "v1"])
def test_starts_near_the_identity(kind: Transform) -> None:
    torch.manual_seed(0)
    net = PENet(transform=kind).eval()
    y = random(1, 3, 16, 16).float()
    with torch.no_grad():
        out = apply_transform(kind, net(torch.randn(1, 64, 16, 16)), y)
    assert (out - y).abs().max() < 0.1


def test_counted_size() -> None:
    assert parameter_count(PENet()) == 58_924


@pytest.mark.parametrize("transform", ["matrix", "v1"])
@torch.no_grad()
def test_stages_and_any_size(transform: Transform) -> None:
    torch.manual_seed(0)
    net = PENet(5, WIDTHS, transform=transform).eval()
    for height, width in ((1, 1), (7, 9), (8, 16), (17, 31)):
        h = torch.randn(1, 5, height, width)
        assert net(h).shape == (1, 3 if transform == "v1" else 12, height, width)
    shapes: list[Any] = []
    for stage in range(1, 10):
        getattr(net, f"stage{stage}").register_forward_hook(
            lambda _m, _i, out: shapes.append(tuple(out.shape[1:]))
        )
    net(torch.randn(1, 5, 16, 32))
    outputs = 3 if transform == "v1" else 12
    assert shapes == [
        *[(4, 16, 32), (4, 8, 16), (6, 4, 8), (6, 2, 4), (6, 2, 4)],
        *[(6, 4, 8), (4, 8, 16), (4, 16, 32), (outputs, 16, 32)],
    ]


@torch.no_grad()
def test_padding_repeats_the_border() -> None:
    net = PENet(5, WIDTHS).eval()
    h = torch.randn(1, 5, 13, 10)
    rows, columns = torch.arange(16).clamp(max=12), torch.arange(16).clamp(max=9)
    padded = h[:, :, rows][..., columns]
    torch.testing.assert_close(net(h), net(padded)[..., :13, :10])


@torch.no_grad()
def test_dropout_is_at_the_bottleneck_and_off_in_eval() -> None:
    net = PENet(5, WIDTHS, dropout=0.5)
    seen: list[torch.Tensor] = []
    net.dropout.register_forward_hook(lambda _m, _i, out: seen.append(out))
    h = torch.randn(1, 5, 64, 64)
    net.train()(h)
    assert seen[0].shape == (1, 6, 8, 8)
    assert 0.35 < (seen[0] == 0).float().mean() < 0.65
    net.eval()
    torch.testing.assert_close(net(h), net(h), rtol=0, atol=0)
    assert not (seen[-1] == 0).any()


def test_receptive_field_over_all_phases() -> None:
    for transform in ("matrix", "v1"):
        torch.manual_seed(0)
        net = PENet(3, WIDTHS, transform=transform).double().eval()
        h = torch.randn(1, 3, 96, 96, dtype=torch.float64, requires_grad=True)
        out = net(h)
        reaches = []
        for phase in range(8):
            (g,) = torch.autograd.grad(out[..., 40 + phase, 40 + phase].sum(), h, retain_graph=True)
            rows, columns = g.abs().sum((0, 1)).nonzero().unbind(1)
            distances = torch.cat([rows, columns]) - 40 - phase
            reaches.append(int(distances.abs().max()))
        assert max(reaches) <= net.radius
        if transform == "matrix":
            assert max(reaches) == net.radius == 23


def test_gradient_magnitude() -> None:
    v = random(1, 1, 5, 6)
    a = v[0, 0].numpy()
    dy, dx = np.zeros_like(a), np.zeros_like(a)
    dy[:-1], dx[:, :-1] = np.diff(a, axis=0), np.diff(a, axis=1)
    np.testing.assert_allclose(gradient_magnitude(v)[0, 0].numpy(), np.hypot(dx, dy), atol=2e-4)
    assert gradient_magnitude(0 * v).abs().max() == 0


def test_otsu_splits_like_scikit_image() -> None:
    generator = torch.Generator().manual_seed(0)
    low = -0.3 + 0.1 * torch.randn(1, 1, 40, 40, generator=generator)
    high = 0.4 + 0.1 * torch.randn(1, 1, 40, 20, generator=generator)
    d = torch.cat([low, high], dim=3).clamp(-1, 1).double()
    # Bins of their own on both sides: give scikit-image the same histogram.
    counts, edges = np.histogram(d.numpy(), bins=BINS, range=(-1, 1))
    threshold = threshold_otsu(hist=(counts, (edges[1:] + edges[:-1]) / 2))
    assert 0 <= otsu(d).item() - threshold <= 2 / BINS  # its value is the last bin below
    np.testing.assert_array_equal(d >= otsu(d), d.numpy() > threshold + 1 / BINS)
    both = torch.cat([d, 0.5 * d])
    assert otsu(both).shape == (2, 1, 1, 1)
    torch.testing.assert_close(otsu(both)[:1], otsu(d))


def test_a_v2_equals_its_equations() -> None:
    y = random(1, 3, 12, 15)
    v = y.amax(1, keepdim=True)
    t = v.numpy()[0, 0]
    bezier = 3 * (1 - t) ** 2 * t + 3 * (1 - t) * t**2 + t**3  # ordinates 0, 1, 1, 1
    d = gradient_magnitude(torch.from_numpy(bezier)[None, None]) - gradient_magnitude(v)
    s = np.where(d.numpy() >= otsu(d).numpy(), d.numpy(), 0)
    assert np.abs(s).max() <= 1 and 0 < (s != 0).mean() < 1
    np.testing.assert_allclose(enhance_v2(y), s * (y * (1 - y)).numpy() + y.numpy(), atol=1e-12)
    flat = torch.full((1, 3, 6, 6), 0.4)
    torch.testing.assert_close(enhance_v2(flat), flat)


def test_transform_names() -> None:
    assert get_args(Transform) == ("matrix", "literal", "v1", "v2", "none")
