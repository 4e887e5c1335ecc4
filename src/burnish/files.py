"""Files of burnish's own: written whole or not at all, and known by their hash.

Photos are written by `image.write`, which also never replaces what it was not told to.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden file beside ``path`` to write to; once that went well it takes its place.

    Raises:
        OSError: it cannot be written or renamed; what lay at ``path`` is as it was.
    """
    partial = path.with_name(f".burnish-{os.urandom(8).hex()}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
