"""Enhancer: tiled equals whole on every backend, and the promises about pixels."""

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from burnish import checkpoint
from burnish.engine import statistics
from burnish.engine.backend import BackendName, Graph
from burnish.engine.enhancer import Enhancer
from burnish.engine.luma import LUMA
from burnish.engine.options import EnhanceOptions
from burnish.engine.proxy import shrink
from burnish.engine.statistics import TONES
from burnish.errors import OptionError
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.metrics import psnr
from burnish.nets.global_gate import tones_of

MOMENTS = 2 * 8
"""What the tiny model's statistics graph says."""

BACKENDS: tuple[BackendName, ...] = ("torch", "onnx", "openvino")
WHOLE = 4096


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A ramp of light with texture, so that statistics differ from tile to tile."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0.1, 0.8, width)[None, :, None] * np.linspace(1, 0.6, height)[:, None, None]
    colour = np.array([1.0, 0.8, 0.6])
    return np.float32((ramp * colour + rng.normal(0, 0.08, (height, width, 3))).clip(0, 1))


def enhancer(model: Path, backend: BackendName = "onnx", **options: Any) -> Enhancer:
    chosen = {"precision": "f32", "threads": 1, "tile": 64} | options
    return Enhancer(EnhanceOptions(model=str(model), backend=backend, **chosen))


@torch.no_grad()
def reference(model: Path, pixels: np.ndarray) -> np.ndarray:
    """The whole picture at once in torch, mirrored by numpy; nothing of the engine's arithmetic."""
    net, _ = checkpoint.load(model / "weights.safetensors")
    h, w = pixels.shape[:2]
    r = net.halo
    padded = np.pad(pixels, ((r, r), (r, r), (0, 0)), mode="reflect").transpose(2, 0, 1)[None]
    x = torch.from_numpy(np.ascontiguousarray(padded))
    seen = shrink(pixels, TONES)  # proved by itself
    small = shrink(seen, 64 * 64)
    around = np.pad(small, ((r, r), (r, r), (0, 0)), mode="reflect").transpose(2, 0, 1)[None]
    judged = torch.from_numpy(np.ascontiguousarray(around))
    inside = (slice(None), slice(None), *(slice(r, r + n) for n in small.shape[:2]))
    x0 = net.features(judged)[inside]
    tones = tones_of(torch.from_numpy(seen.transpose(2, 0, 1)[None]))
    known = torch.cat([x0.mean((2, 3)), x0.square().mean((2, 3)), tones], 1)
    y = net(x, known)[0, :, r : r + h, r : r + w].clamp(0, 1)
    return y.permute(1, 2, 0).numpy()


@pytest.mark.parametrize("size", [(75, 101), (47, 46), (130, 63), (1, 1), (3, 700), (200, 10)])
def test_tiled_equals_whole_on_all_backends(model: Path, size: tuple[int, int]) -> None:
    pixels = picture(*size)
    expected = reference(model, pixels)
    assert np.abs(expected - pixels).mean() > 0.04  # the network does something,
    inside = np.mean((expected > 0) & (expected < 1))
    assert inside > 0.85 or expected.size == 3  # and clipping hides no difference
    for backend in BACKENDS:
        for tile in (64, WHOLE):
            run = enhancer(model, backend, tile=tile)
            condition = run.condition(pixels)
            condition[:, -1] = 1  # the evidence, which one pixel lacks
            got = run.enhance_pixels(pixels, condition=condition)
            assert got.shape == pixels.shape and got.dtype == np.float32
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4, err_msg=backend)


def of_one_tone(height: int, width: int, colour: tuple[int, int, int]) -> np.ndarray:
    """A frame of one colour with the grain of a camera."""
    rng = np.random.default_rng(7)
    grain = rng.normal(0, 1, (height, width, 3))
    return np.float32(((np.array(colour) + grain) / 255).clip(0, 1))


