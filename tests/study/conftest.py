"""A small study of two methods and three pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from burnish.study.make import create


def outputs(folder: Path, shift: int, count: int = 3) -> Path:
    """Pictures whose metadata names their method, which no rater must see."""
    folder.mkdir(parents=True)
    for n in range(count):
        pixels = np.random.default_rng(n).integers(50, 150, (40, 60, 3)) + shift
        told = PngImagePlugin.PngInfo()
        told.add_text("Software", f"made by {folder.name}")
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"photo {n}.png", pnginfo=told)
    return folder


@pytest.fixture
def methods(tmp_path: Path) -> dict[str, Path]:
    return {
        "secretA": outputs(tmp_path / "secretA", 0),
        "secretB": outputs(tmp_path / "secretB", 60),
    }


@pytest.fixture
def study(tmp_path: Path, methods: dict[str, Path]) -> Path:
    assert create(tmp_path / "study", methods, "Which is better?", seed=4) == 6
    return tmp_path / "study"
