"""Train the rows of a paper's table: a run for each row and seed that is not finished.

All rows of a seed see the same batches in the same order.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from burnish.bench.table_scores import load, scale_of
from burnish.bench.tables import Settings, Table, folder_of, wanted
from burnish.data.pairs import Batch, PairSource
from burnish.train import setup
from burnish.train.recipe import Recipe
from burnish.train.validation import Validation

CURVE_POINTS, CURVE_PAIRS = 10, 16
MOST_REMEMBERED = 2**30


class Remembered:
    """A source whose batches are made once for all rows of a seed, while they fit into a GiB."""

    def __init__(self, source: PairSource) -> None:
        self.source, self.left = source, MOST_REMEMBERED
        self.made: dict[tuple[int, ...], Batch] = {}

    def batch(self, step: int, indices: Sequence[int], size: int) -> Batch:
        key = (step, size, *indices)
        if key in self.made:
            return self.made[key]
        found = self.source.batch(step, indices, size)
        self.left -= sum(x.nbytes for x in found)
        if self.left >= 0:
            self.made[key] = found
        return found


def scaled(recipe: Recipe, settings: Settings, seed: int) -> Recipe:
    """A row's recipe with the seed, views and batch of this time; `train` adds data and budget."""
    stages = tuple(
        replace(s, size=settings.view or s.size, batch=settings.batch or s.batch)
        for s in recipe.stages
    )
    return replace(recipe, seed=seed, stages=stages)


def train(table: Table, settings: Settings) -> None:
    """Train every run that is not finished, seed by seed; stops at the time limit.

    Raises:
        KeyboardInterrupt: a signal stopped a run, whose state is saved.
    """
    data, started = settings.data, time.monotonic()
    if data is None:
        return
    views = curve_views(settings)
    resolved: dict[tuple[object, ...], Recipe] = {}
    for seed in settings.seeds:
        sources: dict[tuple[int, ...], PairSource] = {}
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
            if settings.run.time_limit is not None:
                left = max(0.0, settings.run.time_limit - (time.monotonic() - started))
                if left == 0:
                    return
            drawn = table.curves if table.curves and key in table.curves.rows else None
            options = replace(
                settings.run,
                folder=folder_of(settings, key, seed),
                time_limit=left,
                validate_every=max(1, recipe.steps // CURVE_POINTS),
                test_loss=drawn is not None and drawn.of == "loss",
            )
            where = (recipe.epochs, batch, recipe.data_side, setup.wants_samples(recipe))
            if where not in sources:
                sources[where] = Remembered(setup.source_of(recipe, data))
            print(f"{table.name}: {key}, seed {seed}, {recipe.steps} steps", flush=True)
            trainer = setup.trainer(recipe, data, options, source=sources[where])
            if not trainer.run(views if drawn else ()):
                if trainer.interrupted:
                    raise KeyboardInterrupt
                return


def curve_views(settings: Settings) -> Validation:
    """Evenly chosen test pairs, small, for the curves of PSNR or loss against steps."""
    places = np.linspace(0, len(settings.test) - 1, min(CURVE_PAIRS, len(settings.test)))
    chosen = [settings.test[round(i)] for i in places]
    return setup.pair_views([load(p, setup.VALIDATION_SIDE * scale_of(p)) for p in chosen])
