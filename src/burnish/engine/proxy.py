"""Small stand-ins for a large photo, averaged from square blocks of its pixels."""

import math

import numpy as np


def block_side(height: int, width: int, largest: int) -> int:
    """Side of the blocks that leave about ``largest`` pixels at most."""
    return min(math.ceil(math.sqrt(height * width / largest)), height, width)


class Shrinker:
    """Averages square blocks of a picture whose rows come from the top, some at a time.

    Blocks that the picture does not fill are left out, or with ``partial`` filled up with the
    picture's last column and row.
    """

    def __init__(self, height: int, width: int, factor: int, partial: bool = False) -> None:
        self.factor, self.partial, self.width = factor, partial, width
        rows, columns = height // factor, width // factor
        if partial:
            rows, columns = -(-height // factor), -(-width // factor)
        self.small = np.empty((rows, columns, 3), np.float32)
        self._height, self._seen, self._done = height, 0, 0
        self._rest = np.empty((0, width, 3), np.float32)

    def add(self, rows: np.ndarray) -> None:
        """The next rows, (n,W,3) float32; the last call completes `small`."""
        self._seen += len(rows)
        start = 0
        if len(self._rest):  # a block that began in the rows before
            start = min(self.factor - len(self._rest), len(rows))
            self._rest = np.concatenate([self._rest, rows[:start]])
            if len(self._rest) == self.factor:
                self._put(self._rest)
                self._rest = rows[:0]
        if not len(self._rest):
            while start + self.factor <= len(rows):
                self._put(rows[start : start + self.factor])
                start += self.factor
            self._rest = rows[start:].copy()
        if self._seen == self._height and self.partial and len(self._rest):
            missing = self.factor - len(self._rest)
            self._put(np.concatenate([self._rest, self._rest[-1:].repeat(missing, 0)]))

    def _put(self, block: np.ndarray) -> None:
        columns = self.small.shape[1]
        wanted = columns * self.factor
        mean = block[:, :wanted].mean(axis=0)
        if wanted > self.width:
            mean = np.concatenate([mean, mean[-1:].repeat(wanted - self.width, 0)])
        self.small[self._done] = mean.reshape(columns, self.factor, 3).mean(axis=1)
        self._done += 1


def shrink(pixels: np.ndarray, largest: int) -> np.ndarray:
    """Average square blocks, (H,W,3) -> about ``largest`` pixels at most, the same mean."""
    height, width = pixels.shape[:2]
    factor = block_side(height, width, largest)
    if factor < 2:
        return pixels
    shrinker = Shrinker(height, width, factor)
    shrinker.add(pixels)
    return shrinker.small
