"""The tempered L1 by hand, and what it is for."""

import pytest
import torch

from burnish.losses.tempered import tempered_l1


def test_by_hand() -> None:
    target = torch.zeros(2, 3, 4, 5, dtype=torch.float64)
    out = target.clone()
    out[0] += 0.1
    out[1, 0] += 0.3  # a mean of 0.1 again
    assert tempered_l1(out, target).item() == pytest.approx(0.102**0.7)
    assert tempered_l1(target, target).item() == pytest.approx(0.002**0.7)


def test_a_hopeless_photo_drowns_the_others_less_than_in_l1() -> None:
    out = torch.tensor([0.02, 0.4], dtype=torch.float64)[:, None, None, None]
    out = out.expand(2, 3, 4, 4).clone().requires_grad_()
    tempered_l1(out, torch.zeros_like(out)).backward()
    assert out.grad is not None
    subtle, hopeless = out.grad.abs().sum(dim=(1, 2, 3))
    assert 1.5 < (subtle / hopeless).item() < 20  # L1: 1, its logarithm: 20


def test_gradient() -> None:
    generator = torch.Generator().manual_seed(0)
    out, target = torch.rand(2, 2, 3, 3, 3, generator=generator, dtype=torch.float64).unbind(0)
    assert torch.autograd.gradcheck(tempered_l1, (out.requires_grad_(), target))
