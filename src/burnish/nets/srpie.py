"""Deep SR-PIE: joint super-resolution and perceptual image enhancement (paper B).

Xu, Zhang, Li, Sang, Zhang, Wang and Wei, "Joint learning of super-resolution and perceptual image
enhancement for single image" (2021). MBFNet turns the picture I into an image of the same size,
PENet's transform corrects it pixel by pixel, DUNet enlarges it (Eqs. 1-3).

The readings of each part stand in its file: `guided` (input), `mbfnet`, `fca`, `penet`, `dunet`.
Where the paper contradicts itself every reading is a typed choice here. Three departures are ours:

- ``wide`` hands DUNet the features behind MBFNet's image beside the enhanced image, which else is
  the only thing that reaches it.
- ``place="after"`` applies the transform to the enlarged image, its coefficients enlarged along:
  detail is lightened and coloured with what it lies on, whichever way it reached DUNet.
- ``gate="tones"`` tells PENet of the whole picture, of which it sees about fifty pixels:
  ``out = y + share (A(y) - y + delta)`` with A from features multiplied by 1 + gamma, plus beta.
"""

from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from burnish.nets import guided
from burnish.nets.bicubic_start import start_as_bicubic
from burnish.nets.dunet import DUNet, DUNetActivation, PlainShuffle, Upsampler, fitting_width
from burnish.nets.global_gate import LEVELS, Gate, GlobalGate, seen_of
from burnish.nets.guided import Combine, Members, Pair
from burnish.nets.mbfnet import HFA2, Cascade, FCAPlace, MBFNet, MSBWidths, Without, conv
from burnish.nets.net import Net
from burnish.nets.penet import (
    PENet,
    PENetWidths,
    Transform,
    apply_transform,
    enhance_v2,
    gated_transform,
)

Start = Literal["random", "bicubic"]
Place = Literal["before", "after"]


