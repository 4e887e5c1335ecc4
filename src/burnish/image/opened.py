"""A photo whose header is read and whose samples wait to be decoded: what each opener returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from burnish.image.decode import Samples


@dataclass(frozen=True)
class Opened:
    """Facts of the header; ``samples`` decodes, once."""

    width: int  # as stored
    height: int
    mode: str
    samples: Callable[[], Samples]  # may raise InputError
    orientation: int = 1
    grey: bool = False
    icc: bytes | None = None
    exif: bytes | None = None  # where the decoder gives it and not the container
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None  # across and down
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright photo."""
        return (self.width, self.height) if self.orientation < 5 else (self.height, self.width)
