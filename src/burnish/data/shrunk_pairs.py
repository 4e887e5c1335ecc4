"""Pairs for networks that enlarge: a picture and what it was before it was made small.

`BicubicPairs` asks for the detail alone (super-resolution), `JointPairs` for detail and retouch at
once. A batch is a pure function of seed and step, as in `pairs`.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from burnish.data.bicubic import matrix, shrink_8bit
from burnish.data.degrade import HALVED, Retouch, luma, make_pair, mean_light
from burnish.data.jpeg_file import Sampling, through_jpeg
from burnish.data.pairs import Batch, RetouchPairs, fixed_draws, undone_by
from burnish.data.photos import Pyramid

MARGIN = 2
"""Pixels of the small picture that are cut with a view and thrown away: the kernel's reach."""


class BicubicPairs:
    """Crops of photos at their own size, halved as the benchmarks are: 8 bits, bicubic.

    With ``mild`` seven in ten small pictures are what phones and the web make of photos: a little
    blur, a little noise, JPEG (see `roughen`), so that blocks and noise are not taken for texture.
    """

    def __init__(
        self, photos: Sequence[Pyramid], seed: int, scale: int = 2, mild: bool = False
    ) -> None:
        self.photos = [p.levels[0].permute(1, 2, 0).numpy() for p in photos]  # (H,W,3) uint8
        # A photo gives as many views as it has room for.
        room = np.array([p.shape[0] * p.shape[1] for p in self.photos], np.float64)
        self.share = room / room.sum()
        self.seed, self.scale, self.mild = seed, scale, mild

    def batch(self, step: int, indices: Sequence[int], size: int) -> tuple[Tensor, Tensor]:
        """(N,3,size,size) and (N, 3, scale size, scale size)."""
        low, high = [], []
        for index in indices:
            rng = np.random.default_rng([self.seed, step, index])
            small, large = self.pair(rng, size)
            low.append(small)
            high.append(large)
        return _batch(low), _batch(high)

    def pair(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """One pair of uint8 views, (size,size,3) and scale times as large."""
        photo = self.photos[int(rng.choice(len(self.photos), p=self.share))]
        s = self.scale
        large = s * (size + 2 * MARGIN)
        rows, columns = (_cut(rng, side, large) for side in photo.shape[:2])
        cut = photo[rows[:, None], columns]
        cut = cut[:: int(rng.choice([1, -1])), :: int(rng.choice([1, -1]))]
        small = shrink_8bit(cut, s)[MARGIN:-MARGIN, MARGIN:-MARGIN]
        target = cut[s * MARGIN : -s * MARGIN, s * MARGIN : -s * MARGIN]
        if self.mild and rng.random() < 0.7:
            small = roughen(small, rng)
        return small, target


def _cut(rng: np.random.Generator, side: int, length: int) -> np.ndarray:
    """Indices of a random stretch; of a side that is too short, mirrored beyond its end."""
    start = int(rng.integers(max(side - length, 0) + 1))
    at = np.arange(start, start + length) % (2 * side)
    return np.where(at < side, at, 2 * side - 1 - at)


def _batch(pictures: Sequence[np.ndarray]) -> Tensor:
    stacked = np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2))
    return torch.from_numpy(stacked).float() / 255


