"""Colour spaces that scores are taken in: linear light, CIE L*a*b*, BT.601 luma."""

import numpy as np

from burnish.metrics.arrays import Array

# Linear sRGB -> XYZ (IEC 61966-2-1).
XYZ_FROM_RGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
# D65 as the matrix has it: RGB (1, 1, 1). So every grey has a* = b* = 0 to rounding, where the
# tabulated white point would leave it a tint of some 1e-3.
WHITE = XYZ_FROM_RGB.sum(axis=1)

# BT.601 in studio range as MATLAB's rgb2ycbcr prints it: black 16, white 235 of 255.
LUMA = np.array([65.481, 128.553, 24.966])
LUMA_BLACK = 16.0


def srgb_to_linear(v: Array) -> Array:
    """Linear light from sRGB values, any shape.

    l = v / 12.92                      v <= 0.04045
    l = ((v + 0.055) / 1.055)^2.4      elsewhere
    """
    curve = ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4
    return np.where(v <= 0.04045, v / 12.92, curve)


def linear_to_srgb(v: Array) -> Array:
    """sRGB values from linear light, any shape: the inverse of ``srgb_to_linear``.

    s = 12.92 v                        v <= 0.0031308
    s = 1.055 v^(1/2.4) - 0.055        elsewhere
    """
    curve = 1.055 * np.maximum(v, 0) ** (1 / 2.4) - 0.055
    return np.where(v <= 0.0031308, v * 12.92, curve)


def rgb_to_lab(x: Array) -> Array:
    """CIE L*a*b* under D65: (..., 3) sRGB in [0,1] -> (..., 3), L* in [0,100], in float64.

    (X, Y, Z) = M linear(x);  f = f(XYZ / white)
    f(t) = t^(1/3)                     t > (6/29)^3
    f(t) = t / (3 (6/29)^2) + 4/29     elsewhere
    L* = 116 f_Y - 16;  a* = 500 (f_X - f_Y);  b* = 200 (f_Y - f_Z)
    """
    t = srgb_to_linear(np.asarray(x, np.float64)) @ (XYZ_FROM_RGB.T / WHITE)  # (..., 3)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    fx, fy, fz = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


def luma(x: Array) -> Array:
    """BT.601 luma in studio range, as super-resolution papers score it, in float64.

        Y = (16 + 65.481 R + 128.553 G + 24.966 B) / 255

    x: (..., 3) in [0,1] -> (...) in [16/255, 235/255]
    """
    return (np.asarray(x, np.float64) @ LUMA + LUMA_BLACK) / 255
