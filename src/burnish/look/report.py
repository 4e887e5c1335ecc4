"""The report of a look: one HTML file that needs nothing else, figures and pictures inside."""

import base64
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from burnish.files import write_text
from burnish.look import cube
from burnish.look.judge import HeldOut
from burnish.look.learn import Learned
from burnish.metrics import ciede2000
from burnish.metrics.colour import rgb_to_lab

METHODS = {"nothing": "before", "look": "this look", "shipped": "burnish's default"}
MOST = 12
"""Shots shown with pictures: the hardest half and the rest evenly."""
CLEAR = 10.0
"""CIEDE2000 that the difference maps show as white."""
STOPPED = (
    "It was stopped: this is the best look so far, and figures on held-out pairs are missing. "
    "The same command with --overwrite does the rest."
)
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.3rem .8rem;text-align:right;
border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}
.shot{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0}figure{margin:0;flex:1 1 11rem}
img{width:100%;height:auto}figcaption{font-size:.85rem;color:#555}
@media(prefers-color-scheme:dark){body{background:#1c1c1c;color:#ddd}figcaption{color:#aaa}
td,th{border-color:#444}}
"""


def write(learned: Learned, path: Path) -> None:
    """Write the report, whole or not at all."""
    write_text(path, page(learned))


def page(learned: Learned) -> str:
    """The whole document."""
    card, verdict = learned.look.card, learned.verdict
    body = [f"<h1>{escape(card.name)}</h1>", f"<p>Learned from {card.pairs} pairs.</p>"]
    body += [f"<p>{escape(s)}</p>" for s in verdict.sentences]
    if not learned.finished:
        body.append(f"<p>{escape(STOPPED)}</p>")
    if verdict.held:
        body += ["<h2>On shots that it had not seen</h2>", _table(learned)]
    kept = card.scores.get("kept by a 33-point table")
    if kept is not None:
        body.append(f"<p>A 3-D table (.cube) keeps {kept:.0%} of what the look does.</p>")
    body += ["<h2>Tone curves</h2>", curves(learned)]
    if verdict.held:
        body.append(
            "<h2>Shots</h2><p>Each from a look learned without that shot, the hardest first. The "
            "last picture is the colour difference to your finish: black none, white "
            f"{CLEAR:.0f} or more.</p>"
        )
    body += [_shot(held) for held in chosen(verdict.held)]
    body += ["<h2>Set aside</h2>", _aside(learned)]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(card.name)}</title><style>{STYLE}</style><body>{''.join(body)}</body></html>"
    )


def _table(learned: Learned) -> str:
    rows = [
        f"<tr><td>{METHODS[m]}</td><td>{f['psnr']:.2f}</td><td>{f['ssim']:.4f}</td>"
        f"<td>{f['delta_e']:.2f}</td></tr>"
        for m, f in learned.verdict.means().items()
    ]
    head = "<tr><th>compared with your finish</th><th>PSNR</th><th>SSIM</th><th>CIEDE2000</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def chosen(held: list[HeldOut]) -> list[HeldOut]:
    """The hardest half of what is shown, then the others evenly from hard to easy."""
    ordered = sorted(held, key=lambda h: -h.figures["look"].delta_e)
    hard, rest = ordered[: MOST // 2], ordered[MOST // 2 :]
    step = max(1, -(-len(rest) // (MOST - MOST // 2)))
    return hard + rest[::step]


def picture(x: np.ndarray) -> str:
    """(h,w,3) in [0,1] as a JPEG inside the page."""
    out = BytesIO()
    image = Image.fromarray(np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8))
    image.save(out, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def difference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(h,w,3) CIEDE2000 as grey, `CLEAR` and more white."""
    d = ciede2000(rgb_to_lab(x), rgb_to_lab(y)) / CLEAR
    result: np.ndarray = np.repeat(np.clip(d, 0, 1)[..., None], 3, axis=2)
    return result


def _shot(held: HeldOut) -> str:
    shot, inside = held.shot, held.shot.inside[..., None]
    pictures = {
        "before": shot.before,
        "your finish": shot.after * inside,
        f"this look: {held.figures['look'].delta_e:.1f} (before "
        f"{held.figures['nothing'].delta_e:.1f})": held.result,
    }
    if shot.base is not None:
        pictures[f"burnish's default: {held.figures['shipped'].delta_e:.1f}"] = shot.base
    pictures["difference"] = difference(held.result, shot.after) * inside
    figures = "".join(
        f'<figure><img alt="" src="{picture(p)}"><figcaption>{escape(c)}</figcaption></figure>'
        for c, p in pictures.items()
    )
    return f"<h3>{escape(shot.name)}</h3><div class=shot>{figures}</div>"


def curves(learned: Learned) -> str:
    """What the look makes of greys in an average photo: one curve a channel, as SVG."""
    t = np.linspace(0, 1, 65, dtype=np.float32)
    out = cube.colours(learned.look, np.repeat(t[:, None], 3, axis=1))
    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
        + " ".join(f"{256 * a:.1f},{256 - 256 * b:.1f}" for a, b in zip(t, out[:, c], strict=True))
        + '"/>'
        for c, colour in enumerate(("#d33", "#2a2", "#36d"))
    )
    return (
        '<svg viewBox="-2 -2 260 260" width="300" height="300" role="img" '
        'aria-label="tone curves"><rect width="256" height="256" fill="none" stroke="#888"/>'
        f'<line x1="0" y1="256" x2="256" y2="0" stroke="#888" stroke-dasharray="4"/>{lines}</svg>'
    )


def _aside(learned: Learned) -> str:
    if not learned.aside:
        return "<p>Nothing: every photo was used.</p>"
    rows = [f"<li>{escape(str(a))}</li>" for a in learned.aside]
    return f"<ul>{''.join(rows)}</ul>"
