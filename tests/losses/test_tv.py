"""Total variation by hand."""

import pytest
import torch

from burnish.losses.tv import TVForm, tv_loss


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_by_hand() -> None:
    out = torch.tensor([[[[0.0, 3.0, 1.0], [2.0, 2.0, 7.0]]]])
    target = torch.tensor([[[[1.0, 0.0, 0.0], [5.0, 0.0, 4.0]]]])
    # dx of out: 3 -2 | 0 5; dy of out: 2 -1 6; dy of target: 4 0 4
    assert tv_loss(out, target).item() == pytest.approx((3 + 2 + 0 + 5 + 2 + 1 + 6) / 6)
    # printed: |3 + 4| + |-2 + 0| + |0 + 4| in the first row, |0| + |5| + 0 in the last
    assert tv_loss(out, target, "printed").item() == pytest.approx((7 + 2 + 4 + 0 + 5) / 6)


def test_output_form_is_the_loops() -> None:
    out = random(2, 3, 5, 4)
    total = 0.0
    for n in range(2):
        for c in range(3):
            for i in range(5):
                for j in range(4):
                    if j < 3:
                        total += abs(out[n, c, i, j + 1] - out[n, c, i, j]).item()
                    if i < 4:
                        total += abs(out[n, c, i + 1, j] - out[n, c, i, j]).item()
    assert tv_loss(out, out).item() == pytest.approx(total / out.numel())


def test_what_counts() -> None:
    out, target = random(1, 3, 6, 7), random(1, 3, 6, 7, seed=1)
    assert tv_loss(out, target) == tv_loss(out, out)
    assert tv_loss(out, target, "printed") != tv_loss(out, out, "printed")
    forms: tuple[TVForm, ...] = ("output", "printed")
    for form in forms:
        assert tv_loss(torch.full_like(out, 0.4), torch.zeros_like(out), form) == 0
        assert tv_loss(out[..., :1, :1], target[..., :1, :1], form) == 0
    noise = random(1, 3, 6, 7, seed=2)
    amounts = [tv_loss(0.5 + a * noise, target).item() for a in (0.01, 0.1, 1)]
    assert amounts == sorted(amounts)


@pytest.mark.parametrize("form", ["output", "printed"])
def test_gradcheck(form: TVForm) -> None:
    out, target = random(2, 1, 4, 5).requires_grad_(), random(2, 1, 4, 5, seed=1)
    assert torch.autograd.gradcheck(lambda v: tv_loss(v, target, form), (out,))
