"""PENet of Deep SR-PIE and the per-pixel transforms (paper B, section III-C, Eqs. 21-23).

With ``q = y (1 - y)`` of MBFNet's image y, and A from PENet:

    matrix   out = sum_i A[3i:3i+3] q_i + A[9:12] y    (A[9:11] in print, read as three channels)
    literal  out = (A[0:3] + A[3:6] + A[6:9]) q + A[9:12] y, element by element
    v1       out = A q + y, three channels of a 5x5 stage 9
    v2       out = S q + y, S from brightness and gradient alone

Readings: inverse residuals without normalisation, RReLU as in the rest of the network, expansion 1
in stage 1 (on 64 channels) and 6 after it, 2x2 transposed convolutions; the pad to a multiple of 8
repeats the border. Dropout is at the bottleneck. Stage 9 starts near the identity transform.

A_v2 (Eqs. 22-23): the brightness is V of HSV; the curve [0,1,1,1] is the cubic Bezier polynomial
with these four ordinates, 1 - (1 - V)^3; gradients are magnitudes of forward differences; V_b is
the gradient of V. Otsu's threshold is one of the whole picture, so v2 does not tile.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from burnish.nets.global_gate import LEVELS, GlobalGate
from burnish.nets.mbfnet import RReLU, conv

Transform = Literal["matrix", "literal", "v1", "v2", "none"]
PENetWidths = tuple[int, int, int, int, int]

BINS = 255  # odd, so that D = 0, where flat areas lie, is the middle of a bin


class InverseResidual(nn.Module):
    """1x1 expansion, depthwise 3x3, linear 1x1; a skip where the shape stays the same."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        expand = [conv(inputs, hidden, 1), RReLU()] if expansion > 1 else []
        self.body = nn.Sequential(
            *expand,
            nn.Conv2d(hidden, hidden, 3, stride, padding=1, groups=hidden),
            RReLU(),
            conv(hidden, outputs, 1),
        )
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return x + y if self.skip else y


def doubled(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 2, stride=2), RReLU())


