"""Files of burnish's own: written whole or not at all, and known by their hash. What paths lead to.

Photos are written by `image.write`, which also never replaces what it was not told to.
"""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from burnish.errors import OutputError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden file beside ``path`` to write to; once that went well it takes its place.

    The folder is made if it is not there.

    Raises:
        OutputError: it cannot be written; what lay at ``path`` is as it was.
    """
    partial = path.with_name(f".burnish-{os.urandom(8).hex()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error


def is_named(path: Path, names: Collection[str]) -> bool:
    """Whether a photo is among the names, which may have their endings or not."""
    return path.name in names or path.stem in names


def make_folder(path: Path) -> None:
    """A folder to write to, with those above it; it may be there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be made a folder: {error.strerror}.") from error


def write_text(path: Path, text: str) -> None:
    """A text file in UTF-8, by `whole`; names of files that are no text keep their bytes."""
    with whole(path) as partial:
        partial.write_text(text, "utf-8", errors="surrogateescape")


def is_folder(path: Path) -> bool:
    """As `Path.is_dir`, but False where the system will not say: behind a folder without
    permission, or for a name that is too long. Who opens the path is told why.
    """
    return os.path.isdir(path)  # noqa: PTH112 (of pathlib's, an error ends the whole batch)


def is_file(path: Path) -> bool:
    """As `Path.is_file`, in the way of `is_folder`."""
    return os.path.isfile(path)  # noqa: PTH113


def is_there(path: Path) -> bool:
    """As `Path.exists`, in the way of `is_folder`."""
    return os.path.exists(path)  # noqa: PTH110


def refuse_taken(path: Path, overwrite: bool) -> None:
    """OutputError where a file has the name already and may not be replaced."""
    if is_there(path) and not overwrite:
        raise OutputError(f"{path} exists already: choose another name, or use --overwrite.")


def same_file(path: Path, other: Path) -> bool:
    """Whether both are one file, also through links; False where one is not there."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def refuse_input(path: Path, inputs: Iterable[Path]) -> None:
    """OutputError where the file to write is one that is read."""
    for given in inputs:
        if same_file(path, given):
            raise OutputError(f"{path} is an input, which is never overwritten: choose another.")


def unreachable(path: Path) -> str:
    """Why the system will not say what is there; "" where it does, also that nothing is."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return error.strerror or str(error)
    except ValueError:
        return "a path cannot hold a NUL"
    return ""


def sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def printable(line: str) -> str:
    """One line to be read: names of files may hold line breaks, and codes that steer a terminal."""
    return "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in line)
