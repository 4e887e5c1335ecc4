"""Colour management in float and without clipping, for matrix/TRC and grey ICC profiles.

A file's samples are decoded by the profile's curves, brought by its matrix to linear sRGB (both are
referred to the D50 connection space, so the profile's own Bradford adaptation is already inside the
columns) and encoded with sRGB's curve, extended oddly to negative values and upwards beyond 1:

    extended = encode(M decode(samples)),   samples = decode^-1(M^-1 encode^-1(extended))

Both directions are exact inverses but for rounding, so colours outside sRGB survive. Profiles made
of look-up tables are not handled here (`parse` returns None): reading converts those with lcms.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from burnish.image.curves import SRGB, Curve, parse_curve, srgb_decode, srgb_encode

# Linear sRGB -> XYZ relative to D50 (columns of the usual sRGB profile).
SRGB_TO_D50 = np.array(
    [
        [0.4360657, 0.3851471, 0.1430664],
        [0.2224884, 0.7168732, 0.0606384],
        [0.0139160, 0.0970764, 0.7140961],
    ]
)
NEARLY_MATRIX = 0.004  # profiles this close to sRGB are taken as sRGB, which keeps pixels exact
NEARLY_CURVE = 0.005
SAME_MATRIX = 0.001  # the primaries of sRGB but for rounding
WHITE_TOLERANCE = 0.03


@dataclass(frozen=True, eq=False)
class Profile:
    """A matrix/TRC (three curves) or a grey (one curve, matrix None) profile."""

    curves: tuple[Curve, ...]
    to_srgb: np.ndarray | None  # (3, 3): linear profile RGB -> linear sRGB

    @property
    def grey(self) -> bool:
        """Whether it is a grey profile."""
        return self.to_srgb is None

    @property
    def is_srgb(self) -> bool:
        """Whether it is so near to sRGB that pixels stay as they are."""
        x = np.linspace(0, 1, 257)
        reference = SRGB.decode(x)
        near = all(
            np.abs(curve.decode(x) - reference).max() < NEARLY_CURVE for curve in self.curves
        )
        return near and (
            self.to_srgb is None or float(np.abs(self.to_srgb - np.eye(3)).max()) < NEARLY_MATRIX
        )

    def tables(self, levels: int) -> list[np.ndarray]:
        """Linear values of all `levels` sample values, one table a curve."""
        x = np.linspace(0, 1, levels)
        return [np.clip(curve.decode(x), 0, 1).astype(np.float32) for curve in self.curves]

    def to_extended(self, samples: np.ndarray, tables: list[np.ndarray]) -> np.ndarray:
        """(h, w, 1 or 3) integer samples -> (h, w, 1 or 3) extended sRGB, float32."""
        linear = np.empty(samples.shape, np.float32)
        for c in range(samples.shape[2]):
            linear[..., c] = tables[min(c, len(tables) - 1)][samples[..., c]]
        if samples.shape[2] == 3 and self.to_srgb is not None:
            linear = mix(linear, self.to_srgb)
        return srgb_encode(linear)

    def from_extended(self, extended: np.ndarray) -> np.ndarray:
        """(h, w, 1 or 3) extended sRGB -> encoded samples in [0, 1], float32."""
        linear = srgb_decode(extended)
        if extended.shape[2] == 3 and self.to_srgb is not None:
            linear = mix(linear, np.linalg.inv(self.to_srgb))
        np.clip(linear, 0, 1, out=linear)
        for c in range(linear.shape[2]):
            linear[..., c] = self.curves[min(c, len(self.curves) - 1)].encode(linear[..., c])
        return linear.clip(0, 1, out=linear)


def mix(values: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """matrix @ each pixel, in float32, without BLAS and its threads."""
    weights = matrix.astype(np.float32)
    out = np.empty_like(values)
    planes = [np.ascontiguousarray(values[..., c]) for c in range(3)]
    for row in range(3):
        total = planes[0] * weights[row, 0]
        total += planes[1] * weights[row, 1]
        total += planes[2] * weights[row, 2]
        out[..., row] = total
    return out


def space(icc: bytes) -> str:
    """The profile's colour space: "RGB ", "GRAY", "CMYK"; "" if this is no profile."""
    if len(icc) < 132 or icc[36:40] != b"acsp":
        return ""
    return icc[16:20].decode("latin-1")


def parse(icc: bytes) -> Profile | None:
    """The profile, or None where it is not made of curves and a matrix (or is damaged)."""
    if space(icc) not in ("RGB ", "GRAY"):
        return None
    try:
        tags = read_tags(icc)
        if any(name in tags for name in (b"A2B0", b"A2B1")) and b"rXYZ" not in tags:
            return None
        if space(icc) == "GRAY":
            return Profile((parse_curve(tags[b"kTRC"]),), None)
        columns = [parse_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = tuple(parse_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        matrix = np.linalg.solve(SRGB_TO_D50, np.stack(columns, axis=1))
        white = matrix.sum(axis=1, keepdims=True)
        if np.abs(white - 1).max() > WHITE_TOLERANCE or np.linalg.cond(matrix) > 1e4:
            return None
        matrix /= white  # white to exactly white, so that grey stays grey
        if np.abs(matrix - np.eye(3)).max() < SAME_MATRIX:
            matrix = np.eye(3)
        return Profile(curves, matrix)
    except (KeyError, ValueError, struct.error, IndexError, np.linalg.LinAlgError):
        return None


def read_tags(icc: bytes) -> dict[bytes, bytes]:
    """Tag -> its bytes, of at most 200 tags; struct.error where the table is cut off."""
    (count,) = struct.unpack_from(">I", icc, 128)
    tags = {}
    for i in range(min(count, 200)):
        name, offset, size = struct.unpack_from(">4sII", icc, 132 + 12 * i)
        tags[name] = icc[offset : offset + size]
    return tags


def parse_xyz(tag: bytes) -> np.ndarray:
    """(3,) of an `XYZ ` tag; ValueError for another."""
    if tag[:4] != b"XYZ ":
        raise ValueError("not an XYZ tag")
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def display_p3() -> bytes:
    """The Display P3 profile that libvips carries, for files that name P3 without a profile."""
    from burnish.image.vips import vips

    return bytes(vips().Operation.call("profile_load", "p3"))
