"""Adversarial losses against their definitions in float64; the discriminator's shapes."""

import math

import pytest
import torch

from burnish.errors import OptionError
from burnish.losses.adversarial import discriminator_accuracy, discriminator_loss, generator_loss
from burnish.nets.discriminator import SMALLEST, Discriminator
from burnish.nets.zoo import parameter_count


def d(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


REAL, FAKE = [0.3, -1.2, 2.0], [0.7, -0.1]


def logits(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_losses_equal_their_definitions() -> None:
    real = -sum(math.log(d(v)) for v in REAL) / len(REAL)
    fake = -sum(math.log(1 - d(v)) for v in FAKE) / len(FAKE)
    got = discriminator_loss(logits(REAL), logits(FAKE)).item()
    assert got == pytest.approx((real + fake) / 2, rel=1e-12)
    non_saturating = -sum(math.log(d(v)) for v in FAKE) / len(FAKE)
    assert generator_loss(logits(FAKE)).item() == pytest.approx(non_saturating, rel=1e-12)
    assert generator_loss(logits(FAKE), "minimax").item() == pytest.approx(-fake, rel=1e-12)


def test_gradients() -> None:
    torch.autograd.gradcheck(discriminator_loss, (logits(REAL), logits(FAKE)))
    torch.autograd.gradcheck(generator_loss, (logits(FAKE), "non-saturating"))
    torch.autograd.gradcheck(generator_loss, (logits(FAKE), "minimax"))
    for form in ("non-saturating", "minimax"):  # both raise D(G)
        fake = logits(FAKE)
        generator_loss(fake, form).backward()  # type: ignore[arg-type]
        assert fake.grad is not None and (fake.grad < 0).all()


def test_log_two_at_chance_and_finite_far_out() -> None:
    zero = torch.zeros(4)
    assert discriminator_loss(zero, zero).item() == pytest.approx(math.log(2))
    far = torch.tensor([-1e4, 1e4], requires_grad=True)
    total = discriminator_loss(far, far) + generator_loss(far) + generator_loss(far, "minimax")
    total.backward()
    assert total.isfinite() and far.grad is not None and far.grad.isfinite().all()


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(OptionError, match="'hinge' is none of non-saturating, minimax"):
        generator_loss(torch.zeros(1), "hinge")  # type: ignore[arg-type]


def test_accuracy() -> None:
    assert discriminator_accuracy(torch.tensor([1.0, -1.0]), torch.tensor([-1.0, -2.0])) == 0.75


@pytest.mark.parametrize("size", [(SMALLEST, SMALLEST), (50, 33), (100, 100)])
def test_discriminator_takes_any_patch(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    net = Discriminator(channels=(4, 6, 6, 6, 4), hidden=8)
    x = torch.rand(3, 3, *size)
    out = net(x)
    assert out.shape == (3,)
    out.sum().backward()
    for name, p in net.named_parameters():
        # The two outputs' shared directions cancel in the difference, but no parameter is idle.
        assert p.grad is not None and p.grad.isfinite().all() and p.grad.abs().max() > 0, name
    with torch.no_grad():
        singles = torch.cat([net(x[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(out.detach(), singles, rtol=1e-4, atol=1e-6)


def test_a_patch_below_the_smallest_has_nothing_to_normalise() -> None:
    net = Discriminator(channels=(4, 6, 6, 6, 4), hidden=8)
    with pytest.raises(ValueError, match="more than 1 spatial element"):
        net.features(torch.rand(3, 1, SMALLEST - 1, SMALLEST - 1))


@torch.no_grad()
def test_discriminator_as_published() -> None:
    net = Discriminator()
    x = torch.rand(1, 3, 100, 100)
    luma = (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    features = net.features(luma)
    assert features.shape == (1, 128, 7, 7)
    torch.testing.assert_close(net.judge[0](features), features)  # 100 pixels: pooling is identity
    convolutions = 11**2 * 48 + 25 * 48 * 128 + 9 * (128 * 192 + 192 * 192 + 192 * 128)
    norms_and_biases = 48 + 3 * (128 + 192 + 192 + 128)
    judge = 128 * 49 * 1024 + 1024 + 1024 * 2 + 2
    assert parameter_count(net) == convolutions + norms_and_biases + judge
    # It sees luma alone: a colour shift of equal luma changes nothing.
    shift = torch.tensor([0.114, 0.0, -0.299])[:, None, None]
    torch.testing.assert_close(net(x), net(x + shift), rtol=1e-4, atol=1e-6)


def test_discriminator_learns_to_tell_sharp_from_blurred() -> None:
    torch.manual_seed(0)
    net = Discriminator(channels=(8, 8, 8, 8, 8), hidden=16)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(60):
        sharp = torch.rand(8, 3, 32, 32)
        blurred = torch.nn.functional.avg_pool2d(sharp, 5, 1, 2)
        loss = discriminator_loss(net(sharp), net(blurred))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert discriminator_accuracy(net(sharp), net(blurred)) > 0.9
