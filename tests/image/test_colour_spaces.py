"""Files that are not plain RGB: Lab, CMYK, and alpha that lies beside them."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile

from burnish.errors import InputError
from burnish.image import encode, read
from burnish.image.containers import heif
from burnish.image.containers import jpeg as jpeg_module
from image.photo_files import picture, pillow, vips_image


def by_tifffile(array: np.ndarray, **options: object) -> bytes:
    out = BytesIO()
    tifffile.imwrite(out, array, metadata=None, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    "photometric, colours, dtype",
    [
        ("cielab", 3, np.uint8),
        ("cielab", 3, np.uint16),
        ("separated", 4, np.uint8),
        ("separated", 4, np.uint16),
    ],
)
def test_alpha_beside_other_colours_stays(photometric, colours, dtype):
    top = np.iinfo(dtype).max
    array = np.zeros((16, 32, colours + 1), dtype)
    array[..., 0] = top // 3
    array[..., -1] = np.linspace(0, top, 32).astype(dtype)
    photo = read(by_tifffile(array, photometric=photometric, extrasamples=["unassalpha"]))
    np.testing.assert_allclose(photo.alpha * top, array[..., -1], atol=0.01)
    assert (photo.pixels == photo.pixels[:1, :1]).all()  # no trace of it in the colours
    result = read(encode(photo))
    np.testing.assert_array_equal(result.alpha, photo.alpha)
    if (photometric, dtype) != ("cielab", np.uint8):  # which the decoder does not know
        plain = read(by_tifffile(array[..., :-1], photometric=photometric))
        np.testing.assert_array_equal(photo.pixels, plain.pixels)


@pytest.mark.parametrize("depth", [8, 16])
def test_premultiplied_avif_is_divided_by_its_alpha(depth):
    array = picture(channels=4, depth=depth)
    top = np.iinfo(array.dtype).max
    array[..., :3] = top // 4
    array[..., 3] = top // 2
    options = {"lossless": True} if depth == 8 else {"Q": 100, "bitdepth": 12}
    data = vips_image(array).heifsave_buffer(compression="av1", effort=0, **options)
    np.testing.assert_allclose(read(data).pixels, 0.25, atol=0.01)
    photo = read(premultiplied(data))
    np.testing.assert_allclose(photo.pixels, 0.5, atol=0.01)
    np.testing.assert_allclose(photo.alpha, 0.5, atol=0.01)
    np.testing.assert_allclose(read(encode(photo)).pixels, photo.pixels, atol=0.01)


def premultiplied(data: bytes) -> bytes:
    """The same AVIF file, saying that item 2, alpha, is already in the colours of item 1."""
    (start,) = struct.unpack_from(">I", data)
    (length,) = struct.unpack_from(">I", data, start)
    inner = dict(heif.boxes(data[start + 12 : start + length]))
    inner[b"iref"] += heif.pack(b"prem", struct.pack(">HHH", 1, 1, 2))
    version = data[start + 8 : start + 12]
    grown = len(heif.build_meta(version, inner, [], 9, 0, 0)) - length
    meta = heif.build_meta(version, inner, [], 9, grown, 0)
    return data[:start] + meta + data[start + length :]


def test_cmyk_jpeg_keeps_its_colour_resolution():
    data = pillow(picture(), "JPEG", "CMYK", quality=95)
    photo = read(data)
    assert photo.source.subsampling == "444"  # Pillow knows no other for CMYK
    assert read(encode(photo)).source.subsampling == "444"
    frame = bytes((8, 0, 40, 0, 56, 4, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 4, 0x22, 0))
    assert jpeg_module.sampling(frame) == "420"


def test_lab_of_8_bits_is_refused_as_what_it_is():
    data = by_tifffile(np.full((16, 32, 3), 60, np.uint8), photometric="cielab")
    with pytest.raises(InputError, match=r"^The image is a Lab file of 8 bits; .*16 bits\.$"):
        read(data)
