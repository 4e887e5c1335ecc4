"""A measured table for people (Markdown) and for programs (plain values)."""

from typing import Any

import numpy as np

from burnish.bench.compare import Difference, difference
from burnish.bench.curves import logged, mean_line, svg
from burnish.bench.tables import Claim, Measured, Result, folder_of

DIGITS = {"PSNR": 2, "SSIM": 4}
FEW_SEEDS = 3


def _number(value: float | None, metric: str) -> str:
    return "" if value is None else f"{value:.{DIGITS.get(metric, 4)}f}"


def _measured(result: Result, claim: Claim) -> Difference | None:
    """The measured difference of two rows; None where one of them was not measured."""
    m = result.table.metrics.index(claim.metric)
    pair = [result.rows.get(k) for k in (claim.better, claim.worse)]
    if not all(pair):
        return None
    a, b = (np.asarray(row.scores[..., m]) for row in pair if row is not None)
    seeds = max(len(a), len(b))  # a row from a folder has one "seed": it stands for each
    a, b = (np.broadcast_to(x, (seeds, x.shape[1])) if len(x) == 1 else x for x in (a, b))
    return difference(a, b)


def _published(result: Result, claim: Claim) -> float:
    """The difference that the paper prints; 0 where it lacks a number."""
    column = result.table.published(result.settings.column)
    better, worse = (
        dict(zip(result.table.metrics, column.get(key, ()), strict=False)).get(claim.metric)
        for key in (claim.better, claim.worse)
    )
    return 0.0 if better is None or worse is None else better - worse


def comparisons(result: Result) -> list[tuple[Claim, float, Difference]]:
    """Every claim of the paper whose rows were measured: published and measured difference.

    Only those that the numbers of the paper's data set at hand show.
    """
    found = []
    for claim in result.table.claims:
        gap = _published(result, claim)
        if gap > 0 and (d := _measured(result, claim)):
            found.append((claim, gap, d))
    return found


def answers(result: Result) -> list[tuple[Claim, Difference]]:
    """The open questions whose rows were measured."""
    found = [(claim, _measured(result, claim)) for claim in result.table.asked]
    return [(claim, d) for claim, d in found if d]


def _spread(row: Measured, m: int, metric: str) -> str:
    means = row.scores[..., m].mean(1)
    text = _number(float(means.mean()), metric)
    if len(means) > 1:
        text += f" ± {_number(float(means.std(ddof=1)), metric)}"
    return text


def _order(result: Result) -> list[str]:
    published = list(result.table.published(result.settings.column))
    known = [*dict.fromkeys([*published, *result.table.rows])]
    return [k for k in result.rows if k not in known] + [k for k in known if k in result.rows]


def markdown(result: Result) -> str:
    """The table, the claims with their verdicts, and what the numbers stand on."""
    table, settings = result.table, result.settings
    published = table.published(settings.column)
    trained = {r.training for r in result.rows.values() if r.training}
    seeds = ", ".join(map(str, settings.seeds))
    heads = [f"{settings.column} {m}, published" for m in table.metrics]
    heads += [f"{m}, measured" for m in table.metrics] + ["steps", "parameters"]
    lines = [
        f"### Table {table.name}: {table.title}",
        "",
        f"Tested on {settings.test_name}: {len(settings.test)} pairs"
        + (f" at a short side of {settings.test_side} px" if settings.test_side else "")
        + f". Trained on {'; '.join(sorted(trained)) or 'nothing'}; seeds {seeds}. The published "
        f"columns are of other data ({settings.column}) unless that is what was trained and tested "
        "on: compare orders, not values.",
        "",
        "| row | " + " | ".join(heads) + " |",
        "|" + "---|" * (len(heads) + 1),
    ]
    for key in _order(result):
        row, printed = result.rows[key], published.get(key, ())
        cells = [
            _number(printed[i] if i < len(printed) else None, m)
            for i, m in enumerate(table.metrics)
        ]
        cells += [_spread(row, i, m) for i, m in enumerate(table.metrics)]
        cells += ["" if v is None else f"{v:,}" for v in (row.steps, row.parameters)]
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    if len(settings.seeds) > 1:
        lines += ["", "± is the standard deviation over seeds."]
    found, asked = comparisons(result), answers(result)
    if found:
        lines += [
            "",
            "| the paper's order | published | measured | 95 % interval | here |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {c.better} > {c.worse}, {c.metric} | {_signed(gap, c.metric)} "
            f"| {_interval(d, c.metric)} | {d.verdict} |"
            for c, gap, d in found
        ]
    if asked:
        lines += [
            "",
            "| not among the paper's numbers | measured | 95 % interval | the first is |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {c.better} against {c.worse}, {c.metric} | {_interval(d, c.metric)} | {d.answer} |"
            for c, d in asked
        ]
    if found or asked:
        lines += ["", _about_intervals(len(settings.seeds))]
    if len({r.steps for r in result.rows.values() if r.steps}) > 1:
        lines += ["", "**Rows ran for different numbers of steps: they are not comparable.**"]
    if result.unfinished:
        lines += ["", "Not measured: " + "; ".join(result.unfinished) + "."]
    return "\n".join(lines)


