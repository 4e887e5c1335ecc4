"""IMDN: the published size at each scale, every weight learns, and the attention by hand."""

import pytest
import torch

from burnish.nets.baselines.imdn import IMDN, ContrastAttention
from burnish.nets.zoo import build, parameter_count


@pytest.mark.parametrize(("scale", "thousands"), [(2, 694), (3, 703), (4, 715)])
def test_published_size(scale: int, thousands: int) -> None:
    assert round(parameter_count(build("imdn", scale=scale)) / 1e3) == thousands


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_shape_gradients_and_batch(scale: int) -> None:
    torch.manual_seed(0)
    net = IMDN(scale, channels=16, blocks=2, reduction=1)
    x = torch.rand(2, 3, 9, 14)
    out = net(x)
    assert out.shape == (2, 3, 9 * scale, 14 * scale) and net.whole
    out.square().sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all() and p.grad.abs().max() > 0, name
    with torch.no_grad():
        torch.testing.assert_close(torch.cat([net(x[:1]), net(x[1:])]), out, rtol=1e-4, atol=1e-5)
        assert net(x * 0).isfinite().all() and net(x[..., :1, :1]).shape[-1] == scale


def test_attention_sees_mean_and_deviation() -> None:
    torch.manual_seed(1)
    attention, x = ContrastAttention(8, 4).double(), torch.rand(1, 8, 5, 6).double()
    first, _, second, _ = attention.body
    said = x.mean((2, 3)) + x.std((2, 3), correction=0)
    hidden = torch.relu(said @ first.weight[:, :, 0, 0].T + first.bias)
    share = torch.sigmoid(hidden @ second.weight[:, :, 0, 0].T + second.bias)
    torch.testing.assert_close(attention(x), x * share[:, :, None, None], rtol=1e-6, atol=1e-9)


def test_odd_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="divide by 4"):
        IMDN(channels=18)
