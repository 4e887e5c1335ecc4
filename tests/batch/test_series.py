"""One look for a series, and one look for a photo at every size; with the shipped network."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from batch.conftest import picture
from burnish import cli
from burnish.batch.events import Event, Measured
from burnish.batch.manifest import Manifest, home
from burnish.batch.plan import plan
from burnish.batch.resume import Memory
from burnish.batch.series import (
    SeriesLook,
    alike,
    bend,
    fade,
    look_id,
    look_of,
    look_of_series,
    shared,
    towards,
)
from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.engine.proxy import shrink
from burnish.errors import InputError
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.metrics.colour import linear_to_srgb, rgb_to_lab, srgb_to_linear

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def enhancer() -> Enhancer:
    return Enhancer(EnhanceOptions(threads=1, precision="f32"))


def quiet(share: float) -> None:
    """Nobody wants to know."""


def mean_lab(pixels: np.ndarray) -> np.ndarray:
    return rgb_to_lab(pixels).reshape(-1, 3).mean(axis=0)


def exposed(pixels: np.ndarray, stops: float) -> np.ndarray:
    """As the camera would have taken it with other exposure, in 8 bits."""
    values = np.clip(linear_to_srgb(srgb_to_linear(pixels) * 2**stops), 0, 1)
    return (np.round(values * 255) / 255).astype(np.float32)


def burst(name: str, seed: int, frames: int = 5) -> list[np.ndarray]:
    """Frames of one scene by a hand that shakes, exposures apart by 0.15 stops (deviation)."""
    rng = np.random.default_rng(seed)
    small = shrink(read(EXAMPLES / name).pixels, 8_000)
    height, width = small.shape[0] - 4, small.shape[1] - 4
    shots = []
    for _ in range(frames):
        top, left = rng.integers(0, 5, 2)
        part = small[top : top + height, left : left + width]
        shots.append(exposed(part, rng.normal(0, 0.15)))
    return shots


@pytest.mark.parametrize(("name", "seed"), [("tea-gardens.jpg", 1), ("perched-osprey.jpg", 3)])
def test_a_burst_gets_one_look(enhancer: Enhancer, name: str, seed: int) -> None:
    shots = burst(name, seed)
    enhance = alike(enhancer, shared([look_of(Photo(shot), enhancer) for shot in shots], enhancer))
    together = [mean_lab(enhance(Photo(shot), quiet).pixels) for shot in shots]
    apart = [mean_lab(enhancer(Photo(shot)).pixels) for shot in shots]
    spread, before = np.std(together, axis=0), np.std(apart, axis=0)  # of mean L*, a*, b*
    assert np.linalg.norm(spread) < 0.5 * np.linalg.norm(before)
    assert (spread < 0.3).all()  # nobody sees this much, whatever it was before


def test_the_same_photo_gets_the_same_look_at_1_and_24_megapixels(enhancer: Enhancer) -> None:
    """Parts of both, judged by the whole of each; the large one has grain, the small its mean."""
    from burnish.image.vips import from_array, to_array

    small = shrink(read(EXAMPLES / "tea-gardens.jpg").pixels, 1_000_000)
    factor = round((24e6 / (small.shape[0] * small.shape[1])) ** 0.5)
    cubic = from_array(small).resize(factor, kernel="cubic")
    large = to_array(cubic).reshape(small.shape[0] * factor, small.shape[1] * factor, 3)
    grain = np.random.default_rng(0).normal(0, 0.03, (512, 512, 1)).astype(np.float32)
    for top in range(0, large.shape[0], 512):
        for left in range(0, large.shape[1], 512):
            block = large[top : top + 512, left : left + 512]
            block += grain[: block.shape[0], : block.shape[1]]
    np.clip(large, 0, 1, out=large)
    assert large.size / 3 > 20e6
    small = shrink(large, small.shape[0] * small.shape[1])
    by_small, by_large = enhancer.condition(small), enhancer.condition(large)
    rng = np.random.default_rng(1)
    differences = []
    side, edge = 48, 8
    for _ in range(2):
        top = rng.integers(0, small.shape[0] - side)
        left = rng.integers(0, small.shape[1] - side)
        part = small[top : top + side, left : left + side]
        place = (
            slice(top * factor, (top + side) * factor),
            slice(left * factor, (left + side) * factor),
        )
        one = enhancer.enhance_pixels(part, condition=by_small)
        many = enhancer.enhance_pixels(large[place], condition=by_large)
        many = many.reshape(side, factor, side, factor, 3).mean(axis=(1, 3))
        inner = slice(edge, -edge), slice(edge, -edge)  # the parts' borders see mirrors
        apart = rgb_to_lab(one[inner]) - rgb_to_lab(many[inner])
        differences.append(np.linalg.norm(apart, axis=-1).mean())
    assert np.mean(differences) < 1.5, differences


def test_bend_keeps_ends_and_is_undone_by_its_opposite() -> None:
    pixels = np.random.default_rng(0).random((50, 70, 3), np.float32)
    octaves = np.array([0.5, -0.3, 0.0])
    there = bend(pixels, octaves)
    assert np.abs(bend(there, -octaves) - pixels).max() < 1e-5
    assert (there[..., 0] >= pixels[..., 0]).all() and (there[..., 1] <= pixels[..., 1]).all()
    ends = np.array([[[0, 0, 0], [1, 1, 1]]], np.float32)
    assert np.array_equal(bend(ends, octaves), ends)


def test_what_is_near_is_brought_together_and_what_is_far_left() -> None:
    pixels = np.random.default_rng(0).random((60, 60, 3), np.float32) * np.float32(0.6)
    near = exposed(pixels, 0.2).mean(axis=(0, 1))
    moved = bend(pixels, towards(pixels, near))
    assert np.abs(moved.mean(axis=(0, 1)) - near).max() < 0.01
    far = np.full(3, 0.9, np.float32)  # another scene
    assert np.array_equal(towards(pixels, far), np.zeros(3))
    assert fade(np.array(0.01), 1.0) == pytest.approx(0.01, rel=1e-3)
    grey = np.repeat(pixels[..., :1], 3, axis=2)
    assert len(set(towards(grey, near, grey=True))) == 1


def test_grey_photos_stay_grey_and_strength_0_changes_nothing(enhancer: Enhancer) -> None:
    shots = burst("tea-gardens.jpg", 1, frames=1)
    look = look_of(Photo(shots[0]), enhancer)
    grey = np.repeat(shots[0].mean(axis=2, keepdims=True), 3, axis=2)
    assert alike(enhancer, look)(Photo(grey), quiet).is_grey
    weak = Enhancer(EnhanceOptions(threads=1, strength=0.0))
    photo = Photo(shots[0])
    assert alike(weak, look)(photo, quiet) is photo


def test_locked_to_itself_a_photo_is_as_it_is_alone(enhancer: Enhancer) -> None:
    shot = burst("tea-gardens.jpg", 1, frames=1)[0]
    locked = alike(enhancer, look_of(Photo(shot), enhancer))(Photo(shot), quiet)
    assert np.abs(locked.pixels - enhancer(Photo(shot)).pixels).max() < 1e-3


def test_a_look_is_measured_once(enhancer: Enhancer, tmp_path: Path, memory: Memory) -> None:
    picture(tmp_path / "in" / "a.png", seed=1)
    picture(tmp_path / "in" / "b.png", seed=2)
    (tmp_path / "in" / "c.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    jobs = plan([tmp_path / "in"], tmp_path / "out")
    told: list[Event] = []
    first = look_of_series(jobs, enhancer, memory, told.append)
    assert [e.number for e in told if isinstance(e, Measured)] == [1, 2]
    wanted = shared([look_of(read(job.source), enhancer) for job in jobs[:2]], enhancer)
    assert np.array_equal(first.vector, wanted.vector)
    assert enhancer.network
    backend = enhancer.network.backend
    enhancer.network.backend = Silent(backend.precision)
    try:
        again = look_of_series(jobs, enhancer, memory)
    finally:
        enhancer.network.backend = backend
    assert np.array_equal(first.vector, again.vector)
    assert np.array_equal(SeriesLook.of_vector(first.vector).levels, first.levels)
    with pytest.raises(InputError, match="No photo"):
        look_of_series(jobs[2:], enhancer)
    before = look_id(jobs, memory)
    assert look_id(jobs[::-1], None) == before
    picture(jobs[0].source, seed=5)
    assert look_id(jobs, memory) != before


class Silent:
    """A backend that must not be asked."""

    def __init__(self, precision: str) -> None:
        self.precision = precision

    def run(self, graph: object, inputs: object) -> np.ndarray:
        raise AssertionError("measured again")


@pytest.fixture
def memory(remember: Callable[..., Memory]) -> Memory:
    return remember()


def test_the_command_gives_series_one_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        picture(tmp_path / "in" / f"{number}.png", seed=number)
    arguments = [str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--threads", "1"]
    assert cli.run([*arguments, "--series"]) == 0
    assert cli.run([*arguments, "--series"]) == 0
    assert "3 done before" in capsys.readouterr().out
    assert cli.run(arguments) == 4
    assert "was made with series" in capsys.readouterr().err
    lock = str(tmp_path / "in" / "1.png")
    assert cli.run([*arguments, "--lock-to", lock, "--overwrite"]) == 0
    with Manifest(home(tmp_path / "out")) as manifest:
        entries = [manifest.get(f"{number}.png") for number in range(3)]
    assert len({entry.recipe for entry in entries if entry}) == 1 and None not in entries
    assert cli.run([*arguments, "--lock-to", lock, "--series"]) == 2
    assert cli.run([*arguments, "--lock-to", str(tmp_path / "no.png")]) == 3


def test_a_lens_cap_moves_nobody_elses_look(enhancer: Enhancer) -> None:
    shots = [Photo(shot) for shot in burst("tea-gardens.jpg", 1)[:3]]
    cap = Photo(np.full((60, 80, 3), 2 / 255, np.float32))
    looks, without = [look_of(shot, enhancer) for shot in shots], look_of(cap, enhancer)
    assert np.array_equal(
        shared([*looks, without], enhancer).vector, shared(looks, enhancer).vector
    )
    assert np.isfinite(shared([without, without], enhancer).vector).all()
