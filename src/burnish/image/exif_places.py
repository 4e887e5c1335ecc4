"""EXIF that names places in the picture or its resolution on the sensor: moved with the picture.

The tags: Exif 2.32, 4.6.5 (SubjectArea, SubjectLocation, FocalPlaneXResolution and its like).
"""

from __future__ import annotations

import struct
from fractions import Fraction

from burnish.image.change import Change
from burnish.image.tiffdir import LONG, RATIONAL, SHORT, UNITS, Entry

SUBJECT = (0x9214, 0xA214)  # the middle of an area and its sides or diameter; a point
FOCAL_PLANE = (0xA20E, 0xA20F)  # pixels a unit of length, across and down
LARGEST = (1 << 32) - 1


def move(out: bytearray, offset: int, inner: dict[int, Entry], change: Change) -> None:
    """Change the Exif directory at ``offset``, whose entries are given, in place.

    A place beyond what its kind of number can hold is taken out.
    """
    if change.nothing:
        return
    set_resolutions(out, [inner[tag] for tag in FOCAL_PLANE if tag in inner], change)
    rows = [inner[tag] for tag in SUBJECT if tag in inner]
    for row in sorted(rows, key=lambda row: -row.row):  # taking one out moves what is behind it
        if row.type not in (SHORT, LONG) or not 2 <= row.length <= 4:
            continue
        try:
            moved = struct.pack(
                f"{row.order}{row.length}{UNITS[row.type]}", *change.area(*row.numbers())
            )
        except struct.error:
            take_out(out, offset, row)
        else:
            out[row.place : row.place + len(moved)] = moved


def set_resolutions(out: bytearray, rows: list[Entry], change: Change) -> None:
    """Set both resolutions of the sensor to those of the enlarged picture."""
    if len(rows) < 2 or any(row.type != RATIONAL or not row.length for row in rows):
        return
    if any(not row.numbers()[1] for row in rows):
        return
    found = [Fraction(*row.numbers()[:2]) for row in rows]
    if change.sideways:
        found.reverse()
    for row, value, scale in zip(rows, found, change.scale, strict=True):
        value = min(value * scale, Fraction(LARGEST))
        value = value.limit_denominator(LARGEST // max(value, Fraction(1)))
        struct.pack_into(f"{row.order}II", out, row.place, value.numerator, value.denominator)


def take_out(out: bytearray, offset: int, row: Entry) -> None:
    """Take an entry out of the directory at ``offset``; its value's bytes stay."""
    (count,) = struct.unpack_from(f"{row.order}H", out, offset)
    end = offset + 2 + 12 * count + 4
    out[row.row : end] = out[row.row + 12 : end] + bytes(12)
    struct.pack_into(f"{row.order}H", out, offset, count - 1)
