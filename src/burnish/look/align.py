"""Where a finished photo lies in the photo before it: turns by 90 degrees, crops, scales, shifts.

Both are compared by the directions of their edges, which survive any change of tone and colour:
orientation correlation (Fitch, Kadyrov, Christmas and Kittler, 2002), by FFT over a range of
scales.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from burnish.engine.luma import LUMA

SIMILAR = 0.45
"""Correlation from which two photos lie on one another without a search."""
FITTING, CHANCE = 0.22, 8.0
"""Correlation below which they are not two states of one photo; and what chance may add to it
when the best of all places is taken, over the square root of the pixels that are compared."""
SMALLEST, LARGEST = 0.35, 1.06
"""Size of the finished photo's view, relative to that of the photo before."""
LEAST_AREA = 0.1


@dataclass(frozen=True)
class Placement:
    """``turns`` by 90 degrees counter-clockwise, then scaled, then put at (top, left) of before."""

    score: float
    turns: int = 0
    scale: float = 1.0
    """Pixels of the view before for one pixel of the turned finished view."""
    top: float = 0.0
    left: float = 0.0
    pixels: int = 0
    """How many were compared."""

    @property
    def fit(self) -> float:
        """How much the score is above what chance could do; below 0 the two do not belong."""
        return self.score - FITTING - CHANCE / max(self.pixels, 1) ** 0.5

    @property
    def whole(self) -> bool:
        """Whether nothing but the tones differs."""
        return self.turns == 0 and max(abs(self.top), abs(self.left)) < 1


def edges(luma: np.ndarray) -> np.ndarray:
    """(H,W) -> complex (H,W): directions of the gradient, weak ones held back, its mean taken."""
    down, across = np.gradient(luma.astype(np.float64))
    gradient = across + 1j * down
    size = np.abs(gradient)
    result: np.ndarray = gradient / (size + size.mean() + 1e-6)
    return result


