"""XMP packets as different programs write them: what is stale goes, all else stays."""

from __future__ import annotations

import struct
from hashlib import md5

import pytest

from burnish.image import encode, read
from burnish.image.change import Change
from burnish.image.containers import jpeg as jpeg_module
from burnish.image.xmp import has_gain_map, refreshed
from image.photo_files import XMP, jpeg, picture


def described(attributes: bytes, elements: bytes = b"") -> bytes:
    packet = XMP.replace(b'tiff:Orientation="6"', attributes)
    return packet.replace(b"<dc:rights>", elements + b"<dc:rights>")


@pytest.mark.parametrize(
    "packet",
    [
        described(b'tiff:Orientation = "6"'),
        described(b"tiff:Orientation\n=\n' 6'"),
        described(b"", b"<tiff:Orientation> 6 </tiff:Orientation>"),
        described(b"", b'<tiff:Orientation rdf:datatype="x">6</tiff:Orientation>'),
    ],
)
def test_orientation_however_it_is_written(packet):
    assert refreshed(packet, Change((56, 40))) == packet.replace(b"6", b"1", 1)


@pytest.mark.parametrize("prefix", [b"GCamera", b"Camera"])
def test_motion_clips_of_either_prefix(prefix):
    space = b'xmlns:%b="http://ns.google.com/photos/1.0/camera/"' % prefix
    clip = space + b' %b:MotionPhoto="1" %b:MotionPhotoVersion = "1"' % (prefix, prefix)
    packet = described(clip, b"<%b:MicroVideo>1</%b:MicroVideo>" % (prefix, prefix))
    assert refreshed(packet, Change((56, 40))) == described(space)


def test_a_gain_map_is_not_found_again_where_it_was_taken_out():
    packet = described(
        b'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" '
        b'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
        b'HDRGainMap:HDRGainMapVersion="65536" hdrgm:Version="1.0"'
    )
    assert has_gain_map(packet) and not has_gain_map(refreshed(packet, Change((56, 40))))
    photo = read(jpeg(picture(), xmp=packet))
    assert any("gain map" in note for note in photo.source.notes)
    assert read(encode(photo)).source.notes == ()


def in_two_parts(packet: bytes, name: bytes, second: bytes) -> bytes:
    part = jpeg_module.EXTENSION + name + struct.pack(">II", len(second), 0) + second
    plain = jpeg(picture(), xmp=packet)
    return plain[:2] + jpeg_module.segment(0xE1, part) + plain[2:]


@pytest.mark.parametrize("as_element", [True, False])
def test_a_second_part_keeps_the_name_that_the_first_calls_it_by(as_element):
    """It should be the MD5 of its bytes, but not every program computes it."""
    name, second = b"0123456789abcdef0123456789ABCDEF", b"<more/>"
    space = b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/"'
    if as_element:
        element = b"<xmpNote:HasExtendedXMP>%b</xmpNote:HasExtendedXMP>" % name
        packet = described(space, element)
    else:
        packet = described(space + b' xmpNote:HasExtendedXMP="%b"' % name)
    photo = read(in_two_parts(packet, name, second))
    assert photo.source.xmp_extended == second
    result = read(encode(photo)).source
    assert result.xmp_extended == second and result.xmp == packet


@pytest.mark.parametrize("as_element", [True, False])
def test_a_second_part_that_changes_changes_its_name(as_element):
    thumbnails = b"<xmp:Thumbnails><rdf:Alt><rdf:li>OLD</rdf:li></rdf:Alt></xmp:Thumbnails>"
    second = described(b"tiff:ImageWidth='9'", thumbnails)
    old = md5(second).hexdigest().upper().encode()
    space = b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/"'
    if as_element:
        element = b"<xmpNote:HasExtendedXMP>\n%b\n</xmpNote:HasExtendedXMP>"
        packet = described(space, element)
    else:
        packet = described(space + b" xmpNote:HasExtendedXMP = '%b'")
    data = encode(read(in_two_parts(packet % old, old, second)))
    assert b"OLD" not in data and old not in data
    result = read(data).source
    kept = described(b"tiff:ImageWidth='56'")
    assert result.xmp_extended == kept
    assert result.xmp == packet % md5(kept).hexdigest().upper().encode()
    assert read(encode(read(data))).source == result
