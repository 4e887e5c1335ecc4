"""Whether a file is all there, or still being copied."""

from __future__ import annotations

import os
from pathlib import Path

from burnish.errors import BurnishError
from burnish.image.containers.jpeg import segments
from burnish.image.read import read
from burnish.image.sniff import sniff

TAIL = 1 << 16
ENDS = {"jpeg": b"\xff\xd9", "png": b"IEND\xaeB`\x82"}
"""What closes a file; cameras may put a little behind it."""


def is_whole(path: Path) -> bool:
    """Whether the file ends as files of its format do, or can be decoded where none is known.

    Some programs claim a file's full size first and fill it in later: zeros at the end say so.
    """
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(64)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - TAIL, 0))
            tail = file.read(TAIL)
            if not tail.strip(b"\0") or tail.endswith(bytes(16)):
                return False
            format = sniff(head, path.name)
            if format == "jpeg":  # in whose header a thumbnail has an end of its own
                segments(file)
                tail = tail[max(file.tell() - max(size - TAIL, 0), 0) :]
    except OSError:
        return False
    if format in ENDS:
        return ENDS[format] in tail
    if format == "webp":
        return size >= int.from_bytes(head[4:8], "little") + 8
    try:
        read(path)
    except BurnishError:
        return False
    return True
