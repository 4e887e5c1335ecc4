"""The photos in files and folders: what is taken for one, and what is passed by."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from burnish.batch.manifest import home
from burnish.errors import InputError, OutputError
from burnish.files import is_folder
from burnish.image.folder import cannot_search
from burnish.image.sniff import is_photo_name


def photos_in(
    given: Path, out: Path, on_error: Callable[[OSError], None] = cannot_search
) -> Iterator[tuple[Path, Path]]:
    """(file, name below ``out``) for a file or for each photo in a folder.

    ``on_error`` is told of sub-folders that cannot be searched.

    Raises:
        InputError: ``given`` cannot be searched itself, or holds no photo.
    """
    if not is_folder(given):
        refuse_special(given)
        yield given, Path(given.name)
        return
    if same_place(given, out):
        raise OutputError(f"{out} is an input too: choose another folder for the results.")

    def closed(error: OSError) -> None:
        (cannot_search if Path(error.filename) == given else on_error)(error)

    found = False
    for pair in search(given, out, closed):
        found = True
        yield pair
    if not found:
        raise InputError(f"There are no photos in {given}.")


def search(
    given: Path, out: Path, on_error: Callable[[OSError], None] = cannot_search
) -> Iterator[tuple[Path, Path]]:
    """(file, name below the folder) for each photo in a folder, but for results.

    These are what lies in ``out``, and in sub-folders that are the ``out`` of another batch: two
    of them in one folder would go on enhancing each other's results for ever.
    """
    for folder, subfolders, files in os.walk(given, onerror=on_error):
        here = Path(folder)
        subfolders[:] = sorted(
            name
            for name in subfolders
            if name[0] != "."
            and not same_place(here / name, out)
            and not os.path.lexists(home(here / name))
        )
        for name in sorted(filter(is_photo_name, files)):
            if not is_special(here / name):
                yield here / name, (here / name).relative_to(given)


def is_special(path: Path) -> bool:
    """Whether this is a pipe, socket or device: reading it might never end."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # not there, or a link to nothing: whoever reads it will say so
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def refuse_special(path: Path) -> None:
    if is_special(path):
        raise InputError(f"{path} is a pipe, socket or device, not a file.")


def same_place(path: Path, other: Path) -> bool:
    return path.resolve() == other.resolve()


def but_results(inputs: list[Path], out: Path) -> list[Path]:
    """The inputs without ``out``, where an earlier batch has written it and there are others:
    ``burnish * -o better`` names it the second time.
    """
    if not os.path.lexists(home(out)):
        return inputs
    return [given for given in inputs if not same_place(given, out)] or inputs


def may_hold_originals(out: Path, inputs: Iterable[Path]) -> bool:
    """Whether the folder ``out`` lies in one that is searched, is that of a named photo (whose JPEG
    may lie beside its raw file), or has one of these inside.
    """
    place = out.resolve()
    for given in inputs:
        searched = is_folder(given)
        folder = given.resolve() if searched else given.parent.resolve()
        if place in (folder, *folder.parents) or (searched and folder in place.parents):
            return True
    return False
