"""Files appear whole or not at all, never over another one unasked, and never over the original."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from burnish.errors import OptionError, OutputError
from burnish.image import Photo, encode, format_of, losses, natural_format, read, suffix_for, write
from burnish.image.write import write_bytes
from image.photo_files import jpeg, picture

PHOTO = Photo.from_array(picture())


def test_a_file_with_its_folders_is_written(tmp_path):
    path = tmp_path / "new" / "folder" / "photo.png"
    assert write(PHOTO, path) == ()
    np.testing.assert_array_equal(read(path).pixels, PHOTO.pixels)
    assert [p.name for p in path.parent.iterdir()] == ["photo.png"]
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_existing_file_stays_unless_overwritten(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"before")
    with pytest.raises(OutputError, match=r"photo\.png exists already"):
        write(PHOTO, path)
    assert path.read_bytes() == b"before"
    write(PHOTO, path, overwrite=True)
    assert read(path).width == 56


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_stays(tmp_path, monkeypatch, links):
    """The name is taken between the last look and the rename: nothing is lost."""
    path = tmp_path / "photo.png"
    monkeypatch.setattr(sys.modules["burnish.image.write"], "check_target", lambda *_: None)
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    path.write_bytes(b"came first")
    with pytest.raises(OutputError, match="exists already"):
        write(PHOTO, path)
    assert path.read_bytes() == b"came first"
    assert [p.name for p in tmp_path.iterdir()] == ["photo.png"]


def no_links(*_: object) -> None:
    raise PermissionError("no hard links here")


def test_file_systems_without_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", no_links)
    write(PHOTO, tmp_path / "photo.png")
    assert [p.name for p in tmp_path.iterdir()] == ["photo.png"]
    assert read(tmp_path / "photo.png").width == 56


def test_the_original_is_never_overwritten(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(picture()))
    before = path.read_bytes()
    photo = read(path)
    (tmp_path / "linked.jpg").symlink_to(path)
    os.link(path, tmp_path / "hard.jpg")
    for name in ("photo.jpg", "linked.jpg", "hard.jpg", "../" + tmp_path.name + "/photo.jpg"):
        with pytest.raises(OutputError, match="never overwritten"):
            write(photo, tmp_path / name, overwrite=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), MemoryError()])
def test_nothing_is_left_behind_when_writing_fails(tmp_path, monkeypatch, error):
    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((OutputError, KeyboardInterrupt, MemoryError)):
        write(PHOTO, tmp_path / "photo.png")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_partial_photo(tmp_path):
    """Killed in the middle, the target's name does not exist; only a hidden part may remain."""
    script = (
        "import os, sys, time, pathlib\n"
        "os.fsync = lambda fd: (print('writing', flush=True), time.sleep(30))\n"
        "from burnish.image.write import write_bytes\n"
        "write_bytes([b'x' * 100000], pathlib.Path(sys.argv[1]))\n"
    )
    path = tmp_path / "photo.png"
    source = Path(__file__).resolve().parents[2] / "src"
    environment = {**os.environ, "PYTHONPATH": str(source)}
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    assert not path.exists()
    assert all(p.name.startswith(".burnish-") for p in tmp_path.iterdir())


def test_targets_that_cannot_be(tmp_path):
    with pytest.raises(OutputError, match="folder"):
        write(PHOTO, tmp_path, format="png")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        write(PHOTO, tmp_path / "file" / "photo.png")
    with pytest.raises(OutputError, match="File name too long"):
        write(PHOTO, tmp_path / (300 * "n" + ".png"))
    for name in ("photo.xyz", "photo", "photo.nef"):
        with pytest.raises(OptionError, match=r"\.jpg.*\.png.*\.tif.*\.avif"):
            write(PHOTO, tmp_path / name)
    with pytest.raises(OptionError, match="bmp"):
        write(PHOTO, tmp_path / "photo.png", format="bmp")
    with pytest.raises(OptionError, match="1 to 100"):
        encode(PHOTO, "jpeg", quality=0)


def test_formats_and_names():
    assert [format_of(f"a.{s}") for s in ("JPG", "tif", "heic")] == ["jpeg", "tiff", "heic"]
    raw = replace(PHOTO.source, format="raw")
    assert natural_format(raw) == "jpeg" and suffix_for("tiff") == ".tif"
    assert any("raw" in note for note in losses(Photo(PHOTO.pixels, source=raw), "jpeg"))
    deep = Photo.from_array(picture(depth=16))
    assert any("8 bits" in note for note in losses(deep, "jpeg")) and losses(deep, "tiff") == ()
    assert any("transparency" in n for n in losses(Photo.from_array(picture(channels=4)), "jpeg"))


def test_raw_becomes_a_good_jpeg():
    raw = Photo(PHOTO.pixels, source=replace(PHOTO.source, format="raw", depth=16, bits=16))
    found = read(encode(raw)).source
    assert (found.format, found.quality, found.subsampling) == ("jpeg", 95, "444")


def test_sizes_beyond_the_format():
    long = Photo(np.zeros((1, 70_000, 3), np.float32))
    for format in ("jpeg", "webp", "avif"):
        with pytest.raises(OutputError, match="choose TIFF or PNG"):
            encode(long, format)
    assert read(encode(long, "png")).width == 70_000


def test_write_bytes_serves_others_too(tmp_path):
    write_bytes([b"a", b"b"], tmp_path / "report.json")
    assert (tmp_path / "report.json").read_bytes() == b"ab"
    start = time.monotonic()
    write_bytes([b"c"], tmp_path / "report.json", overwrite=True)
    assert (tmp_path / "report.json").read_bytes() == b"c" and time.monotonic() - start < 5
