"""XMP packets: what is stale is taken out as text, everything else stays byte for byte."""

from __future__ import annotations

import re
from hashlib import md5
from html import escape
from typing import TYPE_CHECKING

from burnish.image import xmp_places
from burnish.image.change import Change

if TYPE_CHECKING:
    from xml.etree import ElementTree

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RIGHTS = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
KEPT = {
    ("dc", "creator"),
    ("dc", "rights"),
    ("xmpRights", "Marked"),
    ("xmpRights", "Owner"),
    ("xmpRights", "UsageTerms"),
    ("xmpRights", "WebStatement"),
    ("photoshop", "Credit"),
}
# What uses a gain map's names; to declare them, as a written packet still may, says nothing.
GAIN_MAP = re.compile(rb"hdrgm:\w|HDRGainMap:\w|Semantic=\"GainMap\"|aux:hdrgainmap", re.IGNORECASE)

_ORIENTATION = re.compile(
    rb"(tiff:Orientation\s*=\s*[\"']\s*|<tiff:Orientation(?:\s[^<>]*)?>\s*)[2-8]"
)


def properties(names: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What finds properties as attributes, and what finds where they begin as elements."""
    return (
        re.compile(rb"\s(?:%b)\s*=\s*(?:\"[^\"]*\"|'[^']*')" % names),
        re.compile(rb"<(%b)(?:\s[^<>]*)?>" % names),
    )


# A gain map, a motion clip and a thumbnail that the written file no longer has.
_STALE = properties(
    rb"(?:hdrgm|HDRGainMap):\w+|(?:Container|GContainer):Directory|xmp:Thumbnails"
    rb"|G?Camera:(?:MicroVideo|MotionPhoto)\w*"
)
# EXIF's, where they are moved with the picture.
_PLACES = properties(rb"exif:(?:Subject(?:Area|Location)|FocalPlane[XY]Resolution)")
_PANORAMA = properties(rb"GPano:\w+")
RAW_SETTINGS = properties(rb"crs:\w+")
"""How Lightroom is to develop a raw file: on a developed one it would do so once more."""
_EXTENDED = properties(rb"xmpNote:HasExtendedXMP")
_EXTENDED_NAME = re.compile(rb"xmpNote:HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Za-z]{32})\b")
END = b"<?xpacket end"


def refreshed(packet: bytes, change: Change) -> bytes:
    """The packet, or its second part, for the upright photo in standard range."""
    packet = without(packet, _STALE)
    if change.orientation != 1:
        packet = without(packet, _PANORAMA)
    if not change.nothing:
        packet = without(packet, _PLACES)
    return xmp_places.moved(_ORIENTATION.sub(rb"\g<1>1", packet), change)


def without_extended(packet: bytes) -> bytes:
    """The packet that no longer names a second part."""
    return without(packet, _EXTENDED)


def without(packet: bytes, stale: tuple[re.Pattern[bytes], re.Pattern[bytes]]) -> bytes:
    """The packet without some `properties`."""
    attribute, element = stale
    packet = attribute.sub(b"", packet)
    kept, at, unclosed = [], 0, set()
    for found in element.finditer(packet):
        name = found[1]
        if found.start() < at or name in unclosed:
            continue
        end = found.end()
        if not found[0].endswith(b"/>"):
            close = b"</" + name + b">"
            end = packet.find(close, end) + len(close)
            if end < len(close):
                unclosed.add(name)  # looked for once: a damaged packet must not take forever
                continue
        kept.append(packet[at : found.start()])
        at = end
    return b"".join([*kept, packet[at:]])


def extended_name(packet: bytes) -> bytes | None:
    """The name of the second part that the packet refers to."""
    found = _EXTENDED_NAME.search(packet)
    return found[1] if found else None


def naming(packet: bytes, extended: bytes) -> bytes:
    """The packet with this second part's name, its MD5 (XMP part 3, 1.1.3.1), for the old one's."""
    name = md5(extended, usedforsecurity=False).hexdigest().upper().encode()
    return _EXTENDED_NAME.sub(lambda found: found[0][: -len(found[1])] + name, packet)


def without_padding(packet: bytes) -> bytes:
    """The packet without the white space that writers leave for later changes."""
    body, end, rest = packet.rpartition(END)
    return body.rstrip() + b"\n" + end + rest if end else packet.rstrip()


def has_gain_map(packet: bytes | None) -> bool:
    """Whether it describes one: the file holds an HDR rendition."""
    return packet is not None and GAIN_MAP.search(packet) is not None


def only_copyright(packet: bytes) -> bytes | None:
    """A new packet with creator and rights alone; None where there are none."""
    from xml.etree import ElementTree

    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return None
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    names = {f"{{{RIGHTS[prefix]}}}{name}": f"{prefix}:{name}" for prefix, name in KEPT}
    found: dict[str, str] = {}
    for description in root.iter(f"{RDF}Description"):
        for key, value in description.attrib.items():
            if key in names:
                found[names[key]] = escape(value)
        for child in description:
            if child.tag in names:
                found[names[child.tag]] = inner_xml(child)
    if not found:
        return None
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in RIGHTS.items())
    body = "".join(f"<{name}>{value}</{name}>" for name, value in sorted(found.items()))
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{spaces}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def inner_xml(element: ElementTree.Element) -> str:
    """Text, or an rdf:Alt/Seq/Bag with its items written out again."""
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    for kind in ("Alt", "Seq", "Bag"):
        holder = element.find(f"{RDF}{kind}")
        if holder is not None:
            items = "".join(
                f"<rdf:li{_language(item.get(lang))}>{escape(item.text or '')}</rdf:li>"
                for item in holder.findall(f"{RDF}li")
            )
            return f"<rdf:{kind}>{items}</rdf:{kind}>"
    return escape((element.text or "").strip())


def _language(value: str | None) -> str:
    return "" if value is None else f' xml:lang="{escape(value)}"'
