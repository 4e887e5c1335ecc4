"""Score the rows of a paper's table on its pairs: runs, results of other tools, the input itself.

The scores of a run are kept in its folder, beside its weights.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from burnish import checkpoint
from burnish.bench.sets import EvalPair
from burnish.bench.tables import Measured, Result, Settings, Table, folder_of, wanted
from burnish.card import ModelCard
from burnish.data import bicubic
from burnish.data.photos import load_rgb, sides_of
from burnish.errors import InputError
from burnish.files import write_text
from burnish.image.folder import by_stem
from burnish.metrics.protocol import to_8bit
from burnish.train import apply
from burnish.train.recipe import Recipe


def picture(
    path: Path, side: int | None = None, within: tuple[int, int] | None = None
) -> np.ndarray:
    """(H,W,3) float32 in [0,1], read as for training (see `load_rgb`)."""
    return load_rgb(path, side, within).permute(1, 2, 0).numpy().astype(np.float32) / 255


def scale_of(pair: EvalPair) -> int:
    """How many times as large as its input a pair's target is scored; 1 if no whole number."""
    if pair.halve > 1:
        return pair.halve
    (short, long), target = sides_of(pair.input), sides_of(pair.target)
    scale = target[0] // short
    return scale if scale > 1 and target == (scale * short, scale * long) else 1


def load(pair: EvalPair, side: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Input and target as they are scored: the target shrunk to ``side``, the input alike."""
    if pair.halve > 1:
        return pair.shrunk(picture(pair.input, side), picture(pair.target, side))
    low = picture(pair.input, side and side // scale_of(pair))
    return low, as_target(pair, pair.target, low, side)


def as_target(pair: EvalPair, path: Path, low: np.ndarray, side: int | None) -> np.ndarray:
    """The target, or a result of its size, as it is scored beside the input ``low``."""
    if pair.halve > 1:
        return bicubic.cut_to_multiple(picture(path, side), pair.halve)
    scale = scale_of(pair)
    if side is None or scale == 1:
        return picture(path, side)
    return picture(path, within=(scale * low.shape[0], scale * low.shape[1]))


def scores_of(
    table: Table, settings: Settings, method: Callable[[EvalPair, np.ndarray], np.ndarray]
) -> np.ndarray:
    """(images, metrics) of a method on the test pairs."""
    rows = []
    for pair in settings.test:
        low, high = load(pair, settings.test_side)
        out = method(pair, low)
        if out.shape != high.shape:
            raise InputError(f"{pair.name}: the result and the target differ in size.")
        rows.append(table.score(to_8bit(out), high))
    return np.array(rows, np.float64)


def _key(table: Table, settings: Settings, weights: Path) -> str:
    digest = hashlib.sha256(weights.read_bytes())
    score = f"{table.score.__module__}.{table.score.__qualname__}"
    halves = {pair.halve for pair in settings.test}
    digest.update(f"{score} {table.metrics} {settings.test_side} {halves}".encode())
    for path in (p for pair in settings.test for p in (pair.input, pair.target)):
        about = path.stat()
        digest.update(f"{path.resolve()} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def run_scores(table: Table, settings: Settings, folder: Path) -> np.ndarray:
    """(images, metrics) of a run's weights; kept beside them until one of the files changes."""
    weights, kept = folder / "last.safetensors", folder / f"scores-{table.name}.json"
    key = _key(table, settings, weights)
    if kept.is_file():
        known = json.loads(kept.read_text())
        if known["key"] == key:
            return np.array(known["scores"], np.float64)
    enhance = apply.method(weights)
    scores = scores_of(table, settings, lambda pair, low: enhance(low))
    write_text(kept, json.dumps({"key": key, "scores": scores.tolist()}))
    return scores


def _training(card: ModelCard) -> str:
    stages = Recipe.of(card.training["recipe"]).stages
    shapes = ", then ".join(f"batches of {s.batch} views of {s.size} px" for s in stages)
    return f"{' + '.join(card.training_data)}, {shapes}"


def _measure_row(table: Table, settings: Settings, key: str) -> Measured | str:
    """The row over all seeds, or why there is none."""
    cards = []
    for seed in settings.seeds:
        weights = folder_of(settings, key, seed) / "last.safetensors"
        if not weights.is_file():
            return f"{key}: no run in {weights.parent}"
        card = checkpoint.load_weights(weights)[1]
        done, steps = card.training["step"], card.training["recipe"]["steps"]
        if done < steps:
            return f"{key}: seed {seed} stopped at {done} of {steps} steps"
        cards.append(card)
    if len({c.training["step"] for c in cards}) > 1:
        return f"{key}: its seeds ran for different numbers of steps"
    scores = [run_scores(table, settings, folder_of(settings, key, s)) for s in settings.seeds]
    first = cards[0]
    steps, count = int(first.training["step"]), first.parameters
    return Measured(np.stack(scores), steps, count, settings.seeds, _training(first))


def results_of(name: str, folder: Path, pairs: Iterable[EvalPair]) -> dict[str, Path]:
    """Another method's files by the inputs' stems; InputError if one is missing."""
    results = by_stem(folder)
    for pair in pairs:
        if pair.input.stem not in results:
            raise InputError(f"{folder} holds no result of {name} for {pair.input.name}.")
    return results


def _of_folder(name: str, folder: Path, settings: Settings) -> Callable[..., np.ndarray]:
    results, side = results_of(name, folder, settings.test), settings.test_side

    def method(pair: EvalPair, low: np.ndarray) -> np.ndarray:
        return as_target(pair, results[pair.input.stem], low, side)

    return method


def measure(table: Table, settings: Settings) -> Result:
    """Score what is there: the input itself, folders of outputs, and every finished run."""
    if not settings.test:
        raise InputError("There are no test pairs.")
    rows: dict[str, Measured] = {}
    unfinished = []
    given: Iterable[tuple[str, Callable[..., np.ndarray]]] = [
        ("bicubic", lambda pair, low: bicubic.enlarge(low, scale_of(pair)))
        if scale_of(settings.test[0]) > 1
        else ("input", lambda pair, low: low),
        *((n, _of_folder(n, f, settings)) for n, f in settings.outputs.items()),
    ]
    for name, method in given:
        try:
            rows[name] = Measured(scores_of(table, settings, method)[None])
        except InputError:
            if name != "input":  # pairs of unequal sizes have no such row
                raise
    for key in wanted(table, settings):
        found = _measure_row(table, settings, key)
        if isinstance(found, str):
            unfinished.append(found)
        else:
            rows[key] = found
    return Result(table, settings, rows, tuple(unfinished))
