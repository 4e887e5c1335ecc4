"""One Enhancer, several threads: the results are those of one after the other, to the bit."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import burnish
from burnish.engine.backend import BackendName
from burnish.image.photo import Photo
from tiny import tiny_weights

from .conftest import OPTIONS, picture

PHOTOS = [
    Photo.from_array(picture(40 + 9 * n, 90 - 7 * n, 1 if n == 3 else 3, seed=n)) for n in range(6)
]
THREADS = 4


@pytest.mark.parametrize("backend", ["openvino", "onnx", "torch"])
def test_threads_share_one_enhancer(backend: BackendName) -> None:
    options = OPTIONS | ({"model": tiny_weights()} if backend == "torch" else {})
    enhancer = burnish.Enhancer(burnish.EnhanceOptions(backend=backend, tile=64, **options))
    alone = [enhancer(photo).pixels for photo in PHOTOS]
    gate = threading.Barrier(THREADS)

    def work(number: int) -> list[np.ndarray]:
        gate.wait(timeout=30)
        order = PHOTOS[number:] + PHOTOS[:number]
        got = [enhancer(photo).pixels for photo in order]
        return got[len(PHOTOS) - number :] + got[: len(PHOTOS) - number]

    with ThreadPoolExecutor(THREADS) as pool:
        for together in pool.map(work, range(THREADS)):
            for one, other in zip(together, alone, strict=True):
                np.testing.assert_array_equal(one, other)


def test_a_first_call_from_several_threads_compiles_once() -> None:
    """Nothing is loaded before the threads start: graphs are compiled while they compete."""
    array = picture(30, 30)
    with ThreadPoolExecutor(THREADS) as pool:
        options = OPTIONS | {"tile": 97}  # a set of options that no other test has loaded
        results = list(pool.map(lambda _: burnish.enhance(array, **options), range(THREADS)))
    for result in results:
        np.testing.assert_array_equal(result, results[0])


def test_an_event_loop_goes_on_while_photos_are_enhanced() -> None:
    arrays = [picture(160, 200, seed=n) for n in range(3)]
    alone = [burnish.enhance(array, **OPTIONS) for array in arrays]
    longest = 0.0

    async def heart(stop: asyncio.Event) -> None:
        nonlocal longest
        last = time.perf_counter()
        while not stop.is_set():
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

    async def main() -> list[np.ndarray]:
        stop = asyncio.Event()
        beat = asyncio.create_task(heart(stop))
        tasks = [asyncio.to_thread(burnish.enhance, array, **OPTIONS) for array in arrays]
        results = await asyncio.gather(*tasks)
        stop.set()
        await beat
        return results

    start = time.perf_counter()
    results = asyncio.run(main())
    took = time.perf_counter() - start
    for result, expected in zip(results, alone, strict=True):
        np.testing.assert_array_equal(result, expected)
    assert longest < max(0.5 * took, 0.2), (longest, took)
