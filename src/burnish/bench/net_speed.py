"""Seconds for a megapixel that comes out, network by network, untrained: speed needs no training.

Each network is exported and run whole on one made picture, by OpenVINO and by eager torch, round
robin, so that a busy machine disturbs all alike; ratios are what to compare. On one thread they are
of processor seconds, which other work on the machine hardly changes.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.card import ModelCard
from burnish.engine.backend import Backend, load_backend
from burnish.engine.statistics import condition, known


@dataclass(frozen=True)
class NetRow:
    """One network on one backend."""

    net: str
    backend: str
    parameters: int
    seconds: float
    """For a megapixel of output, the median of the runs."""
    cpu: float
    """Processor seconds of all threads for the same."""
    ratio: float
    """Times as fast as the first row."""


def measure(
    nets: Sequence[str], patch: int = 128, threads: int = 0, repeats: int = 5
) -> list[NetRow]:
    """Time networks of the zoo on a ``patch`` square picture."""
    from burnish.engine.export import export_untrained
    from burnish.engine.openvino_backend import has_bf16

    rng = np.random.default_rng(0)
    x = rng.random((1, 3, patch, patch), np.float32)
    with tempfile.TemporaryDirectory() as scratch:
        loaded: dict[tuple[str, str], tuple[ModelCard, Backend]] = {}
        for net in nets:
            folder = Path(scratch) / net
            card = export_untrained(net, folder)
            for name, backend in (("OpenVINO f32", "openvino"), ("torch eager f32", "torch")):
                chosen = load_backend(backend, folder, "f32", threads)  # type: ignore[arg-type]
                loaded[net, name] = card, chosen
                if backend == "openvino" and has_bf16():
                    bf16 = load_backend("openvino", folder, "bf16", threads)
                    loaded[net, "OpenVINO bf16"] = card, bf16
        times: dict[tuple[str, str], list[tuple[float, float]]] = {key: [] for key in loaded}
        for turn in range(repeats + 1):
            for key, (card, run) in loaded.items():
                start, begun = time.perf_counter(), time.process_time()
                told = condition(run.run, known(run.run, card, x[0].transpose(1, 2, 0)))
                run.run("main", {"x": x, "condition": told})
                if turn:  # the first warms up
                    times[key].append((time.perf_counter() - start, time.process_time() - begun))
    rows: list[NetRow] = []
    first = 0.0
    for (net, name), found in times.items():
        card = loaded[net, name][0]
        megapixels = patch**2 * card.scale**2 / 1e6
        seconds, cpu = (statistics.median(v) / megapixels for v in zip(*found, strict=True))
        compared = cpu if threads == 1 else seconds
        first = first or compared
        rows.append(NetRow(net, name, card.parameters, seconds, cpu, first / compared))
    return rows


def table(rows: Sequence[NetRow], patch: int) -> str:
    """Markdown."""
    lines = [
        f"| network, {patch}x{patch} in | backend | parameters | seconds a megapixel out "
        "| processor seconds | ratio |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.net} | {r.backend} | {r.parameters:,} | {r.seconds:.2f} | {r.cpu:.2f} "
        f"| {r.ratio:.2f} |"
        for r in rows
    ]
    return "\n".join(lines)
