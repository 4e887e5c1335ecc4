"""Tone curves of ICC profiles, both ways, and sRGB's own, extended oddly beyond [0, 1]."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

STEPS = 65536  # of a tabulated inverse


class Curve(Protocol):
    """A tone curve of a profile; arrays of any shape."""

    def decode(self, x: np.ndarray) -> np.ndarray:
        """Encoded [0, 1] -> linear."""

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Linear [0, 1] -> encoded: the inverse of `decode`."""


@dataclass(frozen=True)
class Parametric:
    """y = (a x + b)^g + e where x >= d, else c x + f (ICC.1:2010, 10.16)."""

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def decode(self, x: np.ndarray) -> np.ndarray:
        upper = np.maximum(self.a * x + self.b, 0) ** self.g + self.e
        return np.where(x >= self.d, upper, self.c * x + self.f)

    def encode(self, y: np.ndarray) -> np.ndarray:
        x = (np.maximum(y - self.e, 0) ** (1 / self.g) - self.b) / self.a
        if self.d <= 0:
            return x
        start = (self.a * self.d + self.b) ** self.g + self.e  # where the upper part begins
        lower = (y - self.f) / self.c if self.c else np.full_like(y, self.d)
        return np.where(y >= start, x, np.minimum(lower, self.d))


@dataclass(frozen=True, eq=False)
class Sampled:
    """A table of equally spaced, rising values, interpolated linearly."""

    table: np.ndarray

    @property
    def grid(self) -> np.ndarray:
        return np.linspace(0, 1, len(self.table))

    def decode(self, x: np.ndarray) -> np.ndarray:
        return np.interp(x, self.grid, self.table)

    @cached_property
    def inverse(self) -> np.ndarray:
        """The inverse at the squares of an even grid, which is fine where curves are steep."""
        return np.interp(np.linspace(0, 1, STEPS + 1) ** 2, self.table, self.grid).astype(
            np.float32
        )

    def encode(self, y: np.ndarray) -> np.ndarray:
        """By interpolation in `inverse`: many times as fast as a search in the table."""
        place = np.sqrt(y)
        place *= STEPS
        index = np.minimum(place.astype(np.int32), STEPS - 1)
        place -= index
        low = self.inverse[index]
        index += 1
        place *= self.inverse[index] - low
        place += low
        return place


SRGB = Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def parse_curve(tag: bytes) -> Curve:
    """A `curv` or `para` tag; ValueError where it is neither, or cannot be inverted."""
    kind = tag[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return Parametric(1.0)
        if count == 1:
            return positive(Parametric(struct.unpack_from(">H", tag, 12)[0] / 256))
        table = np.frombuffer(tag, ">u2", count, 12).astype(int)
        if np.any(np.diff(table) < 0) or table[-1] <= table[0]:
            raise ValueError("a curve that falls")
        return Sampled(spread(table) / 65535)
    if kind == b"para":
        (function,) = struct.unpack_from(">H", tag, 8)
        lengths = (1, 3, 4, 5, 7)
        values = struct.unpack_from(f">{lengths[function]}i", tag, 12)
        return positive(from_parameters(function, [value / 65536 for value in values]))
    raise ValueError("not a curve")


def spread(table: np.ndarray) -> np.ndarray:
    """Equal entries, which rounding to 16 bits made of a slow rise, as a rise within that rounding.

    Without it the dark end of a sampled gamma curve could not be inverted.
    """
    values, first, counts = np.unique(table, return_index=True, return_counts=True)
    position = np.arange(len(table)) - np.repeat(first, counts)
    rise = position / np.repeat(counts, counts) * 0.9
    at_top = table == values[-1]
    rise[at_top] -= rise[at_top][-1]
    return table + rise


def from_parameters(function: int, p: list[float]) -> Parametric:
    """The five forms of a parametric curve as the fullest one."""
    if function == 0:
        return Parametric(p[0])
    g, a, b = p[:3]
    if function == 1:
        return Parametric(g, a, b, d=-b / a)
    if function == 2:
        return Parametric(g, a, b, d=-b / a, e=p[3], f=p[3])
    if function == 3:
        return Parametric(g, a, b, c=p[3], d=p[4])
    return Parametric(g, a, b, c=p[3], d=p[4], e=p[5], f=p[6])


def positive(curve: Parametric) -> Parametric:
    """The curve; ValueError where it cannot be inverted."""
    if curve.g <= 0 or curve.a <= 0 or curve.c < 0:
        raise ValueError("a curve that falls")
    return curve


def srgb_encode(linear: np.ndarray) -> np.ndarray:
    """Linear -> sRGB-encoded, sign kept, no upper end; float32 in, float32 out."""
    size = np.abs(linear)
    out = np.power(size, np.float32(1 / 2.4))
    out *= np.float32(1.055)
    out -= np.float32(0.055)
    dark = size <= 0.0031308
    size *= np.float32(12.92)
    np.copyto(out, size, where=dark)
    return np.copysign(out, linear, out=out)


def srgb_decode(encoded: np.ndarray) -> np.ndarray:
    """The inverse of `srgb_encode`."""
    size = np.abs(encoded)
    out = size + np.float32(0.055)
    out *= np.float32(1 / 1.055)
    np.power(out, np.float32(2.4), out=out)
    dark = size <= 0.04045
    size *= np.float32(1 / 12.92)
    np.copyto(out, size, where=dark)
    return np.copysign(out, encoded, out=out)
