"""A stand-in for the network, photos to work on, and the command in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from burnish.batch.manifest import Manifest, home
from burnish.batch.plan import Job, plan
from burnish.batch.recipe import Recipe
from burnish.batch.resume import Memory
from burnish.image.photo import Photo
from burnish.image.write import write

ROOT = Path(__file__).resolve().parents[2]


def picture(path: Path, height: int = 40, width: int = 56, seed: int = 0) -> Path:
    """A small noisy photo."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    write(Photo.from_array(pixels), path, overwrite=True)
    return path


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """For processes: this checkout, one thread, a cache of their own."""
    cache = str(tmp_path_factory.mktemp("cache"))
    paths = {"PYTHONPATH": str(ROOT / "src"), "BURNISH_CACHE": cache}
    return os.environ | paths | {"OMP_NUM_THREADS": "1"}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `burnish` with pipes; what still runs at the end is killed."""
    children = []

    def call(*arguments: object) -> subprocess.Popen[str]:
        children.append(
            subprocess.Popen(
                [sys.executable, "-m", "burnish", *map(str, arguments)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                # A shell's background jobs ignore Ctrl-C, and so would their children.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        )
        return children[-1]

    yield call
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture
def remember(tmp_path: Path) -> Iterator[Callable[..., Memory]]:
    """Open the memory of ``tmp_path / out``, after closing the one before: the next run's."""
    opened: list[Manifest] = []

    def call(*, retry_failed: bool = False, **facts: object) -> Memory:
        for manifest in opened:
            manifest.close()
        out = tmp_path / "out"
        opened[:] = [Manifest(home(out))]
        memory = Memory(opened[0], out, Recipe({"strength": 1.0} | facts), retry_failed)
        memory.begin()
        return memory

    yield call
    for manifest in opened:
        manifest.close()


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    for number in range(3):
        picture(tmp_path / "in" / f"{number}.png", seed=number)
    return plan([tmp_path / "in"], tmp_path / "out")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
