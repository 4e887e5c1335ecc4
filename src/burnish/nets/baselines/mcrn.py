"""MCRN: Liu and Jung, "Multiple connected residual network for image enhancement on smartphones",
ECCV Workshops 2018. Reference 24 of paper A, Table 4.

Only what the paper's abstract says is known here: a light generator of two stages, the first for
structure, the second for perceptual quality, joined by multiple connections, and one discriminator.
Everything else is a guess, so that a number for this network says what such a design does, not what
the authors' does:

- each stage is a 3x3 head, three residual blocks (3x3, ReLU, 3x3) and a 3x3 tail, 32 features;
- "multiple connections": a block of a stage sees the sum of all earlier outputs of the stage, and
  each block of stage two also the output of the same block of stage one;
- the first stage gives an RGB residual too, which the second takes beside the picture;
- no normalisation, residual to the input, no final activation.
"""

import torch
from torch import Tensor, nn

from burnish.nets.net import Net


def block(channels: int) -> nn.Sequential:
    """The residual of one block, (N, c, H, W) -> (N, c, H, W)."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=1),
    )


class Stage(nn.Module):
    """Head, connected blocks, tail; gives its RGB residual and the outputs of its blocks."""

    def __init__(self, inputs: int, channels: int, blocks: int) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU())
        self.blocks = nn.ModuleList(block(channels) for _ in range(blocks))
        self.tail = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(
        self, x: Tensor, earlier: list[Tensor] | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        total = self.head(x)
        outputs = []
        for i, body in enumerate(self.blocks):
            out = body(total if earlier is None else total + earlier[i])
            outputs.append(out)
            total = total + out
        return self.tail(total), outputs


class MCRN(Net):
    """(N,3,H,W) -> (N,3,H,W), any H and W; 115,366 parameters."""

    def __init__(self, channels: int = 32, blocks: int = 3) -> None:
        super().__init__()
        self.structure = Stage(3, channels, blocks)
        self.perception = Stage(6, channels, blocks)
        self.halo = 2 * (1 + 2 * blocks + 1)

    def forward(self, x: Tensor, known: Tensor | None = None) -> Tensor:
        coarse, outputs = self.structure(x)
        fine, _ = self.perception(torch.cat([x, x + coarse], dim=1), outputs)
        return x + coarse + fine
