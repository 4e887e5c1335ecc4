"""Pictures through the weights of a run, whole, without an export: how tables score networks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from burnish import checkpoint
from burnish.nets.net import Net


def method(weights: Path) -> Callable[[np.ndarray], np.ndarray]:
    """(H,W,3) float32 RGB in [0,1] -> (sH,sW,3), the same, by the network of a weight file."""
    return method_of(checkpoint.load(weights)[0])


def method_of(net: Net) -> Callable[[np.ndarray], np.ndarray]:
    """`method` of a network that is there already."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net.eval().to(device)

    @torch.inference_mode()
    def run(x: np.ndarray) -> np.ndarray:
        picture = torch.from_numpy(np.ascontiguousarray(x)).permute(2, 0, 1)[None].to(device)
        result: np.ndarray = net(picture)[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        return result

    return run
