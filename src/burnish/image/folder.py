"""Photos directly in a folder, as scores, tables and studies pair them by name."""

from __future__ import annotations

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
