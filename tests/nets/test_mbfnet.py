"""MBFNet written out again from Eqs. 7-12, in a straight line from its weights."""

from typing import Any, get_args

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from burnish.nets.guided import third_branch
from burnish.nets.mbfnet import HFA2, Without
from burnish.nets.srpie import SRPIE
from nets.srpie_forms import name, picture, tiny


class ByHand:
    """MBFNet in a straight line from its weights, Eqs. 7-12."""

    def __init__(self, net: SRPIE) -> None:
        self.p = net.state_dict()

    def conv(self, name: str, x: Tensor, dilation: int = 1) -> Tensor:
        w = self.p[f"{name}.weight"]
        pad = dilation * (w.shape[-1] // 2)
        return F.conv2d(x, w, self.p[f"{name}.bias"], padding=pad, dilation=dilation)

    @staticmethod
    def rrelu(x: Tensor) -> Tensor:
        return torch.where(x >= 0, x, x * 11 / 48)

    def msb(self, k: int, x: Tensor, kept: int, fca: str, cascade: str) -> Tensor:
        m = f"mbfnet.msbs.{k}"
        y = self.rrelu(self.conv(f"{m}.dilated", x, 2))

        def split(name: str, x: Tensor) -> Tensor:
            x = self.conv(f"{m}.{name}", x)
            return self.rrelu(x) if cascade == "rrelu" else x

        three, five = split("first3", y), split("first5", y)
        z = torch.cat(
            [
                split("keep1", y),
                three[:, :kept],
                split("second3", three[:, kept:]),
                five[:, :kept],
                split("second5", five[:, kept:]),
            ],
            1,
        )
        if fca == "after":
            z = self.attend(f"{m}.close.1", self.conv(f"{m}.close.0", z))
        else:
            z = self.conv(f"{m}.close.1", self.attend(f"{m}.close.0", z))
        return z + x

    def attend(self, name: str, x: Tensor) -> Tensor:
        c_r = 1 / (1 + torch.exp(self.conv(f"{name}.far", x, 2) - self.conv(f"{name}.near", x)))
        return c_r * x + c_r  # Eq. 11 and the words after it


@pytest.mark.parametrize(
    "choices",
    [{}, {"fca": "before"}, {"cascade": "rrelu"},
     *({"hfa_2": h, "without": w} for h in get_args(HFA2) for w in get_args(Without))],
    ids=name,
)  # fmt: skip
@torch.no_grad()
def test_mbfnet_equals_its_equations(choices: dict[str, Any]) -> None:
    t, kept = 3, 4
    net = tiny(choices | {"t": t}, seed=4, dtype=torch.float64).eval()
    hand = ByHand(net)
    x = picture(1, 3, 12, 9, seed=5).double()
    h = hand.conv("shallow", x)
    third = third_branch(x, "i+d,i", "add", "both", 2, 0.01)
    hfa_2, without = choices.get("hfa_2", "all"), choices.get("without", "nothing")

    msbs = [h]
    for k in range(len(net.mbfnet.msbs)):
        fca, cascade = choices.get("fca", "after"), choices.get("cascade", "none")
        msbs.append(hand.msb(k, msbs[-1], kept, fca, cascade))
    msbs = msbs[1:]
    parts = msbs if hfa_2 != "last" else msbs[t:]
    if without == "hfa2" and hfa_2 != "shallow":
        assert len(msbs) == t  # MSB_t would feed nothing
        parts = []
    if without != "hfa1":
        b = hand.rrelu(hand.conv("mbfnet.bpb.first.0", msbs[t - 1]))
        for k in (1, 2):
            ahead = hand.conv(f"mbfnet.bpb.ahead.{k - 1}", msbs[t - k - 1])
            b = torch.cat([ahead, hand.conv(f"mbfnet.bpb.back.{k - 1}", b)], 1)
        parts = [*parts, b]
    if without != "hfa3":
        parts = [*parts, hand.conv("mbfnet.third", third)]
    fused = hand.conv("mbfnet.fuse", hand.rrelu(hand.conv("mbfnet.hfa.0", torch.cat(parts, 1))))
    if not (without == "hfa2" and hfa_2 == "shallow"):
        fused = fused + h
    image, features = net.mbfnet(h, third)
    torch.testing.assert_close(features, fused)
    torch.testing.assert_close(image, hand.conv("mbfnet.image", fused))
