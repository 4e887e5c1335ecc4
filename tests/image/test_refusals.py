"""What is no photo, or a broken one, is refused with one clear sentence that names the file."""

from __future__ import annotations

import os
import struct
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from burnish.errors import InputError, MissingExtraError
from burnish.image import is_photo_name, probe, read
from burnish.image.tiffdir import open_stream, read_directory
from image.photo_files import exif, icc, jpeg, picture, pillow, png, tiff, vips_image

NOISE = np.random.default_rng(1).integers(0, 256, (300, 200, 3)).astype(np.uint8)

TALL = np.random.default_rng(2).integers(0, 256, (900, 200, 3)).astype(np.uint8)


def encoded(name: str) -> bytes:
    image = vips_image(NOISE)
    return {
        "jpg": lambda: jpeg(NOISE),
        "png": lambda: png(NOISE),
        "webp": lambda: image.webpsave_buffer(),
        "tif": lambda: tiff(NOISE, compression="deflate"),
        "avif": lambda: image.heifsave_buffer(compression="av1", effort=0),
    }[name]()


def refused(source: Path | bytes, **options: int) -> str:
    """The sentence; it is one line, ends with a full stop and names the file."""
    with pytest.raises(InputError) as caught:
        read(source, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".")
    if isinstance(source, Path):
        assert source.name in sentence
    return sentence


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
@pytest.mark.parametrize("kept", [0.1, 0.6, 0.95])
def test_truncated(tmp_path, suffix, kept):
    data = encoded(suffix)
    path = tmp_path / f"photo.{suffix}"
    path.write_bytes(data[: int(len(data) * kept)])
    sentence = refused(path)
    assert "damaged" in sentence or "truncated" in sentence, sentence


