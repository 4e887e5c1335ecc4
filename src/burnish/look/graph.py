"""A look as an ONNX graph for other programs: the pixels' part, given what the photo says.

    photo (1,3,H,W), maps (1,5,h,w), tables (K,4,1025,3), adaptive (K,13,3) [, base (1,3,H,W)]
        -> finished (1,3,H,W)

K is the number of looks blended. What depends on the whole photo, its quantiles and blurred
brightness, `graph_inputs` finds by the engine's own code. No graph is written that differs from
the engine's result.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from burnish.engine.look import Look, Part
from burnish.engine.look_features import ADAPTIVE, NETWORKED, TABLED
from burnish.errors import MissingExtraError, ModelError, OutputError
from burnish.files import refuse_taken
from burnish.look.graph_inputs import inputs

try:
    import torch
    from torch import Tensor, nn

    from burnish.engine.export import write_graph
    from burnish.look.graph_features import FEATURES, Strip
except ModuleNotFoundError as error:
    raise MissingExtraError("Exporting a look as a graph", "train") from error

TOLERANCE = 1e-4
"""Largest difference allowed between the graph and the engine."""
SIZES = ((61, 83), (34, 47))
"""Of the pictures on which they are compared."""
VARY = {"photo": ("height", "width"), "base": ("height", "width"), "maps": ("low", "narrow")}
"""Inputs that may have any height and width, and the names of these."""


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
        x = flat(photo)
        large = nn.functional.interpolate(maps, size, mode="bilinear", align_corners=False)
        pixels = Strip(x, _radius(*size), flat(large), x if base is None else flat(base))
        total = x
        for number, (part, share) in enumerate(zip(self.parts, self.shares, strict=True)):
            finished = (x + part(pixels, tables[number], adaptive[number])).clamp(0, 1)
            total = total + share * (finished - x)
        return total.clamp(0, 1).reshape(1, *size, 3).permute(0, 3, 1, 2)


def flat(picture: Tensor) -> Tensor:
    """(1,C,H,W) -> (n,C).

    The reshape last: ONNX Runtime 1.32 fuses a transposition next to a product, and errs.
    """
    return picture.permute(0, 2, 3, 1).reshape(-1, picture.shape[1])


def _radius(height: int, width: int) -> Tensor:
    """(n,) squared distances from the middle, 1 in the corners."""
    y, x = ((torch.arange(n) + 0.5) * 2 - n for n in (height, width))
    return ((y[:, None] ** 2 + x**2) / (height**2 + width**2)).flatten()


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


def write(look: Look, path: Path, overwrite: bool = False) -> float:
    """Write the graph, whole or not at all; the largest difference from the engine that was found.

    Raises:
        OutputError: the file is there, or cannot be written.
        ModelError: graph and engine differ by more than `TOLERANCE` on a picture of odd size.
    """
    refuse_taken(path, overwrite)
    rng = np.random.default_rng(0)
    pictures = [rng.random((*size, 3), np.float32) for size in SIZES]
    networked = any(group in part.weights for part in look.parts for group in NETWORKED)
    try:
        with TemporaryDirectory(dir=path.parent, prefix=".export-") as scratch:
            partial = Path(scratch) / "main.onnx"
            told = [inputs(look, p, 1 - p if networked else None) for p in pictures]
            tensors = {name: torch.from_numpy(values) for name, values in told[0].items()}
            write_graph(Graph(look), tensors, VARY, "finished", partial)
            gaps = [_gap(look, partial, p, t) for p, t in zip(pictures, told, strict=True)]
            if max(gaps) > TOLERANCE:
                raise ModelError(
                    f"The graph differs from the look by {max(gaps):.2g}; it is not written."
                )
            partial.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    return max(gaps)


def _gap(look: Look, graph: Path, pixels: np.ndarray, told: dict[str, np.ndarray]) -> float:
    """The largest difference between the graph, run by OpenVINO, and the engine."""
    from burnish.engine.openvino_backend import OpenVinoBackend

    base = told["base"][0].transpose(1, 2, 0) if "base" in told else None
    run = OpenVinoBackend(graph.parent, "f32", threads=1, cache=None).run
    got = run("main", told)[0].transpose(1, 2, 0)
    return float(np.abs(got - look.apply(pixels, base)).max())
