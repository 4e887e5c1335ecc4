"""What became of a picture since its metadata was written: it was turned upright, then enlarged."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple


class Change(NamedTuple):
    """From the picture as its file stored it to the photo that is written; sizes in pixels."""

    size: tuple[int, int]  # (width, height) now
    before: tuple[int, int] | None = None  # the same of the upright picture, where it was another
    orientation: int = 1  # 1 to 8 as in EXIF: how the picture lay in the file

    @property
    def scale(self) -> tuple[Fraction, Fraction]:
        """How much larger the upright picture became, across and down."""
        width, height = self.before or self.size
        return Fraction(self.size[0], width), Fraction(self.size[1], height)

    @property
    def nothing(self) -> bool:
        """Whether every place in the picture still is where it was."""
        return self.orientation == 1 and self.before in (None, self.size)

    @property
    def sideways(self) -> bool:
        """Whether what was the width is the height now."""
        return self.orientation >= 5

    def turned(
        self, x: float, y: float, width: float = 1, height: float = 1
    ) -> tuple[float, float]:
        """A point of the stored picture, whose sides are given, in the upright one."""
        if self.orientation in (2, 3, 7, 8):
            x = width - x
        if self.orientation in (3, 4, 6, 7):
            y = height - y
        return (y, x) if self.sideways else (x, y)

    def area(self, x: int, y: int, *extent: int) -> tuple[int, ...]:
        """A pixel of the stored picture, and the diameter or sides around it, as they are now."""
        width, height = self.before or self.size
        if self.sideways:
            width, height, extent = height, width, extent[::-1]
        centre = self.turned(x + 0.5, y + 0.5, width, height)
        sides = zip(extent, self.scale, strict=False)
        return (
            *(int(place * scale) for place, scale in zip(centre, self.scale, strict=True)),
            *(round(side * scale) for side, scale in sides),
        )
