"""What every network of the zoo tells the engine about itself."""

from torch import Tensor, nn


class Net(nn.Module):
    """Enhances (N,3,H,W) RGB in [0,1] to (N,3,sH,sW), any H and W.

    ``forward(x, moments=None)``: where ``moments`` are given they stand for the whole picture that
    ``x`` is a part of. A network without whole-picture statistics ignores them.
    """

    scale = 1
    """Output pixels per input pixel along each side."""
    multiple_of = 1
    """Tile origins lie on multiples of this number of input pixels."""
    halo: int
    """Receptive-field radius in input pixels, with ``moments`` given."""
    whole = False
    """Whether it must see the whole picture at once: then there are no tiles."""
    moments_size = 0
    """Length of the vector of whole-picture statistics; 0 for none."""
    moments_halo = 0
    """Receptive-field radius of each pixel's share in the statistics."""

    residual_on = True
    """Whether NRL's G takes part, which a stage of training may leave out; others have none."""

    condition_size = 0
    """Length of what `condition` makes of the statistics."""

    def condition(self, moments: Tensor) -> Tensor:
        """Everything that the network wants to know of the whole picture, (N, condition_size).

        A few small products, apart from `enhance` so that they keep full precision where the
        picture itself is run in bfloat16.
        """
        return moments

    def enhance(self, x: Tensor, condition: Tensor) -> Tensor:
        """The network proper, given the `condition` of the picture that ``x`` is a part of."""
        out: Tensor = self(x)
        return out

    def moments(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """Whole-picture statistics, (N, moments_size).

        With ``weight`` (N,1,H,W) the sums of a part, which add up over the parts.
        """
        return x.new_zeros(len(x), 0)
