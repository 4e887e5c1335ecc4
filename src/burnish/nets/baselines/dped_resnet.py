"""DPED's ResNet: Ignatov et al., "DSLR-quality photos on mobile devices with deep convolutional
networks", ICCV 2017. Reference 17 of paper A: Table 4, the backbone of Table 1, Fig. 5.

9x9 to 64 features, four residual blocks of two 3x3, two more 3x3, 9x9 to RGB, 0.58 tanh + 0.5.
400,963 parameters; paper A says about 400 thousand.

The paper and its published code differ, and the code is followed: instance instead of batch
normalisation, ReLU before the addition in the blocks. Biases that the normalisation would cancel
are left out (512 parameters). PyTorch's initial weights instead of N(0, 0.01).

``features`` puts one of Table 1's feature blocks in the place of the first convolution; that the
paper swaps just this layer is a guess.

Instance normalisation looks at the whole view: run it on whole pictures, not on tiles.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from burnish.nets.feature_blocks import Features, feature_block
from burnish.nets.net import Net

Stem = Literal["dped"] | Features


class Block(nn.Module):
    """x + relu(norm(conv(relu(norm(conv(x))))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            layers += [
                nn.Conv2d(channels, channels, 3, padding=1, bias=False),
                nn.InstanceNorm2d(channels, eps=1e-3, affine=True),
                nn.ReLU(),
            ]
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class DpedResNet(Net):
    """(N,3,H,W) -> (N,3,H,W), any H and W."""

    def __init__(
        self,
        channels: int = 64,
        blocks: int = 4,
        features: Stem = "dped",
        widths: tuple[int, int, int] = (24, 32, 24),
    ) -> None:
        super().__init__()
        if features == "dped":
            stem = nn.Sequential(nn.Conv2d(3, channels, 9, padding=4), nn.ReLU())
        elif features in get_args(Features):
            stem = feature_block(features, channels, tuple(widths))
        else:
            names = ("dped", *get_args(Features))
            raise ValueError(f"{features!r} is none of {', '.join(names)}")
        reach = {"conv3": 2, "fmsb3": 3}.get(features, 4)
        self.halo = reach + 2 * blocks + 2 + 4  # of the convolutions alone
        self.layers = nn.Sequential(
            stem,
            *(Block(channels) for _ in range(blocks)),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, 3, 9, padding=4),
        )

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        return 0.58 * torch.tanh(self.layers(x)) + 0.5
