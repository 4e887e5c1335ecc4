"""Small made photos with edges, tones and colours enough to lay over one another and learn from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from burnish.engine.look_maps import blur
from burnish.image.photo import Photo
from burnish.image.write import write
from burnish.look.shots import Shot

Change = Callable[[np.ndarray], np.ndarray]


def make_photo(seed: int, height: int = 72, width: int = 96) -> np.ndarray:
    """(H,W,3) float32: patches of colour with hard edges, soft light, its own brightness."""
    rng = np.random.default_rng(seed)
    light = sum(blur(rng.random((height, width), np.float32) - 0.5, s) * s for s in (2, 5, 12))
    picture = 0.5 + 0.6 * np.repeat(np.asarray(light)[..., None], 3, axis=2)
    for _ in range(14):
        top, left = rng.integers(0, height - 8), rng.integers(0, width - 8)
        size = rng.integers(8, 40, 2)
        picture[top : top + size[0], left : left + size[1]] += rng.uniform(-0.25, 0.25, 3)
    gamma = rng.uniform(0.6, 1.6)
    return (np.clip(picture, 0.01, 0.99) ** gamma).astype(np.float32)


def make_shot(seed: int, change: Change) -> Shot:
    """A shot of a made photo and what the change makes of it."""
    before = make_photo(seed)
    after = np.clip(change(before), 0, 1).astype(np.float32)
    return Shot.of(str(seed), before, after, np.ones(before.shape[:2], bool))


def s_curve(x: np.ndarray) -> np.ndarray:
    """A tone curve with a warm tint."""
    out: np.ndarray = (x * x * (3 - 2 * x)) * np.array([0.95, 0.9, 0.8]) + 0.05
    return out


def save(pixels: np.ndarray, path: Path) -> Path:
    """Write (H,W,3) in [0,1] with 8 bits."""
    write(Photo.from_array(np.rint(pixels * 255).astype(np.uint8)), path)
    return path


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``before`` and ``after`` with six good pairs, a wrong one, and a broken file."""
    root = tmp_path_factory.mktemp("pairs")
    for seed in range(6):
        photo = make_photo(seed)
        save(photo, root / "before" / f"IMG_{seed}.png")
        save(s_curve(photo).clip(0, 1), root / "after" / f"img_{seed}-Edit.png")
    save(make_photo(50), root / "before" / "IMG_50.png")
    save(make_photo(51), root / "after" / "IMG_50.png")
    (root / "before" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo")
    return root
