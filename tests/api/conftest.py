"""The public API is tested on a tiny model and small pictures."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.image.photo import Photo
from burnish.image.write import write
from tiny import tiny_model

EXIF = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x05\0\0\0\x1a\0\0\0\0\0\0\0ACME\0"
"""One tag: the camera's maker, ACME."""
OPTIONS: dict[str, Any] = {"model": tiny_model(), "precision": "f32", "threads": 1}


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compiled graphs of tests stay out of the user's cache."""
    os.environ.setdefault("BURNISH_CACHE", str(tmp_path_factory.mktemp("cache")))


def picture(height: int = 40, width: int = 56, channels: int = 3, seed: int = 0) -> np.ndarray:
    """(H,W,C) uint8: a flat, dull ramp with grain, which the network clearly changes."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(60, 150, width)[None, :, None] * np.array([1, 0.9, 0.8, 1])[:channels]
    return (ramp + rng.normal(0, 6, (height, width, channels))).clip(0, 255).astype(np.uint8)


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    """A JPEG with EXIF."""
    from dataclasses import replace

    photo = Photo.from_array(picture())
    path = tmp_path / "in.jpg"
    write(replace(photo, source=replace(photo.source, exif=EXIF)), path)
    return path
