"""Finished photos held in memory as image pyramids, and square views cut from them."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps
from torch import Tensor

from burnish.errors import InputError
from burnish.files import is_named

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


def list_photos(folders: Iterable[Path], exclude: Iterable[str] = ()) -> list[Path]:
    """Photos directly in the folders, sorted by name, but those that ``exclude`` names."""
    folders, left_out = list(folders), set(exclude)
    found = [p for folder in folders for p in photos_in(folder) if not is_named(p, left_out)]
    if not found:
        raise InputError(f"No photos in {', '.join(map(str, folders))}.")
    return found


def photos_in(folder: Path) -> list[Path]:
    """What Pillow reads of a folder, by the names, sorted; hidden files aside.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder of photos.")
    return sorted(
        p
        for p in folder.iterdir()
        if p.suffix.lower() in SUFFIXES and not p.name.startswith(".") and p.is_file()
    )


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """A file as Pillow's image; what it cannot read is an `InputError`."""
    try:
        with Image.open(path) as image:
            yield image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be read as a photo: {error}") from error


def sides_of(path: Path) -> tuple[int, int]:
    """Short and long side in pixels, from the file's header."""
    with _opened(path) as image:
        return min(image.size), max(image.size)


def load_rgb(
    path: Path, short_side: int | None = None, within: tuple[int, int] | None = None
) -> Tensor:
    """Read upright as (3,H,W) uint8 of sRGB; nothing is enlarged.

    Shrunk to ``short_side`` pixels if that is given, or to just the size ``within`` (H, W).
    """
    with _opened(path) as image:
        if image.mode in ("I", "F"):
            raise InputError(
                f"{path} has more bits a pixel than training reads: save it as 8 or 16 bits."
            )
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I;16"):  # Pillow would cut what is above 255
            upright = Image.fromarray(np.rint(np.asarray(upright) / 257).astype(np.uint8))
        rgb = _as_srgb(upright)
    height, width = within or (rgb.height, rgb.width)
    if short_side and min(rgb.size) > short_side:
        ratio = short_side / min(rgb.size)
        height, width = round(rgb.height * ratio), round(rgb.width * ratio)
    if (width, height) != rgb.size and width <= rgb.width and height <= rgb.height:
        rgb = rgb.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return torch.from_numpy(np.array(rgb)).permute(2, 0, 1).contiguous()


def _as_srgb(image: Image.Image) -> Image.Image:
    """The picture as RGB, by its profile if it has one that Pillow's lcms can use."""
    icc, rgb = image.info.get("icc_profile"), image.convert("RGB")
    if not icc:
        return rgb
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return rgb  # bit for bit
        of_rgb = profile.profile.xcolor_space.strip() == "RGB"
        found = ImageCms.profileToProfile(
            rgb if of_rgb else image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return rgb
    return found or rgb


class Pyramid:
    """One photo at full size, half, quarter, ... so that any view is cut near its final scale."""

    def __init__(self, photo: Tensor, smallest: int = 48) -> None:
        self.levels = [photo]  # (3,H,W) uint8
        while min(self.levels[-1].shape[1:]) >= 2 * smallest:
            half = torch.nn.functional.interpolate(
                self.levels[-1][None].float(), scale_factor=0.5, mode="area"
            )
            self.levels.append(half[0].round().to(torch.uint8))

    def view(self, field: float, u: float, v: float, size: int) -> Tensor:
        """Square view of ``field`` (0,1] of the short side at relative place (u, v).

        (3,size,size) float32 in [0,1]. A field of fewer than ``size`` pixels becomes ``size``
        pixels, so that nothing is enlarged but a photo that is itself smaller than the view.
        """
        h, w = self.levels[0].shape[1:]
        side = min(max(field * min(h, w), size), min(h, w))
        level = max(i for i, p in enumerate(self.levels) if i == 0 or side / 2**i >= size)
        photo = self.levels[level]
        h, w = photo.shape[1:]
        s = min(int(side / 2**level), h, w)
        top, left = int(v * (h - s)), int(u * (w - s))
        crop = photo[None, :, top : top + s, left : left + s].float() / 255
        if s == size:
            return crop[0]
        return torch.nn.functional.interpolate(
            crop, size=(size, size), mode="bilinear", antialias=True, align_corners=False
        )[0].clamp(0, 1)

    def place_within(self, field: float, at: float, inner: float, side: int, axis: int) -> float:
        """The relative place of a view of ``side`` pixels in the view of ``field`` at ``at``.

        ``inner`` is its relative place in there; ``axis`` is 0 down and 1 along.
        """
        shape = self.levels[0].shape[1:]
        side = min(side, *shape)  # of a smaller photo the view is the photo, enlarged
        outer = max(int(field * min(shape)), side)
        start = at * (shape[axis] - outer) + inner * (outer - side)
        return start / max(shape[axis] - side, 1)

    def mosaic(
        self,
        field: float,
        u: float,
        v: float,
        rng: np.random.Generator,
        n: int = 16,
        side: int = 8,
        finest: int = 0,
    ) -> Tensor:
        """A sample of what the `view` shows, at the photo's own scale or half of it.

        With ``finest`` 1 at half or a quarter of it, as of a photo that is to be enlarged.

        (3, n*side, n*side) float32: squares of ``side`` pixels, one from each cell of an n x n
        grid. Averages of many pixels hide black and white points, noise and blocks; these squares
        do not.
        """
        levels = self.levels[finest : finest + 2] or self.levels[-1:]
        photo = levels[int(rng.integers(len(levels)))]
        h, w = photo.shape[1:]
        s = min(max(int(field * min(h, w)), side), h, w)
        first = np.array([int(v * (h - s)), int(u * (w - s))])[:, None, None]
        cells = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
        starts = first + ((cells + rng.random((2, n, n))) * (s - side) / n).astype(int)
        rows, columns = starts[..., None] + np.arange(side)  # (n, n, side)
        down, right = torch.from_numpy(rows.transpose(0, 2, 1)), torch.from_numpy(columns)
        squares = photo[:, down[..., None], right[:, None]]  # (3, n, side, n, side)
        return squares.reshape(3, n * side, n * side).float() / 255


def load_pyramids(paths: Iterable[Path], short_side: int, device: str = "cpu") -> list[Pyramid]:
    """Read photos at no more than ``short_side`` pixels and build their pyramids on ``device``."""
    return [Pyramid(load_rgb(p, short_side).to(device)) for p in paths]
