"""Peak memory of a stretch of work in this process, where the system can tell (Linux)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROCESS = Path("/proc/self")


class Peak:
    """What `peak_memory` found."""

    megabytes: float | None = None
    """Largest resident memory while the work ran, the interpreter and its libraries included."""


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Measure the largest resident memory until the block ends; None where that is not known."""
    peak = Peak()
    try:
        (PROCESS / "clear_refs").write_text("5")  # the high-water mark starts anew
    except OSError:
        yield peak
        return
    yield peak
    for line in (PROCESS / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            peak.megabytes = int(line.split()[1]) * 1024 / 1e6
