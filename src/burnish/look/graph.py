"""A look as an ONNX graph for other programs: the pixels' part, given what the photo says.

    photo (1,3,H,W), maps (1,5,h,w), tables (K,4,1025,3), adaptive (K,13,3) [, base (1,3,H,W)]
        -> finished (1,3,H,W)

K is the number of looks blended. What depends on the whole photo, its quantiles and blurred
brightness, no graph finds well: `inputs` does it by the engine's own code. The features are those
of `look_features` in torch's words, and no graph is written that differs from the engine's result.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from burnish.engine.look import Look, Part
from burnish.engine.look_facts import Facts
from burnish.engine.look_features import ADAPTIVE, NETWORKED, TABLED, TONES, WIDTHS, tabled
from burnish.engine.look_maps import LUMA, SCALES, Maps
from burnish.errors import MissingExtraError, ModelError, OutputError

try:
    import torch
    from torch import Tensor, nn
except ModuleNotFoundError as error:
    raise MissingExtraError("Exporting a look as a graph", "train") from error

TOLERANCE = 1e-4
"""Largest difference allowed between the graph and the engine."""
SIZES = ((61, 83), (34, 47))
"""Of the pictures on which they are compared; odd, and one of them upscaled from no stand-in."""


def inputs(look: Look, pixels: np.ndarray, base: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """What the graph takes for a photo, (H,W,3) float32 RGB in [0,1]; ``base`` is the network's."""
    facts, still = Facts.of(pixels), np.zeros((WIDTHS[ADAPTIVE], 3))
    tables, adaptive = [], []
    for part in look.parts:
        tables.append(tabled(part.weights, facts, Facts(part.target)))
        own = part.weights.get(ADAPTIVE)
        adaptive.append(still if own is None else np.einsum("ksc,s->kc", own, part.standing(facts)))
    found = {
        "photo": _planes(pixels),
        "maps": _planes(Maps.of(pixels).maps),
        "tables": np.stack(tables),
        "adaptive": np.stack(adaptive).astype(np.float32),
    }
    return found if base is None else found | {"base": _planes(base)}


def _planes(pixels: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
    return result


class Graph(nn.Module):
    """A look on a whole photo."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.parts = nn.ModuleList(map(Pixels, look.parts))
        self.shares = look.card.shares

    def forward(
        self,
        photo: Tensor,
        maps: Tensor,
        tables: Tensor,
        adaptive: Tensor,
        base: Tensor | None = None,
    ) -> Tensor:
        size = photo.shape[2:]
        x = photo[0].flatten(1).T  # (n,3)
        large = nn.functional.interpolate(maps, size, mode="bilinear", align_corners=False)
        pixels = Strip(x, _radius(*size), large[0].flatten(1).T, base)
        total = x
        for number, (part, share) in enumerate(zip(self.parts, self.shares, strict=True)):
            finished = (x + part(pixels, tables[number], adaptive[number])).clamp(0, 1)
            total = total + share * (finished - x)
        return total.clamp(0, 1).T.reshape(photo.shape)


def _radius(height: int, width: int) -> Tensor:
    """(n,) squared distances from the middle, 1 in the corners."""
    y, x = ((torch.arange(n) + 0.5) * 2 - n for n in (height, width))
    return ((y[:, None] ** 2 + x**2) / (height**2 + width**2)).flatten()


class Strip:
    """`look_features.Strip`, as much of it as pixels need."""

    def __init__(self, x: Tensor, radius: Tensor, maps: Tensor, base: Tensor | None) -> None:
        self.x, self.radius, self.maps = x, radius, maps
        self.base = x if base is None else base[0].flatten(1).T

    @property
    def y(self) -> Tensor:
        return self.x @ torch.from_numpy(LUMA)


class Pixels(nn.Module):
    """One look on the pixels: `Part.change`."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.groups = [g for g in part.weights if g not in (*TABLED, ADAPTIVE)]
        self.adapts = ADAPTIVE in part.weights
        for group in self.groups:
            self.register_buffer(group, torch.from_numpy(part.weights[group]).float())

    def forward(self, s: Strip, tables: Tensor, adaptive: Tensor) -> Tensor:
        total = _looked_up(s, tables)
        for group in self.groups:
            total = total + FEATURES[group](s) @ self.get_buffer(group)
        return total + FEATURES[ADAPTIVE](s) @ adaptive if self.adapts else total


def _looked_up(s: Strip, tables: Tensor) -> Tensor:
    total, last = torch.zeros_like(s.x), tables.shape[1] - 1
    for values, table in zip((s.y, *s.x.T), tables, strict=True):
        at = values.clamp(0, 1) * last
        low = at.floor().clamp(max=last - 1)
        start, after = table[low.long()], table[low.long() + 1]
        total = total + start + (at - low)[:, None] * (after - start)
    return total


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
    b = Strip(s.base, s.radius, s.maps, None)
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


def write(look: Look, path: Path, overwrite: bool = False) -> float:
    """Write the graph, whole or not at all; the largest difference from the engine that was found.

    Raises:
        OutputError: the file is there, or cannot be written.
        ModelError: graph and engine differ by more than `TOLERANCE` on a picture of odd size.
    """
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists already: choose another name, or use --overwrite.")
    rng = np.random.default_rng(0)
    pictures = [rng.random((*size, 3), np.float32) for size in SIZES]
    networked = any(group in part.weights for part in look.parts for group in NETWORKED)
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".export-") as scratch:
            partial = Path(scratch) / "main.onnx"
            told = [inputs(look, p, 1 - p if networked else None) for p in pictures]
            _trace(Graph(look), told[0], partial)
            gaps = [_gap(look, partial, p, t) for p, t in zip(pictures, told, strict=True)]
            if max(gaps) > TOLERANCE:
                raise ModelError(
                    f"The graph differs from the look by {max(gaps):.2g}; it is not written."
                )
            partial.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    return max(gaps)


def _trace(module: Graph, told: dict[str, np.ndarray], path: Path) -> None:
    height, width = torch.export.Dim("height", min=2), torch.export.Dim("width", min=2)
    low, narrow = torch.export.Dim("low", min=2), torch.export.Dim("narrow", min=2)
    sizes = {"photo": (height, width), "base": (height, width), "maps": (low, narrow)}
    shapes = {n: dict(zip((2, 3), sizes[n], strict=True)) if n in sizes else None for n in told}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            tuple(torch.from_numpy(values) for values in told.values()),
            str(path),
            input_names=list(told),
            output_names=["finished"],
            dynamic_shapes=tuple(shapes.values()),
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def _gap(look: Look, graph: Path, pixels: np.ndarray, told: dict[str, np.ndarray]) -> float:
    """The largest difference between the graph, run by OpenVINO, and the engine."""
    from burnish.engine.openvino_backend import OpenVinoBackend

    base = told["base"][0].transpose(1, 2, 0) if "base" in told else None
    run = OpenVinoBackend(graph.parent, "f32", threads=1, cache=None).run
    got = run("main", told)[0].transpose(1, 2, 0)
    return float(np.abs(got - look.apply(pixels, base)).max())
