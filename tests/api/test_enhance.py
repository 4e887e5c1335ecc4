"""`burnish.enhance`: the same kind comes back, changed as `Enhancer` changes it."""

import json
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image, ImageCms

import burnish
from burnish.errors import InputError, OptionError, OutputError
from burnish.files import sha256
from burnish.image import probe
from burnish.image.photo import Photo, Source

from .conftest import EXIF, OPTIONS, picture


def expected(pixels: np.ndarray) -> np.ndarray:
    """(H,W,3) in [0,1] by the engine, of (H,W,3) in [0,1]."""
    enhancer = burnish.Enhancer(burnish.EnhanceOptions(**OPTIONS))
    return enhancer(Photo(np.float32(pixels))).pixels


def test_bytes_give_bytes_of_the_same_format_with_the_metadata(jpeg: Path) -> None:
    data = jpeg.read_bytes()
    for given in (data, bytearray(data), memoryview(data)):
        better = burnish.enhance(given, **OPTIONS)
        assert isinstance(better, bytes)
        photo = burnish.read(better)
        assert photo.source.format == "jpeg" and b"ACME" in (photo.source.exif or b"")
    assert np.abs(photo.pixels - burnish.read(data).pixels).mean() > 0.02
    assert burnish.read(burnish.enhance(data, format="png", **OPTIONS)).source.format == "png"
    bare = burnish.read(burnish.enhance(data, metadata="strip", **OPTIONS))
    assert bare.source.exif is None
    assert len(burnish.enhance(data, quality=30, **OPTIONS)) < 0.7 * len(better)


def test_what_cannot_be_written_is_refused_before_the_work(
    jpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burnish.Enhancer, "__call__", lambda *_: pytest.fail("worked"))
    (tmp_path / "there.jpg").write_bytes(b"mine")
    wide = tmp_path / "wide.png"
    Image.fromarray(np.zeros((4, 8200, 3), np.uint8)).save(wide)
    out = tmp_path / "out.webp"
    for source, target, more, said in (
        (jpeg, tmp_path / "there.jpg", {}, "exists already"),
        (jpeg, tmp_path / "out.gif", {}, "Cannot write out.gif"),
        (jpeg, out, {"quality": 101}, "from 1 to 100, not 101"),
        (
            jpeg,
            out,
            {"metadata": "some"},
            "metadata must be one of keep, copyright, strip, not some",
        ),
        (wide, out, {"scale": 2}, "WebP holds at most 16383 pixels a side"),
        (wide.read_bytes(), None, {"scale": 2, "format": "webp"}, "WebP holds at most 16383"),
    ):
        with pytest.raises((OutputError, OptionError), match=said):
            burnish.enhance(source, target, **more, threads=1)  # type: ignore[call-overload]
    assert (tmp_path / "there.jpg").read_bytes() == b"mine" and not out.exists()


def test_a_path_gives_a_photo_or_writes_a_file(jpeg: Path, tmp_path: Path) -> None:
    photo = burnish.enhance(jpeg, **OPTIONS)
    assert isinstance(photo, Photo)
    np.testing.assert_array_equal(photo.pixels, expected(burnish.read(jpeg).pixels))
    out = tmp_path / "out" / "better.jpg"
    assert burnish.enhance(str(jpeg), str(out), **OPTIONS) == out
    assert (
        out.read_bytes() == burnish.encode(photo) == burnish.enhance(jpeg.read_bytes(), **OPTIONS)
    )
    with pytest.raises(OutputError, match=r"exists already: .*in Python overwrite=True"):
        burnish.enhance(jpeg, out, **OPTIONS)
    burnish.enhance(jpeg, out, overwrite=True, quality=30, **OPTIONS)
    assert out.read_bytes() == burnish.enhance(jpeg.read_bytes(), quality=30, **OPTIONS)
    with pytest.raises(OutputError, match="original"):
        burnish.enhance(jpeg, jpeg, overwrite=True, **OPTIONS)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [0, 1, 3, 4])
def test_an_array_gives_an_array_like_it(dtype: Any, channels: int) -> None:
    array = picture(channels=channels or 1)
    full = 1 if dtype is np.float32 else np.iinfo(dtype).max
    array = (array / 255 * full).astype(dtype)
    array = array if channels else array[..., 0]
    before = array.copy()
    better = burnish.enhance(array, **OPTIONS)
    assert better.dtype == dtype and better.shape == array.shape
    np.testing.assert_array_equal(array, before)
    in_one = np.atleast_3d(array)[..., :3].astype(np.float64) / full
    wanted = expected(np.broadcast_to(in_one, (*in_one.shape[:2], 3)))
    got = np.atleast_3d(better)
    step = 1e-6 if dtype is np.float32 else 0.5 / full + 1e-6
    if channels in (3, 4):
        np.testing.assert_allclose(got[..., :3] / full, wanted, rtol=0, atol=step)
    else:  # without colour: any channel, as all three are equal
        greyed = burnish.Enhancer(burnish.EnhanceOptions(**OPTIONS))(Photo.from_array(array)).pixels
        np.testing.assert_allclose(got / full, greyed[..., :1], rtol=0, atol=step)
        assert np.abs(greyed - in_one).mean() > 0.005
    if channels == 4:
        np.testing.assert_array_equal(got[..., 3], array[..., 3])


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_a_pillow_image_gives_one_of_its_mode(mode: str) -> None:
    bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "I;16": 1}[mode]
    array = picture(channels=4)[..., 4 - bands :] if bands < 3 else picture(channels=bands)
    array = array[..., 0] if bands == 1 else array
    image = Image.fromarray(array.astype(np.uint16) * 257 if mode == "I;16" else array)
    image.info = {"exif": EXIF, "dpi": (300, 300), "transparency": 3}
    better = burnish.enhance(image, **OPTIONS)
    assert (better.mode, better.size) == (mode, image.size) == (image.mode, (56, 40))
    assert better.info == {"exif": EXIF, "dpi": (300, 300)}
    if mode == "LA":
        same = burnish.enhance(array[..., 0], **OPTIONS)
        np.testing.assert_array_equal(np.asarray(better)[..., 0], same)
        np.testing.assert_array_equal(np.asarray(better)[..., 1], array[..., 1])
    else:
        np.testing.assert_array_equal(
            np.asarray(better), burnish.enhance(np.asarray(image), **OPTIONS)
        )