@pytest.mark.parametrize(
    ("name", "mode"),
    [*itertools.product(("tone", "nrl", "nrl-dpl"), ("full", "fast")), ("srpie", "full")],
)
@pytest.mark.parametrize(
    "colour", [(232, 123, 1), (117, 118, 117), (2, 2, 2), (253, 254, 252), (215, 165, 140)]
)
def test_a_photo_of_one_tone_stays_as_it_is(
    name: str, mode: Any, colour: tuple[int, int, int]
) -> None:
    """A wall, a grey card, a lens cap: they came out mauve, bright and blueish."""
    pixels = of_one_tone(72, 96, colour)
    enhance = Enhancer(EnhanceOptions(model=name, mode=mode, precision="f32", threads=1))
    better = enhance.enhance_pixels(pixels)
    moved = np.abs(better.mean((0, 1)) - pixels.mean((0, 1)))
    assert moved.max() < (1.5 if name == "srpie" else 0.01) / 255 + 1e-6


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("name", ["tone", "nrl", "nrl-dpl"])
def test_a_white_ground_stays_white(name: str, mode: Any) -> None:
    """A dull subject on a shop's white: 255 was made 253 to 233, whose edge shows on a page."""
    pixels = np.ones((120, 160, 3), np.float32)
    pixels[30:110, 5:145] = 0.45 + 0.2 * picture(80, 140)
    enhance = Enhancer(EnhanceOptions(model=name, mode=mode, precision="f32", threads=1))
    better = enhance.enhance_pixels(pixels)
    assert better[:20].min() > 1 - 0.5 / 255
    assert np.abs(better - pixels)[30:110, 5:145].mean() > 0.02


def test_evidence_rises_with_the_range_of_tones() -> None:
    """Smoothly, so that no crop looks unlike its neighbour."""
    network = Enhancer(EnhanceOptions(model="tone", threads=1)).network
    assert network
    ramp = np.linspace(-0.5, 0.5, 4096, dtype=np.float32).reshape(64, 64, 1)
    shares = []
    for width in (0.02, 0.05, 0.1, 0.13, 0.16, 0.3, 0.6):
        pixels = np.repeat(0.6 + width * ramp, 3, axis=2)
        known = statistics.tones(pixels, network.card.tones)
        shares.append(network.evidence(known))
    assert shares[0] == shares[1] == 0 and shares[-1] == 1
    assert all(a <= b <= a + 0.7 for a, b in itertools.pairwise(shares))
    assert 0 < shares[3] < shares[4] < 1


def test_a_network_that_asks_for_no_tones_needs_no_evidence() -> None:
    network = Enhancer(EnhanceOptions(model="srpie-sr", scale=2, task="sr", threads=1)).network
    assert network and network.evidence(np.zeros((1, 0), np.float32)) == 1


def test_tile_sizes_agree(model: Path) -> None:
    pixels = picture(91, 117)
    expected = reference(model, pixels)
    for tile in (65, 80, 99, 128):
        got = enhancer(model, tile=tile).enhance_pixels(pixels)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4)


def test_tiles_without_common_statistics_would_differ(model: Path) -> None:
    """The statistics pass is needed: a tile alone gives another result."""
    pixels = picture(64, 200)
    whole = enhancer(model).enhance_pixels(pixels)
    alone = enhancer(model).enhance_pixels(np.ascontiguousarray(pixels[:, :64]))
    assert np.abs(whole[:, :40] - alone[:, :40]).max() > 1e-3


def test_a_part_is_judged_by_the_whole_where_that_is_given(model: Path) -> None:
    pixels, run = picture(64, 200), enhancer(model)
    part = run.enhance_pixels(np.ascontiguousarray(pixels[:, :64]), condition=run.condition(pixels))
    inside = 64 - run.model.card.halo
    whole = run.enhance_pixels(pixels)
    np.testing.assert_allclose(part[:, :inside], whole[:, :inside], rtol=0, atol=1e-5)


