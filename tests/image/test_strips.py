"""Photos written strip by strip: any folder's name, and nothing left of what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.errors import OutputError
from burnish.image import Photo, read, write
from burnish.image.push import push
from burnish.image.strips import open_strips, write_strips
from image.photo_files import jpeg, picture


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_a_folder_whose_name_is_no_utf_8(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    source = folder / "in.tif"
    write(Photo.from_array(picture()), source)
    strips = open_strips(source, folder / f"out.{suffix}")
    assert strips is not None
    write_strips(strips, strips, folder / f"out.{suffix}")
    assert read(folder / f"out.{suffix}").width == 56
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("error", [MemoryError(), ValueError("odd")])
@pytest.mark.parametrize("late", [True, False])
def test_what_the_encoder_raises_is_raised(tmp_path: Path, error: Exception, late: bool) -> None:
    part = tmp_path / "part"

    def take(image: Any) -> None:
        if late:
            image.tiffsave(os.fsencode(part))
        raise error

    with pytest.raises(type(error)):
        push(iter([picture()]), (40, 56, 3), 8, take)


def test_nothing_is_left_when_the_encoder_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "in.tif", tmp_path / "out.tif"
    write(Photo.from_array(picture()), source)
    strips = open_strips(source, target)
    assert strips is not None

    def half(
        blocks: Any, shape: tuple[int, int, int], bits: int, take: Callable[[Any], None]
    ) -> None:
        def fail(image: Any) -> None:
            take(image)
            raise MemoryError

        push(blocks, shape, bits, fail)

    monkeypatch.setattr("burnish.image.strips.push", half)
    with pytest.raises((MemoryError, OutputError)):
        write_strips(strips, strips, target)
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]


@pytest.mark.skipif(sys.platform == "win32", reason="files cannot be kept small there")
@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_a_full_disk_is_told_by_its_name(tmp_path: Path, suffix: str) -> None:
    import resource

    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    source, target = tmp_path / "in.tif", tmp_path / f"out.{suffix}"
    write(Photo.from_array(noise), source)
    strips = open_strips(source, target)
    assert strips is not None
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))  # as if no more were free
    try:
        with pytest.raises(OutputError, match=rf"out\.{suffix} cannot be written: File too large"):
            write_strips(strips, strips, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]


def test_damage_in_a_large_jpeg_has_a_note_once_it_is_read(tmp_path: Path) -> None:
    data = jpeg(np.random.default_rng(1).integers(0, 256, (900, 200, 3)).astype(np.uint8))
    source = tmp_path / "in.jpg"
    source.write_bytes(data[:300_000] + b"\xff\xd9")
    strips = open_strips(source, tmp_path / "out.jpg")
    assert strips is not None
    for _ in range(2):  # passes over the file
        pixels = np.concatenate([strip.pixels for strip in strips])
        assert sum("may be missing" in note for note in strips.source.notes) == 1
    np.testing.assert_array_equal(pixels, read(source).pixels)