def roughen(small: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur, noise and JPEG of ordinary phone photos, (H,W,3) uint8 -> the same.

    Gaussian blur of sigma up to 0.7 px (one in three), noise of 0.3 to 4 % that is stronger in the
    light (two in five), JPEG of quality 60 to 95, mostly with halved chroma (four in five).
    """
    image = Image.fromarray(small)
    if rng.random() < 1 / 3:
        image = Image.fromarray(_blurred(small, float(rng.uniform(0.3, 0.7))))
    if rng.random() < 0.4:
        x = np.asarray(image, np.float64)
        deviation = np.exp(rng.uniform(np.log(0.003), np.log(0.04)))
        noise = rng.normal(0, 255 * deviation, x.shape)
        noisy = x + noise * (0.5 + 0.5 * np.sqrt(x / 255))
        image = Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    if rng.random() < 0.8:
        # Blocks start anywhere: the view was cut from a photo that was compressed whole.
        x, (top, left) = np.asarray(image), rng.integers(16, size=2)
        padded = np.pad(x, ((top, 0), (left, 0), (0, 0)), mode="edge")
        sampling: Sampling = "4:2:0" if rng.random() < HALVED else "4:4:4"
        back = through_jpeg(padded, int(rng.integers(60, 96)), sampling)
        image = Image.fromarray(back[top:, left:])
    return np.asarray(image)


def _blurred(x: np.ndarray, sigma: float) -> np.ndarray:
    taps = np.exp(-0.5 * (np.arange(-2, 3) / sigma) ** 2)
    taps /= taps.sum()
    y = np.pad(x.astype(np.float64), ((2, 2), (2, 2), (0, 0)), mode="edge")
    h, w = x.shape[:2]
    y = sum((k * y[i : i + h] for i, k in enumerate(taps)), start=np.zeros(1))
    y = sum((k * y[:, i : i + w] for i, k in enumerate(taps)), start=np.zeros(1))
    return np.rint(y).astype(np.uint8)


def shrink_batch(x: Tensor, scale: int) -> Tensor:
    """(N,3,H,W) in [0,1] -> (N, 3, H/scale, W/scale): the bicubic of `data.bicubic`, clipped."""
    rows, columns = (torch.from_numpy(matrix(n, n // scale)).to(x) for n in x.shape[-2:])
    return (rows @ x @ columns.T).clamp(0, 1)


class JointPairs:
    """Finished photos as targets; as inputs, the same photos halved and then un-retouched.

    Half of the views show most of the photo, half a tenth to a half of its short side, or so it is
    without ``own_scale``; that share of the views is cut at the photo's own scale instead, where
    there is detail to learn. They are flipped along both axes. Noise, blur and JPEG, as cameras
    write it, come with the un-retouching, at the size of the input. With ``vary_finish`` each
    target is in another `Finish` of the photo.

    With each comes a sample of the input's picture (`Pyramid.mosaic`): of what the view shows, of
    the whole photo where the view is close, or, of a view at the photo's own scale, of a part
    around it. Without ``samples`` none are made.
    """

    def __init__(
        self,
        photos: Sequence[Pyramid],
        seed: int,
        scale: int = 2,
        own_scale: float = 0.0,
        vary_finish: bool = False,
        samples: bool = True,
    ) -> None:
        self.photos, self.seed, self.scale = photos, seed, scale
        self.own_scale, self.vary_finish, self.samples = own_scale, vary_finish, samples

    def batch(self, step: int, indices: Sequence[int], size: int) -> Batch:
        """(N,3,size,size), (N, 3, scale size, scale size) and the samples, (N,3,h,w)."""
        views, mosaics, draws, generators = [], [], [], []
        for index in indices:
            rng = np.random.default_rng([self.seed, step, index])
            view, mosaic = self._view(rng, self.scale * size)
            view, mosaic, draw, generator = undone_by(rng, view, mosaic, self.vary_finish)
            views.append(view.flip(-2) if rng.random() < 0.5 else view)
            mosaics.append(mosaic)
            draws.append(draw)
            generators.append(generator)
        whole = torch.stack(mosaics)
        light = mean_light(whole)
        low, high = joint_pair(torch.stack(views), draws, generators, self.scale, light)
        if not self.samples:
            return low, high
        return low, high, make_pair(whole, draws, generators, light)[0]

    def _view(self, rng: np.random.Generator, side: int) -> tuple[Tensor, Tensor]:
        """A view of ``side`` pixels and its sample."""
        photo = self.photos[int(rng.integers(len(self.photos)))]
        u, v = rng.random(), rng.random()
        if self.own_scale and rng.random() < self.own_scale:
            part = rng.uniform(RetouchPairs.PART, 1)
            x, y = (photo.place_within(part, at, rng.random(), side, axis)
                    for at, axis in ((u, 1), (v, 0)))  # fmt: skip
            return photo.view(0.0, x, y, side), photo.mosaic(part, u, v, rng, finest=1)
        wide = rng.random() < 0.5
        field = float(rng.uniform(0.5, 1) if wide else np.exp(rng.uniform(-2.3, -0.7)))
        sample = photo.mosaic(field if wide else 1.0, u, v, rng, finest=1)
        return photo.view(field, u, v, side), sample


def joint_pair(
    photo: Tensor,
    draws: Sequence[Retouch],
    generators: Sequence[torch.Generator],
    scale: int,
    light: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """(N,3,sH,sW) finished photos -> (input (N,3,H,W), target), flipped and greyed alike.

    ``light`` is the `mean_light` of the whole photos where these are parts of them.
    """
    low, _ = make_pair(shrink_batch(photo, scale), draws, generators, light, parts_of_files=True)
    flip = photo.new_tensor([d.flip for d in draws])[:, None, None, None] > 0
    grey = photo.new_tensor([d.grey for d in draws])[:, None, None, None] > 0
    target = torch.where(flip, photo.flip(-1), photo)
    return low, torch.where(grey, luma(target).expand_as(target), target)


def fixed_bicubic(
    photos: Sequence[Pyramid], size: int, scale: int = 2
) -> list[tuple[str, Tensor, Tensor]]:
    """("sr", input, target): the middle of each photo at its own size, the same in every run."""
    pairs = []
    for photo in photos:
        x = photo.levels[0].permute(1, 2, 0).numpy()
        side = min(size, *(n // scale for n in x.shape[:2]))
        top, left = ((n - scale * side) // 2 for n in x.shape[:2])
        cut = x[top : top + scale * side, left : left + scale * side]
        pairs.append(("sr", _batch([shrink_8bit(cut, scale)]), _batch([cut])))
    return pairs


def fixed_joint(
    photos: Sequence[Pyramid], size: int, scale: int = 2, seed: int = 1
) -> list[tuple[str, Tensor, Tensor, Tensor]]:
    """(kind, input, target, the input larger): one joint pair of each validation photo.

    The pair is the middle half of the photo, so that there is detail in it; the larger input shows
    the whole. The same in every run.
    """
    pairs = []
    for kind, photo, draw, generator in fixed_draws(photos, seed):
        whole = photo.view(1.0, 0.5, 0.5, min(512, *photo.levels[0].shape[1:]))[None]
        light = mean_light(whole)
        middle = photo.view(0.5, 0.5, 0.5, scale * size)[None]
        low, high = joint_pair(middle, [draw], [generator], scale, light)
        pairs.append((kind, low, high, make_pair(whole, [draw], [generator], light)[0]))
    return pairs
