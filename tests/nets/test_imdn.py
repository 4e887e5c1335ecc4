"""IMDN: the published size at each scale, every weight learns, and the attention by hand."""

import pytest
import torch
from torch.nn import functional as F

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


def test_it_is_the_paper_written_out() -> None:
    """A straight line of functions in float64, from the weights alone (paper, Figs. 2 and 3)."""
    torch.manual_seed(2)
    net = IMDN(2, channels=16, blocks=2, reduction=4).double()
    w, x = net.state_dict(), torch.rand(1, 3, 7, 9).double()

    def conv(name: str, y: torch.Tensor) -> torch.Tensor:
        kernel = w[f"{name}.weight"]
        return F.conv2d(y, kernel, w[f"{name}.bias"], padding=kernel.shape[-1] // 2)

    def leaky(y: torch.Tensor) -> torch.Tensor:
        return torch.where(y > 0, y, 0.05 * y)

    y = first = conv("first", x)
    outs = []
    for block in ("blocks.0", "blocks.1"):
        kept, rest = [], y
        for step in range(3):
            h = leaky(conv(f"{block}.steps.{step}", rest))
            kept, rest = [*kept, h[:, :4]], h[:, 4:]
        together = torch.cat([*kept, conv(f"{block}.last", rest)], dim=1)
        said = together.mean((2, 3), keepdim=True) + together.std((2, 3), False, keepdim=True)
        hidden = torch.relu(conv(f"{block}.attention.body.0", said))
        weighed = together * torch.sigmoid(conv(f"{block}.attention.body.2", hidden))
        y = y + conv(f"{block}.fuse", weighed)
        outs.append(y)
    fused = leaky(conv("fuse.0", torch.cat(outs, dim=1)))
    wanted = F.pixel_shuffle(conv("upsampler.0", conv("smooth", fused) + first), 2)
    torch.testing.assert_close(net(x), wanted, rtol=1e-9, atol=1e-9)


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
