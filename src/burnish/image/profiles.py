"""ICC profiles made here, for files that name their colours without a profile."""

from __future__ import annotations

import struct

import numpy as np

from burnish.image.colour import display_p3

D65, D50 = np.array([0.3127, 0.3290]), np.array([0.9642, 1.0, 0.8249])  # xy; XYZ of ICC's PCS
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
Primaries = tuple[tuple[float, float], ...]
ADOBE: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
BT2020: Primaries = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))

# Parametric curves of ICC.1:2010, 10.16: x^g, or (a x + b)^g where x >= d, else c x.
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
BT709_CURVE = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
ADOBE_CURVE = (563 / 256,)
TRANSFERS: dict[int | None, tuple[float, ...]] = {  # ISO/IEC 23091-2; others count as sRGB's
    1: BT709_CURVE,
    4: (2.2,),
    5: (2.8,),
    6: BT709_CURVE,
    8: (1.0,),
    14: BT709_CURVE,
    15: BT709_CURVE,
}


def named(primaries: int | None, transfer: int | None) -> bytes | None:
    """The profile for numbers of ISO/IEC 23091-2 in standard range; None stands for sRGB."""
    if primaries == 12:
        return display_p3()
    if primaries == 9:
        return build("Rec. 2020", BT2020, TRANSFERS.get(transfer, SRGB_CURVE))
    return None


def adobe_rgb() -> bytes:
    """A profile with Adobe RGB's primaries and curve."""
    return build("Compatible with Adobe RGB (1998)", ADOBE, ADOBE_CURVE)


def build(name: str, primaries: Primaries, curve: tuple[float, ...]) -> bytes:
    """A profile of version 4 from a matrix, for white D65, and one curve for all channels."""
    white = xyz(D65)
    to_d50 = np.linalg.inv(BRADFORD) @ np.diag((BRADFORD @ D50) / (BRADFORD @ white)) @ BRADFORD
    columns = np.stack([xyz(np.array(point)) for point in primaries], axis=1)
    matrix = to_d50 @ (columns * np.linalg.solve(columns, white))
    tags = {
        b"desc": text(name),
        b"cprt": text("No copyright"),
        b"wtpt": b"XYZ \0\0\0\0" + fixed(D50),
        b"chad": b"sf32\0\0\0\0" + fixed(to_d50),
    }
    for channel, column in zip((b"r", b"g", b"b"), matrix.T, strict=True):
        tags[channel + b"XYZ"] = b"XYZ \0\0\0\0" + fixed(column)
        kind = 0 if len(curve) == 1 else 3
        tags[channel + b"TRC"] = struct.pack(">4sIHH", b"para", 0, kind, 0) + fixed(np.array(curve))
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for key, data in tags.items():
        table += struct.pack(">4sII", key, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">III12s", start + len(body), 0, 0x04200000, b"mntrRGB XYZ ")
    head += struct.pack(">6H4s28x", 2025, 1, 1, 0, 0, 0, b"acsp") + fixed(D50)
    return head.ljust(128, b"\0") + table + body


def xyz(point: np.ndarray) -> np.ndarray:
    """A chromaticity (x, y) as XYZ with Y = 1."""
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def fixed(values: np.ndarray) -> bytes:
    """Numbers with 16 bits behind the point."""
    return np.rint(values * 65536).astype(">i4").tobytes()


def text(value: str) -> bytes:
    """A multi-language text tag with one language."""
    encoded = value.encode("utf-16-be")
    return struct.pack(">4sIII4sII", b"mluc", 0, 1, 12, b"enUS", len(encoded), 28) + encoded