class SRPIE(Net):
    """Paper B's network, (N,3,H,W) -> (N,3,sH,sW), RGB in [0,1], any H and W.

    Args:
        scale: s; the paper's is 2.
        pair, combine, members: what the third HFA branch sees (`guided`).
        hfa_2, without: the meaning of HFA_2; the HFA branch left out (Table 1 rows 5-7).
        fca: where FCA stands, after or before the closing 1x1 of an MSB.
        cascade: what follows each convolution of an MSB's splitting cascade.
        transform: how PENet's output is applied, or its stand-ins (Table 1 rows 8-10).
        upsampler, dunet_activation: DUNet or a plain shuffle (row 11); Eq. 13 prints no activation.
        wide: DUNet also receives the features.
        place: the transform before DUNet, as published, or after it.
        gate: what of the whole picture PENet is told: nothing, as published, or ``tones``, the
            quantiles of the picture's own values and their logarithms.
        t, channels, msb_widths, dilation: of MBFNet.
        penet_widths, dropout: of PENet.
        dunet_width: rounded up to a multiple of 3 and of the scale squared.
        radius, eps: of the guided filter.
        start: untrained weights at random, or those of bicubic enlargement (`bicubic_start`).
    """

    def __init__(
        self,
        scale: int = 2,
        pair: Pair = "i+d,i",
        combine: Combine = "add",
        members: Members = "both",
        hfa_2: HFA2 = "all",
        without: Without = "nothing",
        fca: FCAPlace = "after",
        cascade: Cascade = "none",
        transform: Transform = "matrix",
        upsampler: Upsampler = "dunet",
        dunet_activation: DUNetActivation = "none",
        wide: bool = False,
        place: Place = "before",
        gate: Gate = "none",
        t: int = 3,
        channels: int = 64,
        msb_widths: MSBWidths = (48, 16, 32, 16),
        dilation: int = 2,
        penet_widths: PENetWidths = (16, 24, 32, 32, 32),
        dropout: float = 0.5,
        dunet_width: int = 48,
        radius: int = guided.RADIUS,
        eps: float = guided.EPS,
        start: Start = "random",
    ) -> None:
        super().__init__()
        choices: tuple[tuple[str, Any], ...] = (
            (pair, Pair), (combine, Combine), (members, Members), (hfa_2, HFA2),
            (without, Without), (fca, FCAPlace), (transform, Transform), (upsampler, Upsampler),
            (dunet_activation, DUNetActivation), (cascade, Cascade), (start, Start),
            (place, Place), (gate, Gate),
        )  # fmt: skip
        for value, choice in choices:
            if value not in get_args(choice):
                raise ValueError(f"{value!r} is none of {', '.join(get_args(choice))}")
        if scale not in (1, 2, 3, 4):
            raise ValueError(f"the scale is 1, 2, 3 or 4, not {scale}")
        if gate == "moments":
            raise ValueError("the gate of Deep SR-PIE is none or tones")
        if gate == "tones" and transform in ("v2", "none"):
            raise ValueError(f"a gate is for a learned transform, not for {transform!r}")
        self.scale, self.transform, self.wide, self.place = scale, transform, wide, place
        self.third_choices = (pair, combine, members, radius, eps)
        self.shallow = conv(3, channels, 3)
        third_inputs = guided.third_branch_width(pair, combine, members)
        self.mbfnet = MBFNet(
            channels, third_inputs, t, msb_widths, dilation, fca, hfa_2, without, cascade
        )  # fmt: skip
        self.rounded = tuple(f"mbfnet.msbs.{i}" for i in range(t + 1))
        learned = transform not in ("v2", "none")
        self.penet = PENet(channels, penet_widths, dropout, transform) if learned else None
        self.gate: GlobalGate | None = None
        if gate == "tones" and self.penet is not None:
            self.tones = LEVELS
            self.gate = self.penet.new_gate()
            self.condition_size = self.gate.size
            self.ends_in_share = place == "after"
        inputs = 3 + channels if wide else 3
        self.upsampler: DUNet | PlainShuffle
        if upsampler == "dunet":
            width = fitting_width(dunet_width, scale)
            self.upsampler = DUNet(scale, width, inputs, dunet_activation)
        else:
            self.upsampler = PlainShuffle(scale, inputs)

        if start == "bicubic":
            start_as_bicubic(self.shallow, self.mbfnet, self.penet, self.upsampler, scale)

        filtered = 0 if pair == "i,i" or without == "hfa3" else 2 * radius
        reach = max(1 + self.mbfnet.radius, filtered + self.mbfnet.third_radius)
        reach += transform == "v2"
        self.whole = transform == "v2"  # Otsu's threshold is one of the whole picture
        enlarging = self.upsampler.radius
        if self.penet is not None:
            self.multiple_of = self.penet.multiple_of
            enlarged = 1 + (enlarging if place == "before" else 1)  # of H(I), of the coefficients
            reach = max(reach, self.penet.radius + enlarged - enlarging)
        reach += enlarging
        # A tile starts a halo before its core, which must fall on PENet's grid too.
        self.halo = -(-reach // self.multiple_of) * self.multiple_of

    def condition(self, known: Tensor) -> Tensor:
        """What the gate tells of a picture with these tones, (N, T) -> (N, K); else ``known``."""
        if self.gate is None:
            return known
        told: Tensor = self.gate(seen_of(known))
        return told

    def forward(
        self, x: Tensor, known: Tensor | None = None, sample: Tensor | None = None
    ) -> Tensor:
        """Enhance and enlarge ``x``; ``known``, if given, is of the picture that x is a part of.

        Else the whole picture is ``x``, or one whose pixels are in ``sample``. (A_v2's threshold
        is one of the picture that is given, so it is for whole pictures only.)
        """
        known = self.statistics(x, sample) if known is None else known
        return self.enhance(x, self.condition(known))

    def enhance(self, x: Tensor, condition: Tensor) -> Tensor:
        """The network proper, given `condition`, which is empty without a gate."""
        h = self.shallow(x)
        image, features = x, h
        if self.residual_on:
            third = None
            if self.mbfnet.third is not None:
                third = guided.third_branch(x, *self.third_choices)
            image, features = self.mbfnet(h, third)
        if self.place == "before":
            return self._enlarge(self._retouch(image, h, condition), features)
        return self._retouch(self._enlarge(image, features), h, condition)

    def _enlarge(self, image: Tensor, features: Tensor) -> Tensor:
        if not self.residual_on:
            return F.interpolate(image, scale_factor=self.scale, mode="bicubic", antialias=True)
        out: Tensor = self.upsampler(torch.cat([image, features], dim=1) if self.wide else image)
        return out

    def _retouch(self, y: Tensor, h: Tensor, condition: Tensor) -> Tensor:
        """PENet's transform, or its stand-in, of ``y``, which H(I) may be smaller than."""
        if self.penet is None:
            return enhance_v2(y) if self.transform == "v2" else y
        if self.gate is None:
            return apply_transform(self.transform, self._at(y, self.penet(h)), y)
        a, delta, share = self.penet.told(h, condition)
        return gated_transform(self.transform, self._at(y, a), y, delta, share)

    def _at(self, y: Tensor, coefficients: Tensor) -> Tensor:
        if self.place == "before" or self.scale == 1:
            return coefficients
        return F.interpolate(coefficients, scale_factor=self.scale, mode="bilinear")
