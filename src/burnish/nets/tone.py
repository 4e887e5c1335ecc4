"""PENet of Deep SR-PIE with a gate, on its own: tone and colour at the photo's own size (ours).

What is left of `srpie-global` without MBFNet and DUNet, and without enlarging. Its parameters have
the same names, so that either can begin with the other's weights.
"""

from torch import Tensor

from burnish.nets.global_gate import LEVELS, seen_of
from burnish.nets.mbfnet import conv
from burnish.nets.net import Net
from burnish.nets.penet import PENet, PENetWidths, gated_transform


class ToneNet(Net):
    """(N,3,H,W) -> (N,3,H,W), RGB in [0,1], any H and W: ``x + share (A(x) - x + delta)``.

    Args:
        channels: of H(I), the 3x3 convolution in front of PENet.
        penet_widths, dropout: of PENet.
    """

    def __init__(
        self,
        channels: int = 64,
        penet_widths: PENetWidths = (16, 24, 32, 32, 32),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.shallow = conv(3, channels, 3)
        self.penet = PENet(channels, penet_widths, dropout)
        self.gate = self.penet.new_gate()
        self.tones = LEVELS
        self.condition_size = self.gate.size
        self.multiple_of = self.penet.multiple_of
        reach = 1 + self.penet.radius
        self.halo = -(-reach // self.multiple_of) * self.multiple_of

    def condition(self, known: Tensor) -> Tensor:
        """What the gate tells of a picture with these tones, (N, T) -> (N, K)."""
        told: Tensor = self.gate(seen_of(known))
        return told

    def forward(
        self, x: Tensor, known: Tensor | None = None, sample: Tensor | None = None
    ) -> Tensor:
        """Retouch ``x``; ``known``, if given, is of the picture that x is a part of.

        Else the whole picture is ``x``, or one whose pixels are in ``sample``.
        """
        known = self.statistics(x, sample) if known is None else known
        return self.enhance(x, self.condition(known))

    def enhance(self, x: Tensor, condition: Tensor) -> Tensor:
        """The network proper, given `condition`."""
        a, delta, share = self.penet.told(self.shallow(x), condition)
        return gated_transform("matrix", a, x, delta, share)
