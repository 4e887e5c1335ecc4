"""Batches in order, made ahead by threads: the network need not wait for its pictures."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from burnish.data.pairs import Batch


def made_ahead(make: Callable[[int], Batch], steps: Iterable[int], workers: int) -> Iterator[Batch]:
    """``make(step)`` of each step in turn, by ``workers`` threads; by the caller's if there are 0.

    A batch is a pure function of its step, so the threads change nothing but the time.
    """
    if not workers:
        yield from map(make, steps)
        return
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[Future[Batch]] = deque()
        try:
            for step in steps:
                ahead.append(pool.submit(make, step))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()