def test_a_pillow_image_is_seen_by_its_profile(tmp_path: Path) -> None:
    """The profile is used as for a file: the numbers in it are the same as by way of a PNG."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide = display_p3()
    image = Image.fromarray(picture())
    results = {}
    for name, icc in (("srgb", lab), ("p3", wide)):
        image.info["icc_profile"] = icc
        file = BytesIO()
        image.save(file, "PNG", icc_profile=icc)
        better = burnish.enhance(image, **OPTIONS)
        assert better.info["icc_profile"] == icc
        by_file = Image.open(BytesIO(burnish.enhance(file.getvalue(), **OPTIONS)))
        np.testing.assert_array_equal(np.asarray(better), np.asarray(by_file))
        results[name] = np.asarray(better)
    assert (results["srgb"] != results["p3"]).any()


def display_p3() -> bytes:
    from burnish.image import colour

    return colour.display_p3()


def test_a_photo_gives_a_photo() -> None:
    photo = replace(Photo.from_array(picture(channels=4)), source=Source(exif=EXIF))
    better = burnish.enhance(photo, **OPTIONS)
    assert better.source is photo.source and better.alpha is photo.alpha
    np.testing.assert_array_equal(better.pixels, expected(photo.pixels))


def test_any_kind_of_bytes_is_a_file(jpeg: Path) -> None:
    data = jpeg.read_bytes()
    for kind in (bytearray, memoryview):
        np.testing.assert_array_equal(burnish.read(kind(data)).pixels, burnish.read(data).pixels)
        assert probe(kind(data)) == probe(data)


def test_a_model_that_was_exported_anew_is_loaded_anew(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(OPTIONS["model"], tmp_path / "model"))
    options = OPTIONS | {"model": str(folder)}
    before = burnish.enhance(picture(), **options)
    graph = onnx.load(folder / "condition.onnx")
    graph.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.float32(0.9), "half"))
    onnx.save(graph, folder / "condition.onnx")
    card = json.loads((folder / "card.json").read_text())
    card["hashes"]["condition.onnx"] = sha256(folder / "condition.onnx")
    (folder / "card.json").write_text(json.dumps(card))
    after = burnish.enhance(picture(), **options)
    assert (after.astype(int) - before).mean() > 10


def test_options_reach_the_engine_and_slips_are_told() -> None:
    array = picture()
    np.testing.assert_array_equal(burnish.enhance(array, strength=0), array)
    half, full = (
        burnish.enhance(array, strength=strength, **OPTIONS).astype(float)
        for strength in (0.5, 1.0)
    )
    assert 0.3 < np.abs(half - array).mean() / np.abs(full - array).mean() < 0.7
    with pytest.raises(OptionError, match="did you mean strength"):
        burnish.enhance(array, strenght=0.5)
    with pytest.raises(OptionError, match="there are model, task, scale"):
        burnish.enhance(array, zzz=1)
    with pytest.raises(OptionError, match="strength must lie"):
        burnish.enhance(array, strength=2)


@pytest.mark.parametrize(
    ("source", "choices", "says"),
    [
        (picture(), {"out": "x.png"}, "out is for a source that is a path"),
        (picture(), {"quality": 90}, "for bytes, or for a path with out"),
        ("in.jpg", {"format": "png"}, "for bytes, or for a path with out"),
        (b"x", {"overwrite": True}, "overwrite is for a path"),
        (b"x", {"out": "x.png"}, "out is for a source that is a path"),
        ("in.jpg", {"out": 7}, "out must be a path, not 7"),
        (picture(), {"model": "a\0b"}, "cannot be read: a path cannot hold a NUL"),
        (picture(), {"look": "a\0b"}, "cannot be read: a path cannot hold a NUL"),
        (7, {}, "A int is no picture"),
        (None, {}, "A NoneType is no picture"),
        (picture().astype(np.float64), {}, "float64"),
        (picture().astype(np.float32), {}, "from 0 to 1"),
        (Image.new("CMYK", (9, 9)), {}, "convert it first"),
        (Image.new("RGB", (0, 9)), {}, "no pixels"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    source: Any, choices: dict[str, Any], says: str
) -> None:
    with pytest.raises(OptionError, match=says):
        burnish.enhance(source, **choices)


@pytest.mark.parametrize("name", ["a\0b.jpg", "a\0b/c.jpg", 300 * "n" + ".jpg"])
def test_a_path_that_cannot_be_is_told_as_any_other(name: str, jpeg: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be opened: .*\.$"):
        burnish.enhance(tmp_path / name)
    with pytest.raises(OutputError, match=r"cannot be written: .*\.$"):
        burnish.enhance(jpeg, tmp_path / name, **OPTIONS)


def test_what_is_no_photo_is_an_input_error() -> None:
    with pytest.raises(InputError, match="not a picture"):
        burnish.enhance(b"hello, this is no photo")
    with pytest.raises(burnish.BurnishError, match="does not exist"):
        burnish.enhance("no-such-file.jpg")