class PENet(nn.Module):
    """Encoder-decoder from H(I) to the transform's coefficients, (N, c, H, W) -> (N, out, H, W).

    Stages 1 to 5 have ``widths`` channels at 1, 1/2, 1/4, 1/8 and 1/8 of the size.
    """

    multiple_of = 8

    def __init__(
        self,
        channels: int = 64,
        widths: PENetWidths = (16, 24, 32, 32, 32),
        dropout: float = 0.5,
        transform: Transform = "matrix",
    ) -> None:
        super().__init__()
        w1, w2, w3, w4, w5 = widths
        self.stage1 = InverseResidual(channels, w1, 1, expansion=1)
        self.stage2 = InverseResidual(w1, w2, 2, expansion=6)
        self.stage3 = InverseResidual(w2, w3, 2, expansion=6)
        self.stage4 = InverseResidual(w3, w4, 2, expansion=6)
        self.stage5 = InverseResidual(w4, w5, 1, expansion=6)
        self.dropout = nn.Dropout(dropout)
        self.stage6 = doubled(w5, w3)
        self.stage7 = doubled(2 * w3, w2)
        self.stage8 = doubled(2 * w2, w1)
        self.outputs, kernel = (3, 5) if transform == "v1" else (12, 1)
        self.gated = 2 * w1
        self.stage9 = conv(self.gated, self.outputs, kernel)
        # 16 around its cell of 8, and up to 7 more for a pixel at the cell's edge.
        self.radius = 23 + kernel // 2
        with torch.no_grad():
            assert self.stage9.bias is not None
            self.stage9.weight.mul_(0.1)
            self.stage9.bias.zero_()
            self.stage9.bias[9:] = 1

    def new_gate(self) -> GlobalGate:
        """A gate (ours) that tells it gamma, beta (one for each coefficient), delta, the share."""
        gate = GlobalGate(2 * 4 * len(LEVELS), self.gated, self.outputs + 3)
        gate.start_small()
        return gate

    def told(self, h: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Coefficients, delta (N,3) and share (N,1), by what its gate says of the picture."""
        sizes = [self.gated, self.outputs, 3, 1]
        gamma, beta, delta, share = torch.split(condition, sizes, dim=1)
        return self(h, gamma) + beta[:, :, None, None], delta, share

    def forward(self, h: Tensor, gamma: Tensor | None = None) -> Tensor:
        """``gamma`` (N, gated) multiplies the last features by 1 + gamma; no gate in the paper."""
        height, width = h.shape[-2:]
        m = self.multiple_of
        below, right = (height + m - 1) // m * m - height, (width + m - 1) // m * m - width
        # Views to train on need no padding, whose backward pass torch.compile (2.13) gets wrong in
        # the layout that it chooses for bf16.
        if not (self.training and below == right == 0):
            h = F.pad(h, (0, right, 0, below), mode="replicate")
        s1 = self.stage1(h)
        s2 = self.stage2(s1)  # 1/2
        s3 = self.stage3(s2)  # 1/4
        x = self.dropout(self.stage5(self.stage4(s3)))  # 1/8
        x = torch.cat([self.stage6(x), s3], dim=1)
        x = torch.cat([self.stage7(x), s2], dim=1)
        x = torch.cat([self.stage8(x), s1], dim=1)
        if gamma is not None:
            x = x * (1 + gamma)[:, :, None, None]
        out: Tensor = self.stage9(x)
        return out[:, :, :height, :width]


def apply_transform(kind: Transform, a: Tensor, y: Tensor) -> Tensor:
    """The learned transforms: coefficients (N, 12 or 3, H, W) and image (N,3,H,W) -> (N,3,H,W)."""
    q = y * (1 - y)
    if kind == "v1":
        return a * q + y
    gained = a[:, 9:12] * y
    first, second, third = a[:, 0:3], a[:, 3:6], a[:, 6:9]
    if kind == "literal":
        return (first + second + third) * q + gained
    return first * q[:, 0:1] + second * q[:, 1:2] + third * q[:, 2:3] + gained


def gated_transform(kind: Transform, a: Tensor, y: Tensor, delta: Tensor, share: Tensor) -> Tensor:
    """``y + share (A(y) - y + delta)`` (ours): delta (N,3) and the share (N,1) are a gate's."""
    changed = apply_transform(kind, a, y) + delta[:, :, None, None]
    return y + share[:, :, None, None] * (changed - y)


def gradient_magnitude(v: Tensor) -> Tensor:
    """Length of the forward differences, 0 past the last row and column; smooth at 0."""
    dy = F.pad(v[:, :, 1:] - v[:, :, :-1], (0, 0, 0, 1))
    dx = F.pad(v[..., 1:] - v[..., :-1], (0, 1))
    tiny = 1e-8
    return (dx * dx + dy * dy + tiny).sqrt() - tiny**0.5


def otsu(d: Tensor) -> Tensor:
    """Otsu's threshold of each picture, (N,1,H,W) in [-1,1] -> (N,1,1,1): a bin's lower edge.

    Among the bins' edges with pixels on both sides, the one that maximises w0 w1 (m0 - m1)^2 of
    the two. Which edges these are is counted, not summed up from shares: beyond the last pixel
    rounding leaves shares of 1e-7, whose variance by these formulas may be the largest of all.
    """
    bins = ((d.detach() + 1) * (BINS / 2)).floor().clamp(0, BINS - 1).flatten(1)  # (N, HW)
    counts = torch.zeros_like(bins[:, :1]).repeat(1, BINS)
    counts = counts.scatter_add(1, bins.long(), torch.ones_like(bins))
    number = counts.cumsum(1)  # (N, BINS): of pixels up to a bin
    total = number[:, -1:]
    level = torch.arange(BINS, dtype=d.dtype, device=d.device)
    below, moment = number / total, (counts / total * level).cumsum(1)
    mean = moment[:, -1:]
    split = (number > 0) & (number < total)
    between = (mean * below - moment) ** 2 / (below * (1 - below)).clamp(min=1e-12)
    between = torch.where(split, between, torch.zeros_like(between))
    edge = between[:, :-1].argmax(1) + 1  # the first bin of the upper side
    return (edge.to(d.dtype) * (2 / BINS) - 1)[:, None, None, None]


def enhance_v2(y: Tensor) -> Tensor:
    """A_v2, Eqs. 22-23: (N,3,H,W) -> (N,3,H,W), nothing learned."""
    v = y.amax(1, keepdim=True).clamp(0, 1)
    curved = 1 - (1 - v) ** 3
    d = (gradient_magnitude(curved) - gradient_magnitude(v)).clamp(-1, 1)
    s = torch.where(d >= otsu(d), d, torch.zeros_like(d))
    return s * y * (1 - y) + y
