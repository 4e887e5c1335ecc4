"""Sizes and places that metadata names go with the picture when it is turned and enlarged."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

import numpy as np
import pytest

from burnish.image import Photo, encode, exif, read
from burnish.image.change import Change
from burnish.image.decode import turned
from burnish.image.exif import directories
from burnish.image.tiffdir import Entry, entry
from burnish.image.xmp import refreshed
from image.photo_files import jpeg, picture

SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "xmpTPg": "http://ns.adobe.com/xap/1.0/t/pg/",
}
PLAIN = {
    "tiff:Orientation": "6",
    "tiff:ImageWidth": "120",
    "tiff:ImageLength": "90",
    "exif:PixelXDimension": "120",
    "exif:PixelYDimension": "90",
    "exif:FocalPlaneXResolution": "100/1",
    "GPano:ProjectionType": "equirectangular",
    "GPano:FullPanoWidthPixels": "240",
    "GPano:FullPanoHeightPixels": "180",
    "GPano:CroppedAreaLeftPixels": "60",
    "GPano:CroppedAreaTopPixels": "45",
    "GPano:CroppedAreaImageWidthPixels": "120",
    "GPano:CroppedAreaImageHeightPixels": "90",
    "GPano:LargestValidInteriorRectHeight": "90",
    "GPano:SourcePhotosCount": "50",
}
PAGE = {"stDim:w": "8.5", "stDim:h": "11"}  # inches
DIMENSIONS = {"stDim:w": "120", "stDim:h": "90", "stDim:unit": "pixel"}
AREA = {"stArea:x": "0.25", "stArea:y": "0.2", "stArea:w": "0.1", "stArea:h": "0.15"}


def structure(name: str, values: dict[str, str], form: str) -> str:
    if form == "attributes":
        return f"<{name}{attributes(values)}/>"
    if form == "elements":
        return f'<{name} rdf:parseType="Resource">\n{elements(values)}\n</{name}>'
    return f"<{name}><rdf:Description{attributes(values)}/></{name}>"


def attributes(values: dict[str, str]) -> str:
    return "".join(f"\n {name} = '{value}'" for name, value in values.items())


def elements(values: dict[str, str]) -> str:
    return "\n".join(f"<{name}> {value}\n</{name}>" for name, value in values.items())


def packet(form: str) -> bytes:
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())
    inside = structure("xmpTPg:MaxPageSize", PAGE, form) + structure(
        "exif:SubjectArea", {}, "elements"
    )
    regions = (
        structure("mwg-rs:AppliedToDimensions", DIMENSIONS, form)
        + "<mwg-rs:RegionList><rdf:Bag>"
        + f"<rdf:li rdf:parseType='Resource'>{structure('mwg-rs:Area', AREA, form)}</rdf:li>" * 2
        + "</rdf:Bag></mwg-rs:RegionList>"
    )
    head, body = (attributes(PLAIN), "") if form == "attributes" else ("", elements(PLAIN))
    return (
        f"<rdf:RDF{spaces}><rdf:Description rdf:about=''{head}>{body}{inside}"
        f"<mwg-rs:Regions rdf:parseType='Resource'>{regions}</mwg-rs:Regions>"
        "</rdf:Description></rdf:RDF>"
    ).encode()


def values(xmp: bytes) -> dict[str, list[str]]:
    """What each property says, in either form, in the order of the packet."""
    prefixes = {f"{{{uri}}}": f"{prefix}:" for prefix, uri in SPACES.items()}
    found: dict[str, list[str]] = {}
    for element in ElementTree.fromstring(xmp).iter():
        for name, value in ((element.tag, element.text), *element.attrib.items()):
            uri, _, local = name.partition("}")
            found.setdefault(prefixes[uri + "}"] + local, []).append((value or "").strip())
    return found


FORMS = ["attributes", "elements", "described"]


@pytest.mark.parametrize("form", FORMS)
def test_sizes_in_xmp_are_those_of_the_enlarged_picture(form):
    before, after = (
        values(packet(form)),
        values(refreshed(packet(form), Change((240, 180), (120, 90)))),
    )
    assert after.keys() == before.keys() - {"exif:FocalPlaneXResolution", "exif:SubjectArea"}
    del after["rdf:parseType"]
    scaled = {
        "tiff:ImageWidth": "240",
        "tiff:ImageLength": "180",
        "exif:PixelXDimension": "240",
        "exif:PixelYDimension": "180",
        "tiff:Orientation": "1",
        "stDim:w": "240",
        "stDim:h": "180",
    }
    scaled |= {name: str(2 * int(PLAIN[name])) for name in PLAIN if PLAIN[name].isdigit()} | scaled
    del scaled["GPano:SourcePhotosCount"]
    for name in after:
        expected = [*before[name][:-1], scaled[name]] if name in scaled else before[name]
        assert after[name] == expected, name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("orientation", range(2, 9))
def test_face_regions_turn_with_the_picture(form, orientation):
    size = (90, 120) if orientation >= 5 else (120, 90)
    after = values(refreshed(packet(form), Change(size, size, orientation)))
    assert not any(name.startswith("GPano:") for name in after)
    width, height = (str(side) for side in size)
    assert (after["stDim:w"], after["stDim:h"]) == (["8.5", width], ["11", height])
    assert (after["tiff:ImageWidth"], after["tiff:ImageLength"]) == ([width], [height])
    stored = np.zeros((90, 120), bool)
    stored[round(90 * 0.125) : round(90 * 0.275), round(120 * 0.2) : round(120 * 0.3)] = True
    upright = np.zeros(size[::-1], bool)
    turned(upright, orientation)[:] = stored
    rows, columns = np.nonzero(upright)
    x, y, w, h = (float(after[f"stArea:{side}"][1]) for side in "xywh")
    assert abs((columns.min() + columns.max() + 1) / 2 / size[0] - x) < 0.01
    assert abs((rows.min() + rows.max() + 1) / 2 / size[1] - y) < 0.01
    assert abs(np.ptp(columns) + 1 - w * size[0]) < 1 and abs(np.ptp(rows) + 1 - h * size[1]) < 1


@pytest.mark.parametrize("form", FORMS)
def test_nothing_but_sizes_and_orientation_is_set_where_nothing_moved(form):
    assert refreshed(packet(form), Change((120, 90))) == packet(form).replace(
        *((b"'6'", b"'1'") if form == "attributes" else (b"> 6\n", b"> 1\n"))
    )


def test_strange_numbers_spoil_nothing():
    for number in (b"", b"1/2", b"9" * 500, b"-", b"1e9", b"."):
        for form in FORMS:
            odd = packet(form).replace(b"0.25", number).replace(b"120", number)
            refreshed(odd, Change((180, 240), (90, 120), 6))
    for junk in (b"<mwg-rs:Area ", b"<mwg-rs:Area>", b" tiff:ImageWidth", b" GPano:a='", b"9"):
        assert len(refreshed(b" tiff:ImageWidth='" + junk * 100_000, Change((5, 5), (5, 5), 3)))


SUBJECT, LOCATION, ACROSS, DOWN = 0x9214, 0xA214, 0xA20E, 0xA20F


def rational(tag: int, above: int, below: int, order: str = "<") -> Entry:
    return entry(tag, 5, struct.pack(f"{order}II", above, below), order)


def described(area: tuple[int, ...], order: str = "<") -> bytes:
    rows = [entry(SUBJECT, 3, area, order), entry(LOCATION, 3, area[:2], order)]
    rows += [rational(ACROSS, 1000, 3, order), rational(DOWN, 500, 1, order)]
    return exif.build([entry(0x112, 3, [6], order)], rows)


def inner(blob: bytes | None) -> dict[int, tuple[int, ...]]:
    assert blob is not None
    return {tag: row.numbers() for tag, row in directories(blob)[2].items()}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_subject_of_exif_stays_where_it_is_in_the_picture(orientation, order):
    stored = np.zeros((90, 120), bool)
    stored[20, 61] = True
    size = (90, 120) if orientation >= 5 else (120, 90)
    upright = np.zeros(size[::-1], bool)
    turned(upright, orientation)[:] = stored
    (y,), (x,) = np.nonzero(upright)
    sides = (8, 10) if orientation >= 5 else (10, 8)
    blob = described((61, 20, 10, 8), order)
    found = inner(exif.refreshed(blob, Change(size, size, orientation)))
    assert found[SUBJECT] == (x, y, *sides) and found[LOCATION] == (x, y)
    across, down = (found[tag][0] / found[tag][1] for tag in (ACROSS, DOWN))
    expected = (500, 1000 / 3) if orientation >= 5 else (1000 / 3, 500)
    assert (across, down) == pytest.approx(expected)

    twice = Change((2 * size[0], 2 * size[1]), size, orientation)
    found = inner(exif.refreshed(blob, twice))
    assert found[SUBJECT] == (2 * x + 1, 2 * y + 1, *(2 * side for side in sides))
    assert found[ACROSS][0] / found[ACROSS][1] == pytest.approx(2 * expected[0])
    circle = inner(exif.refreshed(described((61, 20, 10), order), twice))
    assert circle[SUBJECT] == (2 * x + 1, 2 * y + 1, 20)


def test_a_subject_beyond_what_its_numbers_hold_is_taken_out():
    blob = described((40000, 20, 10, 8))
    found = inner(exif.refreshed(blob, Change((100000, 180), (50000, 90))))
    assert found == {ACROSS: (2000, 3), DOWN: (1000, 1)}


def test_a_resolution_beyond_its_numbers_is_the_nearest_that_they_hold():
    blob = exif.build([], [rational(tag, 4_000_000_001, 7) for tag in (ACROSS, DOWN)])
    found = inner(exif.refreshed(blob, Change((20, 20), (10, 10))))
    assert found[ACROSS][0] / found[ACROSS][1] == pytest.approx(2 * 4_000_000_001 / 7)
    nothing = exif.build([], [rational(tag, 0, 0) for tag in (ACROSS, DOWN)])
    assert exif.refreshed(nothing, Change((20, 20), (10, 10))) == nothing


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "tiff", "avif"])
def test_a_photo_that_was_turned_and_enlarged(format):
    """Written, read and written once more: nothing moves twice."""
    data = jpeg(picture(90, 120), xmp=packet("attributes"), exif=b"Exif\0\0" + described((60, 20)))
    photo = read(data)
    assert photo.source.size == (90, 120) and photo.source.orientation == 6
    photo = photo.with_pixels(np.repeat(np.repeat(photo.pixels, 2, 0), 2, 1), scale=2)
    once = read(encode(photo, format))
    for result in (once, read(encode(once, format))):
        assert isinstance(result, Photo)
        assert (result.width, result.height) == (180, 240)
        assert inner(result.source.exif)[LOCATION] == (139, 121)
        found = values(result.source.xmp)
        assert (found["tiff:ImageWidth"], found["tiff:ImageLength"]) == (["180"], ["240"])
        assert (found["stDim:w"][1], found["stDim:h"][1]) == ("180", "240")
        assert [float(found[f"stArea:{side}"][0]) for side in "xywh"] == [0.8, 0.25, 0.15, 0.1]
