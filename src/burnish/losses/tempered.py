"""A loss between L1 and its logarithm, picture by picture (ours, not the papers')."""

from torch import Tensor

POWER = 0.7
SOFTENING = 2e-3
"""Half a grey level of 255: below it a difference is rounding."""


def tempered_l1(out: Tensor, target: Tensor) -> Tensor:
    """Mean over the pictures of (mean |out - target| + 0.002)^0.7; (N,C,H,W) twice -> ().

    In L1 the few hopeless photos of a batch drown those that need little; its logarithm looks after
    hardly anything but photos that need nothing.
    """
    return ((out - target).abs().mean(dim=(1, 2, 3)) + SOFTENING).pow(POWER).mean()
