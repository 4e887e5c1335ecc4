"""What files say beside their pixels comes through, byte for byte where that is promised."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from burnish.errors import OptionError
from burnish.image import Photo, Source, encode, losses, read
from burnish.image import exif as exif_module
from burnish.image import iptc as iptc_module
from burnish.image import xmp as xmp_module
from burnish.image.change import Change
from image.photo_files import IPTC, NOTE, XMP, exif, icc, jpeg, picture, pillow

ORDERS = ["<", ">"]
FORMATS = ["jpeg", "png", "webp", "tiff", "avif"]
UPRIGHT_XMP = XMP.replace(b'Orientation="6"', b'Orientation="1"')


def photo_with(depth: int = 8, **facts: object) -> Photo:
    made = Photo.from_array(picture(depth=depth))
    source = Source(depth=depth, bits=depth, format="png", **facts)  # type: ignore[arg-type]
    return Photo(made.pixels, source=source)


def parsed(blob: bytes) -> Image.Exif:
    found = Image.Exif()
    found.load(b"Exif\0\0" + blob)
    return found


@pytest.mark.parametrize("order", ORDERS)
def test_exif_is_changed_in_three_places_only(order):
    blob = exif(6, thumbnail=False, order=order)
    upright = exif_module.refreshed(blob, Change((56, 40)))
    changed = [i for i in range(len(blob)) if blob[i] != upright[i]]
    assert len(upright) == len(blob) and len(changed) == 1  # the sizes were right already
    assert exif_module.orientation(blob) == 6 and exif_module.orientation(upright) == 1

    resized = parsed(exif_module.refreshed(blob, Change((112, 80)))).get_ifd(IFD.Exif)
    assert (resized[Base.ExifImageWidth], resized[Base.ExifImageHeight]) == (112, 80)
    assert resized[Base.MakerNote] == NOTE


@pytest.mark.parametrize("order", ORDERS)
def test_the_thumbnail_is_dropped(order):
    blob = exif(order=order)
    assert b"\xff\xd8" in blob and parsed(blob).get_ifd(IFD.IFD1)
    upright = exif_module.refreshed(blob, Change((56, 40)))
    assert b"\xff\xd8\xff" not in upright and len(upright) < len(blob)
    assert not parsed(upright).get_ifd(IFD.IFD1)
    in_the_middle = exif_module.refreshed(blob + b"maker's data behind it", Change((56, 40)))
    assert in_the_middle.endswith(b"maker's data behind it")
    assert b"\xff\xd8\xff" not in in_the_middle


@given(st.binary(max_size=300), st.integers(0, 250))
def test_damaged_exif_never_raises(junk, cut):
    blob = exif()
    for damaged in (blob[:cut], blob[:cut] + junk, b"II*\0" + junk, b"MM\0*" + junk):
        assert 1 <= exif_module.orientation(damaged) <= 8
        exif_module.refreshed(damaged, Change((5, 5), (3, 4), 6))
        exif_module.only_copyright(damaged)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("format", FORMATS)
def test_every_format_keeps_everything(format, order):
    profile = icc("p3")
    blob = exif(6, order=order)
    photo = photo_with(exif=blob, xmp=XMP, iptc=IPTC, icc=profile)
    found = read(encode(photo, format)).source
    assert found.icc == profile
    assert found.xmp == UPRIGHT_XMP
    upright = exif_module.refreshed(blob, Change((56, 40)))
    if format == "tiff":
        assert found.exif is not None
        result = parsed(found.exif)
        assert result[Base.Make] == "Maker" and result[Base.Orientation] == 1
        inner = result.get_ifd(IFD.Exif)
        assert inner[Base.MakerNote] == NOTE
        assert inner[Base.DateTimeOriginal] == "2024:05:06 07:08:09"
        assert result.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] == "N"
        assert found.exif.index(NOTE) == upright.index(NOTE)  # offsets inside the note hold
        assert encode(photo, "tiff").index(NOTE) == upright.index(NOTE)
    else:
        assert found.exif == upright
    assert found.iptc == (None if format in ("webp", "avif") else IPTC)
    assert any("IPTC" in note for note in losses(photo, format)) == (found.iptc is None)


@pytest.mark.parametrize("format", FORMATS)
def test_other_programs_see_it_too(format, tmp_path):
    profile = icc("p3")
    photo = photo_with(exif=exif(6), xmp=XMP, icc=profile)
    path = tmp_path / "photo"
    path.write_bytes(encode(photo, format))
    with Image.open(path) as image:
        image.load()
        assert image.size == (56, 40)
        assert image.info["icc_profile"] == profile
        found = image.getexif()
        assert found[Base.Artist] == "Ann" and found[Base.Orientation] == 1
        assert found.get_ifd(IFD.Exif)[Base.MakerNote] == NOTE
        if format != "png":  # Pillow keeps a PNG's under another name
            assert image.info.get("xmp") == UPRIGHT_XMP or format == "tiff"


@pytest.mark.parametrize("order", ORDERS)
def test_16_bit_tiff_in_either_byte_order(order):
    photo = photo_with(16, exif=exif(order=order))
    result = read(encode(photo, "tiff"))
    assert result.source.depth == 16
    np.testing.assert_array_equal(result.pixels, photo.pixels)
    from io import BytesIO

    import tifffile

    pixels = tifffile.imread(BytesIO(encode(photo, "tiff")))
    np.testing.assert_array_equal(pixels, picture(depth=16))


@pytest.mark.parametrize("format", FORMATS)
def test_copyright_keeps_only_the_rights(format):
    profile = icc("p3")
    photo = photo_with(exif=exif(), xmp=XMP, iptc=IPTC, icc=profile)
    found = read(encode(photo, format, metadata="copyright")).source
    assert found.icc == profile
    kept = parsed(found.exif)
    assert kept[Base.Copyright] == "(c) Ann & Bob" and kept[Base.Artist] == "Ann"
    assert Base.Make not in kept and not kept.get_ifd(IFD.Exif) and not kept.get_ifd(IFD.GPSInfo)
    assert b"Maker" not in found.xmp and b"(c) Ann &amp; Bob" in found.xmp
    if format not in ("webp", "avif"):
        assert b"(c) Ann & Bob" in found.iptc and b"Title" not in found.iptc


def test_comments_stay_from_jpeg_to_jpeg():
    data = jpeg(picture())
    comments = (b"by a scanner", b"second \xff\xfe\xe9")
    pieces = [b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text for text in comments]
    photo = read(data[:2] + b"".join(pieces) + data[2:])
    assert read(encode(photo)).source.comments == comments
    for policy in ("copyright", "strip"):
        assert b"scanner" not in encode(photo, metadata=policy)
    assert b"scanner" not in encode(photo, "png")


@pytest.mark.parametrize("format", FORMATS)
def test_strip_leaves_the_profile_alone(format):
    photo = photo_with(exif=exif(), xmp=XMP, iptc=IPTC, icc=icc("p3"))
    data = encode(photo, format, metadata="strip")
    found = read(data).source
    assert (found.exif, found.xmp, found.iptc) == (None, None, None)
    assert found.icc == icc("p3")
    assert b"Ann" not in data


def test_unknown_policy():
    with pytest.raises(OptionError, match="keep, copyright, strip, not some"):
        encode(photo_with(), "png", metadata="some")


def test_orientation_of_a_jpeg_is_applied_once_everywhere():
    data = jpeg(picture(), exif=b"Exif\0\0" + exif(6))
    photo = read(data)
    assert (photo.height, photo.width) == (56, 40)
    for format in FORMATS:
        result = read(encode(photo, format))
        assert (result.height, result.width) == (56, 40), format
        assert np.abs(result.pixels - photo.pixels).mean() < 0.02, format
        inner = parsed(result.source.exif).get_ifd(IFD.Exif)
        assert (inner[Base.ExifImageWidth], inner[Base.ExifImageHeight]) == (40, 56)


def test_gain_maps_are_noticed_and_taken_out():
    stale = XMP.replace(
        b' tiff:Make="Maker"',
        b' tiff:Make="Maker" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1"',
    )
    photo = read(jpeg(picture(), xmp=stale))
    assert any("HDR gain map" in note for note in photo.source.notes)
    written = read(encode(photo)).source
    assert written.notes == () and b"hdrgm:Version" not in written.xmp
    assert b"Ann" in written.xmp
    assert not read(jpeg(picture(), xmp=XMP)).source.notes


def test_a_gain_map_in_a_second_picture_is_noticed():
    second = jpeg(picture(8, 8), xmp=b'<x HDRGainMap:HDRGainMapVersion="65536"/>')
    preview = jpeg(picture(8, 8))
    for other, expected in ((second, True), (preview, False)):
        photo = read(with_second_picture(jpeg(picture()), other))
        assert any("gain map" in note for note in photo.source.notes) == expected


@pytest.mark.parametrize(
    "kind, side, said",
    [(0x20002, 40, True), (0, 40, True), (0, 8, False), (0x10002, 40, False)],  # stereo; a preview
)
def test_a_second_full_picture_is_said(kind, side, said):
    two = with_second_picture(jpeg(picture()), jpeg(picture(side, side * 7 // 5)), kind)
    notes = ("The file holds several pictures: the main one was taken.",)
    assert read(two).source.notes == (notes if said else ())
    assert read(encode(read(two))).source.notes == ()


def test_the_pictures_that_other_programs_write_are_counted():
    out = BytesIO()
    first, second = (Image.fromarray(picture()[::step]) for step in (1, -1))
    first.save(out, "MPO", save_all=True, append_images=[second])
    assert any("several pictures" in note for note in read(out.getvalue()).source.notes)


def with_second_picture(first: bytes, second: bytes, kind: int = 0) -> bytes:
    """A multi-picture file: the index is a TIFF stream in APP2 whose offsets count from itself."""
    base = 2 + 2 + 2 + 4
    index = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<HHHII", 1, 0xB002, 7, 32, 26)
    index += struct.pack("<I", 0)
    index += struct.pack("<IIIHH", 0x30000, len(first), 0, 0, 0)
    total = len(first) + 4 + 4 + len(index) + 16
    index += struct.pack("<IIIHH", kind, len(second), total - base, 0, 0)
    segment = struct.pack(">BBH", 0xFF, 0xE2, 2 + 4 + len(index)) + b"MPF\0" + index
    assert len(first) + len(segment) == total
    return first[:2] + segment + first[2:] + second


def test_long_xmp_of_a_jpeg_travels_in_two_parts():
    extended = b"<more>" + b"x" * 100_000 + b"</more>"
    from hashlib import md5

    guid = md5(extended).hexdigest().upper().encode()
    main = XMP.replace(
        b' tiff:Make="Maker"',
        b' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="' + guid + b'"',
    )
    photo = photo_with(xmp=main, xmp_extended=extended)
    found = read(encode(photo, "jpeg")).source
    assert found.xmp_extended == extended and guid in found.xmp
    elsewhere = read(encode(photo, "png")).source
    assert elsewhere.xmp_extended is None and guid not in elsewhere.xmp
    assert any("main part of the XMP" in note for note in losses(photo, "png"))


def test_what_is_too_large_for_jpeg_is_said():
    photo = photo_with(xmp=XMP + b" " * 70_000 + b"<end/>", exif=exif() + b"x" * 70_000)
    notes = losses(photo, "jpeg")
    assert any("EXIF" in note for note in notes) and any("XMP" in note for note in notes)
    found = read(encode(photo, "jpeg")).source
    assert found.exif is None and found.xmp is None


def test_big_profiles_take_several_segments():
    profile = icc("p3") + bytes(150_000)
    found = read(encode(photo_with(icc=profile), "jpeg")).source
    assert found.icc == profile


def test_xmp_and_iptc_helpers_survive_junk():
    assert xmp_module.only_copyright(b"not xml") is None
    assert xmp_module.only_copyright(b"<!DOCTYPE x><x/>") is None
    assert iptc_module.unwrap(b"Photoshop 3.0\x008BIM\x04\x04") is None
    assert iptc_module.only_copyright(b"\x1c\x02\x05\x00\x01T") is None
    assert iptc_module.unwrap(iptc_module.PHOTOSHOP + iptc_module.resource(IPTC)) == IPTC


def test_exif_of_a_tiff_from_elsewhere():
    from io import BytesIO

    import tifffile

    out = BytesIO()
    tifffile.imwrite(
        out, picture(), photometric="rgb", extratags=[(33432, 2, 0, "(c) Ann", True)], metadata=None
    )
    found = read(out.getvalue()).source.exif
    assert found is not None and parsed(found)[Base.Copyright] == "(c) Ann"


def test_resolution_is_kept():
    photo = read(jpeg(picture(), dpi=(300, 300)))
    assert photo.source.dpi == (300, 300)
    for format in ("jpeg", "png", "tiff"):
        assert read(encode(photo, format)).source.dpi == pytest.approx((300, 300), abs=0.1)


def test_resolution_may_differ_across_and_down():
    """As in faxes."""
    photo = read(pillow(picture(), "TIFF", dpi=(204, 98)))
    for format in ("jpeg", "png", "tiff"):
        found = read(encode(photo, format)).source.dpi
        assert found == pytest.approx((204, 98), abs=0.1), format
