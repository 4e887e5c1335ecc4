"""Reading photos for training, and views cut from their pyramids."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from burnish import image as photo_files
from burnish.data.photos import Pyramid, list_photos, load_pyramids, load_rgb
from burnish.errors import InputError
from burnish.image.colour import display_p3
from burnish.image.profiles import adobe_rgb


def ramp(height: int, width: int) -> torch.Tensor:
    """Red counts columns and green counts rows, so that a view tells where it was cut."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([x, y, x * 0]).to(torch.uint8)


@given(
    height=st.integers(16, 130),
    width=st.integers(16, 130),
    field=st.floats(0.01, 1),
    u=st.floats(0, 1),
    v=st.floats(0, 1),
    size=st.integers(1, 40),
)
def test_views(height: int, width: int, field: float, u: float, v: float, size: int) -> None:
    photo = torch.randint(0, 256, (3, height, width), dtype=torch.uint8)
    view = Pyramid(photo, smallest=16).view(field, u, v, size)
    assert view.shape == (3, size, size) and view.dtype == torch.float32
    assert view.min() >= 0 and view.max() <= 1


@pytest.mark.parametrize(("u", "v"), [(0.0, 0.0), (1.0, 0.0), (0.3, 0.9)])
def test_a_small_field_is_cut_and_never_enlarged(u: float, v: float) -> None:
    height, width, size = 100, 140, 24
    view = Pyramid(ramp(height, width)).view(0.05, u, v, size)
    left, top = int(u * (width - size)), int(v * (height - size))
    expected = ramp(height, width)[:, top : top + size, left : left + size].float() / 255
    assert torch.equal(view, expected)


def test_the_whole_field_shows_the_whole_short_side() -> None:
    view = Pyramid(ramp(128, 200)).view(1.0, 0.5, 0.5, 32) * 255
    rows = view[1, :, 0]
    assert rows[0] < 4 and rows[-1] > 123
    columns = view[0, 0]
    assert columns[0] == pytest.approx(36 + 1.5, abs=2)
    assert columns[-1] == pytest.approx(164 - 2.5, abs=2)


def test_a_photo_smaller_than_the_view_is_enlarged_and_nothing_else() -> None:
    view = Pyramid(ramp(20, 30)).view(0.5, 0, 0, 40) * 255
    assert view.shape == (3, 40, 40) and view[1].max() == pytest.approx(19, abs=0.5)


def test_levels_halve_down_to_the_smallest() -> None:
    pyramid = Pyramid(ramp(200, 301), smallest=48)
    assert [tuple(p.shape) for p in pyramid.levels] == [(3, 200, 301), (3, 100, 150), (3, 50, 75)]
    assert all(p.dtype == torch.uint8 for p in pyramid.levels)


def save(path: Path, width: int = 12, height: int = 10, **options: object) -> None:
    rng = np.random.default_rng(width)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 255, (height, width, 3), np.uint8)).save(path, **options)


def test_list_photos(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.JPG", "a/3.webp", "a/left.png"):
        save(tmp_path / name)
    (tmp_path / "a" / "notes.txt").write_text("no photo")
    (tmp_path / "a" / "._3.webp").write_bytes(b"what macOS puts beside a file")
    found = list_photos([tmp_path / "b", tmp_path / "a"], exclude=["left"])
    assert found == list_photos([tmp_path / "b", tmp_path / "a"], exclude=["left.png"])
    assert [p.name for p in found] == ["1.JPG", "2.png", "3.webp"]
    with pytest.raises(InputError, match="gone is not a folder of photos"):
        list_photos([tmp_path / "gone"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"No photos in .*empty"):
        list_photos([tmp_path / "empty"])


def test_load_rgb_shrinks_and_never_enlarges(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 90, 60)
    assert load_rgb(tmp_path / "a.png").shape == (3, 60, 90)
    assert load_rgb(tmp_path / "a.png", 30).shape == (3, 30, 45)
    assert load_rgb(tmp_path / "a.png", 100).shape == (3, 60, 90)
    (pyramid,) = load_pyramids([tmp_path / "a.png"], 30)
    assert pyramid.levels[0].shape == (3, 30, 45)


def test_load_rgb_turns_a_photo_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "turned.png", 12, 10, exif=exif)
    save(tmp_path / "plain.png", 12, 10)
    turned, plain = load_rgb(tmp_path / "turned.png"), load_rgb(tmp_path / "plain.png")
    assert torch.equal(turned, plain.rot90(-1, (1, 2)))


def test_colours_are_those_that_the_profile_means(tmp_path: Path) -> None:
    picture = Image.new("RGB", (8, 8), (60, 160, 90))
    found = {}
    for name, icc in (("adobe", adobe_rgb()), ("p3", display_p3()), ("broken", b"nothing")):
        picture.save(tmp_path / f"{name}.png", icc_profile=icc)
        found[name] = load_rgb(tmp_path / f"{name}.png")[:, 0, 0].tolist()
    assert found["broken"] == [60, 160, 90]
    for name in ("adobe", "p3"):
        engine = photo_files.read(tmp_path / f"{name}.png")
        wanted = np.rint(engine.pixels[0, 0].clip(0, 1) * 255)
        assert np.abs(wanted - found[name]).max() <= 1 and np.abs(wanted - (60, 160, 90)).max() > 20
    grey = Image.new("L", (8, 8), 77)
    grey.save(tmp_path / "grey.png", icc_profile=adobe_rgb())  # a profile of three colours
    assert load_rgb(tmp_path / "grey.png")[:, 0, 0].tolist() == [76] * 3  # of gamma 2.2
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(tmp_path / "srgb.png", icc_profile=srgb)
    assert load_rgb(tmp_path / "srgb.png")[:, 0, 0].tolist() == [60, 160, 90]


def test_what_is_no_photo_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo at all")
    with pytest.raises(InputError, match=r"broken\.jpg cannot be read as a photo"):
        load_rgb(tmp_path / "broken.jpg")
    save(tmp_path / "cut.png", 90, 60)
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:2000])
    with pytest.raises(InputError, match=r"cut\.png"):
        load_rgb(tmp_path / "cut.png")


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_grey_keeps_its_tones(tmp_path: Path, suffix: str) -> None:
    grey = np.array([[0, 255, 257 * 99, 65535]] * 3, np.uint16)
    Image.fromarray(grey).save(tmp_path / f"grey{suffix}")
    found = load_rgb(tmp_path / f"grey{suffix}")
    assert found[:, 0].tolist() == [[0, 1, 99, 255]] * 3


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_wider_numbers_are_refused(tmp_path: Path, kind: type) -> None:
    Image.fromarray(np.full((8, 8), 1, kind)).save(tmp_path / "wide.tif")
    with pytest.raises(InputError, match=r"wide\.tif has more bits a pixel than training reads"):
        load_rgb(tmp_path / "wide.tif")
