"""A tiny untrained model, made once, and ways to run the command."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from burnish import cli
from burnish.image.photo import Photo
from burnish.image.write import write

SRC = Path(__file__).resolve().parents[2] / "src"
CHOICES = {"channels": 8, "widths": (4, 4, 4), "steps": 1}


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights of a narrow `nrl-global` with their card."""
    torch = pytest.importorskip("torch")
    from burnish import checkpoint
    from burnish.card import ModelCard
    from burnish.nets.zoo import build, parameter_count

    torch.manual_seed(0)
    net = build("nrl-global", **CHOICES)
    card = ModelCard(
        name="tiny",
        net="nrl-global",
        hyperparameters=CHOICES,
        **net.needs(),
        parameters=parameter_count(net),
        licence="none",
        description="Untrained, for tests.",
    )
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    checkpoint.save(path, net.state_dict(), card)
    return path


@pytest.fixture(scope="session")
def model(weights: Path) -> str:
    """The path of an exported model folder, for --model; made by the verb `export`."""
    folder = weights.parent / "tiny"
    os.environ.setdefault("BURNISH_CACHE", str(weights.parent / "cache"))
    assert cli.run(["export", str(weights), str(folder)]) == 0
    return str(folder)


@pytest.fixture
def burnish() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in a process of its own."""

    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "burnish", *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(SRC)} | environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return call


@pytest.fixture
def photo_file() -> Callable[..., Path]:
    """Write a small noisy photo and return its path."""

    def make(path: Path, height: int = 40, width: int = 56, seed: int = 0) -> Path:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        write(Photo.from_array(pixels), path)
        return path

    return make


@pytest.fixture
def folder(tmp_path: Path, photo_file: Callable[..., Path]) -> Path:
    """Photos with sub-folders, hidden and foreign files, and one that is broken."""
    root = tmp_path / "in"
    photo_file(root / "a.png", seed=1)
    photo_file(root / "day 1" / "b.jpg", 33, 70, seed=2)
    photo_file(root / "day 1" / "deep" / "ä.webp", seed=3)
    photo_file(root / ".hidden" / "c.png")
    photo_file(root / ".d.png")
    (root / "notes.txt").write_text("no photo")
    return root
