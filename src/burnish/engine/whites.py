"""What is white stays white: a guard on networks that retouch.

Where all three channels are clipped a photo holds nothing to retouch. The networks do not know: at
twice the size one made 248 of 255 in a blown sky, a grey veil over snow and clouds; at the photo's
own size another made 253 of a shop's white ground, whose edge then shows on a white page.
"""

import numpy as np

FROM = np.float32(235 / 255)
"""Of the darkest channel: from here on the guard grows, to the whole of it at 1. Tuned by eye on a
blown sky (docs/failures.md): from 250 on, its edge shows; from 235 on, levels rise evenly."""


def reached(plain: np.ndarray) -> bool:
    """Whether any pixel is white enough for the guard, (H,W,3)."""
    return bool((np.minimum.reduce(np.moveaxis(plain, 2, 0)) > FROM).any())


def kept(result: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """``result``, but not darker than ``plain`` where that is white, (H,W,3) each."""
    share = np.clip((plain.min(axis=2, keepdims=True) - FROM) / (1 - FROM), 0, 1)
    return result + share * np.maximum(plain - result, 0)
