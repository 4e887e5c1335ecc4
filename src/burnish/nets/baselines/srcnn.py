"""SRCNN: Dong et al., "Image super-resolution using deep convolutional networks", TPAMI 2016.

Three convolutions, 9-1-5, with 64 and 32 features: the form of the paper's main text. In paper A's
Table 4 this is reference 23, trained with MSE.

Guesses, since paper A says nothing of how it used the network: RGB in and out (the paper has both
luma and RGB forms); zero padding to keep the size; PyTorch's initial weights instead of
N(0, 0.001), which needs SRCNN's own small learning rates and 10^8 steps; no skip connection.
"""

from torch import Tensor, nn

from burnish.nets.net import Net


class SRCNN(Net):
    """(N,3,H,W) -> (N,3,H,W); 20,099 parameters with the published widths."""

    halo = 4 + 0 + 2

    def __init__(self, widths: tuple[int, int] = (64, 32)) -> None:
        super().__init__()
        first, second = widths
        self.layers = nn.Sequential(
            nn.Conv2d(3, first, 9, padding=4),  # patch extraction
            nn.ReLU(),
            nn.Conv2d(first, second, 1),  # non-linear mapping
            nn.ReLU(),
            nn.Conv2d(second, 3, 5, padding=2),  # reconstruction
        )

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        out: Tensor = self.layers(x)
        return out
