"""How the manifest looks at files: whether one is there, is the same, and what it holds."""

from __future__ import annotations

from pathlib import Path

from burnish.files import sha256


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
        return sha256(path) if path.is_file() else ""
    except OSError:
        return ""
