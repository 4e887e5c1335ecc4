"""Image transform net: Johnson et al., "Perceptual losses for real-time style transfer and
super-resolution", ECCV 2016 (and its supplement). Reference 9 of paper A, Table 4.

9x9 to 32 features, two 3x3 of stride 2 to 64 and 128, five residual blocks without a ReLU after the
addition, two fractionally strided 3x3 to 64 and 32, 9x9 to RGB and a scaled tanh.

Guesses and deviations: paper A does not say which of Johnson's two networks it used; this is the
one for images of equal sizes. Instance instead of batch normalisation (as the authors' own code
came to do), so that a result does not depend on its batch. Each convolution pads with zeros instead
of one reflection of 40 pixels and convolutions without padding: small pictures work. Sizes that are
no multiples of 4 are filled up by repeating the border and cut back.

Instance normalisation looks at the whole view: run it on whole pictures, not on tiles.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from burnish.nets.net import Net


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution and instance normalisation, which takes the place of the bias."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.InstanceNorm2d(outputs, affine=True),
    )


def up(inputs: int, outputs: int) -> nn.Sequential:
    """Fractionally strided 3x3: (N, inputs, H, W) -> (N, outputs, 2H, 2W)."""
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1, bias=False),
        nn.InstanceNorm2d(outputs, affine=True),
    )


class Block(nn.Module):
    """x + norm(conv(relu(norm(conv(x)))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, channels, 3), nn.ReLU(), conv(channels, channels, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class JohnsonNet(Net):
    """(N,3,H,W) -> (N,3,H,W), any size; 1,677,635 parameters, and 1,600 biases left out."""

    multiple_of = 4

    def __init__(self, channels: int = 32, blocks: int = 5) -> None:
        super().__init__()
        c = channels
        self.halo = 4 + 1 + 2 + 8 * blocks + 4 + 2 + 4  # of the convolutions alone
        self.layers = nn.Sequential(
            conv(3, c, 9),
            nn.ReLU(),
            conv(c, 2 * c, 3, 2),
            nn.ReLU(),
            conv(2 * c, 4 * c, 3, 2),
            nn.ReLU(),
            *(Block(4 * c) for _ in range(blocks)),
            up(4 * c, 2 * c),
            nn.ReLU(),
            up(2 * c, c),
            nn.ReLU(),
            nn.Conv2d(c, 3, 9, padding=4),
        )

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        h, w = x.shape[2:]
        filled = pad(x, (0, -w % 4, 0, -h % 4), mode="replicate")
        # Scaled as in DPED: black and white are reached without saturation.
        return (0.58 * torch.tanh(self.layers(filled)) + 0.5)[..., :h, :w]
