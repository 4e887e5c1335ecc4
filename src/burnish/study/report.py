"""What a study found: mean opinion scores with their intervals, and how far the raters agree."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from burnish.errors import InputError
from burnish.study.store import HIGHEST, LOWEST, QUESTIONS, Answer

RESAMPLES = 2000
COLUMNS = (*QUESTIONS, "average")


@dataclass(frozen=True)
class Mean:
    """Mean opinion score of one method and question, and where 95 % of the resamples fall."""

    mean: float
    low: float
    high: float
    answers: int


@dataclass(frozen=True)
class Report:
    """Everything that is printed."""

    methods: tuple[str, ...]
    raters: int
    pictures: int
    means: dict[tuple[str, str], Mean]
    """By (method, question); the question ``average`` is the mean of the four."""
    agreement: dict[str, float]
    """Krippendorff's alpha (interval) by question; NaN where it is not defined."""


def krippendorff_alpha(ratings: np.ndarray) -> float:
    """Agreement of raters (raters, units) on an interval scale; NaN where a rater gave no score.

        alpha = 1 - D_o / D_e

    D_o is the mean squared difference of two scores of one unit, each unit weighted by its number
    of scores; D_e that of any two scores. Units with a single score do not count. 1 is agreement,
    0 what chance gives (Krippendorff, "Content Analysis", ch. 11).
    """
    units = [column[~np.isnan(column)] for column in np.asarray(ratings, np.float64).T]
    units = [u for u in units if len(u) > 1]
    if not units:
        return float("nan")
    every = np.concatenate(units)
    n = len(every)
    # The sum of (a - b)^2 over ordered pairs of m values is 2 m times their squared deviations.
    observed = sum(2 * len(u) * ((u - u.mean()) ** 2).sum() / (len(u) - 1) for u in units) / n
    expected = 2 * n * ((every - every.mean()) ** 2).sum() / (n * (n - 1))
    return float("nan") if expected == 0 else float(1 - observed / expected)


def mean_with_interval(scores: np.ndarray, seed: int = 0) -> Mean:
    """Of (raters, pictures) with NaN for no answer; both raters and pictures are resampled."""
    given = ~np.isnan(scores)
    values = np.where(given, scores, 0)
    rng = np.random.default_rng(seed)
    raters, pictures = (
        rng.multinomial(n, np.full(n, 1 / n), RESAMPLES).astype(float) for n in scores.shape
    )
    total = np.einsum("sr,rp,sp->s", raters, values, pictures, optimize=True)
    count = np.einsum("sr,rp,sp->s", raters, given.astype(float), pictures, optimize=True)
    means = total[count > 0] / count[count > 0]
    low, high = np.percentile(means, [2.5, 97.5])
    return Mean(float(values.sum() / given.sum()), float(low), float(high), int(given.sum()))


def report(answers: Sequence[Answer]) -> Report:
    """The report of all answers so far; raters who stopped early count with what they gave."""
    if not answers:
        raise InputError("Nobody has answered yet.")
    methods, raters, pictures = (
        list(dict.fromkeys(getattr(a, name) for a in answers))
        for name in ("method", "rater", "picture")
    )
    methods.sort()
    cube = np.full((len(methods), len(QUESTIONS), len(raters), len(pictures)), np.nan)
    places = [
        {name: i for i, name in enumerate(names)}
        for names in (methods, QUESTIONS, raters, pictures)
    ]
    for a in answers:
        values = (a.method, a.question, a.rater, a.picture)
        cube[tuple(p[v] for p, v in zip(places, values, strict=True))] = a.score
    means = {}
    for m, method in enumerate(methods):
        for q, question in enumerate(QUESTIONS):
            if not np.isnan(cube[m, q]).all():
                means[method, question] = mean_with_interval(cube[m, q])
        average = cube[m].mean(axis=0)  # NaN unless all four were answered
        if not np.isnan(average).all():
            means[method, "average"] = mean_with_interval(average)
    agreement = {
        question: krippendorff_alpha(cube[:, q].transpose(1, 0, 2).reshape(len(raters), -1))
        for q, question in enumerate(QUESTIONS)
    }
    return Report(tuple(methods), len(raters), len(pictures), means, agreement)


