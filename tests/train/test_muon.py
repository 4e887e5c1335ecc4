"""Muon beside what it is made of: singular values, Adam, and steps that need few rounds."""

import pytest
import torch
from torch import nn

from burnish.train.muon import ADAMS_LENGTH, MOMENTUM, Muon, is_matrix, orthogonalised


@pytest.mark.parametrize("shape", [(16, 16), (20, 90), (90, 20)])
def test_all_directions_get_about_the_same_length(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    u, _, v = torch.linalg.svd(torch.randn(3, *shape), full_matrices=False)
    rank = min(shape)
    values = torch.logspace(0, -1.5, rank).expand(3, rank)
    found = orthogonalised(u @ torch.diag_embed(values) @ v)
    own = u.mT @ found @ v.mT  # in the matrix's own directions
    diagonal = own.diagonal(dim1=1, dim2=2)
    assert diagonal.min() > 0.3 and diagonal.max() < 1.3
    assert (own - torch.diag_embed(diagonal)).abs().max() < 1e-3


def test_small_parameters_are_adams() -> None:
    """Biases, depthwise and narrow convolutions: the very steps of torch's Adam."""
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(32, 32, 3, groups=32), nn.ReLU(), nn.Conv2d(32, 3, 1))
    twin = nn.Sequential(nn.Conv2d(32, 32, 3, groups=32), nn.ReLU(), nn.Conv2d(32, 3, 1))
    twin.load_state_dict(layers.state_dict())
    assert not any(is_matrix(p) for p in layers.parameters())
    ours = Muon(layers.parameters(), lr=1e-2, betas=(0.9, 0.99))
    theirs = torch.optim.Adam(twin.parameters(), lr=1e-2, betas=(0.9, 0.99))
    for _ in range(5):
        x = torch.randn(2, 32, 8, 8)
        for net, optimiser in ((layers, ours), (twin, theirs)):
            optimiser.zero_grad()
            net(x).square().mean().backward()
            optimiser.step()
    for a, b in zip(layers.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_step_of_a_convolution() -> None:
    """Of Adam's length, along the gradient's directions; the momentum is Nesterov's."""
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(24, 16, 3, 3))
    before, gradient = weight.detach().clone(), torch.randn(24, 16, 3, 3)
    optimiser = Muon([weight], lr=0.1, betas=(0.9, 0.99))
    weight.grad = gradient.clone()
    optimiser.step()
    step = before - weight.detach()
    assert step.square().mean().sqrt() == pytest.approx(0.1 * ADAMS_LENGTH, rel=0.25)
    wanted = orthogonalised((gradient * (1 + MOMENTUM)).reshape(1, 24, -1))[0].reshape(step.shape)
    torch.testing.assert_close(step, wanted * 0.1 * ADAMS_LENGTH * (16 * 9) ** 0.5)
    torch.testing.assert_close(optimiser.state[weight]["momentum"], gradient)


def test_what_has_no_gradient_stays() -> None:
    weight, frozen = (nn.Parameter(torch.ones(16, 16)) for _ in range(2))
    optimiser = Muon([weight, frozen], lr=0.1, betas=(0.9, 0.99))
    weight.grad = torch.eye(16)
    optimiser.step()
    assert not torch.equal(weight, torch.ones(16, 16)) and torch.equal(frozen, torch.ones(16, 16))
