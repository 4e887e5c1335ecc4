"""A tiny untrained model that changes pictures clearly, exported once per test run."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

CHOICES: dict[str, Any] = {"channels": 8, "widths": [4, 4, 4], "steps": 1}


@cache
def tiny_model() -> str:
    """The folder of the exported model, for ``--model``."""
    import torch

    from burnish import checkpoint
    from burnish.card import ModelCard
    from burnish.engine.export import export
    from burnish.nets.zoo import build, parameter_count

    torch.manual_seed(3)
    net = build("nrl-global", **CHOICES)
    with torch.no_grad():
        net.get_parameter("reconstruction.weight").mul_(2)
        net.get_parameter("reconstruction.bias").mul_(0.3)
    card = ModelCard(
        name="tiny",
        net="nrl-global",
        hyperparameters=CHOICES,
        halo=net.halo,
        moments=net.moments_size,
        moments_halo=net.moments_halo,
        parameters=parameter_count(net),
        licence="none",
    )
    folder = Path(tempfile.mkdtemp(prefix="burnish-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    checkpoint.save(folder / "tiny.safetensors", net.state_dict(), card)
    export(folder / "tiny.safetensors", folder / "tiny")
    return str(folder / "tiny")
