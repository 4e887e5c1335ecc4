"""Discriminator of DPED: Ignatov et al., "DSLR-quality photos on mobile devices with deep
convolutional networks", ICCV 2017 (reference 17 of paper A).

It sees luma alone, so that it judges texture and leaves colour to the other terms. Five strided
convolutions, leaky ReLU, each but the first normalised; two fully connected layers. The two-way
softmax of the published code is, for two classes, the sigmoid of their difference: that difference
is what comes out.

Deviations: the features are pooled to the 7x7 that 100x100 patches give (for those it is the
identity), so that any patch size works. The paper says batch normalisation, its code normalises
each picture by itself: the latter, so that a score does not depend on the rest of the batch.
"""

import torch
from torch import Tensor, nn

from burnish.nets.global_gate import LUMA

KERNELS, STRIDES = (11, 5, 3, 3, 3), (4, 2, 1, 1, 2)
GRID = 7
SMALLEST = 17  # pixels a side; the last normalised layer then has 2x2 values, at 16 only one


class Discriminator(nn.Module):
    """(N,3,H,W) RGB in [0,1] -> (N,) logits: how likely each picture is a target.

    Args:
        channels: of the five convolutions; the default is the published form.
        hidden: width of the fully connected layer.
    """

    def __init__(
        self,
        channels: tuple[int, int, int, int, int] = (48, 128, 192, 192, 128),
        hidden: int = 1024,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 1
        for out, kernel, stride in zip(channels, KERNELS, STRIDES, strict=True):
            layers += [nn.Conv2d(width, out, kernel, stride, kernel // 2), nn.LeakyReLU(0.2)]
            if width > 1:
                layers.append(nn.InstanceNorm2d(out, eps=1e-3, affine=True))
            width = out
        self.features = nn.Sequential(*layers)
        self.judge = nn.Sequential(
            nn.AdaptiveAvgPool2d(GRID),
            nn.Flatten(),
            nn.Linear(width * GRID * GRID, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 2),
        )
        for module in self.modules():  # as in the published code
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.01, a=-0.02, b=0.02)
                nn.init.constant_(module.bias, 0.01)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        assert min(x.shape[2:]) >= SMALLEST, "views are too small for the discriminator"
        luma = torch.einsum("c,nchw->nhw", x.new_tensor(LUMA), x)[:, None]
        two = self.judge(self.features(luma))  # (N, 2): target, generated
        return two[:, 0] - two[:, 1]
