"""EXIF of odd cameras and programs: what is read of it and what is set in it agree."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from burnish.image import encode, read
from burnish.image import exif as exif_module
from image.photo_files import jpeg, picture

KINDS = {1: "B3x", 3: "H2x", 4: "I", 6: "b3x", 8: "h2x", 9: "i", 13: "I"}


def turned(*values: bytes, kind: int = 3, length: int = 1, order: str = "<") -> bytes:
    """EXIF with one or more orientations."""
    head = struct.pack(f"{order}2sHIH", b"II" if order == "<" else b"MM", 42, 8, len(values))
    row = struct.pack(f"{order}HHI", 0x112, kind, length)
    return head + b"".join(row + value for value in values) + bytes(4)


def orientations() -> dict[str, bytes]:
    found = {
        f"kind {kind} {order}": turned(struct.pack(f"{order}{unit}", 6), kind=kind, order=order)
        for kind, unit in KINDS.items()
        for order in "<>"
    }
    found["two numbers"] = turned(struct.pack("<HH", 6, 6), length=2)
    found["there twice"] = turned(*[struct.pack("<HH", 6, 0)] * 2)
    return found


@pytest.mark.parametrize("name", orientations())
def test_an_orientation_that_is_applied_is_reset(name):
    blob = orientations()[name]
    photo = read(jpeg(picture(), exif=b"Exif\0\0" + blob))
    assert (photo.height, photo.width) == (56, 40)
    for format in ("jpeg", "png", "tiff"):
        result = read(encode(photo, format))
        assert (result.height, result.width) == (56, 40), format
        assert np.abs(result.pixels - photo.pixels).mean() < 0.02, format
    upright = exif_module.refreshed(blob, (40, 56))
    changed = [i for i in range(len(blob)) if blob[i] != upright[i]]
    assert len(changed) == (2 if name == "there twice" else 1)


def test_an_orientation_that_is_no_number_is_left_alone():
    blob = turned(b"6\0\0\0", kind=2, length=2)
    assert exif_module.orientation(blob) == 1
    assert exif_module.refreshed(blob, (40, 56)) == blob
