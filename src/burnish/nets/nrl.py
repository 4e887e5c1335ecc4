"""NRL: non-identical residual learning with an attention-aware recursive network.

Hu and Huang, "Non-identical residual learning for image enhancement via dynamic multi-level
perceptual loss" (paper A). Symbols are the paper's: ``x`` is I^L, ``X0`` the FMSB output, ``T`` the
adjusting map, ``a_i`` the attention vector of step i, ``G`` the fine-grained residual.

What the paper leaves open, and the reading taken here (every other reading is a typed choice):

- F and the attention: see `recursive`.
- ``T + eps`` is kept away from zero by a smooth floor (`bounded_below`); on ordinary photos it is
  the identity.
- ``gate`` is not in the paper: the map branch is gated by statistics of the whole picture, since T
  alone sees 9x9 pixels and knows nothing of exposure or white balance.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from burnish.nets.adjusting_map import EPS, AdjustingMap, bounded_below
from burnish.nets.feature_blocks import Features, feature_block
from burnish.nets.global_gate import LEVELS, Gate
from burnish.nets.net import Net
from burnish.nets.recursive import RecursiveBlock, Unit

Residual = Literal["none", "identity", "scalar", "map"]


class NRL(Net):
    """Paper A's enhancement network, (N,3,H,W) -> (N,3,H,W), RGB in [0,1], any H and W.

    Args:
        residual: ``none`` G(x); ``identity`` x + G(x); ``scalar`` lam*x + G(x) (Eq. 3);
            ``map`` x / (T + eps) + G(x) (Eqs. 7-10).
        features: FMSB or one of Table 1's blocks in its place.
        unit: recursive unit of Fig. 4 / Table 2.
        steps: N, the number of recursions.
        attention_gain: factor on the softmax attention; 1 is the paper, 64 makes a uniform
            attention the identity.
        lam: lambda of Eq. 6, the constant that A holds.
        gate: what of the whole picture gates T: nothing, as published; the mean and deviation of
            X0 (``moments``), or the quantiles of the picture's own values and their logarithms
            (``tones``).
        channels, widths: feature channels; FMSB widths for kernels 1, 3, 5.
    """

    def __init__(
        self,
        residual: Residual = "map",
        features: Features = "fmsb",
        unit: Unit = "raru",
        steps: int = 6,
        attention_gain: float = 1.0,
        lam: float = 1.0,
        gate: Gate = "none",
        channels: int = 64,
        widths: tuple[int, int, int] = (24, 32, 24),
    ) -> None:
        super().__init__()
        for value, choice in (
            (residual, Residual),
            (features, Features),
            (unit, Unit),
            (gate, Gate),
        ):
            if value not in get_args(choice):
                raise ValueError(f"{value!r} is none of {', '.join(get_args(choice))}")
        self.residual, self.lam, self.channels = residual, lam, channels
        self.tones = LEVELS if residual == "map" and gate == "tones" else ()
        self.features = feature_block(features, channels, tuple(widths))
        self.recursive = RecursiveBlock(unit, channels, steps, attention_gain)
        self.reconstruction = nn.Conv2d(channels, 3, 3, padding=1)
        self.map = AdjustingMap(channels, lam, gate) if residual == "map" else None
        self.moments_size = 2 * channels
        gate_size = self.map.gate.size if self.map is not None and self.map.gate else 0
        self.condition_size = len(self.recursive.attention) * channels + gate_size
        self.moments_halo = {"conv3": 2, "conv9": 4, "fmsb3": 3}.get(features, 4)
        self.halo = self.moments_halo + 2 * steps + 1
        with torch.no_grad():  # start near the residual mode's own identity
            self.reconstruction.weight.mul_(0.1)
            if self.map is not None:
                self.map.j2.weight.mul_(0.1)
                if self.map.gate is not None:
                    self.map.gate.start_small()

    def moments(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """Weighted sums of X0 and of X0 squared, (N,3,H,W), (N,1,H,W) -> (N, 2c).

        Without ``weight`` every pixel counts 1/(H*W), which gives means. The sums over a large
        picture are those over its tiles added up, with a weight of 0 on the tiles' halos.
        """
        return self._moments(self.features(x), weight)

    def _moments(self, x0: Tensor, weight: Tensor | None = None) -> Tensor:
        maps = [x0, x0 * x0]
        if weight is None:
            return torch.cat([m.mean(dim=(2, 3)) for m in maps], dim=1)
        return torch.cat([(m * weight).sum(dim=(2, 3)) for m in maps], dim=1)

    def condition(self, known: Tensor) -> Tensor:
        """All attention vectors, then what the gate tells: (N, 2c + tones) -> (N, K)."""
        c = self.channels
        mean, square, tones = known.split([c, c, known.shape[1] - 2 * c], dim=1)
        attention = self.recursive.attend(mean)
        if self.map is None or self.map.gate is None:
            return attention
        deviation = (square - mean * mean).clamp(min=1e-6).sqrt()
        return torch.cat([attention, self.map.told(mean, deviation, tones)], dim=1)

    def forward(
        self, x: Tensor, known: Tensor | None = None, sample: Tensor | None = None
    ) -> Tensor:
        """Enhance ``x``; ``known``, if given, is of the picture that x is a part of.

        Else the whole picture is ``x``, a smaller copy perhaps of one whose pixels are in
        ``sample`` (see `statistics`).
        """
        x0 = self.features(x)
        if known is None:
            known = self._with_tones(self._moments(x0), x if sample is None else sample)
        return self._enhance(x, x0, self.condition(known))

    def enhance(self, x: Tensor, condition: Tensor) -> Tensor:
        """The network proper, given `condition`."""
        return self._enhance(x, self.features(x), condition)

    def _enhance(self, x: Tensor, x0: Tensor, condition: Tensor) -> Tensor:
        attended = len(self.recursive.attention) * self.channels
        g = x.new_zeros(())
        if self.residual_on:
            g = self.reconstruction(self.recursive(x0, condition[:, :attended]))
        match self.residual:
            case "none":
                return g
            case "identity":
                return x + g
            case "scalar":
                return self.lam * x + g
        assert self.map is not None
        if self.map.gate is None:
            return x / (bounded_below(self.map(x0)) + EPS) + g
        told = condition[:, attended:]
        delta, share = told[:, -4:, None, None].split([3, 1], dim=1)
        t = 1 + share * (self.map(x0, told) - 1)
        return x / (bounded_below(t) + EPS) + share * (delta + g)
