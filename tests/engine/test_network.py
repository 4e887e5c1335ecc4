"""Network: tiles that its halo leaves room for, and a speed that is measured once."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from burnish.engine.models import find
from burnish.engine.network import Network, precision_for
from burnish.engine.options import EnhanceOptions


class Instant:
    """In the place of a backend: the picture twice as large, at once."""

    precision = "f32"

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def run(self, graph: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        self.sizes.append(inputs["x"].shape[2:])
        return inputs["x"].repeat(2, 2).repeat(2, 3)


@pytest.fixture
def network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setattr("burnish.engine.network.load_backend", lambda *arguments: Instant())
    return Network(find("srpie-sr"), EnhanceOptions(task="sr", tile=request.param))


@pytest.mark.parametrize("network", [64, 80, 100], indirect=True)
def test_half_of_a_tile_is_its_own_however_small(network: Network) -> None:
    assert network.halo == 40
    pixels = np.full((100, 170, 3), 0.5, np.float32)
    assert network.enhance(pixels, np.zeros((1, 0), np.float32)).shape == (200, 340, 3)
    backend = network.backend
    assert isinstance(backend, Instant) and len(backend.sizes) == 2 * 3
    assert max(max(size) for size in backend.sizes) <= 160
    assert network.seconds_per_pixel > 0


@pytest.mark.parametrize("network", [512], indirect=True)
def test_speed_is_measured_once_and_alone(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []

    def slow() -> float:
        measured.append(1)
        time.sleep(0.05)
        return 1e-6

    monkeypatch.setattr(network, "_measured", slow)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: network.seconds_per_pixel, range(4)))
    assert found == [1e-6] * 4 and len(measured) == 1


@pytest.mark.parametrize(
    ("model", "options", "asked"),
    [
        ("tone", {}, "auto"),
        ("srpie", {}, "f32"),
        ("srpie-sr", {"backend": "torch"}, "f32"),
        ("srpie", {"precision": "bf16"}, "bf16"),
        ("srpie", {"device": "cuda"}, "auto"),
    ],
)
def test_what_enlarges_is_not_rounded_to_bf16_on_the_cpu(
    model: str, options: dict[str, Any], asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, seen = EnhanceOptions(**options), []

    def load(*arguments: Any) -> Instant:
        seen.append(arguments[2])
        return Instant()

    monkeypatch.setattr("burnish.engine.network.load_backend", load)
    Network(find(model), chosen)
    assert seen == [asked] == [precision_for(find(model).card, chosen)]
