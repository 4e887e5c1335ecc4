"""What every network of the zoo tells the engine about itself."""

from typing import Any

import torch
from torch import Tensor, nn

from burnish.nets.global_gate import tones_of


class Net(nn.Module):
    """Enhances (N,3,H,W) RGB in [0,1] to (N,3,sH,sW), any H and W.

    ``forward(x, known=None)``: where ``known`` is given it is what `statistics` says of the whole
    picture that ``x`` is a part of. A network without whole-picture statistics ignores it.
    """

    scale = 1
    """Output pixels per input pixel along each side."""
    multiple_of = 1
    """Tile origins lie on multiples of this number of input pixels."""
    halo: int
    """Receptive-field radius in input pixels, with ``known`` given."""
    whole = False
    """Whether it must see the whole picture at once: then there are no tiles."""
    moments_size = 0
    """Length of the vector of `moments`; 0 for none."""
    moments_halo = 0
    """Receptive-field radius of each pixel's share in the moments."""
    tones: tuple[float, ...] = ()
    """Shares of the picture's pixels at which it asks for the quantiles of R, G, B and luma."""

    ends_in_share = False
    """Whether the last number of the condition is the share of a retouch that is the last thing to
    be done: the result goes evenly from the picture without it (0) to the whole of it (1)."""

    residual_on = True
    """Whether what works on detail takes part, which a stage of training may leave out: NRL's G, or
    Deep SR-PIE's MBFNet and DUNet, in whose place a bicubic enlargement stands then."""

    rounded: tuple[str, ...] = ()
    """Names of the modules that bfloat16 is for, where it is not for the whole network: those that
    make changes to a picture. What makes the picture itself would show steps of 1/256 and more."""

    condition_size = 0
    """Length of what `condition` makes of the statistics."""

    def needs(self) -> dict[str, Any]:
        """What the engine has to know of it, as fields of a `ModelCard`."""
        return {
            "scale": self.scale,
            "multiple_of": self.multiple_of,
            "halo": self.halo,
            "whole": self.whole,
            "moments": self.moments_size,
            "moments_halo": self.moments_halo,
            "tones": self.tones,
            "ends_in_share": self.ends_in_share,
        }

    def statistics(self, x: Tensor, sample: Tensor | None = None) -> Tensor:
        """All that is known of the whole picture: `moments`, then tones, (N, known).

        ``x`` is the picture, or a smaller copy. The quantiles are those of ``sample``
        (N,3,h,w) where that is given: pixels of the picture itself, in any order.
        """
        return self._with_tones(self.moments(x), x if sample is None else sample)

    def _with_tones(self, moments: Tensor, pixels: Tensor) -> Tensor:
        return torch.cat([moments, tones_of(pixels, self.tones)], 1) if self.tones else moments

    def condition(self, known: Tensor) -> Tensor:
        """Everything that the network wants to know of the whole picture, (N, condition_size).

        A few small products, apart from `enhance` so that they keep full precision where the
        picture itself is run in bfloat16.
        """
        return known

    def enhance(self, x: Tensor, condition: Tensor) -> Tensor:
        """The network proper, given the `condition` of the picture that ``x`` is a part of."""
        out: Tensor = self(x)
        return out

    def moments(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """Whole-picture statistics that tiles can add up, (N, moments_size).

        With ``weight`` (N,1,H,W) the sums of a part, which add up over the parts.
        """
        return x.new_zeros(len(x), 0)
