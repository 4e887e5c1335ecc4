"""A paper's table as a command: train what is missing, score every row on the same pairs, compare.

A `Table` says what to train and what the paper claims; `run` carries it out into a folder of runs,

    RUNS/<row>/seed-<n>/        a run folder like any other, with scores.json beside its weights

and gives a `Result`, which `table_text` prints. All rows of a seed see the same batches in the same
order, and all are scored on the same pairs: differences are paired.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from burnish import checkpoint
from burnish.bench.published import PUBLISHED, Values
from burnish.bench.sets import EvalPair
from burnish.card import ModelCard
from burnish.data import bicubic
from burnish.data.pairs import PairSource
from burnish.data.photos import load_rgb
from burnish.errors import InputError, OptionError
from burnish.image.sniff import is_photo_name
from burnish.metrics.protocol import CAP, enhancement, to_8bit
from burnish.train import apply, setup
from burnish.train.loop import RunOptions
from burnish.train.recipe import Recipe, Stage
from burnish.train.validation import Validation

Score = Callable[[np.ndarray, np.ndarray], Sequence[float]]
"""Result and target, (H,W,3) in [0,1], what an 8-bit file would hold -> one value per metric."""
CURVE_POINTS, CURVE_PAIRS = 10, 16


def psnr_and_ssim(out: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """Paper A's protocol: both on RGB; PSNR capped at 50 dB a picture, which DPED never reaches."""
    score = enhancement(out, target, CAP)
    return score.psnr, score.ssim


@dataclass(frozen=True)
class Claim:
    """The paper says that one row is better than another by a metric (larger is better)."""

    better: str
    worse: str
    metric: str = "PSNR"


@dataclass(frozen=True)
class Table:
    """One table of a paper."""

    name: str
    """Key in `PUBLISHED`, and the word on the command line."""
    title: str
    rows: Mapping[str, Recipe]
    """What burnish trains, at the published budget."""
    claims: tuple[Claim, ...]
    metrics: tuple[str, ...] = ("PSNR", "SSIM")
    score: Score = psnr_and_ssim
    curves: tuple[str, ...] = ()
    """Rows of the figure that shows PSNR against steps; none if the paper has no such figure."""

    def published(self, column: str) -> Mapping[str, Values]:
        """The paper's numbers for one of its data sets."""
        columns = PUBLISHED[self.name]
        if column not in columns:
            raise OptionError(
                f"Table {self.name} has no numbers for '{column}': {', '.join(columns)}."
            )
        return columns[column]


@dataclass(frozen=True)
class Settings:
    """How a table is made this time."""

    runs: Path
    test: Sequence[EvalPair]
    test_name: str
    data: setup.DataOptions | None = None
    """What is trained on; None only reads the runs that are there."""
    rows: tuple[str, ...] = ()
    """The rows that are wanted; all if empty."""
    seeds: tuple[int, ...] = (0,)
    budget: float = 1.0
    view: int | None = None
    """Side of the training views, and `batch` views a step, instead of the recipes' own."""
    batch: int | None = None
    test_side: int | None = None
    """Test pictures are shrunk to this short side."""
    column: str = "iphone"
    """The paper's data set that the measured numbers are set beside."""
    outputs: Mapping[str, Path] = field(default_factory=dict)
    """Rows that burnish does not train: name and folder of results, by the inputs' names."""
    time_limit: float | None = None
    """Seconds after which training stops, to be gone on with by the same command."""
    run: RunOptions = field(default_factory=lambda: RunOptions(Path()))
    """How runs are carried out; its folder is not used."""


@dataclass(frozen=True)
class Measured:
    """One row: scores (seeds, images, metrics), and what made them."""

    scores: np.ndarray
    steps: int | None = None
    """Steps of each run; None for rows that burnish did not train."""
    parameters: int | None = None
    seeds: tuple[int, ...] = ()
    training: str = ""
    """Data, views and batch as the runs' cards tell them."""


@dataclass(frozen=True)
class Result:
    """Everything that a table prints."""

    table: Table
    settings: Settings
    rows: Mapping[str, Measured]
    unfinished: tuple[str, ...]
    """Rows without a finished run, with the reason."""


def scaled(recipe: Recipe, settings: Settings, seed: int) -> Recipe:
    """A row's recipe for this data and budget; `setup.resolve` has been there before."""
    stages = tuple(
        replace(s, size=settings.view or s.size, batch=settings.batch or s.batch)
        for s in recipe.stages
    )
    return replace(recipe, seed=seed, stages=stages)


