"""Compiled graphs on disk: one folder for each model, OpenVINO and CPU, and nothing damaged in it.

OpenVINO writes the blobs. A damaged one could crash it, so each blob gets a file with its hash
beside it once it is written, and a blob that does not agree with its hash is deleted before
OpenVINO sees it: the graph is then compiled again.
"""

import hashlib
import logging
from pathlib import Path

from burnish.cache import cache_folder
from burnish.errors import OutputError
from burnish.files import sha256, write_text

log = logging.getLogger(__name__)
SEAL = ".sha256"


def default_cache() -> Path | None:
    """Folder for compiled graphs in the user's cache; None for a user without a home."""
    return cache_folder("openvino")


def digest(*parts: bytes | str) -> str:
    """A short name for what a compiled graph depends on."""
    total = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        total.update(len(raw).to_bytes(8, "little") + raw)
    return total.hexdigest()[:16]


def prepare(base: Path, key: str) -> Path | None:
    """The folder below ``base`` for ``key``, freed of what is damaged; None if that fails."""
    folder = base / key
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for blob in folder.glob("*.blob"):
            mark = blob.with_name(blob.name + SEAL)
            if not mark.is_file() or mark.read_bytes() != sha256(blob).encode():
                blob.unlink(missing_ok=True)
    except OSError as error:
        log.debug("no cache of compiled graphs: %s", error)
        return None
    return folder


def seal(folder: Path) -> None:
    """Record the hash of each blob that has none yet."""
    try:
        for blob in folder.glob("*.blob"):
            mark = blob.with_name(blob.name + SEAL)
            if mark.is_file() and mark.stat().st_mtime_ns >= blob.stat().st_mtime_ns:
                continue
            write_text(mark, sha256(blob))
    except (OSError, OutputError) as error:
        log.debug("compiled graphs are not sealed: %s", error)
