"""How the manifest looks at files: whether one is there, is the same, and what it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path


def stamp(path: Path) -> str:
    """Size and time of a file; "" where there is none. Cheap: the file is not read."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_size}:{facts.st_mtime_ns}"


def digest(path: Path) -> str:
    """sha256 of a file's content; "" where it cannot be read, as with a pipe."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
