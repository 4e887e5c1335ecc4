"""A signal to stop becomes a wish that the loop grants after its step, so that no work is lost."""

import signal
from types import FrameType
from typing import Self


class StopSignal:
    """Within ``with``, SIGTERM and Ctrl-C set ``asked`` and do nothing else."""

    asked = False

    def __enter__(self) -> Self:
        try:
            self.before = {s: signal.signal(s, self._ask) for s in (signal.SIGTERM, signal.SIGINT)}
        except ValueError:  # not the main thread: signals stay whose they are
            self.before = {}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
