"""EXIF of odd cameras and programs: what is read of it and what is set in it agree."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest

from burnish.image import encode, read
from burnish.image import exif as exif_module
from burnish.image.change import Change
from burnish.image.tiffdir import entry, open_stream, pack_directory
from image.photo_files import exif, jpeg, picture

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
    upright = exif_module.refreshed(blob, Change((40, 56)))
    changed = [i for i in range(len(blob)) if blob[i] != upright[i]]
    assert len(changed) == (2 if name == "there twice" else 1)


def test_an_orientation_that_is_no_number_is_left_alone():
    blob = turned(b"6\0\0\0", kind=2, length=2)
    assert exif_module.orientation(blob) == 1
    assert exif_module.refreshed(blob, Change((40, 56))) == blob


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind, length", [(3, 1), (3, 2), (3, 3), (4, 1), (8, 1)])
def test_a_size_that_its_kind_cannot_hold_becomes_a_long(kind, length, order):
    rows = [entry(tag, kind, [10] * length, order) for tag in (0x100, 0x101)]
    blob = exif_module.build([*rows, entry(0x112, 3, [1], order)])
    _, first, _, _ = exif_module.directories(exif_module.refreshed(blob, Change((66000, 20))))
    assert [first[tag].numbers()[0] for tag in (0x100, 0x101, 0x112)] == [66000, 20, 1]
    assert first[0x100].type == 4 and first[0x100].length == 1
    assert first[0x101] == exif_module.directories(blob)[1][0x101]._replace(
        data=entry(0x101, kind, [20, *[10] * (length - 1)], order).data
    )


def test_a_photo_wider_than_a_short_says_so():
    rows = [entry(tag, 3, [value]) for tag, value in ((0xA002, 33000), (0xA003, 10))]
    photo = read(jpeg(picture(10, 33000), exif=b"Exif\0\0" + exif_module.build([], rows)))
    wide = photo.with_pixels(np.zeros((20, 66000, 3), np.float32), scale=2)
    for format in ("png", "tiff"):
        _, _, inner, _ = exif_module.directories(read(encode(wide, format)).source.exif)
        assert (inner[0xA002].numbers(), inner[0xA003].numbers()) == ((66000,), (20,))


def with_second(rows: list[tuple[int, int, list[int]]], pixels: bytes) -> bytes:
    """EXIF with a second directory, a number of 0 standing for where the pixels lie."""
    blob = bytearray(exif(1, thumbnail=False))
    blob += bytes(len(blob) % 2)
    stream = open_stream(BytesIO(blob))
    (count,) = struct.unpack_from("<H", blob, stream.first)
    struct.pack_into("<I", blob, stream.first + 2 + 12 * count, len(blob))
    after = len(blob) + 2 + 12 * len(rows) + 4
    made = [entry(tag, kind, [value or after for value in values]) for tag, kind, values in rows]
    return bytes(blob) + pack_directory(made, "<", len(blob)) + pixels


def test_an_uncompressed_thumbnail_is_dropped_too():
    pixels = b"old pixels" * 20
    rows = [(259, 3, [1]), (273, 4, [0]), (279, 4, [len(pixels)])]
    for blob in (with_second(rows, pixels), with_second(rows, pixels + b"maker's data")):
        upright = exif_module.refreshed(blob, Change((56, 40)))
        assert b"old pixels" not in upright
        assert upright.endswith(b"maker's data") == blob.endswith(b"maker's data")
        assert exif_module.directories(upright)[3] == 0


@pytest.mark.parametrize("start, size", [(60, 0xFFFFFF), (8, 40), (0, 0xFFFFFF)])
@pytest.mark.parametrize("tags", [(0x201, 0x202), (273, 279)])
def test_wrong_sizes_of_a_thumbnail_spoil_nothing(tags, start, size):
    blob = with_second([(tags[0], 4, [start]), (tags[1], 4, [size])], jpeg(picture(8, 8)))
    upright = exif_module.refreshed(blob, Change((56, 40)))
    before, after = exif_module.directories(blob), exif_module.directories(upright)
    for a, b in zip(before[1:3], after[1:3], strict=True):
        assert {tag: row.data for tag, row in a.items()} == {t: row.data for t, row in b.items()}


def test_only_a_jpeg_is_blanked_as_one():
    blob = with_second([(0x201, 4, [0]), (0x202, 4, [20])], b"what is no thumbnail" + bytes(20))
    assert b"what is no thumbnail" in exif_module.refreshed(blob, Change((56, 40)))
