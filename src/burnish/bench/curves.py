"""Lines on axes as a small SVG: what the papers' training curves need, and no more."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from burnish.train import metrics_csv

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 170, 34, 46
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")
Line = Sequence[tuple[float, float]]


def logged(run: Path, name: str) -> list[tuple[float, float]]:
    """(step, value) of one name from a run's metrics.csv, in the order of the steps."""
    return sorted((s, float(value)) for s, what, value in metrics_csv.rows(run) if what == name)


def shortest(runs: Sequence[Path]) -> list[str]:
    """As little of the end of each run's path as tells it from the others: ``rru-1/seed-0``."""
    for length in range(1, max(len(run.parts) for run in runs)):
        names = ["/".join(run.parts[-length:]) for run in runs]
        if len(set(names)) == len(names):
            return names
    return [str(run) for run in runs]


def mean_line(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Mean over the seeds, at the places that all of them have."""
    values: dict[float, list[float]] = {}
    for line in lines:
        for x, y in line:
            values.setdefault(x, []).append(y)
    return [(x, sum(ys) / len(ys)) for x, ys in sorted(values.items()) if len(ys) == len(lines)]


def means_of(line: Line, count: int) -> list[tuple[float, float]]:
    """Means of every ``count`` points one after the other; fewer at the end are left out."""
    whole = [line[i : i + count] for i in range(0, len(line) - count + 1, count)]
    return [(sum(x for x, _ in part) / count, sum(y for _, y in part) / count) for part in whole]


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About ``count`` round numbers between the two."""
    raw = (high - low) / count
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * f for f in (1, 2, 5, 10) if unit * f >= raw)
    return [
        step * i for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    ]


def svg(lines: Mapping[str, Line], title: str, across: str, up: str, log: bool = False) -> str:
    """One picture with every line that has points, named at the right; ``log`` is of the height."""
    shown = {name: line for name, line in lines.items() if line}
    if log:
        shown = {n: [(x, math.log10(max(y, 1e-12))) for x, y in v] for n, v in shown.items()}
    points = [p for line in shown.values() for p in line] or [(0.0, 0.0), (1.0, 1.0)]
    (x0, x1), (y0, y1) = ((min(v), max(v)) for v in zip(*points, strict=True))
    x1, y1 = (b if b > a else a + 1 for a, b in ((x0, x1), (y0, y1)))
    y0, y1 = y0 - 0.05 * (y1 - y0), y1 + 0.05 * (y1 - y0)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM),
        )

    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>',
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 10}" text-anchor="middle">'
        f"{escape(across)}</text>",
        f'<text transform="translate(16 {(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(up)}</text>",
    ]
    for x in ticks(x0, x1):
        px, _ = place(x, y0)
        parts.append(f'<path d="M{px:.1f} {TOP}V{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{px:.1f}" y="{bottom + 16}" text-anchor="middle">{x:g}</text>')
    for y in ticks(y0, y1):
        _, py = place(x0, y)
        label = f"{10**y:.3g}" if log else f"{y:g}"
        parts.append(f'<path d="M{LEFT} {py:.1f}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{label}</text>')
    for i, (name, line) in enumerate(shown.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in line)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        )
        y = TOP + 16 * i + 10
        parts.append(f'<path d="M{right + 10} {y - 4}h18" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{right + 34}" y="{y}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def stacked(pictures: Sequence[str]) -> str:
    """Pictures of `svg` one below the other, as one."""
    parts = [
        picture.replace("<svg ", f'<svg y="{i * HEIGHT}" width="{WIDTH}" height="{HEIGHT}" ', 1)
        for i, picture in enumerate(pictures)
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {len(parts) * HEIGHT}">'
    return "\n".join([head, *parts, "</svg>", ""])
