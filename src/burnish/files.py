"""Files of burnish's own: written whole or not at all, and known by their hash.

Photos are written by `image.write`, which also never replaces what it was not told to.
"""

import hashlib
import os
from collections.abc import Iterator
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


def write_text(path: Path, text: str) -> None:
    """A text file in UTF-8, by `whole`; names of files that are no text keep their bytes."""
    with whole(path) as partial:
        partial.write_text(text, "utf-8", errors="surrogateescape")


def sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
