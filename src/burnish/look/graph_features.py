"""`look_features` in torch's words, for the graph of a look."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from burnish.engine.look_features import ADAPTIVE, TONES
from burnish.engine.look_maps import SCALES
from burnish.engine.luma import LUMA


class Strip:
    """`look_features.Strip`, as much of it as pixels need."""

    def __init__(self, x: Tensor, radius: Tensor, maps: Tensor, base: Tensor) -> None:
        self.x, self.radius, self.maps, self.base = x, radius, maps, base

    @property
    def y(self) -> Tensor:
        return self.x @ torch.from_numpy(LUMA)


def _bumps(t: Tensor, centres: np.ndarray, width: float) -> Tensor:
    middle = torch.from_numpy(centres.astype(np.float32))
    return torch.exp(-0.5 * ((t[:, None] - middle) / width) ** 2)


def _linear(s: Strip) -> Tensor:
    return torch.cat([torch.ones_like(s.x[:, :1]), s.x], 1)


def _products(s: Strip, which: str) -> Tensor:
    channels = dict(zip("rgb", s.x.T, strict=True))
    found = []
    for names in which.split():
        product = channels[names[0]]
        for name in names[1:]:
            product = product * channels[name]
        found.append(product)
    return torch.stack(found, 1)


def _quadratic(s: Strip) -> Tensor:
    return _products(s, "rr gg bb rg rb gb")


def _cubic(s: Strip) -> Tensor:
    return _products(s, "rrr ggg bbb rrg rrb ggr ggb bbr bbg rgb")


def _tones(s: Strip) -> Tensor:
    return torch.cat([_bumps(t, TONES, 0.1) for t in (s.y, *s.x.T)], 1)


def _network(s: Strip) -> Tensor:
    return s.base - s.x


def _grade(s: Strip) -> Tensor:
    b = Strip(s.base, s.radius, s.maps, s.base)
    return torch.cat([_linear(b), _quadratic(b), _tones(b)], 1)


def _position(s: Strip) -> Tensor:
    powers = torch.stack([s.radius, s.radius**2, s.radius**3], 1)
    parts = [powers]
    for channel in s.x.T:
        parts += [powers * channel[:, None], powers * (channel * channel)[:, None]]
    return torch.cat(parts, 1)


def _local(s: Strip) -> Tensor:
    parts = []
    for around in (*s.maps[:, : len(SCALES)].T, s.maps[:, -2] * s.y + s.maps[:, -1]):
        detail = (s.y - around)[:, None]
        by_tone = _bumps(around, np.array([0, 0.5, 1]), 0.25)
        mapped = torch.stack([around**2, around**3, around * s.y], 1)
        parts += [detail, detail * by_tone, detail * s.x, mapped]
    return torch.cat(parts, 1)


def _adaptive(s: Strip) -> Tensor:
    y = s.y[:, None]
    ends = _bumps(s.y, np.array([0, 0.15, 0.85, 1]), 0.1)
    return torch.cat([_linear(s), s.x * s.x, y * y, y * y * y, ends], 1)


FEATURES: dict[str, Callable[[Strip], Tensor]] = {
    "linear": _linear,
    "quadratic": _quadratic,
    "cubic": _cubic,
    "network": _network,
    "grade": _grade,
    "position": _position,
    "local": _local,
    ADAPTIVE: _adaptive,
}