def test_the_photo_around_the_pixels_stays(model: Path) -> None:
    rgba = np.random.default_rng(0).integers(0, 255, (20, 30, 4), np.uint8)
    photo = Photo.from_array(rgba)
    better = enhancer(model)(photo)
    assert better.pixels.shape == photo.pixels.shape and better.source == photo.source
    assert better.alpha is not None
    np.testing.assert_array_equal(better.alpha, photo.alpha)
    np.testing.assert_array_equal(photo.pixels, Photo.from_array(rgba).pixels)


def test_strength(model: Path) -> None:
    photo = Photo.from_array(picture(50, 77))
    full = enhancer(model)(photo).pixels
    np.testing.assert_array_equal(enhancer(model, strength=0)(photo).pixels, photo.pixels)
    inside = (full > 0) & (full < 1)  # clipping comes after the blend
    assert inside.mean() > 0.9
    for strength in (0.25, 0.8):
        blended = enhancer(model, strength=strength)(photo).pixels
        expected = photo.pixels + strength * (full - photo.pixels)
        np.testing.assert_allclose(blended[inside], expected[inside], rtol=0, atol=1e-6)
        assert blended.min() >= 0 and blended.max() <= 1


def test_grey_stays_grey(model: Path) -> None:
    pixels = picture(50, 77)
    grey = Photo.from_array(np.repeat(pixels[..., :1], 3, axis=2))
    better = enhancer(model)(grey)
    assert better.is_grey and np.abs(better.pixels - grey.pixels).mean() > 0.01
    free = enhancer(model).enhance_pixels(grey.pixels)
    inside = ((free > 0) & (free < 1)).all(axis=2)
    np.testing.assert_allclose(better.pixels[inside, 0], free[inside] @ LUMA, rtol=0, atol=1e-6)
    assert not enhancer(model)(Photo.from_array(pixels)).is_grey


def test_progress_rises_to_one(model: Path) -> None:
    shares: list[float] = []
    enhancer(model)(Photo.from_array(picture(100, 120)), shares.append)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    assert len(shares) > 6 and 0 < shares[0] < 0.2


class Fake:
    """A backend that returns what it is told, in places."""

    precision = "f32"

    def __init__(self, value: float, graph: Graph) -> None:
        self.value, self.graph = value, graph

    def run(self, graph: Graph, inputs: dict[str, np.ndarray]) -> np.ndarray:
        out = (
            inputs["x"] * np.float32(0.5) if graph == "main" else np.ones((1, MOMENTS), np.float32)
        )
        if graph == self.graph:
            out[..., ::2] = self.value
        told = inputs.get("known", inputs.get("condition", np.zeros(1)))
        if not np.isfinite(told).all():
            out[:] = np.nan
        return out


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_what_overflows_stays_as_it_was(model: Path, value: float, strength: float) -> None:
    pixels = picture(30, 40)
    enhance = enhancer(model, strength=strength)
    enhance.network.backend = Fake(value, "main")
    got = enhance.enhance_pixels(pixels)
    kept = (got == pixels).all(axis=2)
    assert 0.4 < kept.mean() < 0.6 and np.isfinite(got).all()
    halved = pixels * (1 - 0.5 * strength)
    np.testing.assert_allclose(got[~kept], halved[~kept], rtol=1e-6)


def test_broken_statistics_leave_the_photo_as_it_was(model: Path) -> None:
    pixels = picture(30, 40)
    enhance = enhancer(model)
    enhance.network.backend = Fake(float("nan"), "statistics")
    np.testing.assert_array_equal(enhance.enhance_pixels(pixels), pixels)


def test_an_unknown_model() -> None:
    with pytest.raises(OptionError, match="There is no model"):
        Enhancer(EnhanceOptions(model="no-such-model"))


