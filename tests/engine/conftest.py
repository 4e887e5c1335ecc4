"""One tiny model, exported once; one thread each for torch and the backends."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.engine.export import export
from burnish.nets.zoo import build, parameter_count

torch.set_num_threads(1)

TINY: dict[str, Any] = {"channels": 8, "widths": [4, 4, 4], "steps": 2}


def write_weights(path: Path, kind: str = "nrl-global", seed: int = 3, **choices: Any) -> Path:
    """An untrained network that changes a picture clearly and clips little, as a weight file."""
    torch.manual_seed(seed)
    net = build(kind, **TINY, **choices)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if name.startswith(("reconstruction.weight", "map.j2.weight", "map.gate")):
                p.mul_(4 if "gate.out" in name else 2)
        net.get_parameter("reconstruction.bias").mul_(0.3)
    card = ModelCard(
        name="tiny",
        net=kind,
        hyperparameters=TINY | choices,
        parameters=parameter_count(net),
        **net.needs(),
    )
    checkpoint.save(path, net.state_dict(), card)
    return path


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compiled graphs of tests stay out of the user's cache."""
    os.environ["BURNISH_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def make_weights() -> Callable[..., Path]:
    """`write_weights`, for tests that want another network."""
    return write_weights


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture(scope="session")
def model(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the exported model."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    export(weights, folder)
    return folder
