"""The start of Deep SR-PIE: kernels equal to the bicubic of the benchmarks, a net that enlarges."""

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


@pytest.mark.parametrize("upsampler", ["dunet", "shuffle"])
@torch.no_grad()
def test_untrained_it_is_nearly_an_enlargement(upsampler: str) -> None:
    """Where a random start gives no picture at all."""
    torch.manual_seed(0)
    smooth = torch.nn.functional.interpolate(picture(1, 3, 5, 6), size=(40, 48), mode="bicubic")
    x = smooth.clamp(0, 1)
    expected = enlarge(x[0].permute(1, 2, 0).numpy(), 2)[8:-8, 8:-8]
    gaps = {}
    for start in ("random", "bicubic"):
        net = SRPIE(**(TINY | {"dunet_width": 36, "upsampler": upsampler, "start": start})).eval()
        got = net(x)[0].permute(1, 2, 0).numpy()[8:-8, 8:-8]
        gaps[start] = float(np.sqrt(((got - expected) ** 2).mean()))
    assert gaps["bicubic"] < 0.03 < 0.2 < gaps["random"]


def test_without_the_skip_of_the_picture_it_is_refused() -> None:
    form = TINY | {"dunet_width": 36, "hfa_2": "shallow", "without": "hfa2"}
    with pytest.raises(OptionError, match=r"needs the skip of H\(I\).*start='random'"):
        build("srpie", **form, start="bicubic")
    build("srpie", **form)


def test_a_dunet_too_narrow_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="36 channels or more"):
        SRPIE(**(TINY | {"dunet_width": 24, "start": "bicubic"}))
