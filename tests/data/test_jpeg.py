"""JPEG in torch against libjpeg through Pillow."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from burnish.data.jpeg import jpeg


def picture(height: int, width: int) -> np.ndarray:
    """Gradients, an edge and some texture, (H,W,3) uint8."""
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([x / width, y / height, 0.5 + 0.4 * np.sin(x / 9 + y / 13)], axis=2)
    smooth[height // 3 :, width // 2 :] *= 0.6
    texture = np.random.default_rng(0).normal(0, 0.015, smooth.shape)
    return np.uint8((smooth + texture).clip(0, 1) * 255)


def libjpeg(original: np.ndarray, quality: int, halved: bool = False) -> np.ndarray:
    file = io.BytesIO()
    sampling = "4:2:0" if halved else "4:4:4"
    Image.fromarray(original).save(file, "JPEG", quality=quality, subsampling=sampling)
    return np.asarray(Image.open(file)).astype(np.float64)


def ours(
    original: np.ndarray, quality: int, halved: bool = False, corner: tuple[int, int] = (0, 0)
) -> np.ndarray:
    x = torch.from_numpy(original).permute(2, 0, 1)[None].float() / 255
    out = jpeg(x, torch.tensor([float(quality)]), halved, corner)
    return out[0].permute(1, 2, 0).double().numpy() * 255


@pytest.mark.parametrize("quality", [10, 40, 60, 75, 90, 97])
@pytest.mark.parametrize("size", [(64, 96), (37, 51)])
def test_equals_libjpeg(size: tuple[int, int], quality: int) -> None:
    original = picture(*size)
    got, expected = ours(original, quality), libjpeg(original, quality)
    assert np.abs(got - expected).mean() < 1.5
    lost, lost_there = (np.abs(p - original).mean() for p in (got, expected))
    assert lost == pytest.approx(lost_there, rel=0.05, abs=0.3)


@pytest.mark.parametrize("quality", [40, 75, 90])
@pytest.mark.parametrize("size", [(64, 96), (37, 51)])
def test_halved_chroma_equals_libjpeg(size: tuple[int, int], quality: int) -> None:
    original = picture(*size)
    original[10:20, 10:20] = (200, 30, 40)  # an edge that halved chroma blurs
    got, expected = ours(original, quality, True), libjpeg(original, quality, True)
    full = libjpeg(original, quality)
    gap = np.abs(got - expected).mean()
    assert gap < 2 and gap < 0.5 * np.abs(got - full).mean()


def test_a_part_of_a_file_has_the_blocks_of_that_file() -> None:
    original = picture(96, 96)
    whole = ours(original, 30, True)
    part = ours(original[21:, 37:], 30, True, (21 % 16, 37 % 16))
    inside = whole[21:, 37:][13:-16, 13:-16]  # from the next block on, chroma's triangle inside
    np.testing.assert_allclose(part[13:-16, 13:-16], inside, atol=1e-2)
    aligned = ours(original[21:, 37:], 30, True)
    assert np.abs(aligned[13:-16, 13:-16] - inside).mean() > 0.5


@pytest.mark.parametrize("quality", [10, 60, 90])
def test_equals_libjpeg_within_rounding_on_grey(quality: int) -> None:
    """libjpeg rounds YCbCr to integers, which grey has already: only what comes after differs."""
    grey = picture(64, 96)[..., 2:].repeat(3, axis=2)
    assert np.abs(ours(grey, quality) - libjpeg(grey, quality)).mean() < 0.5


def test_each_picture_has_its_own_quality() -> None:
    x = torch.from_numpy(picture(32, 40)).permute(2, 0, 1)[None].float() / 255
    both = jpeg(x.repeat(2, 1, 1, 1), torch.tensor([20.0, 95.0]))
    torch.testing.assert_close(both[:1], jpeg(x, torch.tensor([20.0])))
    torch.testing.assert_close(both[1:], jpeg(x, torch.tensor([95.0])))
    worse, better = (both - x).abs().mean((1, 2, 3))
    assert worse > 2 * better


@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (2, 3, 8, 8), (1, 3, 9, 15)])
def test_any_size_and_in_range(shape: tuple[int, ...]) -> None:
    x = torch.rand(shape).round()
    y = jpeg(x, torch.full(shape[:1], 50.0))
    assert y.shape == x.shape and y.min() >= 0 and y.max() <= 1
