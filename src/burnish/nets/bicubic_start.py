"""A start for Deep SR-PIE: weights with which the untrained network is bicubic enlargement.

The paper says nothing of its initialisation. From random weights the first thousands of steps go
into learning to pass the picture through the three channels that DUNet sees; here the picture is
handed through from the first step on, and what is learned is what bicubic lacks. The form of the
network is untouched.

It is exact but for the outermost pixels: the convolutions pad with zeros, which darkens the ring
that they reach. A run leaves that ring out of its loss at first (`Stage.border`), for it would
outweigh all detail.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from burnish.nets.dunet import DUNet, PlainShuffle
from burnish.nets.fca import FCA
from burnish.nets.mbfnet import MSB, MBFNet
from burnish.nets.penet import PENet


def phase_kernels(scale: int, reach: int = 2) -> Tensor:
    """Enlargement as kernels on the small picture: (scale^2, 2 reach + 1, 2 reach + 1).

    Bicubic (a = -0.5) reaches 2 pixels; of reach 1 it is bilinear.
    """
    side, middle = 11, 5
    mode = "bicubic" if reach == 2 else "bilinear"
    impulses = torch.eye(side * side, dtype=torch.float64).view(-1, 1, side, side)
    large = F.interpolate(impulses, scale_factor=scale, mode=mode, antialias=True)
    cell = slice(middle * scale, (middle + 1) * scale)
    near = slice(middle - reach, middle + reach + 1)
    taps = large[:, 0, cell, cell].reshape(side, side, scale * scale)[near, near]
    return taps.permute(2, 0, 1).float()


def _unbiased(convolution: nn.Conv2d) -> Tensor:
    """The weights of a convolution whose bias is made zero."""
    assert convolution.bias is not None
    convolution.bias.zero_()
    return convolution.weight


@torch.no_grad()
def start_as_bicubic(
    shallow: nn.Conv2d,
    mbfnet: MBFNet,
    penet: PENet | None,
    upsampler: DUNet | PlainShuffle,
    scale: int,
) -> None:
    """The first three features are the picture; MBFNet's image is them; DUNet enlarges it.

    PENet's transform is the identity. What would add to the picture has weights of zero, where the
    gradient is not; the layers before it stay random. The plain shuffle's 3x3 holds a bilinear
    enlargement only.
    """
    if not mbfnet.skip:
        raise ValueError(
            "a start as bicubic needs the skip of H(I), which hfa_2='shallow' with without='hfa2' "
            "leaves out: start='random'"
        )
    weight = _unbiased(shallow)
    weight[:3] = 0
    weight[range(3), range(3), 1, 1] = 1

    _unbiased(mbfnet.fuse).zero_()
    weight = _unbiased(mbfnet.image).zero_()
    weight[range(3), range(3), 1, 1] = 1
    for msb in mbfnet.msbs:
        assert isinstance(msb, MSB)
        closing, attention = msb.close
        if isinstance(attention, FCA):  # C x + C = C (x + 1): a block begins without the offset C
            assert isinstance(closing.bias, Tensor)
            closing.bias.fill_(-1)
    if penet is not None:
        penet.stage9.weight.zero_()

    group = scale**2
    if isinstance(upsampler, PlainShuffle):
        weight = _unbiased(upsampler.conv).zero_()
        for colour in range(3):
            weight[colour * group : (colour + 1) * group, colour] = phase_kernels(scale, 1)
        return
    third = upsampler.top1.out_channels // 3
    if third % group or third < 3 * group:
        raise ValueError(f"a start as bicubic needs a DUNet of {9 * group} channels or more")
    weight = _unbiased(upsampler.top1)
    kernels = phase_kernels(scale).to(weight)
    for colour in range(3):  # in the part that skips the second convolution
        rows = slice(2 * third + colour * group, 2 * third + (colour + 1) * group)
        weight[rows] = 0
        weight[rows, colour] = kernels
    weight = _unbiased(upsampler.merge).zero_()
    for colour in range(3):
        weight[colour, 2 * third // group + colour] = 1
