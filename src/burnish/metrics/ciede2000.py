"""CIEDE2000 colour difference.

Sharma, Wu, Dalal: "The CIEDE2000 color-difference formula: implementation notes, supplementary test
data, and mathematical observations", 2005; names and equation numbers are theirs.
"""

import numpy as np

from burnish.metrics.arrays import Array, check_pair, strips
from burnish.metrics.colour import rgb_to_lab


def ciede2000(lab1: Array, lab2: Array) -> Array:
    """Difference of each colour of a pair, with kL = kC = kH = 1.

        dE = sqrt((dL'/SL)^2 + (dC'/SC)^2 + (dH'/SH)^2 + RT (dC'/SC)(dH'/SH))

    lab1, lab2: (..., 3) CIE L*a*b* -> (...), in float64
    """
    l1, a1, b1 = np.moveaxis(np.asarray(lab1, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(lab2, np.float64), -1, 0)

    # C', h' (2-7): a* is stretched near the neutral axis.
    c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(c7 / (c7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))

    # dL', dC', dH' (8-11): hues differ by the shorter way round. A grey has no hue: its dH' is 0
    # whatever the angle says, and with it every term that the mean hue enters.
    dl, dc, dh = l2 - l1, c2 - c1, h2 - h1
    far = np.abs(dh) > 180
    dh = np.where(far, dh - np.copysign(360, dh), dh)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)

    # Means (12-14).
    lm, cm, hsum = (l1 + l2) / 2, (c1 + c2) / 2, h1 + h2
    hm = np.where(far, hsum + np.where(hsum < 360, 360, -360), hsum) / 2

    # Weights (15-21).
    t = (
        1
        - 0.17 * np.cos(np.radians(hm - 30))
        + 0.24 * np.cos(np.radians(2 * hm))
        + 0.32 * np.cos(np.radians(3 * hm + 6))
        - 0.20 * np.cos(np.radians(4 * hm - 63))
    )
    l50 = (lm - 50) ** 2
    sl = 1 + 0.015 * l50 / np.sqrt(20 + l50)
    sc = 1 + 0.045 * cm
    sh = 1 + 0.015 * cm * t
    cm7 = cm**7
    rotation = np.radians(30) * np.exp(-(((hm - 275) / 25) ** 2))
    rt = -2 * np.sqrt(cm7 / (cm7 + 25.0**7)) * np.sin(2 * rotation)

    l_, c_, h_ = dl / sl, dc / sc, dh / sh
    # The quadratic form is positive, but rounding may take it below zero at equality.
    return np.sqrt(np.maximum(l_**2 + c_**2 + h_**2 + rt * c_ * h_, 0))


def delta_e(x: Array, y: Array) -> float:
    """Mean CIEDE2000 difference of two images: about 1 is just noticeable side by side.

    x, y: (H, W, 3) sRGB in [0,1]. One value per image.
    """
    check_pair(x, y)
    total = 0.0
    for rows in strips(x.shape[0]):
        total += float(ciede2000(rgb_to_lab(x[rows]), rgb_to_lab(y[rows])).sum())
    return total / (x.shape[0] * x.shape[1])