def table(found: Report) -> str:
    """Markdown: a line per method, and one with the raters' agreement."""
    rows = {}
    for method in found.methods:
        means = [found.means.get((method, column)) for column in COLUMNS]
        rows[method] = [f"{m.mean:.2f} ({m.low:.2f} to {m.high:.2f})" if m else "" for m in means]
    alphas = [f"{v:.2f}" if v == v else "undefined" for v in found.agreement.values()]
    said = (
        f"{found.raters} raters, {found.pictures} pictures; mean opinion score, 1 to 5, with its "
        "95 % interval (raters and pictures resampled)."
    )
    return _markdown(said, [*rows.items(), ("*Krippendorff's alpha*", [*alphas, ""])])


def published_table(said: str, rows: Mapping[str, Sequence[float | None]]) -> str:
    """The same form for printed scores, each with the paper's digits; None is a dash."""
    digits = [2 if column == "average" else 1 for column in COLUMNS]
    lines = [
        (method, ["-" if s is None else f"{s:.{d}f}" for s, d in zip(row, digits, strict=True)])
        for method, row in rows.items()
    ]
    return _markdown(said, lines)


def _markdown(said: str, rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    lines = [
        said,
        "",
        "| method | " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * (len(COLUMNS) + 1),
    ]
    lines += [f"| {method} | " + " | ".join(cells) + " |" for method, cells in rows]
    return "\n".join(lines)


def to_csv(answers: Sequence[Answer]) -> str:
    """Every answer as a row; raters are numbered, their names stay in the study."""
    numbers = {name: i for i, name in enumerate(dict.fromkeys(a.rater for a in answers), 1)}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("rater", "picture", "method", "question", "score", "unix_time"))
    for a in answers:
        writer.writerow((numbers[a.rater], a.picture, a.method, a.question, a.score, f"{a.at:.3f}"))
    return out.getvalue()


def plot(found: Report) -> str:
    """Dots with whiskers as SVG: a group per question, a colour per method."""
    colours = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b")
    group = max(60, 22 * len(found.methods) + 20)
    left, top, height = 40, 20, 260
    right = left + group * len(COLUMNS)
    width = right + 30 + 8 * max(len(m) for m in found.methods)

    def up(score: float) -> float:
        return top + (HIGHEST - score) / (HIGHEST - LOWEST) * height

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + height + 40}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{top + height + 40}" fill="white"/>',
    ]
    for score in range(LOWEST, HIGHEST + 1):
        parts.append(f'<path d="M{left} {up(score):.1f}H{right}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{left - 8}" y="{up(score) + 4:.1f}" text-anchor="end">{score}</text>'
        )
    for c, column in enumerate(COLUMNS):
        middle = left + group * (c + 0.5)
        parts.append(
            f'<text x="{middle}" y="{top + height + 24}" text-anchor="middle">{column}</text>'
        )
        for m, method in enumerate(found.methods):
            mean = found.means.get((method, column))
            if mean is None:
                continue
            x, colour = middle + 22 * (m - (len(found.methods) - 1) / 2), colours[m % len(colours)]
            parts.append(
                f'<path d="M{x:.1f} {up(mean.low):.1f}V{up(mean.high):.1f}" stroke="{colour}" '
                'stroke-width="2"/>'
            )
            parts.append(f'<circle cx="{x:.1f}" cy="{up(mean.mean):.1f}" r="4" fill="{colour}"/>')
    for m, method in enumerate(found.methods):
        y, colour = top + 18 * m + 10, colours[m % len(colours)]
        parts.append(f'<circle cx="{right + 12}" cy="{y - 4}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{right + 22}" y="{y}">{escape(method)}</text>')
    return "\n".join([*parts, "</svg>", ""])
