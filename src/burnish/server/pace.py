"""How fast photos are enhanced here, for the time that is left."""

import threading

SMOOTHING = 0.3
"""Weight of the newest photo."""


class Pace:
    """Seconds per megapixel, averaged over the last photos; None until something is known."""

    def __init__(self) -> None:
        self.seconds_per_megapixel: float | None = None
        self.lock = threading.Lock()

    def learn(self, megapixels: float, seconds: float) -> None:
        if megapixels <= 0:
            return
        with self.lock:
            new, old = seconds / megapixels, self.seconds_per_megapixel
            self.seconds_per_megapixel = new if old is None else old + SMOOTHING * (new - old)