def resized(a: np.ndarray, height: int, width: int) -> np.ndarray:
    """(H,W) float32 -> (height,width), averaged where it shrinks."""
    image = Image.fromarray(np.ascontiguousarray(a, dtype=np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two fields of directions, -1 to 1."""
    power = np.sqrt((np.abs(a) ** 2).sum() * (np.abs(b) ** 2).sum())
    return float((a.conj() * b).sum().real / max(power, 1e-9))


def _shifts(
    big: np.ndarray, small: np.ndarray, spectrum: np.ndarray
) -> tuple[float, int, int, int]:
    """(score, top, left, pixels) of the best place of the small field in, or over, the big one.

    ``spectrum`` is the big field's, zero-padded. The score is that of the part that overlaps.
    """
    size = spectrum.shape
    product = np.fft.ifft2(spectrum * np.fft.fft2(small, size).conj()).real
    peak = np.unravel_index(int(product.argmax()), size)
    top, left = (int(p) - n if p > n // 2 else int(p) for p, n in zip(peak, size, strict=True))
    y, x = max(top, 0), max(left, 0)
    y2, x2 = min(top + small.shape[0], big.shape[0]), min(left + small.shape[1], big.shape[1])
    if (y2 - y) * (x2 - x) < LEAST_AREA * big.size or y2 <= y or x2 <= x:
        return -1.0, 0, 0, 0
    score = agreement(big[y:y2, x:x2], small[y - top : y2 - top, x - left : x2 - left])
    return score, top, left, (y2 - y) * (x2 - x)


def _scales(low: float, high: float, step: float) -> Iterator[float]:
    scale = high
    while scale >= low:
        yield scale
        scale /= step


def place(before: np.ndarray, after: np.ndarray) -> Placement:
    """Find the finished view (h,w,3) in the view before (H,W,3); look at ``fit`` before use."""
    big = before @ LUMA
    best = Placement(-1.0)
    for turns in range(4):
        turned = np.rot90(after @ LUMA, turns)
        if abs(np.log(turned.shape[0] / turned.shape[1] * big.shape[1] / big.shape[0])) < 0.02:
            score = agreement(edges(big), edges(resized(turned, *big.shape)))
            if score > max(best.score, SIMILAR):
                best = Placement(score, turns, big.shape[1] / turned.shape[1])
    if best.score > SIMILAR:
        return _refine(big, after, best)
    # The coarse search is for places, not for fractions of pixels: half the size will do.
    factor = 2 if min(*big.shape, *after.shape[:2]) >= 128 else 1
    coarse = resized(big, *(n // factor for n in big.shape))
    for turns in range(4):
        turned = np.rot90(after @ LUMA, turns)
        found = _search(coarse, resized(turned, *(n // factor for n in turned.shape)), turns)
        found = replace(found, top=found.top * factor, left=found.left * factor)
        best = max(best, found, key=lambda p: p.fit)
    return best if best.fit < 0 else _refine(big, after, best)


def _search(big: np.ndarray, turned: np.ndarray, turns: int) -> Placement:
    """Over all scales, coarsely."""
    field = edges(big)
    size = tuple(int(1.1 * n) + m for n, m in zip(big.shape, big.shape, strict=True))
    spectrum = np.fft.fft2(field, size)
    fit = min(big.shape[0] / turned.shape[0], big.shape[1] / turned.shape[1])
    best = Placement(-1.0)
    for share in _scales(SMALLEST, LARGEST, 1.05):
        scale = fit * share
        small = edges(resized(turned, *_size(turned, scale)))
        score, top, left, pixels = _shifts(field, small, spectrum)
        best = max(best, Placement(score, turns, scale, top, left, pixels), key=lambda p: p.fit)
    return best


def _size(a: np.ndarray, scale: float) -> tuple[int, int]:
    return max(8, round(a.shape[0] * scale)), max(8, round(a.shape[1] * scale))


def _refine(big: np.ndarray, after: np.ndarray, best: Placement) -> Placement:
    """Scale and place to a fraction of a pixel: ever smaller steps, as long as they help."""
    turned = np.rot90(after @ LUMA, best.turns)
    field, span = edges(big), max(big.shape)

    def score(scale: float, top: float, left: float) -> Placement:
        values, inside = sample(turned[..., None], big.shape, scale, top, left)
        if inside.mean() < LEAST_AREA:
            return Placement(-1.0)
        rows, columns = (np.flatnonzero(inside.any(axis=a)) for a in (1, 0))
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        value = agreement(field[box], edges(values[..., 0][box]))
        return Placement(value, best.turns, scale, top, left, int(inside.sum()))

    best = score(best.scale, best.top, best.left)
    step = 1.0
    while step > 0.2:
        # A larger scale about the middle moves the corner as well.
        tries = []
        for direction in (-1, 1):
            grown = best.scale * (1 + direction * step / span)
            moved = -direction * step / 2
            tries.append(score(grown, best.top + moved, best.left + moved))
            tries.append(score(best.scale, best.top + direction * step, best.left))
            tries.append(score(best.scale, best.top, best.left + direction * step))
        better = max(tries, key=lambda p: p.score)
        if better.score > best.score + 1e-4:
            best = better
        else:
            step /= 2
    return best


def sample(
    image: np.ndarray, shape: tuple[int, ...], scale: float, top: float, left: float
) -> tuple[np.ndarray, np.ndarray]:
    """Values of a scaled and moved image (h,w,C) on a grid (H,W): ((H,W,C), inside (H,W))."""
    height, width = image.shape[:2]
    y = (np.arange(shape[0]) + 0.5 - top) / scale - 0.5
    x = (np.arange(shape[1]) + 0.5 - left) / scale - 0.5
    inside = ((y > -0.51) & (y < height - 0.49))[:, None] & ((x > -0.51) & (x < width - 0.49))
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    i, j = np.minimum(y.astype(int), height - 2), np.minimum(x.astype(int), width - 2)
    fy = (y - i).astype(np.float32)[:, None, None]
    fx = (x - j).astype(np.float32)[None, :, None]
    rows = image[i] * (1 - fy) + image[i + 1] * fy
    return rows[:, j] * (1 - fx) + rows[:, j + 1] * fx, inside


def laid_over(
    before: np.ndarray, after: np.ndarray, placement: Placement
) -> tuple[np.ndarray, np.ndarray]:
    """The finished view on the grid of the view before: ((H,W,3), where it reaches (H,W))."""
    turned = np.rot90(after, placement.turns)
    if placement.whole and turned.shape == before.shape and abs(placement.scale - 1) < 2e-3:
        return turned, np.ones(before.shape[:2], bool)
    return sample(turned, before.shape[:2], placement.scale, placement.top, placement.left)
