"""A paper's table as a command: train what is missing, score every row on the same pairs, compare.

A `Table` says what to train and what the paper claims; `run` carries it out into a folder of runs,

    RUNS/<row>/seed-<n>/        a run folder like any other, and scores-<table>.json in it

and gives a `Result`, which `table_text` prints. All rows of a seed see the same batches in the same
order, and all are scored on the same pairs: differences are paired.
"""

from burnish.bench.table_scores import measure
from burnish.bench.table_training import train
from burnish.bench.tables import Result, Settings, Table


def run(table: Table, settings: Settings) -> Result:
    """The whole table."""
    table.published(settings.column)  # refuse an unknown one before anything is trained
    train(table, settings)
    return measure(table, settings)
