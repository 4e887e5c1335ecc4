"""The distance of features is one: zero at equality, symmetric, and larger where more is lost."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from burnish.bench import quality
from burnish.bench.feature_distance import feature_distance
from burnish.bench.sets import folders

pytest.importorskip("efficientnet_lite_pytorch", reason="the extra 'bench' is not installed")
EXAMPLE = Path(__file__).parents[2] / "examples" / "perched-osprey.jpg"


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    with Image.open(EXAMPLE) as image:
        return image.convert("RGB").resize((200, 140))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32) / 255


def test_it_is_zero_at_equality_and_symmetric(photo: Image.Image) -> None:
    distance, x = feature_distance(), pixels(photo)
    y = x[::-1]
    assert distance(x, x) == 0
    assert distance(x, y) == pytest.approx(distance(y, x)) and distance(x, y) > 0.5


def test_more_blur_is_farther_and_a_tone_is_nearer_than_a_blur_of_the_same_error(
    photo: Image.Image,
) -> None:
    distance, x = feature_distance(), pixels(photo)
    blurred = [pixels(photo.filter(ImageFilter.GaussianBlur(r))) for r in (1, 2, 4)]
    near, middle, far = (distance(x, y) for y in blurred)
    assert 0 < near < middle < far
    # What MSE cannot tell: the same squared error as a change of brightness.
    error = np.sqrt(np.mean((blurred[2] - x) ** 2))
    assert distance(x, np.clip(x + error, 0, 1).astype(np.float32)) < far / 2


def test_only_whole_multiples_of_32_are_looked_at(photo: Image.Image) -> None:
    distance, x = feature_distance(), pixels(photo)
    y = x.copy()
    y[:, :4] = y[:, -4:] = y[:6] = y[-6:] = 0  # 200 = 192 + 8, 140 = 128 + 12
    assert distance(x, y) == 0
    with pytest.raises(ValueError, match="32x32"):
        distance(x[:31], x[:31])


def test_it_stands_in_a_column_of_its_own(photo: Image.Image, tmp_path: Path) -> None:
    for name, image in (("in", photo.filter(ImageFilter.GaussianBlur(2))), ("target", photo)):
        (tmp_path / name).mkdir()
        image.save(tmp_path / name / "a.png")
    pairs = list(folders(tmp_path / "in", tmp_path / "target"))
    rows = quality.evaluate({"input": lambda x: x}, pairs, distance=feature_distance())
    assert rows[0].features is not None and rows[0].features > 0
    head, _, line = quality.table(rows).splitlines()
    assert head.endswith("| features |") and line.endswith(f"| {rows[0].features:.4f} |")
    assert "features" not in quality.table(quality.evaluate({"input": lambda x: x}, pairs))
