"""Every row of paper A's Table 4 trains, each network by its own loss, and goes on where it stood.

Networks and discriminator in narrow forms, on views of 32 pixels; VGG's weights are made.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from burnish.data.pairs import RetouchPairs
from burnish.losses.nrl_dpl import Terms
from burnish.nets.vgg_cache import load_vgg
from burnish.train import objective
from burnish.train.loop import RunOptions, Trainer
from burnish.train.objective import extractor_of
from burnish.train.recipe import Recipe, Stage
from burnish.train.recipes import paper_a
from train.test_loop import assert_equal, made_photos, state

NARROW: dict[str, dict[str, Any]] = {
    "nrl": {"channels": 8, "widths": (4, 4, 4), "steps": 1},
    "srcnn": {"widths": (8, 6)},
    "johnson": {"channels": 4, "blocks": 2},
    "dped-resnet": {"channels": 8, "blocks": 2},
    "mcrn": {"channels": 8, "blocks": 2},
    "dense-skip": {"channels": 8, "blocks": 2, "layers": 2, "growth": 4},
}
ROWS = paper_a.table_4()
LOAD_ONCE = cache(load_vgg)  # fixed weights, which all runs may share


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objective, "load_vgg", LOAD_ONCE)


def narrow(row: Recipe) -> Recipe:
    """A row whose two steps take a moment; the terms of its loss stay as they are."""
    terms = row.terms
    if row.loss == "nrl-dpl":
        terms = terms | {"discriminator": {"channels": (4, 4, 4, 4, 4), "hidden": 8}}
    stages = (Stage(1.0, 32, 2),)
    return replace(row, choices=row.choices | NARROW[row.net], steps=2, stages=stages, terms=terms)


def test_the_rows_want_what_their_losses_are_made_of() -> None:
    assert [k for k, row in ROWS.items() if extractor_of(row)] == [
        "johnson", "dped", "dense-skip", "dense-skip-own", "NRL-DPL"
    ]  # fmt: skip
    judged = [
        k for k, r in ROWS.items() if r.loss == "nrl-dpl" and Terms.of(r.terms).weights.adversarial
    ]
    assert judged == ["dped", "dense-skip", "dense-skip-own", "mcrn", "NRL-DPL"]


@pytest.mark.parametrize("key", ROWS)
def test_a_row_of_table_4_trains_and_goes_on(key: str, vgg: Path, tmp_path: Path) -> None:
    recipe = narrow(ROWS[key])

    def trainer(folder: str, **options: Any) -> Trainer:
        source = RetouchPairs(made_photos(), recipe.seed)
        return Trainer(recipe, source, RunOptions(tmp_path / folder, vgg=vgg, **options))

    whole = trainer("whole")
    start = {k: v.clone() for k, v in whole.net.state_dict().items()}
    assert whole.run()
    end = state(tmp_path / "whole")
    for name, value in end["net"].items():
        assert value.isfinite().all(), name
        assert not torch.equal(value, start[name]), name
    assert all(v.isfinite().all() for v in end["objective"].get("discriminator", {}).values())

    assert not trainer("parts", time_limit=0).run()
    assert state(tmp_path / "parts")["step"] == 1
    assert trainer("parts").run()
    assert_equal(state(tmp_path / "parts"), end)
