"""The service's temporary folder: it goes with the service, however that ends."""

import contextlib
import shutil
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, which has no such locks: there folders of killed services stay
    fcntl = None  # type: ignore[assignment]

PREFIX = "burnish-serve-"
LOCK = "in-use"


class Scratch:
    """A folder that is marked as in use; those of services that were killed are removed first."""

    def __init__(self) -> None:
        sweep()
        self.folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self.folder.name) / "files"
        self.path.mkdir()
        fresh = self.path.with_name(f"{LOCK}.new")
        self.mark = fresh.open("w")
        if fcntl:
            fcntl.flock(self.mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh.rename(fresh.with_name(LOCK))  # nobody sees it without its lock

    def cleanup(self) -> None:
        self.mark.close()
        self.folder.cleanup()


def sweep() -> None:
    """Remove the folders of services that are gone: the lock of a process ends with it."""
    if not fcntl:
        return
    for mark in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with contextlib.suppress(OSError), mark.open("r+") as file:  # in use, or another user's
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(mark.parent, ignore_errors=True)
