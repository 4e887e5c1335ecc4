"""Dense-skip generator: Zhu et al., "Generative adversarial image super-resolution through deep
dense skip connections", Computer Graphics Forum 2018. Reference 25 of paper A, Table 4.

Paper A kept that paper's adversarial framework and put its own recursive network in the place of
the generator: its row of Table 4 is NRL without the map, trained with MSE, a perceptual loss of one
level and the adversarial loss. This generator is for comparison with that row.

Known here: dense blocks, with dense skip connections from the output of every block to the end, in
a super-resolution GAN. Guesses: four blocks of four 3x3 with growth 16 and ReLU, 64 features, a 1x1
bottleneck over all blocks' outputs, residual to the input, no upsampling (scale 1 here), no
normalisation.
"""

import torch
from torch import Tensor, nn

from burnish.nets.net import Net


class DenseBlock(nn.Module):
    """Each 3x3 sees all features before it; their new ones, (N, inputs, H, W) -> (N, new, H, W)."""

    def __init__(self, inputs: int, growth: int, layers: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(inputs + i * growth, growth, 3, padding=1) for i in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for conv in self.convs:
            features.append(torch.relu(conv(torch.cat(features, dim=1))))
        return torch.cat(features[1:], dim=1)


class DenseSkip(Net):
    """(N,3,H,W) -> (N,3,H,W), any H and W; 448,259 parameters."""

    def __init__(
        self, channels: int = 64, blocks: int = 4, layers: int = 4, growth: int = 16
    ) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.ReLU())
        new = layers * growth
        self.blocks = nn.ModuleList(
            DenseBlock(channels + i * new, growth, layers) for i in range(blocks)
        )
        self.bottleneck = nn.Sequential(nn.Conv2d(channels + blocks * new, channels, 1), nn.ReLU())
        self.reconstruction = nn.Conv2d(channels, 3, 3, padding=1)
        self.halo = 1 + blocks * layers + 1

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        features = self.head(x)
        for block in self.blocks:
            features = torch.cat([features, block(features)], dim=1)
        out: Tensor = x + self.reconstruction(self.bottleneck(features))
        return out
