"""Table 2 of paper B: networks that enlarge, on the benchmarks of super-resolution.

Scores follow `metrics.protocol.super_resolution`: 8 bits, BT.601 luma, borders of ``scale`` pixels
cropped; those of Alltuu2, whose targets are retouched as well, follow `enhancement`: RGB. Data sets
are those of `bench.examples`.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.bench.examples import Example, load
from burnish.bench.memory import peak_memory
from burnish.bench.published import B2_COST, PUBLISHED, Values
from burnish.data import bicubic
from burnish.errors import InputError, OptionError
from burnish.image.folder import by_stem
from burnish.image.read import read
from burnish.metrics.colour import luma
from burnish.metrics.protocol import enhancement, super_resolution, super_resolution_luma, to_8bit
from burnish.metrics.ssim import WINDOW

Method = Callable[[np.ndarray], np.ndarray]
"""(H,W,3) float32 in [0,1] -> (sH,sW,3), the same."""


@dataclass(frozen=True)
class Contender:
    """A row of the table."""

    name: str
    method: Method
    parameters: int | None = None


@dataclass(frozen=True)
class Measured:
    """One row on one data set: means over its pictures."""

    psnr: float
    ssim: float
    seconds: float | None
    """A picture, after one that is not timed; None where no network ran."""
    megabytes: float | None


def plain(psnr: float) -> float | None:
    """For JSON, which knows no infinity: the PSNR of equal pictures is null there."""
    return psnr if math.isfinite(psnr) else None


def bicubic_contender(scale: int) -> Contender:
    """The row that proves the protocol."""
    return Contender("bicubic", lambda x: bicubic.enlarge(x, scale))


def from_folder(name: str, folder: Path, found: Sequence[Example]) -> Iterator[np.ndarray]:
    """Another method's results by the pictures' names."""
    results = by_stem(folder)
    for example in found:
        if example.name not in results:
            raise InputError(f"{folder} holds no result of {name} for {example.name}.")
        yield read(results[example.name]).pixels


def on_rgb(name: str) -> bool:
    """Whether a data set is scored on RGB: Alltuu2 (our reading, the paper does not say)."""
    return name.lower() == "alltuu2"


def score(
    out: np.ndarray, large: np.ndarray, scale: int, where: str, rgb: bool = False
) -> tuple[float, float]:
    """PSNR and SSIM by the protocol: on luma, or on ``rgb``."""
    if out.shape != large.shape:
        raise InputError(f"{where}: the result and the target differ in size.")
    if min(out.shape[:2]) < WINDOW + 2 * (0 if rgb else scale):
        raise InputError(f"{where}: the picture is too small to be scored.")
    found = enhancement(to_8bit(out), large) if rgb else super_resolution(out, large, scale)
    return found.psnr, found.ssim


OnScore = Callable[[str, str, float, float], None]
"""Told of each picture: method, name, PSNR, SSIM."""


def unheard(method: str, name: str, psnr: float, ssim: float) -> None:
    """Nobody wants to know."""


def measure(
    contender: Contender,
    found: Sequence[Example],
    scale: int,
    on_score: OnScore = unheard,
    rgb: bool = False,
) -> Measured:
    """Run a contender over a data set."""
    scores, seconds = [], []
    with peak_memory() as peak:
        contender.method(load(found[0], scale)[0])  # warms up
        for example in found:
            small, large = load(example, scale)
            start = time.perf_counter()
            out = contender.method(small)
            seconds.append(time.perf_counter() - start)
            scores.append(score(out, large, scale, f"{contender.name} on {example.name}", rgb))
            on_score(contender.name, example.name, *scores[-1])
    psnr, ssim = np.mean(scores, axis=0)
    return Measured(float(psnr), float(ssim), float(np.mean(seconds)), peak.megabytes)


def measure_folder(
    name: str,
    folder: Path,
    found: Sequence[Example],
    scale: int,
    on_score: OnScore = unheard,
    rgb: bool = False,
) -> Measured:
    """Score another method's files."""
    scores = []
    for example, out in zip(found, from_folder(name, folder, found), strict=True):
        large = load(example, scale)[1]
        scores.append(score(out, large, scale, f"{name} on {example.name}", rgb))
        on_score(name, example.name, *scores[-1])
    psnr, ssim = np.mean(scores, axis=0)
    return Measured(float(psnr), float(ssim), None, None)


