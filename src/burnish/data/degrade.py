"""Un-retouching: from a finished photo, make the picture that its retoucher may have started from.

No public set of retouch pairs has a licence that weights may ship under, so pairs are made: the
good photo is the target, and the input is that photo with the steps of a retouch undone in reverse.
The distribution is meant to look like what comes off a phone or out of a camera file:

| step (in this order) | where | draw at strength 1 |
|---|---|---|
| saturation | around luma, sRGB | N(0.74, 0.19) in [0.2, 1.2] |
| contrast: inverse S-curve about a pivot | sRGB | strength N(0.3, 0.28) in [-0.35, 0.85] |
| shadows and highlights | sRGB | N(-0.02, 0.04) each |
| exposure, part of it auto-exposure to mid-grey | linear light | N(-0.4, 0.5) EV, [-2.8, 0.6] |
| white balance: blue-amber and green-magenta | linear light | N(0, 0.12) and N(0, 0.045) stops |
| vignette | linear light | up to 0.35 at the corners, one photo in three |
| gamma (darkens without moving white) | sRGB | exp N(0.08, 0.13) |
| black lift and white drop | sRGB | up to 0.17 in three photos of five, up to 0.22 in one of two |
| blur, noise, JPEG | sRGB | sigma up to 0.8 px; up to 2 %; quality 60-97 |

Of all draws 22 % leave the photo as it is (some as JPEG), 26 % take every step at 0.2-0.6 of its
strength, 40 % at 0.55-1.1, and 12 % are badly exposed: mostly by a gamma of 0.3 to 3.3, which keeps
white white as a camera's shoulder does, else by -4 to +2 EV. (With more clipping than that a
network learns to paint white skies grey.) One photo in 25 is made grey, input and target alike, so
that the network learns to leave grey alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from burnish.data.jpeg import jpeg
from burnish.nets.global_gate import LUMA

KINDS = {"finished": 0.22, "mild": 0.26, "full": 0.4, "extreme": 0.12}
HALVED = 0.7
"""Share of the JPEGs of cameras whose chroma is halved."""
STRENGTH = {"mild": (0.2, 0.6), "full": (0.55, 1.1), "extreme": (0.4, 1.0)}


@dataclass(frozen=True)
class Retouch:
    """One drawn set of un-retouching steps; the defaults leave a photo as it is."""

    kind: str = "finished"
    saturation: float = 1.0
    contrast: float = 0.0
    pivot: float = 0.5
    shadows: float = 0.0
    highlights: float = 0.0
    ev: float = 0.0
    auto_exposure: float = 0.0
    """Share of the way from the photo's own mean towards mid-grey that the camera took."""
    temperature: float = 0.0
    tint: float = 0.0
    vignette: float = 0.0
    gamma: float = 1.0
    black: float = 0.0
    white: float = 1.0
    blur: float = 0.0
    noise: float = 0.0
    quality: float = 0.0
    """JPEG quality; 0 means none."""
    grey: float = 0.0
    flip: float = 0.0

    @staticmethod
    def draw(rng: np.random.Generator, kind: str | None = None) -> "Retouch":
        """Draw one from the documented distribution; ``kind`` is drawn unless given."""
        if kind is None:
            kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        quality = rng.uniform(60, 97) if rng.random() < 0.4 else 0.0
        grey, flip = float(rng.random() < 0.04), float(rng.random() < 0.5)
        if kind == "finished":
            return Retouch(
                kind, quality=max(quality, 75.0) if quality else 0.0, grey=grey, flip=flip
            )
        k = float(rng.uniform(*STRENGTH[kind]))

        def normal(mean: float, deviation: float, low: float, high: float) -> float:
            return k * float(np.clip(rng.normal(mean, deviation), low, high))

        ev = normal(-0.4, 0.5, -2.8, 0.6)
        gamma = math.exp(normal(0.08, 0.13, -0.4, 0.55))
        if kind == "extreme":
            dark = rng.random() < 0.55
            if rng.random() < (0.6 if dark else 0.75):  # far off, with little clipped
                ev = rng.uniform(-2, 0) if dark else rng.uniform(0, 0.8)
                gamma = math.exp(rng.uniform(0.4, 1.2) if dark else -rng.uniform(0.3, 1.2))
            else:
                ev = rng.uniform(-4, -1.5) if dark else rng.uniform(0.7, 2)
        wild = 2.5 if rng.random() < 0.06 else 1.0
        return Retouch(
            kind,
            saturation=1 + normal(-0.26, 0.19, -0.8, 0.2),
            contrast=normal(0.3, 0.28, -0.35, 0.85),
            pivot=float(rng.uniform(0.35, 0.6)),
            shadows=normal(-0.02, 0.04, -0.09, 0.09),
            highlights=normal(-0.02, 0.04, -0.09, 0.09),
            ev=ev,
            auto_exposure=k * float(rng.uniform(0, 0.4)) if rng.random() < 0.3 else 0.0,
            temperature=wild * normal(0, 0.12, -0.5, 0.5) if rng.random() < 0.8 else 0.0,
            tint=wild * normal(0, 0.045, -0.2, 0.2) if rng.random() < 0.8 else 0.0,
            vignette=k * float(rng.uniform(0, 0.35)) if rng.random() < 0.33 else 0.0,
            gamma=gamma,
            black=k * float(rng.uniform(0, 0.17)) if rng.random() < 0.6 else 0.0,
            white=1 - k * float(rng.uniform(0, 0.22)) if rng.random() < 0.5 else 1.0,
            blur=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.2 else 0.0,
            noise=k * float(rng.uniform(0, 0.02)) if rng.random() < 0.35 else 0.0,
            quality=quality,
            grey=grey,
            flip=flip,
        )


