"""Photos directly in a folder, as scores, tables and studies pair them by name."""

from __future__ import annotations

from pathlib import Path

from burnish.errors import InputError
from burnish.files import is_file, is_folder
from burnish.image.sniff import is_photo_name


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
        raise InputError(f"The folder {folder} cannot be searched: {error.strerror}.") from None


def by_stem(folder: Path) -> dict[str, Path]:
    """`photos_in` by their names without the ending; of several with one name the last."""
    return {path.stem: path for path in photos_in(folder)}