@pytest.mark.parametrize("backend", ["openvino", "onnx"])
def test_enhancing_never_imports_torch(model: Path, backend: BackendName) -> None:
    code = (
        "import sys, numpy as np\n"
        "from burnish.engine.enhancer import Enhancer\n"
        "from burnish.engine.options import EnhanceOptions\n"
        "from burnish.image.photo import Photo\n"
        f"options = EnhanceOptions(model={str(model)!r}, backend={backend!r}, threads=1)\n"
        "photo = Photo.from_array(np.zeros((9, 12, 3), np.uint8) + 90)\n"
        "print(Enhancer(options)(photo).pixels.shape, 'torch' in sys.modules)"
    )
    src = Path(__file__).resolve().parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(src)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "(9, 12, 3) False", done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity of threads here")
def test_no_thread_is_bound_to_a_core(model: Path) -> None:
    """Bound, those of two processes would share one core while others are idle."""
    code = (
        "import os, pathlib, sys, threading, numpy as np\n"
        "from burnish.engine.enhancer import Enhancer\n"
        "from burnish.engine.options import EnhanceOptions\n"
        "enhance = Enhancer(EnhanceOptions(model=sys.argv[1], threads=1))\n"
        "photo = np.full((300, 300, 3), 0.5, np.float32)\n"
        "work = threading.Thread(target=enhance.enhance_pixels, args=(photo,))\n"
        "work.start()\n"
        "found = set()\n"
        "while work.is_alive():\n"
        "    for task in pathlib.Path('/proc/self/task').iterdir():\n"
        "        try: found.add(len(os.sched_getaffinity(int(task.name))))\n"
        "        except OSError: pass\n"
        "print(found)\n"
    )
    said = subprocess.run([sys.executable, "-c", code, model], capture_output=True, text=True)
    assert said.stdout.strip() == f"{{{len(os.sched_getaffinity(0))}}}", said.stderr


def test_the_shipped_int8_graph_makes_the_same_picture() -> None:
    example = Path(__file__).resolve().parents[2] / "examples" / "tea-gardens.jpg"
    photo = read(example).pixels[100:228, 200:392]
    exact, small = (
        Enhancer(EnhanceOptions(model="nrl", precision=p, threads=1)).enhance_pixels(photo)
        for p in ("f32", "int8")
    )
    assert 45 < psnr(exact, small, cap=200) < 200


@pytest.mark.parametrize("colour", [0.0, 1.0])
def test_what_a_cut_out_hides_decides_nothing(model: Path, colour: float) -> None:
    """Neither its tones nor its colour: a grey cut-out stays grey."""
    shown = picture(60, 80)
    alone = enhancer(model)(Photo(shown)).pixels
    wide = np.full((60, 160, 3), (colour, 0.5, colour), np.float32)
    wide[:, :80] = shown
    alpha = np.zeros((60, 160), np.float32)
    alpha[:, :80] = 1
    cut_out = enhancer(model)(Photo(wide, alpha)).pixels
    inner = np.s_[:, :60]
    assert np.abs(cut_out[inner] - alone[inner]).max() < 0.02
    bare = enhancer(model)(Photo(wide)).pixels
    assert np.abs(bare[inner] - alone[inner]).max() > 0.04

    grey = np.repeat(wide.mean(axis=2, keepdims=True), 3, axis=2)
    grey[:, 80:] = (colour, 0.5, colour)
    got = enhancer(model)(Photo(grey, alpha)).pixels[:, :80]
    assert np.array_equal(got[..., 0], got[..., 1]) and np.array_equal(got[..., 0], got[..., 2])


def test_what_is_seen_has_the_tones_of_the_visible_part() -> None:
    pixels = picture(700, 900)  # larger than what the tones are taken from
    alpha = np.zeros((700, 900), np.float32)
    alpha[:, :600] = 0.5
    pixels[:, 600:] = 1
    got, wanted = (
        statistics.tones(shrink(p, TONES), (0.01, 0.5, 0.99))
        for p in (statistics.seen(pixels, alpha), pixels[:, :600])
    )
    np.testing.assert_allclose(got, wanted, atol=0.02)
    assert statistics.seen(pixels, None) is pixels
    assert statistics.seen(pixels, np.ones((700, 900), np.float32)) is pixels
    assert statistics.seen(pixels, np.zeros((700, 900), np.float32)) is pixels