def to_linear(x: Tensor) -> Tensor:
    """sRGB-encoded to linear light, [0,1]."""
    return torch.where(x <= 0.04045, x / 12.92, ((x.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4)


def to_srgb(x: Tensor) -> Tensor:
    """Linear light to sRGB-encoded, [0,1]."""
    return torch.where(
        x <= 0.0031308, x * 12.92, 1.055 * x.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    )


def luma(x: Tensor) -> Tensor:
    """(N,3,H,W) -> (N,1,H,W), BT.601 weights."""
    return (x * x.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)


def gaussian_blur(x: Tensor, sigma: Tensor) -> Tensor:
    """Separable 5-tap Gaussian, one sigma per picture (in pixels, 0: none); edges replicate."""
    offsets = torch.arange(-2, 3, device=x.device, dtype=x.dtype)
    taps = torch.exp(-0.5 * (offsets / sigma.clamp(min=1e-3)[:, None]) ** 2)  # (N, 5)
    taps = taps / taps.sum(1, keepdim=True)
    h, w = x.shape[-2:]
    weights = taps[:, :, None, None, None].unbind(1)  # five of (N,1,1,1)
    zero = x.new_zeros(())
    wide = torch.nn.functional.pad(x, (2, 2, 2, 2), mode="replicate")
    rows = sum((k * wide[:, :, i : i + h] for i, k in enumerate(weights)), start=zero)
    return sum((k * rows[..., i : i + w] for i, k in enumerate(weights)), start=zero)


def mean_light(photo: Tensor) -> Tensor:
    """Mean linear light of each picture, (N,3,H,W) -> (N,1,1,1): what auto exposure goes by."""
    return to_linear(photo).mean(dim=(1, 2, 3), keepdim=True).clamp(min=1e-3)


def unretouch(
    photo: Tensor,
    draws: Sequence[Retouch],
    generators: Sequence[torch.Generator] | None = None,
    light: Tensor | None = None,
    parts_of_files: bool = False,
) -> Tensor:
    """Undo a retouch, (N,3,H,W) sRGB in [0,1] -> the same, with one `Retouch` per picture.

    Each picture's noise comes from its own generator, so that none depends on the others.
    ``light`` is the `mean_light` of the whole photos where these are parts of them. With
    ``parts_of_files`` JPEG is that of cameras: chroma mostly halved, blocks that begin anywhere.
    That is not for pictures which are put together from others.
    ``flip`` and ``grey`` concern the target as well and are `make_pair`'s business.
    """

    def each(name: str) -> Tensor:  # (N,1,1,1)
        return photo.new_tensor([getattr(d, name) for d in draws])[:, None, None, None]

    y = luma(photo)
    x = (y + each("saturation") * (photo - y)).clamp(0, 1)
    x = x - each("contrast") * 4 * x * (1 - x) * (x - each("pivot"))
    x = x + 9.5 * each("shadows") * x * (1 - x) ** 3 + 9.5 * each("highlights") * x**3 * (1 - x)

    mean = mean_light(photo) if light is None else light
    linear = to_linear(x.clamp(0, 1))
    ev = each("ev") + each("auto_exposure") * torch.log2(0.2 / mean)
    warm, green = torch.exp2(each("temperature")), torch.exp2(each("tint"))
    gains = torch.cat([warm, green, 1 / warm], dim=1)  # (N,3,1,1)
    gains = gains / luma(gains)
    h, w = photo.shape[-2:]
    row = torch.linspace(-1, 1, h, device=photo.device)[:, None]
    column = torch.linspace(-1, 1, w, device=photo.device)
    falloff = 1 - each("vignette") * (row**2 + column**2) / 2
    linear = (linear * gains * torch.exp2(ev) * falloff).clamp(0, 1)

    x = to_srgb(linear) ** each("gamma")
    x = each("black") + (each("white") - each("black")) * x
    x = gaussian_blur(x, each("blur")[:, 0, 0, 0])
    drawn = [
        torch.randn(x.shape[1:], generator=g, dtype=x.dtype)
        for g in generators or (None for _ in draws)
    ]
    noise = torch.stack(drawn).to(x.device)
    x = x + each("noise") * noise * (0.3 + x.clamp(0, 1).sqrt())
    x = x.clamp(0, 1)
    compressed = [i for i, d in enumerate(draws) if d.quality]
    if compressed:
        x, quality = x.clone(), each("quality")[:, 0, 0, 0]
        if parts_of_files:
            for i in compressed:
                g = generators[i] if generators else None
                halved = float(torch.rand((), generator=g)) < HALVED
                top, left = torch.randint(16, (2,), generator=g).tolist()
                x[i : i + 1] = jpeg(x[i : i + 1], quality[i : i + 1], halved, (top, left))
        else:
            x[compressed] = jpeg(x[compressed], quality[compressed])
    x = (x * 255).round() / 255
    untouched = photo.new_tensor([d.kind == "finished" and not d.quality for d in draws])
    return torch.where(untouched[:, None, None, None] > 0, photo, x)


def make_pair(
    photo: Tensor,
    draws: Sequence[Retouch],
    generators: Sequence[torch.Generator] | None = None,
    light: Tensor | None = None,
    parts_of_files: bool = False,
) -> tuple[Tensor, Tensor]:
    """(N,3,H,W) finished photos -> (input, target), flipped and greyed alike.

    ``light`` and ``parts_of_files`` as for `unretouch`.
    """
    flip = photo.new_tensor([d.flip for d in draws])[:, None, None, None] > 0
    grey = photo.new_tensor([d.grey for d in draws])[:, None, None, None] > 0
    target = torch.where(flip, photo.flip(-1), photo)
    target = torch.where(grey, luma(target).expand_as(target), target)
    low = unretouch(target, draws, generators, light, parts_of_files)
    return torch.where(grey, luma(low).expand_as(low), low), target
