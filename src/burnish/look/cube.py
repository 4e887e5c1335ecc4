"""A look's global part as a 3-D table (.cube, Adobe's "Cube LUT Specification 1.0") for editors."""

from pathlib import Path

import numpy as np

from burnish.engine.look import Look
from burnish.engine.look_facts import Facts
from burnish.engine.look_features import Strip
from burnish.engine.look_maps import SCALES
from burnish.engine.luma import LUMA
from burnish.files import refuse_taken, whole

POINTS = 33


def table(look: Look, points: int = POINTS) -> np.ndarray:
    """(points^3, 3): what the look makes of each colour in an average photo, red running fastest.

    Without what a table cannot know: the surroundings of a pixel (its own luma stands for them),
    its place (half the photo is nearer to the middle than r^2 = 1/3, taken here), the photo.
    """
    steps = np.linspace(0, 1, points, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return colours(look, np.stack([red, green, blue], axis=-1).reshape(-1, 3))


def colours(look: Look, x: np.ndarray) -> np.ndarray:
    """(n,3) -> (n,3) of an average photo, the global part alone."""
    around = np.repeat((x @ LUMA)[:, None], len(SCALES), axis=1)
    one = np.ones((len(x), 1), np.float32)
    maps = np.concatenate([around, one, 0 * one], axis=1)
    facts = Facts(np.mean([part.typical for part in look.parts], axis=0))
    strip = Strip(x, np.full(len(x), 1 / 3, np.float32), maps, facts, facts, x)
    result: np.ndarray = np.clip(x + look.change(strip), 0, 1)
    return result


def apply(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Look (H,W,3) pixels up in a table, trilinear as editors do."""
    points = round(len(values) ** (1 / 3))
    cube = values.reshape(points, points, points, 3)  # blue, green, red
    at = np.clip(x.reshape(-1, 3), 0, 1) * (points - 1)
    low = np.minimum(at.astype(int), points - 2)
    part = at - low
    total = np.zeros_like(at)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, part, 1 - part), axis=1)
        r, g, b = (low + corner).T
        total += weight[:, None] * cube[b, g, r]
    return total.reshape(x.shape)


def write(look: Look, path: Path, overwrite: bool = False) -> None:
    """Write the table as a .cube file, whole or not at all."""
    refuse_taken(path, overwrite)
    lines = [f'TITLE "{look.card.name.replace(chr(34), "")}"', f"LUT_3D_SIZE {POINTS}"]
    lines += [f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in table(look)]
    with whole(path) as partial:
        partial.write_text("\n".join(lines) + "\n", "ascii", errors="replace")
