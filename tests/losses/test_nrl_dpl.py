"""The sum is the sum of the weighted terms, and a term without weight is not computed."""

import math

import pytest
import torch
from torch import Tensor

from burnish.errors import OptionError
from burnish.losses.adversarial import generator_loss
from burnish.losses.dynamic_perceptual import DynamicPerceptual
from burnish.losses.nrl_dpl import Terms, Weights, nrl_dpl, squared_tv

OUT, TARGET = torch.rand(2, 2, 3, 16, 16, generator=torch.Generator().manual_seed(0)).double()


def extractor(x: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.nn.functional.avg_pool2d(x, 2**i) for i in range(5))


def discriminator(x: Tensor) -> Tensor:
    return x.mean((1, 2, 3)) - 0.4


PERCEPTUAL = DynamicPerceptual(extractor, (1.0, 0.5, 0.25, 0.2, 0.1))


def test_total_is_the_weighted_sum() -> None:
    weights = Weights(mse=2.0, perceptual=0.3, adversarial=0.05)
    total, terms = nrl_dpl(OUT, TARGET, weights, PERCEPTUAL, discriminator)
    dynamic = PERCEPTUAL(OUT, TARGET)
    assert terms["mse"] == ((OUT - TARGET) ** 2).mean()
    assert terms["perceptual"] == dynamic.loss
    assert terms["adversarial"] == generator_loss(discriminator(OUT))
    expected = 2 * terms["mse"] + 0.3 * terms["perceptual"] + 0.05 * terms["adversarial"]
    torch.testing.assert_close(total, expected)
    assert [terms[f"a{i}"] for i in range(1, 6)] == dynamic.weights.tolist()


def test_the_log_holds_no_graph_but_the_total_does() -> None:
    out = OUT.clone().requires_grad_()
    total, terms = nrl_dpl(out, TARGET, Weights(), PERCEPTUAL, discriminator)
    assert total.requires_grad and not any(t.requires_grad for t in terms.values())
    total.backward()
    assert out.grad is not None and out.grad.abs().max() > 0


def test_a_term_without_weight_is_not_computed() -> None:
    total, terms = nrl_dpl(OUT, TARGET, Weights(1.0, 0.0, 0.0))
    assert list(terms) == ["mse"] and total == terms["mse"]
    _, terms = nrl_dpl(OUT, TARGET, Weights(0.0, 1.0, 0.0), PERCEPTUAL)
    assert "mse" not in terms and "a5" in terms


def test_tempered_l1_stands_in_for_mse() -> None:
    total, terms = nrl_dpl(OUT, TARGET, Weights(0.0, 0.0, 0.0, tempered=3.0))
    error = (OUT - TARGET).abs().mean((1, 2, 3))
    assert list(terms) == ["tempered"]
    torch.testing.assert_close(total, 3 * ((error + 0.002) ** 0.7).mean())


@pytest.mark.parametrize("weights", [(0, 0, 0), (1, -0.1, 0), (1, math.nan, 0), (math.inf, 0, 0)])
def test_weights_that_make_no_sense(weights: tuple[float, float, float]) -> None:
    with pytest.raises(OptionError, match="Loss weights are 0 or more"):
        Weights(*weights)


def test_squared_tv_by_hand() -> None:
    x = torch.tensor([[[[0.0, 3.0, 1.0], [2.0, 2.0, 7.0]]]])
    # to the right 3 -2 | 0 5, down 2 -1 6
    expected = (9 + 4 + 0 + 25) / 4 + (4 + 1 + 36) / 3
    assert squared_tv(x).item() == pytest.approx(expected)


def test_an_unknown_weight_is_told_those_there_are() -> None:
    with pytest.raises(OptionError, match="no 'msee'; the loss has the weights mse, perceptual, "):
        Terms.of({"weights": {"msee": 1.0}})
