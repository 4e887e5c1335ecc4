"""Photos in a folder: directly in it, as scores, tables and studies pair them by name, or below."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from burnish.errors import InputError
from burnish.files import is_file, is_folder
from burnish.image.sniff import is_photo_name


def unsearched(error: OSError) -> str:
    """The sentence for a folder that cannot be searched, the one that the error names."""
    return f"The folder {error.filename} cannot be searched: {error.strerror}."


def cannot_search(error: OSError) -> NoReturn:
    """Raise that sentence as InputError; for `os.walk`, which else passes such folders over."""
    raise InputError(unsearched(error)) from None


def photos_in(folder: Path) -> list[Path]:
    """Files with a photo's name, sorted, hidden ones and sub-folders aside.

    Raises:
        InputError: there is no such folder.
    """
    if not is_folder(folder):
        raise InputError(f"{folder} is not a folder of photos.")
    try:
        return [p for p in sorted(folder.iterdir()) if is_file(p) and is_photo_name(p)]
    except OSError as error:
        cannot_search(error)


def photos_below(
    folder: Path, on_error: Callable[[OSError], None] = cannot_search
) -> dict[Path, Path]:
    """Relative name -> path of every photo in a folder and its sub-folders, hidden ones aside.

    ``on_error`` is told of folders that cannot be searched.
    """
    found = {}
    for here, subfolders, files in os.walk(folder, onerror=on_error):
        subfolders[:] = sorted(name for name in subfolders if name[0] != ".")
        for name in sorted(filter(is_photo_name, files)):
            path = Path(here) / name
            found[path.relative_to(folder)] = path
    return found


def by_stem(folder: Path) -> dict[str, Path]:
    """`photos_in` by their names without the ending.

    Raises:
        InputError: there is no such folder, or two photos differ in their endings only.
    """
    found: dict[str, Path] = {}
    for path in photos_in(folder):
        other = found.setdefault(path.stem, path)
        if other is not path:
            raise InputError(
                f"{folder} holds {other.name} and {path.name}: photos are told apart by the name "
                "before the ending here."
            )
    return found
