"""MBFNet of Deep SR-PIE: multi-scale splitting, backward fusion, aggregation (paper B, Eqs. 7-12).

What the paper leaves open, and the reading taken here (other readings are typed choices):

- MSB widths: Fig. 2 names 64, 48, 32 and 16, the assignment is lost; this one meets the published
  size (145,008 parameters a block).
- The dilation of the first 3x3 is 2. FCA stands after the closing 1x1; the text's x_con, the
  concatenated features, is the choice ``before``.
- No activation in the splitting cascade: the paper names one only after the dilated 3x3. One after
  each of its five convolutions is the choice ``rrelu``.
- Three BPBs for t = 3, which take MSB_{t-1} ... MSB_0; MSB_t goes straight to HFA.
- HFA_2 has three meanings in the paper: all MSB outputs (Eq. 9), the t-th alone (the text on HFA),
  the skip of H(I) (the ablation's text; the concatenation is then that of Eq. 9).
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from burnish.nets.fca import FCA

FCAPlace = Literal["after", "before"]
HFA2 = Literal["all", "last", "shallow"]
Without = Literal["nothing", "hfa1", "hfa2", "hfa3"]
"""The HFA branch left out: Table 1 rows 5 (BPB), 6 (what `HFA2` says), 7 (H(I_{i+d}))."""
Cascade = Literal["none", "rrelu"]
"""What follows each convolution of an MSB's splitting cascade."""
MSBWidths = tuple[int, int, int, int]
"""After the dilated 3x3; kept by each part; passed on by the 3x3; passed on by the 5x5."""


class RReLU(nn.Module):
    """Random slope on negatives while training, its mean otherwise: outputs then repeat exactly."""

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3) -> None:
        super().__init__()
        self.lower, self.upper = lower, upper

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return F.rrelu(x, self.lower, self.upper, training=True)
        return F.leaky_relu(x, (self.lower + self.upper) / 2)


def conv(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


class MSB(nn.Module):
    """Multi-scale splitting block with FCA and a skip, (N, c, H, W) -> (N, c, H, W)."""

    def __init__(
        self, channels: int, widths: MSBWidths, dilation: int, fca: FCAPlace, cascade: Cascade
    ) -> None:
        super().__init__()
        inner, kept, pass3, pass5 = widths
        self.split3, self.split5 = [kept, pass3], [kept, pass5]
        self.dilated = nn.Conv2d(channels, inner, 3, padding=dilation, dilation=dilation)
        self.act = RReLU()
        self.split_act = RReLU() if cascade == "rrelu" else nn.Identity()
        self.keep1 = conv(inner, kept, 1)
        self.first3 = conv(inner, kept + pass3, 3)
        self.first5 = conv(inner, kept + pass5, 5)
        self.second3 = conv(pass3, kept, 3)
        self.second5 = conv(pass5, kept, 5)
        closing = conv(5 * kept, channels, 1)
        self.close = (
            nn.Sequential(closing, FCA(channels))
            if fca == "after"
            else nn.Sequential(FCA(5 * kept), closing)
        )
        self.radius = dilation + 2 + 2 + FCA.radius

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.dilated(x))
        act = self.split_act
        kept3, passed3 = act(self.first3(y)).split(self.split3, dim=1)
        kept5, passed5 = act(self.first5(y)).split(self.split5, dim=1)
        kept1, last3, last5 = self.keep1(y), self.second3(passed3), self.second5(passed5)
        kept = [act(kept1), kept3, act(last3), kept5, act(last5)]
        out: Tensor = self.close(torch.cat(kept, dim=1)) + x
        return out


class BPB(nn.Module):
    """Backward propagation, Eq. 12: t outputs of MSBs, first to last -> (N, c, H, W)."""

    def __init__(self, channels: int, t: int) -> None:
        super().__init__()
        self.first = nn.Sequential(conv(channels, channels, 1), RReLU())
        half = channels // 2
        self.ahead = nn.ModuleList(conv(channels, channels - half, 1) for _ in range(t - 1))
        self.back = nn.ModuleList(conv(channels, half, 1) for _ in range(t - 1))

    def forward(self, msbs: list[Tensor]) -> Tensor:
        *earlier, last = msbs
        out: Tensor = self.first(last)
        for ahead, back, msb in zip(self.ahead, self.back, reversed(earlier), strict=True):
            out = torch.cat([ahead(msb), back(out)], dim=1)
        return out


class MBFNet(nn.Module):
    """Eqs. 9-10: shallow features H(I) and the third branch's input -> image and features.

    Args:
        channels: c, 64 in the paper.
        third_inputs: channels of the third branch's input (`guided.third_branch_width`).
        t: the last MSB's index; t + 1 MSBs and t BPBs.
    """

    def __init__(
        self,
        channels: int,
        third_inputs: int,
        t: int,
        widths: MSBWidths,
        dilation: int,
        fca: FCAPlace,
        hfa_2: HFA2,
        without: Without,
        cascade: Cascade,
    ) -> None:
        super().__init__()
        if t < 1:
            raise ValueError(f"t must be at least 1, not {t}")
        self.t = t
        self.skip = not (hfa_2 == "shallow" and without == "hfa2")
        # MSBs that go into the concatenation; BPB takes the first t.
        joined = range(t, t + 1) if hfa_2 == "last" else range(t + 1)
        self.joined = range(0) if without == "hfa2" and hfa_2 != "shallow" else joined
        blocks = range(t + 1 if self.joined else t)
        msbs = [MSB(channels, widths, dilation, fca, cascade) for _ in blocks]
        self.msbs = nn.ModuleList(msbs)
        self.bpb = BPB(channels, t) if without != "hfa1" else None
        self.third = conv(third_inputs, channels, 3) if without != "hfa3" else None
        branches = len(self.joined) + (self.bpb is not None) + (self.third is not None)
        self.hfa = nn.Sequential(conv(branches * channels, channels, 1), RReLU())
        self.fuse = conv(channels, channels, 3)
        self.image = conv(channels, 3, 3)
        self.radius = sum(msb.radius for msb in msbs) + 2
        """Reach in H(I)."""
        self.third_radius = 3 if self.third is not None else 0
        """Reach in the third branch's input."""

    def forward(self, h: Tensor, third: Tensor | None) -> tuple[Tensor, Tensor]:
        """(N, c, H, W), (N, third_inputs, H, W) -> (N, 3, H, W), (N, c, H, W)."""
        msbs = []
        x = h
        for msb in self.msbs:
            x = msb(x)
            msbs.append(x)
        parts = [msbs[i] for i in self.joined]
        if self.bpb is not None:
            parts.append(self.bpb(msbs[: self.t]))
        if self.third is not None:
            parts.append(self.third(third))
        features = self.fuse(self.hfa(torch.cat(parts, dim=1)))
        if self.skip:
            features = features + h
        return self.image(features), features
