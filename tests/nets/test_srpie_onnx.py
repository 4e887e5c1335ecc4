"""Deep SR-PIE as an ONNX graph: equal to torch at any size, the guided filter and A_v2 in it."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from burnish.nets.penet import enhance_v2
from nets.srpie_forms import name, picture, tiny


class OneInput(nn.Module):
    """A function of the picture alone, as a module for the exporter."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def exported(function: Callable[[Tensor], Tensor], path: Path) -> onnxruntime.InferenceSession:
    height, width = torch.export.Dim("height", min=2), torch.export.Dim("width", min=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            OneInput(function).eval(), (picture(1, 3, 21, 35),), str(path), input_names=["x"],
            dynamic_shapes=({2: height, 3: width},), dynamo=True, external_data=False,
            verbose=False,
        )  # fmt: skip
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    "choices", [{}, {"wide": True, "transform": "v1", "combine": "cat", "scale": 3}], ids=name
)
@torch.no_grad()
def test_onnx_equals_torch(choices: dict[str, Any], tmp_path: Path) -> None:
    net = tiny(choices, seed=6).eval()
    session = exported(net, tmp_path / "net.onnx")
    for size in ((21, 35), (17, 50), (5, 3)):
        x = picture(1, 3, *size, seed=7)
        (got,) = session.run(None, {"x": x.numpy()})
        np.testing.assert_allclose(got, net(x).numpy(), atol=2e-6)


@torch.no_grad()
def test_v2_in_onnx_equals_torch(tmp_path: Path) -> None:
    """In float32, whose sums a runtime may round otherwise than torch: the threshold was then one
    beyond the last pixel in every sixth picture, which came out as it was."""
    session = exported(enhance_v2, tmp_path / "v2.onnx")
    for seed in range(30):
        height, width = 19 + 7 * seed, 150 - 4 * seed
        x = 0.3 + 0.4 * picture(1, 1, height, width, seed=seed) ** 4
        x = x + 0.05 * picture(1, 3, height, width, seed=100 + seed)
        x[..., 1::2, 1::3] = 0.05
        (got,) = session.run(None, {"x": x.numpy()})
        np.testing.assert_allclose(got, enhance_v2(x).numpy(), atol=2e-6)
        assert np.abs(got - x.numpy()).max() > 0.01
