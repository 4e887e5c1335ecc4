"""A measured table for people (Markdown) and for programs (plain values)."""

from typing import Any

import numpy as np

from burnish.bench.compare import Difference, difference
from burnish.bench.curves import logged, mean_line, svg
from burnish.bench.tables import Claim, Measured, Result, folder_of

DIGITS = {"PSNR": 2, "SSIM": 4}


def _number(value: float | None, metric: str) -> str:
    return "" if value is None else f"{value:.{DIGITS.get(metric, 4)}f}"


def comparisons(result: Result) -> list[tuple[Claim, float, Difference]]:
    """Every claim of the paper whose rows were measured: published and measured difference."""
    table, found = result.table, []
    published = table.published(result.settings.column)
    for claim in table.claims:
        m = table.metrics.index(claim.metric)
        pair = [result.rows.get(k) for k in (claim.better, claim.worse)]
        printed = [published.get(k, ())[m : m + 1] for k in (claim.better, claim.worse)]
        if not all(pair) or not all(printed) or None in (printed[0][0], printed[1][0]):
            continue
        a, b = (np.asarray(row.scores[..., m]) for row in pair if row is not None)
        seeds = max(len(a), len(b))  # a row from a folder has one "seed": it stands for each
        a, b = (np.broadcast_to(x, (seeds, x.shape[1])) if len(x) == 1 else x for x in (a, b))
        gap = float(printed[0][0] or 0) - float(printed[1][0] or 0)
        if gap > 0:
            found.append((claim, gap, difference(a, b)))
    return found


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
    if found := comparisons(result):
        over = "images and seeds" if len(settings.seeds) > 1 else "images (one seed)"
        lines += [
            "",
            "| the paper's order | published | measured | 95 % interval | here |",
            "|---|---|---|---|---|",
        ]
        for claim, gap, d in found:
            a, *rest = (_signed(v, claim.metric) for v in (gap, d.mean, d.low, d.high))
            lines.append(
                f"| {claim.better} > {claim.worse}, {claim.metric} | {a} | {rest[0]} "
                f"| {rest[1]} to {rest[2]} | {d.verdict} |"
            )
        lines += ["", f"Paired bootstrap over {over}, 5,000 resamples; larger is better."]
        if len(settings.seeds) == 1:
            lines[-1] += " What another seed would change is not in the interval."
    if len({r.steps for r in result.rows.values() if r.steps}) > 1:
        lines += ["", "**Rows ran for different numbers of steps: they are not comparable.**"]
    if result.unfinished:
        lines += ["", "Not measured: " + "; ".join(result.unfinished) + "."]
    return "\n".join(lines)


def _signed(value: float, metric: str) -> str:
    return f"{value:+.{DIGITS.get(metric, 4)}f}"


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
        "unfinished": list(result.unfinished),
    }