def _signed(value: float, metric: str) -> str:
    return f"{value:+.{DIGITS.get(metric, 4)}f}"


def _interval(d: Difference, metric: str) -> str:
    mean, low, high = (_signed(v, metric) for v in (d.mean, d.low, d.high))
    return f"{mean} | {low} to {high}"


def _about_intervals(seeds: int) -> str:
    over = "images and seeds" if seeds > 1 else "images (one seed)"
    text = f"Paired bootstrap over {over}, 5,000 resamples; larger is better."
    if seeds == 1:
        return f"{text} What another seed would change is not in the interval."
    if seeds <= FEW_SEEDS:
        return f"{text} {seeds} seeds are few: the interval understates what others would change."
    return text


def figure(result: Result) -> str | None:
    """The paper's training curves as SVG, mean over seeds; None where nothing was logged."""
    curves, settings = result.table.curves, result.settings
    if curves is None:
        return None

    def line(key: str, name: str) -> list[tuple[float, float]]:
        return mean_line([logged(folder_of(settings, key, s), name) for s in settings.seeds])

    if loss := curves.of == "loss":
        parts = {"training": "loss", "test": "loss_test"}
        lines = {f"{k}, {p}": line(k, name) for k in curves.rows for p, name in parts.items()}
        what = "loss in training and on the middles of test pairs"
    else:
        lines = {key: line(key, "psnr_all") for key in curves.rows}
        what = "PSNR on test pairs at 96 px"
    if not any(lines.values()):
        return None
    title = f"Table {result.table.name}: {what}, budget {settings.budget:g}"
    return svg(lines, title, "step", "loss" if loss else "PSNR (dB)", log=loss)


def plain(result: Result) -> dict[str, Any]:
    """Everything as values for JSON."""
    table, settings = result.table, result.settings
    return {
        "table": table.name,
        "metrics": list(table.metrics),
        "test": {
            "name": settings.test_name,
            "pairs": len(settings.test),
            "short_side": settings.test_side,
        },
        "rows": {
            key: {
                "measured": r.scores.mean((0, 1)).tolist(),
                "per_seed": r.scores.mean(1).tolist(),
                "steps": r.steps,
                "parameters": r.parameters,
                "seeds": list(r.seeds),
                "training": r.training,
                "published": list(table.published(settings.column).get(key, ())),
            }
            for key, r in result.rows.items()
        },
        "claims": [
            {
                "better": c.better,
                "worse": c.worse,
                "metric": c.metric,
                "published": gap,
                "measured": d.mean,
                "interval": [d.low, d.high],
                "verdict": d.verdict,
            }
            for c, gap, d in comparisons(result)
        ],
        "asked": [
            {
                "first": c.better,
                "second": c.worse,
                "metric": c.metric,
                "measured": d.mean,
                "interval": [d.low, d.high],
                "verdict": d.answer,
            }
            for c, d in answers(result)
        ],
        "unfinished": list(result.unfinished),
    }
