"""Enlarge and retouch: one network for both against one after the other, in either order.

The paper's claim is that the joint network is better than two in sequence. Inputs are photos that
were un-retouched and halved, targets the finished photos.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from burnish.bench.compare import difference
from burnish.bench.quality import Method, Row, evaluate
from burnish.bench.sets import EvalPair
from burnish.data import bicubic


def in_turn(*steps: Method) -> Method:
    """One method after the other, as files of 8 bits would not pass between them: in float."""

    def run(x: np.ndarray) -> np.ndarray:
        for step in steps:
            x = step(x)
        return x

    return run


def ways(joint: Method | None, retouch: Method | None, enlarge: Method | None) -> dict[str, Method]:
    """Every way that the given networks admit; bicubic is always there."""

    def plain(x: np.ndarray) -> np.ndarray:
        return np.clip(bicubic.enlarge(x, 2), 0, 1)

    found: dict[str, Method] = {"bicubic": plain}
    if joint:
        found["joint"] = joint
    if retouch:
        found["bicubic, then retouch"] = in_turn(plain, retouch)
        found["retouch, then bicubic"] = in_turn(retouch, plain)
    if enlarge:
        found["enlarge"] = enlarge
    if retouch and enlarge:
        found["retouch, then enlarge"] = in_turn(retouch, enlarge)
        found["enlarge, then retouch"] = in_turn(enlarge, retouch)
    return found


AHEAD = {"dB": ("psnr", 1, 2), "SSIM": ("ssim", 1, 4), "CIEDE2000": ("delta_e", -1, 2)}
"""Metric -> a row's attribute, the sign that makes more of it better, and the figures to print."""


@dataclass(frozen=True)
class Result:
    """Rows of all methods, and seconds a picture of each."""

    rows: list[Row]
    seconds: dict[str, float]


def measure(
    methods: dict[str, Method],
    pairs: Sequence[EvalPair],
    on_row: Callable[[Row], None] = lambda row: None,
) -> Result:
    """Every way on every pair; the first picture warms up and is run again for the time."""
    times: dict[str, list[float]] = {name: [] for name in methods}

    def timed(name: str, method: Method) -> Method:
        def run(x: np.ndarray) -> np.ndarray:
            if not times[name]:
                method(x)
            start = time.perf_counter()
            out = method(x)
            times[name].append(time.perf_counter() - start)
            return out

        return run

    rows = evaluate({n: timed(n, m) for n, m in methods.items()}, pairs, on_row)
    return Result(rows, {n: float(np.mean(t)) for n, t in times.items()})


def table(result: Result) -> str:
    """Markdown: means over all photos, and how far the joint network is ahead of each other way.

    Ahead is better: a CIEDE2000 that is smaller counts as positive.
    """
    methods = list(dict.fromkeys(row.method for row in result.rows))
    ahead = " | ".join(f"joint ahead by, {metric} (95 %)" for metric in AHEAD)
    lines = [
        f"| way | PSNR | SSIM | CIEDE2000 | seconds a picture | {ahead} |",
        "|---|---|---|---|---|" + "---|" * len(AHEAD),
    ]
    by = {m: [r for r in result.rows if r.method == m] for m in methods}
    for name, rows in by.items():
        means = [float(np.mean([getattr(r, k) for r in rows])) for k in ("psnr", "ssim", "delta_e")]
        compared = "joint" in by and name != "joint"
        gaps = [_ahead(by["joint"], rows, metric) if compared else "" for metric in AHEAD]
        lines.append(
            f"| {name} | {means[0]:.2f} | {means[1]:.4f} | {means[2]:.2f} "
            f"| {result.seconds[name]:.3g} | {' | '.join(gaps)} |"
        )
    return "\n".join(lines)


def _ahead(joint: Sequence[Row], other: Sequence[Row], metric: str) -> str:
    """The mean difference of one metric, its interval, and what follows from it."""
    key, sign, digits = AHEAD[metric]
    ours, theirs = (np.array([[sign * getattr(r, key) for r in rows]]) for rows in (joint, other))
    gap = difference(ours, theirs)
    figures = " to ".join(f"{x:+.{digits}f}" for x in (gap.low, gap.high))
    return f"{gap.mean:+.{digits}f} ({figures}), {gap.answer}"
