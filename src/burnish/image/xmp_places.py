"""Sizes and places in XMP, as attributes (tiff:ImageWidth="9") or elements: set, scaled, turned.

The properties: XMP part 2 (tiff, exif), Google's Photo Sphere metadata (GPano, in pixels), and the
regions of the Metadata Working Group's guidelines 2.0, 5.9 (mwg-rs, in fractions of the picture as
it is stored).
"""

from __future__ import annotations

import re

from burnish.image.change import Change


def numbers(names: bytes) -> re.Pattern[bytes]:
    """What finds the numbers of properties: (all before the number, the name, the number)."""
    return re.compile(
        rb"([<\s](%b)(?:\s*=\s*[\"']|(?:\s[^<>]{0,200})?>)\s*)"
        rb"(-?(?:\d{1,12}(?:\.\d{0,20})?|\.\d{1,20}))(?=\s*[\"'<])" % names
    )


_SIZE = numbers(rb"tiff:Image(?:Width|Length)|exif:Pixel[XY]Dimension")
_PANORAMA = numbers(rb"GPano:(?:(?:FullPano|CroppedArea)\w{1,20}Pixels|LargestValidInterior\w+)")
_REGION = re.compile(  # an area, or the size in pixels of the picture that the areas are in
    rb"<mwg-rs:(AppliedToDimensions|Area)"
    rb"(?:\s[^<>]*/>|(?:\s[^<>]*)?>[^<]*(?:<(?!/?mwg-rs:)[^<]*)*</mwg-rs:\1>)"
)
_SIDE = numbers(rb"st(?:Dim|Area):[xywh]")
_DOWN = re.compile(rb"Length|YDimension|Height|Top")


def moved(packet: bytes, change: Change) -> bytes:
    """The packet with the size of the photo as it is now, and with places turned and scaled."""

    def down(found: re.Match[bytes]) -> bool:
        return _DOWN.search(found[2]) is not None

    packet = _SIZE.sub(lambda found: found[1] + b"%d" % change.size[down(found)], packet)
    if change.nothing:
        return packet
    packet = _PANORAMA.sub(
        lambda found: found[1] + b"%d" % round(float(found[3]) * change.scale[down(found)]), packet
    )
    return _REGION.sub(lambda found: region(found[0], found[1] == b"Area", change), packet)


def region(element: bytes, fractions: bool, change: Change) -> bytes:
    """An area in fractions, its centre and its sides turned; or sides in pixels, scaled too."""
    if fractions and change.orientation == 1:
        return element
    found = {part[2][-1:]: float(part[3]) for part in _SIDE.finditer(element)}
    x, y, width, height = (found.get(name, 0.0) for name in (b"x", b"y", b"w", b"h"))
    x, y = change.turned(x, y)
    if change.sideways:
        width, height = height, width
    if not fractions:
        width, height = width * change.scale[0], height * change.scale[1]
    now = {b"x": x, b"y": y, b"w": width, b"h": height}
    form = b"%.6f" if fractions else b"%.0f"
    return _SIDE.sub(lambda part: part[1] + form % now[part[2][-1:]], element)
