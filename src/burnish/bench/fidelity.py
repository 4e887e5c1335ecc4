"""How close fast mode comes to full mode, on real photos: PSNR, sharpness, and seconds."""

import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.engine import fast
from burnish.engine.enhancer import Enhancer
from burnish.engine.luma import luma
from burnish.engine.options import EnhanceOptions
from burnish.errors import InputError
from burnish.image.folder import photos_in
from burnish.image.read import read
from burnish.metrics import psnr


@dataclass(frozen=True)
class FidelityRow:
    """One photo in both modes."""

    name: str
    megapixels: float
    factor: int
    """Side of the blocks that fast mode's stand-in averages; 1 means that it was not needed."""
    moved: float
    """PSNR in dB between the photo and full mode's result: how much there was to carry over."""
    psnr: float
    """PSNR in dB between the results of the two modes."""
    sharpness: float
    """Gradient energy of fast mode's result over that of full mode's."""
    sharpness_to_input: float
    """Gradient energy of fast mode's result over the photo's own."""
    full_seconds: float
    fast_seconds: float


def gradient_energy(pixels: np.ndarray) -> float:
    """Mean squared step of luma between neighbours, across and down."""
    grey = luma(pixels)[..., 0]
    across, down = (np.diff(grey, axis=axis) for axis in (1, 0))
    return float(np.mean(across**2)) + float(np.mean(down**2))


def photos(folders: Iterable[Path]) -> list[Path]:
    """All photos in the folders, in order."""
    found = [path for folder in folders for path in photos_in(folder)]
    if not found:
        raise InputError("There are no photos to compare the modes on.")
    return found


def measure(
    paths: Sequence[Path],
    options: EnhanceOptions,
    on_row: Callable[[FidelityRow], None] = lambda row: None,
) -> list[FidelityRow]:
    """Both modes on each photo, one after the other, timed without reading the file."""
    enhancers = {
        mode: Enhancer(dataclasses.replace(options, mode=mode)) for mode in ("full", "fast")
    }
    rows = []
    for path in paths:
        pixels = read(path).pixels
        results, seconds = {}, {}
        for mode, enhance in enhancers.items():
            start = time.perf_counter()
            results[mode] = enhance.enhance_pixels(pixels)
            seconds[mode] = time.perf_counter() - start
        energy = {mode: gradient_energy(result) for mode, result in results.items()}
        full, quick = results["full"], results["fast"]
        row = FidelityRow(
            path.name,
            pixels.shape[0] * pixels.shape[1] / 1e6,
            fast.factor_for(*pixels.shape[:2]),
            psnr(pixels, full),
            psnr(quick, full),
            energy["fast"] / max(energy["full"], 1e-12),
            energy["fast"] / max(gradient_energy(pixels), 1e-12),
            seconds["full"],
            seconds["fast"],
        )
        rows.append(row)
        on_row(row)
    return rows


def table(rows: Sequence[FidelityRow]) -> str:
    """Markdown: a line per photo, worst first, then the summary."""
    lines = [
        "| photo | MP | blocks | moved | fast to full | sharpness to full | to input | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in sorted(rows, key=lambda r: r.psnr):
        lines.append(
            f"| {r.name} | {r.megapixels:.2f} | {r.factor} | {r.moved:.1f} dB | {r.psnr:.2f} dB "
            f"| {r.sharpness:.3f} | {r.sharpness_to_input:.3f} "
            f"| {r.full_seconds:.2f} / {r.fast_seconds:.2f} |"
        )
    values = np.array([r.psnr for r in rows])
    ratio = sum(r.full_seconds for r in rows) / max(sum(r.fast_seconds for r in rows), 1e-9)
    lines += [
        "",
        f"{len(rows)} photos: fast to full {values.mean():.2f} dB in the mean, {values.min():.2f} "
        f"dB at worst; sharpness to full {min(r.sharpness for r in rows):.3f} at least; full mode "
        f"took {ratio:.1f} times as long.",
    ]
    return "\n".join(lines)
