"""Rows that are made one strip after the other, as an image that libvips reads from the top.

libvips pulls its pixels. It gets them here from an uncompressed TIFF stream that never exists as a
whole: a directory, and the strips behind it in the order in which they are asked for.
"""

from __future__ import annotations

import contextlib
import struct
import threading
from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from typing import Any

import numpy as np

from burnish.errors import OutputError
from burnish.image.containers.tiff import STRIP_SIZES, STRIPS
from burnish.image.tiffdir import LONG, SHORT, entry, pack_directory
from burnish.image.vips import reason, vips

ROWS = 64
"""Rows of a strip; the last one has what is left."""


def directory(height: int, width: int, bands: int, bits: int) -> bytes:
    """The head of the stream: all up to the first sample."""
    row = width * bands * bits // 8
    sizes = [row * min(ROWS, height - top) for top in range(0, height, ROWS)]

    def head(start: int) -> bytes:
        offsets = [start + sum(sizes[:1]) * i for i in range(len(sizes))]
        rows = [
            entry(256, LONG, [width]),
            entry(257, LONG, [height]),
            entry(258, SHORT, [bits] * bands),
            entry(259, SHORT, [1]),  # no compression
            entry(262, SHORT, [2 if bands == 3 else 1]),  # RGB, or grey with 0 black
            entry(STRIPS, LONG, offsets),
            entry(277, SHORT, [bands]),
            entry(278, LONG, [ROWS]),
            entry(STRIP_SIZES, LONG, sizes),
        ]
        return struct.pack("<2sHI", b"II", 42, 8) + pack_directory(rows, "<", 8)

    return head(len(head(0)))


class Feed:
    """The stream as libvips reads it: anywhere in the head, then forwards only."""

    def __init__(self, head: bytes, size: int) -> None:
        self.head, self.size = head, size
        self.queue: Queue[bytes] = Queue(maxsize=2)
        self.stopped = threading.Event()
        self.place = 0
        self.piece, self.start = memoryview(b""), len(head)

    def seek(self, offset: int, whence: int) -> int:
        self.place = offset + (0, self.place, self.size)[whence]
        return self.place

    def read(self, size: int) -> bytes:
        if self.place < len(self.head):
            found = self.head[self.place : self.place + size]
        else:
            while self.place >= self.start + len(self.piece):
                try:
                    following = memoryview(self.queue.get(timeout=0.1))
                except Empty:
                    if self.stopped.is_set():
                        return b""
                    continue
                self.start += len(self.piece)
                self.piece = following
            at = self.place - self.start
            found = bytes(self.piece[at : at + size]) if at >= 0 else b""
        self.place += len(found)
        return found


def push(
    blocks: Iterator[np.ndarray],
    shape: tuple[int, int, int],
    bits: int,
    take: Callable[[Any], None],
) -> None:
    """Hand blocks of `ROWS` rows, (n,W,C) integers, to ``take`` as one image of (H,W,C).

    ``take`` runs in a thread of its own, so that it compresses while the next block is made. What
    ``blocks`` raises is raised here, and ``take`` then fails on a stream that ends too early. So is
    what ``take`` raises.
    """
    head = directory(*shape, bits)
    feed = Feed(head, len(head) + shape[0] * shape[1] * shape[2] * bits // 8)
    failed: list[BaseException] = []

    def pull() -> None:
        pyvips = vips()
        source = pyvips.SourceCustom()
        source.on_read(feed.read)
        source.on_seek(feed.seek)
        options = {"access": "sequential", "fail_on": "truncated"}
        try:
            take(pyvips.Image.tiffload_source(source, **options))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=pull, name="burnish-encode")
    thread.start()
    try:
        for block in blocks:
            data = block.astype(block.dtype.newbyteorder("<"), copy=False).tobytes()
            while thread.is_alive():
                with contextlib.suppress(Full):
                    feed.queue.put(data, timeout=0.1)
                    break
            else:
                break
    finally:
        while thread.is_alive() and not feed.queue.empty():
            thread.join(0.05)
        feed.stopped.set()
        thread.join()
    for error in failed:
        if isinstance(error, vips().Error):
            raise OutputError(f"Encoding failed ({reason(error)}).") from None
        raise error