def test_a_decoder_whose_words_are_no_utf_8_is_heard_and_spoils_no_later_refusal():
    data = bytearray(pillow(NOISE, "AVIF", exif=b"Exif\0\0" + exif(6)))
    data[data.find(b"irot")] ^= 0x80  # libheif says the name of a box that it does not know
    assert "damaged or no AVIF file" in refused(bytes(data))
    assert "premature end" in refused(encoded("jpg")[:20_000])


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
def test_a_truncated_file_whose_name_is_no_utf_8(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.write_bytes(encoded("png")[:20_000])
    assert "damaged" in refused(path)


@pytest.mark.parametrize("compression", ["deflate", "lzw"])
def test_a_tiff_with_damage_in_its_samples_is_not_read_as_noise(compression):
    data = bytearray(tiff(NOISE, compression=compression))
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(range(40))
    assert "damaged" in refused(bytes(data))


@pytest.mark.parametrize("number", [34925, 40000])  # LZMA, which libtiff may lack; nobody's
def test_a_tiff_in_an_unknown_compression_is_not_read_as_black(number):
    data = bytearray(tiff(NOISE))
    stream = open_stream(BytesIO(data))
    struct.pack_into("<H", data, read_directory(stream, stream.first)[0][259].place, number)
    assert "damaged" in refused(bytes(data))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
def test_the_wrong_extension_reads_with_a_note(tmp_path, suffix):
    path = tmp_path / ("photo.jpg" if suffix != "jpg" else "photo.png")
    path.write_bytes(encoded(suffix))
    photo = read(path)
    assert any("name ends in" in note for note in photo.source.notes)
    assert photo.source.path == path
    assert probe(path) == (200, 300, photo.source.format)


def test_an_odd_but_whole_jpeg_reads():
    data = jpeg(picture())
    assert read(data + b"\0" * 100).source.notes == ()  # padding behind the end
    assert read(data[:2] + b"\xff\xff\xff" + data[3:]).width == 56  # fill bytes before a marker


MIDDLE = 300_000
DAMAGES = {
    "ends early": lambda data: data[:MIDDLE] + b"\xff\xd9",
    "a part cut out": lambda data: data[:MIDDLE] + data[MIDDLE + 4096 :],
    "a part made zero": lambda data: data[:MIDDLE] + bytes(4096) + data[MIDDLE + 4096 :],
    "a part made noise": lambda data: (
        data[:MIDDLE] + NOISE.tobytes()[:4096] + data[MIDDLE + 4096 :]
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_jpeg_with_damage_in_its_picture_reads_with_a_note(tmp_path, damage, mode):
    """libjpeg guesses what is missing; what it knows is as it was."""
    whole = pillow(TALL, "JPEG", mode, quality=95, subsampling=0, restart_marker_rows=8)
    path = tmp_path / "photo.jpg"
    path.write_bytes(DAMAGES[damage](whole))
    photo, original = read(path), read(whole)
    assert any("parts of the picture may be missing" in note for note in photo.source.notes)
    assert not any("missing" in note for note in original.source.notes)
    np.testing.assert_array_equal(photo.pixels[:400], original.pixels[:400])
    assert not np.array_equal(photo.pixels, original.pixels)
    assert "libpng" in refused(encoded("png")[:20_000])  # and not what libjpeg warned of


def test_a_jpeg_with_a_harmless_warning_is_whole():
    data = jpeg(picture())
    odd = data[:20] + b"\0\0" + data[20:]  # between two segments
    np.testing.assert_array_equal(read(odd).pixels, read(data).pixels)
    assert "extraneous bytes" in read(odd).source.notes[0]
    progressive = vips_image(NOISE).jpegsave_buffer(interlace=True)
    odd = progressive[:-2] + b"\0\0\0" + progressive[-2:]
    np.testing.assert_array_equal(read(odd).pixels, read(progressive).pixels)


@pytest.mark.parametrize(
    "marker, payload",
    [
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 10),
        (0xE1, b"Exif\0\0II*\0"),
        (0xE2, b"MPF\0II*\0"),
        (0xE2, b"ICC_PROFILE\0\1"),
        (0xED, b"Photoshop 3.0\0" + b"8BIM"),
        (0xDB, b""),
    ],
)
def test_a_segment_that_is_too_short_does_not_cost_the_photo(marker, payload):
    data = jpeg(picture())
    segment = struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
    np.testing.assert_array_equal(read(data[:2] + segment + data[2:]).pixels, read(data).pixels)


@pytest.mark.parametrize(
    "content, says",
    [
        (b"", "empty"),
        (b"hello, this is a text", "not a picture"),
        (b"GIF89a" + bytes(50), "GIF"),
        (b"%PDF-1.7", "PDF"),
        (pillow(picture(8, 8), "BMP"), "BMP"),
        (b"BM is how this text begins", "not a picture"),
        (b"\0\0\0\x18ftypmp42" + bytes(30), "video"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"RIFF\0\0\0\0WEBP", "damaged"),
        (b"II*\0\x08\0\0\0", "damaged"),
        (b"II+\0\x08\0\0\0" + b"\xff" * 64, "damaged"),  # its directory beyond all files
        (b"\0\0\0\x1cftypavif" + bytes(30), "damaged"),
    ],
)
def test_what_is_no_photo(tmp_path, content, says):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    assert says in refused(path)
    assert says in refused(content)


def test_folders_and_missing_files(tmp_path):
    assert "folder" in refused(tmp_path)
    assert "does not exist" in refused(tmp_path / "nothing.jpg")
    for function in (read, probe):
        with pytest.raises(InputError):
            function(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_pipes_and_devices(tmp_path):
    path = tmp_path / "photo.jpg"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR)  # so that opening it does not wait, should it come to that
    os.write(pipe, jpeg(picture()))
    try:
        assert "pipe" in refused(path)
    finally:
        os.close(pipe)
    assert "device" in refused(Path("/dev/zero"))


def test_bombs_are_refused_before_decoding(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    path = tmp_path / "bomb.png"
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(1000)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b""))
    assert "3600 megapixels" in refused(path)
    assert "limit of 0" in refused(encoded("jpg"), max_pixels=59_999)
    assert read(encoded("jpg"), max_pixels=60_000).width == 200


def frames(count: int) -> list[Image.Image]:
    return [Image.fromarray(np.roll(NOISE, 9 * i, 0)) for i in range(count)]


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF"])
def test_animations(tmp_path, format):
    path = tmp_path / f"moving.{format.lower()}"
    first, *others = frames(3)
    first.save(path, format, save_all=True, append_images=others, duration=100)
    assert "frames" in refused(path)
    one = tmp_path / f"still.{format.lower()}"
    first.save(one, format)
    assert read(one).width == 200


def test_several_pages(tmp_path):
    import tifffile

    path = tmp_path / "pages.tif"
    tifffile.imwrite(path, np.stack([NOISE, NOISE, NOISE]), photometric="rgb")
    assert "3 pages" in refused(path)
    with tifffile.TiffWriter(path) as out:
        out.write(NOISE, photometric="rgb")
        out.write(NOISE[::4, ::4], photometric="rgb", subfiletype=1)  # a smaller copy is no page
    assert read(path).height == 300


def test_samples_of_other_kinds(tmp_path):
    import tifffile

    path = tmp_path / "float.tif"
    tifffile.imwrite(path, NOISE.astype(np.float32), photometric="rgb")
    assert "8 and 16 bit" in refused(path)
    tifffile.imwrite(path, np.zeros((8, 8, 7), np.uint8), photometric="rgb", planarconfig="contig")
    assert "7 channels" in refused(path)


def test_missing_extras_are_named(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingExtraError, match=r"burnish\[heic\]"):
        read(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
    path = tmp_path / "photo.dng"
    path.write_bytes(tiff(picture()))
    with pytest.raises(MissingExtraError, match=r"burnish\[raw\]"):
        read(path)


@given(
    st.sampled_from(["jpg", "png", "webp", "tif"]), st.integers(0, 10_000), st.binary(max_size=9)
)
def test_damage_anywhere_reads_or_is_refused(suffix, at, junk):
    data = SMALL[suffix]
    at %= len(data)
    for damaged in (data[:at] + junk + data[at + len(junk) :], data[:at] + junk):
        try:
            photo = read(damaged)
        except InputError:
            continue
        assert photo.pixels.shape[2] == 3


SMALL = {
    "jpg": jpeg(picture(), exif=b"Exif\0\0" + exif(), icc_profile=icc("p3")),
    "png": png(picture(), icc("p3")),
    "webp": pillow(picture(), "WEBP", exif=b"Exif\0\0" + exif()),
    "tif": tiff(picture(), icc("p3")),
}


def test_names_of_photos():
    for name in ("a.jpg", "b.JPEG", "c.Tiff", "d.nef", "e.heic", "f.avif"):
        assert is_photo_name(name)
    for name in ("a.txt", "jpg", ".hidden.jpg", "movie.mov", "anim.gif"):
        assert not is_photo_name(name)
