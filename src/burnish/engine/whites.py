"""What is white stays white: a guard on networks that retouch and enlarge at once.

Where all three channels are clipped a photo holds nothing to retouch. The network does not know:
it made 248 of 255 in a blown sky, a grey veil over snow and clouds.
"""

import numpy as np

FROM = np.float32(235 / 255)
"""Of the darkest channel: from here on the guard grows, to the whole of it at 1. Tuned by eye on a
blown sky (docs/failures.md): from 250 on, its edge shows; from 235 on, levels rise evenly."""


def kept(result: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """``result``, but not darker than ``plain`` where that is white, (H,W,3) each."""
    share = np.clip((plain.min(axis=2, keepdims=True) - FROM) / (1 - FROM), 0, 1)
    return result + share * np.maximum(plain - result, 0)
