"""One photo, one set of options, every way into burnish: the same bytes come out.

Precision and threads are pinned; the ways are the real ones, each a process of its own but for
Python's.
"""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import burnish
from burnish.image.photo import Photo
from burnish.image.write import write
from tiny import tiny_model

SRC = Path(__file__).resolve().parents[1] / "src"
EXIF = b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x05\0\0\0\x1a\0\0\0\0\0\0\0ACME\0"
ENGINE: dict[str, Any] = {"model": tiny_model(), "precision": "f32", "threads": 1, "tile": 256}
CHOSEN: dict[str, Any] = {"strength": 0.8}
WRITTEN: dict[str, Any] = {"quality": 88, "metadata": "keep"}
LIMIT = 240
"""Seconds that a way may take on a machine that is busy with something else."""


def flags(**options: Any) -> list[str]:
    return [f"--{name}={value}" for name, value in options.items()]


ALL = flags(**ENGINE, **CHOSEN, **WRITTEN)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "burnish", *map(str, arguments)]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(SRC), "PYTHONUNBUFFERED": "1"}


def run(*arguments: object) -> None:
    subprocess.run(
        command(*arguments), env=environment(), check=True, capture_output=True, timeout=LIMIT
    )


def by_python_with_bytes(photo: Path, out: Path) -> bytes:
    return burnish.enhance(photo.read_bytes(), **ENGINE, **CHOSEN, **WRITTEN)


def by_python_with_a_path(photo: Path, out: Path) -> bytes:
    return burnish.enhance(photo, out / "a.jpg", **ENGINE, **CHOSEN, **WRITTEN).read_bytes()


def by_enhancer(photo: Path, out: Path) -> bytes:
    enhance = burnish.Enhancer(burnish.EnhanceOptions(**ENGINE, **CHOSEN))
    return burnish.encode(enhance(burnish.read(photo)), **WRITTEN)


def by_cli_with_a_photo(photo: Path, out: Path) -> bytes:
    run("enhance", photo, "-o", out / "b.jpg", *ALL)
    return (out / "b.jpg").read_bytes()


def by_cli_with_a_folder(photo: Path, out: Path) -> bytes:
    run("enhance", photo.parent, "-o", out, *ALL)
    return (out / photo.name).read_bytes()


def by_ray(photo: Path, out: Path) -> bytes:
    pytest.importorskip("ray", reason="needs the extra ray")
    run("enhance", photo.parent, "-o", out, "--ray", "local", "--workers", 1, *ALL)
    return (out / photo.name).read_bytes()


def by_watching(photo: Path, out: Path) -> bytes:
    arguments = ("watch", photo.parent, "-o", out, "--poll=0.1", "--settle=0.2", *ALL)
    watching = subprocess.Popen(command(*arguments), env=environment())
    try:
        until(lambda: (out / photo.name).exists() or watching.poll() is not None)
        return (out / photo.name).read_bytes()
    finally:
        watching.send_signal(signal.SIGTERM)
        watching.wait(timeout=60)


def by_http(photo: Path, out: Path) -> bytes:
    pytest.importorskip("fastapi", reason="needs the extra serve")
    arguments = ("serve", "--port=0", "--no-browser", *flags(**ENGINE))
    serving = subprocess.Popen(
        command(*arguments), env=environment(), stderr=subprocess.PIPE, text=True
    )
    try:
        assert serving.stderr is not None
        url = re.search(r"http://127\.0\.0\.1:\d+", serving.stderr.readline())
        assert url
        query = urllib.parse.urlencode(CHOSEN | WRITTEN)
        request = urllib.request.Request(
            f"{url[0]}/v1/enhance?{query}",
            data=photo.read_bytes(),
            headers={"Content-Type": "image/jpeg"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=LIMIT) as answer:
            content: bytes = answer.read()
            return content
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=60)


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not done():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.05)


WAYS: list[Any] = [
    by_python_with_bytes,
    by_python_with_a_path,
    by_enhancer,
    by_cli_with_a_photo,
    by_cli_with_a_folder,
    by_watching,
    by_http,
    pytest.param(by_ray, marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JPEG with EXIF, of several tiles."""
    pixels = np.random.default_rng(5).normal(110, 25, (300, 420, 3)).clip(0, 255)
    made = Photo.from_array(pixels.astype(np.uint8))
    path = tmp_path_factory.mktemp("in") / "a.jpg"
    write(replace(made, source=replace(made.source, exif=EXIF)), path)
    return path


@pytest.fixture(scope="module")
def expected(photo: Path) -> bytes:
    """By the parts: read, the network's pixels, encode."""
    enhancer = burnish.Enhancer(burnish.EnhanceOptions(**ENGINE, **CHOSEN))
    before = burnish.read(photo)
    after = before.with_pixels(enhancer.enhance_pixels(before.pixels))
    assert np.abs(after.pixels - before.pixels).mean() > 0.02
    content = burnish.encode(after, "jpeg", **WRITTEN)
    assert b"ACME" in content
    return content


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_gives_the_same_bytes(
    way: Callable[[Path, Path], bytes], photo: Path, expected: bytes, tmp_path: Path
) -> None:
    assert way(photo, tmp_path / "out") == expected
