"""A paper's table as a command: train what is missing, score every row on the same pairs, compare.

A `Table` says what to train and what the paper claims; `run` carries it out into a folder of runs,

    RUNS/<row>/seed-<n>/        a run folder like any other, and scores-<table>.json in it

and gives a `Result`, which `table_text` prints. All rows of a seed see the same batches in the same
order, and all are scored on the same pairs: differences are paired.
"""

from burnish.bench.enlarging import refuse_twice
from burnish.bench.table_scores import measure, results_of, scale_of
from burnish.bench.table_training import train
from burnish.bench.tables import Result, Settings, Table, wanted
from burnish.errors import OptionError
from burnish.files import make_folder
from burnish.train import setup
from burnish.train.recipe import check_budget


def run(table: Table, settings: Settings) -> Result:
    """The whole table."""
    check(table, settings)
    train(table, settings)
    return measure(table, settings)


def check(table: Table, settings: Settings) -> None:
    """Refuse before anything is trained what could not be scored afterwards."""
    table.published(settings.column)
    check_budget(settings.budget)
    rows = wanted(table, settings)
    refuse_twice("rows", ["input", "bicubic", *rows, *settings.outputs])
    key, recipe = next(iter(rows.items()))
    net = setup.scale_of(recipe)
    for pair in settings.test:
        if scale_of(pair) != net:
            raise OptionError(
                f"Row {key} makes pictures {net} times as large as its input, and the target of "
                f"{pair.input.name} is {scale_of(pair)} times as large: choose other test pairs."
            )
    for name, folder in settings.outputs.items():
        results_of(name, folder, settings.test)
    if settings.data:
        make_folder(settings.runs)
