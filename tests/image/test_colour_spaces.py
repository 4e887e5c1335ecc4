"""Files that are not plain RGB: Lab, CMYK, and alpha that lies beside them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import tifffile

from burnish.image import encode, read
from image.photo_files import picture


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
