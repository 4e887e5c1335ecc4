"""What enhancing costs, whatever the machine: these numbers change only on purpose."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from burnish.engine import fast, tiles
from burnish.engine.cost import SIDE, operations, traced
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import find
from burnish.engine.options import EnhanceOptions
from burnish.engine.statistics import MOMENTS
from burnish.nets.nrl import NRL

NRL_GRAPH, TONE_GRAPH = (find(name).folder / "main.onnx" for name in ("nrl", "tone"))


@dataclass(frozen=True)
class Cost:
    """Per pixel of the input; a picture of H x W pixels costs H*W times as much."""

    operations: float
    bytes_moved: float
    """Float32 values of pictures that the nodes read and write, were nothing fused."""
    nodes: int
    """Of the ONNX graph, those that only work on shapes among them."""


def cost(path: Path) -> Cost:
    """Count one exported graph, whose pictures are (1,C,H,W) at any scales."""
    nodes = onnx.load(str(path)).graph.node
    values = {name: count for op in traced(path) for name, count in pictures(op)}
    moved = 4 * sum(values.get(name, 0) for node in nodes for name in (*node.input, *node.output))
    return Cost(operations(path), moved / SIDE**2, len(nodes))


def pictures(op: Any) -> Iterator[tuple[str, int]]:
    """ONNX's names of the pictures that a node makes, and how many values each has."""
    for port in op.outputs():
        shape = port.get_partial_shape()
        if op.get_type_name() != "Constant" and shape.is_static and len(shape) == 4:
            count, (_, _, height, width) = math.prod(shape.to_shape()), shape.to_shape()
            if height > 1 and width > 1:
                yield from ((name, count) for name in port.get_names())


def test_nrl_takes_what_the_paper_s_network_takes() -> None:
    """Convolutions of 1, 3 and 5 pixels to 24+32+24, again, to 64; twelve 3x3; out; the map."""
    counted = cost(NRL_GRAPH)
    first = 3 * (24 + 32 * 9 + 24 * 25)
    second = 80 * (24 + 32 * 9 + 24 * 25) + 80 * 64
    assert counted.operations == 2 * (first + second + 12 * 9 * 64 * 64 + 9 * 64 * 3 + 64 * 3)
    assert counted.operations < 1.06e6
    assert counted.nodes <= 85
    assert counted.bytes_moved < 31_400


def test_the_default_takes_a_fiftieth_of_it() -> None:
    """H(I), five inverse residuals that halve three times, three doublings, the coefficients."""
    counted = cost(TONE_GRAPH)

    def block(inputs: int, outputs: int, expansion: int, before: int, after: int) -> float:
        """Widening at one scale, depthwise and narrowing at the next, a pixel of the input."""
        hidden = inputs * expansion
        wide = inputs * hidden / before**2 if expansion > 1 else 0
        return wide + (9 * hidden + hidden * outputs) / after**2

    down = block(64, 16, 1, 1, 1) + block(16, 24, 6, 1, 2) + block(24, 32, 6, 2, 4)
    down += block(32, 32, 6, 4, 8) + block(32, 32, 6, 8, 8)
    up = 4 * (32 * 32 / 8**2 + 64 * 24 / 4**2 + 48 * 16 / 2**2)
    assert counted.operations == 2 * (9 * 3 * 64 + down + up + 32 * 12)
    assert counted.operations < cost(NRL_GRAPH).operations / 50
    assert counted.nodes <= 81
    assert counted.bytes_moved < 7_450


def test_operations_agree_with_torchs_own_count() -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    net = NRL(gate="tones", residual="map", attention_gain=64.0)
    x, condition = torch.rand(1, 3, 16, 16), torch.zeros(1, net.condition_size)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.enhance(x, condition)
    convolutions = counter.get_flop_counts()["Global"]
    per_pixel = sum(n for op, n in convolutions.items() if "convolution" in str(op)) / 256
    assert cost(NRL_GRAPH).operations == pytest.approx(per_pixel)


@pytest.mark.parametrize(
    ("size", "count", "overhead"),
    [((256, 256), 1, 1.29), ((683, 1024), 6, 1.23), ((3000, 4000), 63, 1.17)],
)
def test_tiles_planned_and_pixels_read(size: tuple[int, int], count: int, overhead: float) -> None:
    """A 12 MP photo: 63 tiles of 512, a sixth more pixels than the photo has."""
    plan = list(tiles.plan(*size, 512 - 2 * 17))
    read = sum((t.height + 34) * (t.width + 34) for t in plan)
    assert len(plan) == count and len({(t.height, t.width) for t in plan}) == 1
    assert read / (size[0] * size[1]) < overhead


class Counting:
    """A backend that writes down what it is given."""

    precision = "f32"

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.pixels: Counter[str] = Counter()

    def run(self, graph: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        self.calls[graph] += 1
        if graph == "condition":
            return np.zeros((1, 455), np.float32)
        self.pixels[graph] += inputs["x"][0, 0].size
        if graph == "statistics":
            return np.zeros((1, 128), np.float32)
        return inputs["x"]


def counted(model: str, mode: str, height: int, width: int) -> Counting:
    options = EnhanceOptions(model=model, mode=mode, threads=1)  # type: ignore[arg-type]
    enhance = Enhancer(options)
    enhance.network.backend = backend = Counting()
    ramp = np.linspace(0, 1, width, dtype=np.float32)[:, None]
    enhance.enhance_pixels(np.ascontiguousarray(np.broadcast_to(ramp, (height, width, 3))))
    return backend


STATISTICS = pytest.mark.parametrize(("model", "statistics"), [("tone", 0), ("nrl", 1)])


@STATISTICS
def test_pixels_through_the_network_in_full_mode(model: str, statistics: int) -> None:
    """With halos of 24 and 17 pixels; on larger photos it is less."""
    overhead = {"tone": 1.31, "nrl": 1.25}[model]
    got = counted(model, "full", 1000, 1500)
    assert got.calls == Counter(main=12, statistics=statistics, condition=1)
    assert got.pixels["main"] < overhead * 1.5e6 and got.pixels["statistics"] < 1.4 * MOMENTS


@STATISTICS
def test_fast_mode_costs_the_same_network_at_any_size(model: str, statistics: int) -> None:
    for height, width in ((800, 1200), (2000, 3000)):
        got = counted(model, "fast", height, width)
        assert got.pixels["main"] < 1.3 * fast.LARGEST and got.calls["main"] <= 4
        assert got.calls["statistics"] == statistics
        assert got.pixels["statistics"] < 1.4 * MOMENTS