def wanted(table: Table, settings: Settings) -> dict[str, Recipe]:
    """The rows to train, by key; an unknown name is refused."""
    for key in settings.rows:
        if key not in table.rows:
            raise OptionError(f"Table {table.name} has no row '{key}': {', '.join(table.rows)}.")
    return {k: r for k, r in table.rows.items() if not settings.rows or k in settings.rows}


def folder_of(settings: Settings, key: str, seed: int) -> Path:
    """The run folder of a row and seed."""
    return settings.runs / key / f"seed-{seed}"


def train(table: Table, settings: Settings) -> None:
    """Train every run that is not finished, seed by seed; stops at the time limit or a signal."""
    data, started = settings.data, time.monotonic()
    if data is None:
        return
    sources: dict[tuple[int, ...], PairSource] = {}
    views = curve_views(settings)
    resolved: dict[tuple[object, ...], Recipe] = {}
    for seed in settings.seeds:
        for key, base in wanted(table, settings).items():
            recipe = scaled(base, settings, seed)
            batch = recipe.stages[0].batch
            known = (recipe.measure_lambda, recipe.epochs, recipe.steps, batch)
            if known not in resolved:  # reads all the data
                resolved[known] = setup.resolve(replace(recipe, choices={}), data)
            found = resolved[known]
            choices = recipe.choices | found.choices
            recipe = replace(recipe, choices=choices, steps=found.steps).scaled(settings.budget)
            left = None
            if settings.time_limit is not None:
                left = max(0.0, settings.time_limit - (time.monotonic() - started))
                if left == 0:
                    return
            options = replace(
                settings.run,
                folder=folder_of(settings, key, seed),
                time_limit=left,
                validate_every=max(1, recipe.steps // CURVE_POINTS),
            )
            where = (seed, recipe.epochs, batch, recipe.data_side)
            if where not in sources:
                sources[where] = setup.source_of(recipe, data)
            print(f"{table.name}: {key}, seed {seed}, {recipe.steps} steps", flush=True)
            if not setup.trainer(recipe, data, options, source=sources[where]).run(
                views if key in table.curves else ()
            ):
                return


def curve_views(settings: Settings) -> Validation:
    """Evenly chosen test pairs, small, for the curves of PSNR against steps."""
    places = np.linspace(0, len(settings.test) - 1, min(CURVE_PAIRS, len(settings.test)))
    chosen = [settings.test[round(i)] for i in places]
    return setup.pair_views([load(p, setup.VALIDATION_SIDE * p.halve) for p in chosen])


def picture(path: Path, side: int | None) -> np.ndarray:
    """(H,W,3) float32 in [0,1], read as for training."""
    return load_rgb(path, side).permute(1, 2, 0).numpy().astype(np.float32) / 255


def load(pair: EvalPair, side: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Input and target as they are scored."""
    return pair.shrunk(picture(pair.input, side), picture(pair.target, side))


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
    partial = kept.with_suffix(".part")
    partial.write_text(json.dumps({"key": key, "scores": scores.tolist()}))
    partial.replace(kept)
    return scores


def _training(card: ModelCard) -> str:
    recipe = card.training["recipe"]
    stages = [Stage(**(s | {"only": tuple(s["only"])})) for s in recipe["stages"]]
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


def _of_folder(name: str, folder: Path, side: int | None) -> Callable[..., np.ndarray]:
    def method(pair: EvalPair, low: np.ndarray) -> np.ndarray:
        found = sorted(p for p in folder.glob(f"{pair.input.stem}.*") if is_photo_name(p))
        if not found:
            raise InputError(f"{folder} holds no result of {name} for {pair.input.name}.")
        return picture(found[0], side)

    return method


def measure(table: Table, settings: Settings) -> Result:
    """Score what is there: the input itself, folders of outputs, and every finished run."""
    if not settings.test:
        raise InputError("There are no test pairs.")
    rows: dict[str, Measured] = {}
    unfinished = []
    given: Iterable[tuple[str, Callable[..., np.ndarray]]] = [
        ("bicubic", lambda pair, low: bicubic.enlarge(low, pair.halve))
        if settings.test[0].halve > 1
        else ("input", lambda pair, low: low),
        *((n, _of_folder(n, f, settings.test_side)) for n, f in settings.outputs.items()),
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


def run(table: Table, settings: Settings) -> Result:
    """The whole table."""
    table.published(settings.column)  # refuse an unknown one before anything is trained
    train(table, settings)
    return measure(table, settings)
