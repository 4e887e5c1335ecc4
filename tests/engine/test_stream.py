"""In strips or in memory: the same file comes out, and memory does not grow with the photo."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.engine import fast
from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.engine.stream import enhance_file
from burnish.errors import OutputError
from burnish.image.colour import display_p3
from burnish.image.encode import encode
from burnish.image.photo import Photo, Source
from burnish.image.read import read
from burnish.image.strips import open_strips
from burnish.image.write import write


class Soften:
    """A backend whose network needs a halo of 17 and has a known answer: a shift and a gain."""

    precision = "f32"

    def run(self, graph: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        if graph == "condition":
            return inputs["known"]
        x = inputs["x"]
        if graph == "statistics":
            mean = (x * inputs["weight"]).sum()
            return np.full((1, 128), mean, np.float32)
        moved = np.roll(x, (13, -9), (2, 3))
        return 0.8 * x + 0.3 * moved * inputs["condition"][0, 0]


def enhancer(**options: Any) -> Enhancer:
    enhance = Enhancer(EnhanceOptions(threads=1, tile=96, **options))
    enhance.network.backend = Soften()
    return enhance


def picture(height: int, width: int, depth: int = 8) -> Photo:
    rng = np.random.default_rng(height + width)
    ramp = np.linspace(0, 0.8, width)[None, :, None] * np.linspace(1, 0.5, height)[:, None, None]
    noisy = ramp * [1.0, 0.8, 0.6] + rng.random((height, width, 3)) * 0.2
    top, kind = (255, np.uint8) if depth == 8 else (65535, np.uint16)
    return Photo.from_array((noisy * top).astype(kind))


def both(path: Path, tmp_path: Path, suffix: str = "", **options: Any) -> tuple[Photo, Photo]:
    enhance = enhancer(**options)
    a, b = (tmp_path / f"{name}{suffix or path.suffix}" for name in ("strips", "memory"))
    assert enhance_file(enhance, path, a) is not None
    write(enhance(read(path)), b)
    if suffix in ("", path.suffix):
        assert a.read_bytes() == b.read_bytes()
    return read(a), read(b)


@pytest.fixture(autouse=True)
def small_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "LARGEST", 3_000)


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("size", [(301, 130), (64, 257), (190, 61), (65, 64)])
def test_strips_write_the_file_that_memory_writes(
    tmp_path: Path, mode: str, size: tuple[int, int]
) -> None:
    source = tmp_path / "in.tif"
    write(picture(*size, depth=16), source)
    a, b = both(source, tmp_path, mode=mode)
    np.testing.assert_array_equal(a.pixels, b.pixels)
    assert np.abs(a.pixels - read(source).pixels).mean() > 0.01


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_jpeg_grey_strength_and_profiles_too(tmp_path: Path, mode: str) -> None:
    photo = picture(150, 170)
    jpeg, grey, wide = (tmp_path / n for n in ("a.jpg", "g.jpg", "w.tif"))
    write(photo, jpeg)
    both(jpeg, tmp_path, mode=mode, strength=0.4)
    write(Photo.from_array((photo.pixels[..., 0] * 255).astype(np.uint8)), grey)
    (tmp_path / "strips.jpg").unlink()
    (tmp_path / "memory.jpg").unlink()
    a, _ = both(grey, tmp_path, mode=mode)
    assert a.source.mode == "grey"
    p3 = Photo(photo.pixels, source=Source(icc=display_p3(), format="tiff", depth=16, bits=16))
    bright = encode(
        Photo(photo.pixels, residual=np.float32(0.2 * photo.pixels - 0.1), source=p3.source)
    )
    wide.write_bytes(bright)
    assert read(wide).residual is not None
    a, _ = both(wide, tmp_path, mode=mode)
    assert a.source.icc == display_p3()


def test_what_cannot_be_done_in_strips_is_left_to_memory(tmp_path: Path) -> None:
    rgba = tmp_path / "a.png"
    write(Photo.from_array(np.zeros((20, 30, 4), np.uint8)), rgba)
    assert open_strips(rgba, tmp_path / "b.tif") is None
    plain = tmp_path / "c.png"
    write(picture(20, 30), plain)
    assert open_strips(plain, tmp_path / "d.png") is None
    assert open_strips(plain, tmp_path / "d.tif") is not None
    assert enhance_file(enhancer(), plain, tmp_path / "d.png") is None


def test_an_error_on_the_way_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "in.tif"
    write(picture(200, 90), source)
    enhance = enhancer()

    class Broken(Soften):
        def run(self, graph: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
            if graph == "main":
                raise RuntimeError("gone")
            return super().run(graph, inputs)

    enhance.network.backend = Broken()
    with pytest.raises(RuntimeError, match="gone"):
        enhance_file(enhance, source, tmp_path / "out.tif")
    (tmp_path / "there.jpg").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        enhance_file(enhance, source, tmp_path / "there.jpg")
    with pytest.raises(OutputError, match="never overwritten"):
        enhance_file(enhance, source, source, overwrite=True)
    assert {p.name for p in tmp_path.iterdir()} == {"in.tif", "there.jpg"}


PEAK = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_stream import Soften
from burnish.bench.process import make_file
from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.engine.stream import enhance_file
enhance = Enhancer(EnhanceOptions(mode={mode!r}, threads=1, tile=96))
enhance.network.backend = Soften()
for megapixels in (0.6, 6):
    source, target = (Path({folder!r}) / f"{{megapixels}}{{end}}.tif" for end in ("", "-out"))
    make_file(source, megapixels)
    assert enhance_file(enhance, source, target) is not None
    print(next(line for line in open("/proc/self/status") if "VmHWM" in line).split()[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read as on Linux")
@pytest.mark.parametrize("mode", ["full", "fast"])
def test_memory_does_not_grow_with_the_photo(tmp_path: Path, mode: str) -> None:
    """The two float pictures alone would take 24 bytes a pixel, 130 MB more for the larger one."""
    code = PEAK.format(tests=str(Path(__file__).parent), folder=str(tmp_path), mode=mode)
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    small, large = (int(line) / 1024 for line in done.stdout.split())
    assert large - small < 65
