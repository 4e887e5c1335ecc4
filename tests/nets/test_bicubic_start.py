"""The start of Deep SR-PIE: kernels equal to the bicubic of the benchmarks, a net that is one."""

import numpy as np
import pytest
import torch

from burnish.data.bicubic import enlarge
from burnish.errors import OptionError
from burnish.nets.bicubic_start import phase_kernels
from burnish.nets.srpie import SRPIE
from burnish.nets.zoo import build
from nets.srpie_forms import TINY, picture


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_kernels_are_bicubic_enlargement(scale: int) -> None:
    x = picture(1, 1, 12, 9)
    kernels = phase_kernels(scale)[:, None]
    planes = torch.nn.functional.conv2d(x, kernels, padding=2)
    got = torch.nn.functional.pixel_shuffle(planes, scale)[0, 0].numpy()
    inside = np.s_[2 * scale : -2 * scale, 2 * scale : -2 * scale]
    np.testing.assert_allclose(got[inside], enlarge(x[0, 0].numpy(), scale)[inside], atol=1e-5)


@pytest.mark.parametrize("fca", ["after", "before"])
@pytest.mark.parametrize("transform", ["matrix", "literal", "v1", "none"])
@torch.no_grad()
def test_untrained_it_is_bicubic_enlargement_but_for_its_edges(fca: str, transform: str) -> None:
    """A random start gives no picture at all. In training, too: nothing random is in its way."""
    torch.manual_seed(0)
    x = picture(1, 3, 40, 48)
    inside = np.s_[8:-8, 8:-8]
    expected = enlarge(x[0].permute(1, 2, 0).numpy(), 2)[inside]
    form = TINY | {"dunet_width": 36, "fca": fca, "transform": transform}
    net = SRPIE(**(form | {"start": "bicubic"}))
    for mode in (True, False):
        got = net.train(mode)(x)[0].permute(1, 2, 0).numpy()
        np.testing.assert_allclose(got[inside], expected, atol=1e-5)
    assert np.abs(got[:2, 8:-8] - enlarge(x[0].permute(1, 2, 0).numpy(), 2)[:2, 8:-8]).mean() > 0.02
    random = SRPIE(**form).eval()(x)[0].permute(1, 2, 0).numpy()[inside]
    assert np.abs(random - expected).mean() > 0.1


@torch.no_grad()
def test_blocks_begin_without_the_constant_of_their_attention() -> None:
    """FCA is C x + C: with a bias of -1 before it, C (x + 1) has no offset left."""
    torch.manual_seed(0)
    offsets = {}
    for start in ("random", "bicubic"):
        net = SRPIE(**(TINY | {"dunet_width": 36, "start": start})).eval()
        x = torch.zeros(1, net.mbfnet.msbs[0].close[0].in_channels, 12, 12)
        closing, attention = net.mbfnet.msbs[0].close
        for p in closing.parameters():
            if p.ndim > 1:
                p.zero_()  # what is left is the bias alone
        offsets[start] = float(attention(closing(x)).abs().mean())
    assert offsets["bicubic"] == 0 < 0.1 < offsets["random"]


@torch.no_grad()
def test_a_plain_shuffle_starts_as_bilinear_enlargement() -> None:
    torch.manual_seed(0)
    x = picture(1, 3, 20, 24)
    net = SRPIE(**(TINY | {"upsampler": "shuffle", "start": "bicubic"})).eval()
    expected = torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(
        net(x)[..., 8:-8, 8:-8], expected[..., 8:-8, 8:-8], atol=1e-5, rtol=0
    )


def test_every_part_learns_from_the_start() -> None:
    """Zeros keep the gradient from what lies before them for a step or two only."""
    torch.manual_seed(0)
    net = SRPIE(**(TINY | {"dunet_width": 36, "start": "bicubic"})).train()
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, target = picture(2, 3, 16, 16), picture(2, 3, 32, 32)
    for _ in range(4):
        (net(x) - target).abs().mean().backward()
        optimiser.step()
        optimiser.zero_grad()
    still = [name for name, p in net.named_parameters() if torch.equal(p, before[name])]
    assert not still


def test_without_the_skip_of_the_picture_it_is_refused() -> None:
    form = TINY | {"dunet_width": 36, "hfa_2": "shallow", "without": "hfa2"}
    with pytest.raises(OptionError, match=r"needs the skip of H\(I\).*start='random'"):
        build("srpie", **form, start="bicubic")
    build("srpie", **form)


def test_a_dunet_too_narrow_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="36 channels or more"):
        SRPIE(**(TINY | {"dunet_width": 24, "start": "bicubic"}))