def refuse_twice(what: str, names: Sequence[str]) -> None:
    """OptionError where a later one would take an earlier one's place in the table."""
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"Two {what} would be called '{name}': give them other names.")


def measure_all(
    contenders: Sequence[Contender],
    outputs: Mapping[str, Path],
    data: Mapping[str, Sequence[Example]],
    scale: int,
    on_score: OnScore = unheard,
) -> dict[str, dict[str, Measured]]:
    """Row -> data set -> scores, of contenders and of other methods' folders.

    A folder holds the results of a set in a folder of its name, or itself.

    Raises:
        OptionError: two rows have one name.
    """
    refuse_twice("rows", [*(contender.name for contender in contenders), *outputs])
    rows: dict[str, dict[str, Measured]] = {}
    for name, found in data.items():
        for contender in contenders:
            measured = measure(contender, found, scale, on_score, on_rgb(name))
            rows.setdefault(contender.name, {})[name] = measured
        for other, folder in outputs.items():
            inner = folder / name if (folder / name).is_dir() else folder
            measured = measure_folder(other, inner, found, scale, on_score, on_rgb(name))
            rows.setdefault(other, {})[name] = measured
    return rows


def bicubic_on_luma(found: Sequence[Example], scale: int, grey: Sequence[str] = ()) -> Measured:
    """The bicubic row as the papers made it: shrunk and enlarged on luma, not rounded in between.

    ``grey`` names pictures that the published set holds as grey files, which were scored as they
    are: 0 to 255 instead of luma's 16 to 235, which raises their error by 1.32 dB.
    """
    scores = []
    for example in found:
        large = bicubic.cut_to_multiple(read(example.large).pixels, scale)
        y = to_8bit(large[..., 0] if example.name in grey else luma(large))
        up = bicubic.enlarge(bicubic.shrink(y, scale), scale)
        found_score = super_resolution_luma(up, y, scale)
        scores.append((found_score.psnr, found_score.ssim))
    psnr, ssim = np.mean(scores, axis=0)
    return Measured(float(psnr), float(ssim), None, None)


def table(
    rows: Mapping[str, Mapping[str, Measured]],
    parameters: Mapping[str, int | None],
    sizes: Mapping[str, int],
    scale: int,
) -> str:
    """Markdown: measured rows, then those published at this scale.

    ``rows``: row -> data set -> scores.
    """
    sets = list(sizes)
    heads = [f"{s} ({sizes[s]}{', RGB' if on_rgb(s) else ''})" for s in sets]
    lines = [
        "| method | parameters | seconds a picture | peak MB | " + " | ".join(heads) + " |",
        "|" + "---|" * (4 + len(sets)),
    ]
    for name, by_set in rows.items():
        timed = [m for m in by_set.values() if m.seconds is not None]
        weights = [sizes[s] for s, m in by_set.items() if m.seconds is not None]
        mean = np.average([m.seconds or 0 for m in timed], weights=weights) if timed else None
        peaks = [m.megabytes for m in timed if m.megabytes is not None]
        count = parameters.get(name)
        cells = [
            "-" if count is None else f"{count:,}",
            "-" if mean is None else f"{mean:.3f}",
            f"{max(peaks):.0f}" if peaks else "-",
            *(_pair(by_set[s].psnr, by_set[s].ssim) if s in by_set else "-" for s in sets),
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    known_at_2 = PUBLISHED["b2"] if scale == 2 else {}
    printed = {name.lower(): values for name, values in known_at_2.items()}
    published: dict[str, dict[str, Values]] = {s: printed.get(s.lower(), {}) for s in sets}
    known = dict.fromkeys(row for values in printed.values() for row in values)
    for name in known:
        cells = [_pair(*published[s].get(name, (None, None))) for s in sets]
        if any(cell != "-" for cell in cells):
            million, seconds = B2_COST.get(name, (None, None))
            cost = [
                "-" if million is None else f"{million} M",
                "-" if seconds is None else f"{seconds}",
                "-",
            ]
            lines.append(f"| {name}, published | " + " | ".join([*cost, *cells]) + " |")
    return "\n".join(lines)


def _pair(psnr: float | None, ssim: float | None) -> str:
    return "-" if psnr is None or ssim is None else f"{psnr:.2f}/{ssim:.4f}"
