"""Real files for the tests of burnish.image, made with Pillow, libvips and by hand."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pyvips
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

PRIMARIES = {  # xy of red, green, blue; all with white D65
    "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    "p3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    "adobe": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
}
D65, D50 = (0.3127, 0.3290), (0.34567, 0.35850)
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
    b' xmlns:dc="http://purl.org/dc/elements/1.1/" tiff:Orientation="6" tiff:Make="Maker">'
    b'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Ann &amp; Bob</rdf:li></rdf:Alt>'
    b"</dc:rights><dc:creator><rdf:Seq><rdf:li>Ann</rdf:li></rdf:Seq></dc:creator>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)
IPTC = b"".join(
    struct.pack(">BBBH", 0x1C, 2, dataset, len(text)) + text
    for dataset, text in ((5, b"Title"), (80, b"Ann"), (116, b"(c) Ann & Bob"))
)
NOTE = bytes(range(200))  # stands for a maker's note


def xyz(point: tuple[float, float]) -> np.ndarray:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def to_d50(primaries: str) -> np.ndarray:
    """(3, 3) linear RGB -> XYZ adapted to D50 by Bradford, in float64."""
    columns = np.stack([xyz(point) for point in PRIMARIES[primaries]], axis=1)
    matrix = columns * np.linalg.solve(columns, xyz(D65))
    scale = (BRADFORD @ xyz(D50)) / (BRADFORD @ xyz(D65))
    return np.linalg.inv(BRADFORD) @ np.diag(scale) @ BRADFORD @ matrix


def fixed(values: tuple[float, ...]) -> list[int]:
    return [round(value * 65536) for value in values]


def para(*values: float) -> bytes:
    kind = {1: 0, 3: 1, 4: 2, 5: 3, 7: 4}[len(values)]
    return struct.pack(f">4sIHH{len(values)}i", b"para", 0, kind, 0, *fixed(values))


def curv(*values: int) -> bytes:
    return struct.pack(f">4sII{len(values)}H", b"curv", 0, len(values), *values)


SRGB_CURVE = para(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
GAMMA_22 = curv(int(2.2 * 256))


def sampled(gamma: float, count: int) -> bytes:
    return curv(*(round(65535 * (i / (count - 1)) ** gamma) for i in range(count)))


def icc(primaries: str = "srgb", curve: bytes = SRGB_CURVE, grey: bool = False) -> bytes:
    """A matrix/TRC or grey profile."""
    tags = {}
    if grey:
        tags[b"kTRC"] = curve
    else:
        for name, column in zip("rgb", to_d50(primaries).T, strict=True):
            tags[f"{name}XYZ".encode()] = struct.pack(">4sI3i", b"XYZ ", 0, *fixed(tuple(column)))
            tags[f"{name}TRC".encode()] = curve
    tags[b"wtpt"] = struct.pack(">4sI3i", b"XYZ ", 0, *fixed(tuple(xyz(D50))))
    tags[b"cprt"] = b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", 4, 28) + b"\0C\0C"
    text = b"made\0"
    tags[b"desc"] = b"desc" + struct.pack(">II", 0, len(text)) + text + bytes(78)
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytearray(128)
    struct.pack_into(
        ">I4sI4s4s4s",
        head,
        0,
        start + len(body),
        b"made",
        0x02400000,
        b"mntr",
        b"GRAY" if grey else b"RGB ",
        b"XYZ ",
    )
    head[36:40] = b"acsp"
    struct.pack_into(">3i", head, 68, *fixed((0.9642, 1.0, 0.8249)))
    return bytes(head) + table + body


def picture(height: int = 40, width: int = 56, channels: int = 3, depth: int = 8) -> np.ndarray:
    """Smooth enough for lossy formats, with every corner of the range in it."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [x / (width - 1), y / (height - 1), (x + y) / (width + height - 2), (y % 8) / 7]
    stacked = np.stack(planes[:channels], axis=2)
    return np.rint(stacked * (255 if depth == 8 else 65535)).astype(f"uint{depth}")


def exif(orientation: int = 6, thumbnail: bool = True, order: str = "<") -> bytes:
    """A TIFF stream as cameras write it: camera, dates, a maker's note, GPS, and a thumbnail."""
    made = Image.Exif()
    made.endian = order
    made[Base.Make] = "Maker"
    made[Base.Orientation] = orientation
    made[Base.Artist] = "Ann"
    made[Base.Copyright] = "(c) Ann & Bob"
    inner = made.get_ifd(IFD.Exif)
    inner[Base.DateTimeOriginal] = "2024:05:06 07:08:09"
    inner[Base.ExifImageWidth] = 56
    inner[Base.ExifImageHeight] = 40
    inner[Base.MakerNote] = NOTE
    made.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] = "N"
    blob = bytearray(made.tobytes().removeprefix(b"Exif\0\0"))
    if not thumbnail:
        return bytes(blob)
    picture_bytes = jpeg(picture(8, 8))
    blob += bytes(len(blob) % 2)
    (first,) = struct.unpack_from(f"{order}I", blob, 4)
    (count,) = struct.unpack_from(f"{order}H", blob, first)
    struct.pack_into(f"{order}I", blob, first + 2 + 12 * count, len(blob))
    start = len(blob) + 2 + 2 * 12 + 4
    blob += struct.pack(f"{order}H", 2)
    blob += struct.pack(f"{order}HHII", 0x201, 4, 1, start)
    blob += struct.pack(f"{order}HHII", 0x202, 4, 1, len(picture_bytes))
    return bytes(blob + bytes(4) + picture_bytes)


def pillow(array: np.ndarray, format: str, mode: str | None = None, **options: object) -> bytes:
    image = Image.fromarray(array.squeeze())
    if mode:
        image = image.convert(mode)
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def jpeg(array: np.ndarray, **options: object) -> bytes:
    return pillow(array, "JPEG", **{"quality": 95, "subsampling": 0, **options})


def vips_image(array: np.ndarray, profile: bytes | None = None) -> pyvips.Image:
    array = np.ascontiguousarray(array)
    deep = array.dtype == np.uint16
    image = pyvips.Image.new_from_memory(
        array, array.shape[1], array.shape[0], array.shape[2], "ushort" if deep else "uchar"
    )
    grey = array.shape[2] < 3
    space = ("grey16" if deep else "b-w") if grey else ("rgb16" if deep else "srgb")
    image = image.copy(interpretation=space)
    if profile:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image


def png(array: np.ndarray, profile: bytes | None = None) -> bytes:
    return vips_image(array, profile).pngsave_buffer()


def tiff(array: np.ndarray, profile: bytes | None = None, **options: object) -> bytes:
    return vips_image(array, profile).tiffsave_buffer(**options)
