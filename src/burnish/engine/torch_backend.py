"""PyTorch from the weight file: for researchers, and the reference that the graphs are held to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from burnish.engine.backend import Graph, Precision
from burnish.errors import MissingExtraError

try:
    import torch
except ImportError as error:
    raise MissingExtraError("The torch backend", "train") from error

from burnish import checkpoint


class TorchBackend:
    """A model folder's ``weights.safetensors``, eager, on the CPU or on ``device``."""

    def __init__(
        self, folder: Path, precision: Precision = "auto", threads: int = 0, device: str = "cpu"
    ) -> None:
        self.precision: str = "f32" if precision == "auto" else precision
        if threads:
            torch.set_num_threads(threads)
        self.device = torch.device(device)
        net, _ = checkpoint.load(folder / "weights.safetensors")
        self.net = net.to(self.device)

    @torch.inference_mode()
    def run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Run the network (``main``) or its statistics."""
        given = {k: torch.from_numpy(v).to(self.device) for k, v in inputs.items()}
        functions: dict[str, Callable[..., torch.Tensor]] = {
            "main": self.net.enhance,
            "statistics": self.net.moments,
            "condition": self.net.condition,
        }
        function = functions[graph]
        bf16 = self.precision == "bf16" and graph != "condition"
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=bf16):
            out = function(**given)
        result: np.ndarray = out.float().cpu().numpy()
        return result
