"""How good the pictures are: every method on every pair, a row each, and the table of means."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from burnish.bench.sets import EvalPair
from burnish.errors import InputError
from burnish.image.folder import by_stem
from burnish.image.read import read
from burnish.metrics import delta_e, detail_ratio, enhancement, gmsd
from burnish.metrics.colour import rgb_to_lab
from burnish.metrics.protocol import CAP, to_8bit

Method = Callable[[np.ndarray], np.ndarray]
Distance = Callable[[np.ndarray, np.ndarray], float]
CAST = 1.5
"""A shift of the mean a* or b* from which on a photo counts as having got a colour cast."""


@dataclass(frozen=True)
class Row:
    """Scores of one method on one pair, measured on what an 8-bit file of the result would hold."""

    method: str
    name: str
    kind: str
    psnr: float
    """dB on RGB, capped at 50."""
    ssim: float
    delta_e: float
    """Mean CIEDE2000 to the target."""
    gmsd: float
    """Gradient magnitude similarity deviation: 0 is best."""
    detail: float
    """High-frequency energy over the target's: 1 is best."""
    a_shift: float
    b_shift: float
    """How far the mean a* and b* moved from the input's."""
    features: float | None = None
    """Distance of EfficientNet-Lite0's features (`bench.feature_distance`), if asked for."""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def _mean_ab(x: np.ndarray) -> np.ndarray:
    result: np.ndarray = rgb_to_lab(x)[..., 1:].mean(axis=(0, 1))
    return result


def _score(
    method: str,
    pair: EvalPair,
    low: np.ndarray,
    out: np.ndarray,
    high: np.ndarray,
    distance: Distance | None,
) -> Row:
    if out.shape != high.shape:
        raise InputError(f"{pair.name}: the result of {method} and the target differ in size.")
    score = enhancement(out, high, CAP)
    a, b = _mean_ab(out) - _mean_ab(low)
    return Row(
        method=method,
        name=pair.name,
        kind=pair.kind,
        psnr=score.psnr,
        ssim=score.ssim,
        delta_e=delta_e(out, high),
        gmsd=gmsd(out, high),
        detail=detail_ratio(out, high),
        a_shift=float(a),
        b_shift=float(b),
        features=distance(out, high) if distance else None,
    )


def _load(pair: EvalPair) -> tuple[np.ndarray, np.ndarray]:
    low = read(pair.input).pixels
    return pair.shrunk(low, low if pair.target == pair.input else read(pair.target).pixels)


def evaluate(
    methods: dict[str, Method],
    pairs: Iterable[EvalPair],
    on_row: Callable[[Row], None] = lambda row: None,
    distance: Distance | None = None,
) -> list[Row]:
    """Run each method on each input, (H,W,3) float32 in [0,1], and score it against the target."""
    rows = []
    for pair in pairs:
        low, high = _load(pair)
        for name, method in methods.items():
            out = to_8bit(method(low)).astype(np.float32)
            rows.append(_score(name, pair, low, out, high, distance))
            on_row(rows[-1])
    return rows


def score_folder(
    name: str,
    folder: Path,
    pairs: Iterable[EvalPair],
    on_row: Callable[[Row], None],
    distance: Distance | None = None,
) -> list[Row]:
    """Score another method's results: photos in ``folder`` with the inputs' names."""
    rows, results = [], by_stem(folder)
    for pair in pairs:
        result = results.get(pair.input.stem)
        if result is None:
            raise InputError(f"{folder} holds no result for {pair.input.name}.")
        low, high = _load(pair)
        rows.append(_score(name, pair, low, read(result).pixels, high, distance))
        on_row(rows[-1])
    return rows


@dataclass(frozen=True)
class Summary:
    """Means over the photos of one kind; PSNR also as median and 10th percentile."""

    photos: int
    psnr: float
    psnr_median: float
    psnr_p10: float
    ssim: float
    delta_e: float
    gmsd: float
    detail: float
    """Median over the photos: a ratio to a nearly flat target means little."""
    cast: float
    """Share of photos whose mean a* or b* moved by 1.5 or more."""
    features: float | None


def summarise(rows: Sequence[Row]) -> Summary:
    """Summary of rows of one method and kind."""
    psnr = np.array([r.psnr for r in rows])
    known = [r.features for r in rows if r.features is not None]
    moved = [max(abs(r.a_shift), abs(r.b_shift)) >= CAST for r in rows]
    return Summary(
        len(rows),
        float(psnr.mean()),
        float(np.median(psnr)),
        float(np.percentile(psnr, 10)),
        float(np.mean([r.ssim for r in rows])),
        float(np.mean([r.delta_e for r in rows])),
        float(np.mean([r.gmsd for r in rows])),
        float(np.median([r.detail for r in rows])),
        float(np.mean(moved)),
        float(np.mean(known)) if known else None,
    )


def summaries(rows: Sequence[Row]) -> dict[tuple[str, str], Summary]:
    """By (kind, method), in order of appearance."""
    keys = dict.fromkeys((r.kind, r.method) for r in rows)
    return {k: summarise([r for r in rows if (r.kind, r.method) == k]) for k in keys}


def table(rows: Sequence[Row]) -> str:
    """Markdown: one line per kind and method."""
    measured = any(r.features is not None for r in rows)
    lines = [
        "| kind | photos | method | PSNR mean | median | 10 % | SSIM | CIEDE2000 | cast | GMSD "
        "| detail |" + " features |" * measured,
        "|---|---|---|---|---|---|---|---|---|---|---|" + "---|" * measured,
    ]
    for (kind, method), s in summaries(rows).items():
        lines.append(
            f"| {kind} | {s.photos} | {method} | {s.psnr:.2f} | {s.psnr_median:.2f} "
            f"| {s.psnr_p10:.2f} | {s.ssim:.4f} | {s.delta_e:.2f} | {s.cast:.0%} "
            f"| {s.gmsd:.4f} | {s.detail:.2f} |"
            + ("" if s.features is None else f" {s.features:.4f} |")
        )
    return "\n".join(lines)
