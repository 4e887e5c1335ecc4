"""Ray's threads print on stdout, where scripts expect burnish's lines: here they go to stderr."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class OneThreadsStream:
    """A stream for the thread that made it; what others write goes to ``elsewhere``."""

    def __init__(self, mine: TextIO, elsewhere: TextIO) -> None:
        self.thread, self.mine, self.elsewhere = threading.get_ident(), mine, elsewhere

    def __getattr__(self, name: str) -> Any:
        mine = threading.get_ident() == self.thread
        return getattr(self.mine if mine else self.elsewhere, name)


@contextmanager
def others_on_stderr() -> Iterator[None]:
    """While this lasts, only the calling thread prints on stdout."""
    before = sys.stdout
    stream: Any = OneThreadsStream(before, sys.stderr)
    sys.stdout = stream
    try:
        yield
    finally:
        sys.stdout = before
