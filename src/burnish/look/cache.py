"""What learning has worked out so far, kept beside the look until it is done: so it can resume."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from burnish.errors import InputError
from burnish.files import make_folder, whole
from burnish.look.view import View


class Cache:
    """A folder of arrays, each under the name of a file and its state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        """Make the folder; OutputError if that cannot be."""
        make_folder(self.folder)

    def array(self, key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array of this key, made and kept if it is not there."""
        path = self.folder / f"{hashlib.sha256(os.fsencode(key)).hexdigest()[:24]}.npy"
        try:
            kept: np.ndarray = np.load(path, allow_pickle=False)
            return kept
        except (OSError, ValueError, EOFError):
            value = make()
        with whole(path) as partial, partial.open("wb") as file:
            np.save(file, value)
        return value

    def view(self, path: Path) -> View:
        """The view of a photo, read only once in each state of its file."""
        fresh: list[View] = []

        def make() -> np.ndarray:
            fresh.append(View.of(path))
            return fresh[0].pixels

        key = state(path)
        pixels = self.array(f"pixels {key}", make)
        taken = self.array(f"taken {key}", lambda: np.array((fresh or [View.of(path)])[0].taken))
        return View(path, pixels, str(taken))

    def clear(self) -> None:
        """Nothing is kept of what is done."""
        shutil.rmtree(self.folder, ignore_errors=True)


def state(path: Path) -> str:
    """Name, size and time of a file; InputError where there is none to be had."""
    try:
        facts = path.stat()
    except OSError as error:
        raise InputError(f"{path.name} cannot be opened: {error.strerror}.") from error
    return f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}"
