"""The table of `burnish bench looks`."""

from collections.abc import Sequence

from burnish.look.baselines import BASELINES
from burnish.look.proof import LEARNED, SHIPPED, Row


def table(rows: Sequence[Row]) -> str:
    """Markdown: CIEDE2000 (PSNR) by look, number of pairs and method."""
    seen = dict.fromkeys(r.method for r in rows)
    known = (*BASELINES, SHIPPED)
    methods = [m for m in known if m in seen] + [m for m in seen if m not in (*known, LEARNED)]
    methods.append(LEARNED)
    lines = [
        "| look | pairs | " + " | ".join(methods) + " | of nothing |",
        "|---" * (len(methods) + 3) + "|",
    ]
    by = {(r.look, r.pairs, r.method): r for r in rows}
    for look, pairs in dict.fromkeys((r.look, r.pairs) for r in rows if r.pairs):
        cells = [by.get((look, pairs, m)) or by[look, 0, m] for m in methods]
        best = min(c.delta_e for c in cells)
        texts = [
            f"**{c.delta_e:.2f}** ({c.psnr:.1f})"
            if c.delta_e == best
            else f"{c.delta_e:.2f} ({c.psnr:.1f})"
            for c in cells
        ]
        share = cells[-1].delta_e / cells[0].delta_e
        lines.append(f"| {look} | {pairs} | {' | '.join(texts)} | {share:.0%} |")
    return "\n".join(lines)
