"""What is ours in Deep SR-PIE: the transform after DUNet, and the gate on PENet."""

from typing import Any

import pytest
import torch
from torch import Tensor

from burnish.errors import OptionError
from burnish.nets.global_gate import LEVELS
from burnish.nets.guided import third_branch
from burnish.nets.srpie import SRPIE
from burnish.nets.zoo import build, parameter_count
from nets.srpie_forms import picture, tiny

FORM: dict[str, Any] = {"place": "after", "gate": "tones", "wide": True}


def enlarged(net: SRPIE, x: Tensor) -> Tensor:
    """DUNet of MBFNet's image, with no transform between them."""
    image, features = net.mbfnet(net.shallow(x), third_branch(x, *net.third_choices))
    out: Tensor = net.upsampler(torch.cat([image, features], 1))
    return out


@torch.no_grad()
def test_the_form_equals_its_formula() -> None:
    """out = y + share (sum_i A_i q_i + A_3 y + delta - y), coefficient by coefficient."""
    net = tiny(FORM, seed=4, dtype=torch.float64).eval()
    x, known = picture(2, 3, 16, 24).double(), picture(2, 4 * len(LEVELS), seed=1).double()
    condition = net.condition(known)
    gamma, beta, delta, share = condition.split([8, 12, 3, 1], dim=1)
    assert net.penet is not None and ((share > 0) & (share < 1)).all()
    seen: list[Tensor] = []
    net.penet.stage9.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
    y = enlarged(net, x)
    out = net.enhance(x, condition)
    plain = net.penet(net.shallow(x)) - net.penet.stage9.bias[:, None, None]
    told, features = seen
    torch.testing.assert_close(told, features * (1 + gamma[:, :, None, None]))
    kernel, bias = net.penet.stage9.weight[:, :, 0, 0], net.penet.stage9.bias
    torch.testing.assert_close(torch.einsum("oc,nchw->nohw", kernel, features), plain)
    a = torch.einsum("oc,nchw->nohw", kernel, told) + (bias + beta)[:, :, None, None]
    a = torch.nn.functional.interpolate(a, scale_factor=2, mode="bilinear")
    q = y * (1 - y)
    transformed = a[:, 9:] * y
    for i in range(3):
        transformed = transformed + a[:, 3 * i : 3 * i + 3] * q[:, i : i + 1]
    changed = transformed + delta[:, :, None, None]
    expected = (1 - share[:, :, None, None]) * y + share[:, :, None, None] * changed
    torch.testing.assert_close(out, expected)

    condition[:, -1] = 0
    torch.testing.assert_close(net.enhance(x, condition), y)


@torch.no_grad()
def test_the_whole_picture_is_known_by_its_tones_alone() -> None:
    net = tiny(FORM).eval()
    x, sample = picture(1, 3, 9, 12), picture(1, 3, 32, 32, seed=2) ** 2
    assert net.needs()["tones"] == LEVELS and net.moments_size == 0
    assert net.condition(net.statistics(x)).shape == (1, net.condition_size)
    known = net.statistics(x, sample)
    assert torch.equal(net(x, known), net(x, sample=sample))
    assert torch.equal(net(x, known), net.enhance(x, net.condition(known)))
    assert not torch.allclose(net(x), net(x, known), atol=1e-5)


@torch.no_grad()
def test_without_the_detail_it_is_a_bicubic_enlargement_that_is_retouched() -> None:
    net = tiny(FORM).eval()
    net.residual_on = False
    x = picture(1, 3, 8, 8)
    condition = net.condition(net.statistics(x))
    condition[:, -1] = 0
    bicubic = torch.nn.functional.interpolate(x, scale_factor=2, mode="bicubic", antialias=True)
    assert torch.equal(net.enhance(x, condition), bicubic)


def test_size_and_refusals() -> None:
    assert parameter_count(build("srpie-global")) == 777_284
    for choices, why in (
        ({"gate": "moments"}, "none or tones"),
        ({"gate": "tones", "transform": "v2"}, "learned transform"),
        ({"gate": "tones", "transform": "none"}, "learned transform"),
        ({"place": "nowhere"}, "'nowhere' is none of"),
    ):
        with pytest.raises(OptionError, match=why):
            build("srpie", **choices)
