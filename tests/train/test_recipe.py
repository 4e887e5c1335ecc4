"""Recipes: the table, the stages, and the learning-rate schedules against their formulas."""

import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from burnish.data.shrunk_pairs import BicubicPairs, JointPairs
from burnish.errors import OptionError
from burnish.nets.zoo import NETS, build
from burnish.train.objective import LOSSES
from burnish.train.recipe import Recipe, Stage
from burnish.train.recipes import RECIPES, recipe
from burnish.train.setup import DataOptions, source_of


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds(name: str) -> None:
    r = recipe(name)
    assert r.name == name and r.net in NETS and r.loss in LOSSES and r.description
    assert sum(s.share for s in r.stages) == pytest.approx(1)
    build(r.net, **r.choices)


def test_an_unknown_recipe_tells_the_nearest() -> None:
    with pytest.raises(OptionError, match="nrl-global"):
        recipe("nrl-globe")


@pytest.mark.parametrize("steps", [1, 7, 1000, 5600])
def test_stages_share_the_steps_out(steps: int) -> None:
    r = replace(recipe("nrl"), steps=steps)
    seen = [r.stage_at(s) for s in range(steps)]
    assert seen == sorted(seen, key=r.stages.index)
    count = Counter(seen)
    for stage in r.stages:
        assert abs(count[stage] - stage.share * steps) <= 1


def test_a_budget_scales_the_steps_only() -> None:
    r = recipe("nrl")
    assert r.scaled(0.1) == replace(r, steps=3000)
    assert r.scaled(1e-9).steps == 1
    for bad in (0, -1, math.nan, math.inf):
        with pytest.raises(OptionError, match="budget"):
            r.scaled(bad)


def test_the_papers_staircase() -> None:
    r = recipe("nrl-paper")
    epoch = 836
    assert r.steps == 100 * epoch
    for e in range(100):
        for step in (e * epoch, e * epoch + epoch - 1):
            assert r.learning_rate_at(step) == pytest.approx(5e-4 * 0.95 ** (e // 5), rel=1e-12)


def test_cosine_with_warm_up() -> None:
    r = Recipe("r", "nrl", steps=1000, learning_rate=2e-3, warmup=9)
    for step in (0, 3, 8, 9, 500, 999):
        fall = 0.01 + 0.99 * (1 + math.cos(math.pi * step / 1000)) / 2
        expected = 2e-3 * fall * min(1, (step + 1) / 10)
        assert r.learning_rate_at(step) == pytest.approx(expected, rel=1e-12)
    rates = [r.learning_rate_at(s) for s in range(1000)]
    assert max(rates) == rates[9] and rates[-1] == pytest.approx(2e-5, rel=0.01)
    assert all(a > b for a, b in pairwise(rates[9:]))


def test_an_ablation_is_a_replacement() -> None:
    base = recipe("nrl")
    assert replace(base, choices={"unit": "rru"}) != base
    assert Recipe("a", "nrl") == Recipe("a", "nrl", stages=(Stage(1.0, 64, 16),))


def test_paper_b_as_published() -> None:
    """50 epochs of 64x64 in batches of 16 at 1e-4, 70 of 88x88 in batches of 4 at 1e-5."""
    r = recipe("srpie-sr-bench")
    assert (r.steps, r.loss, r.betas, r.warmup) == (33_000, "hybrid", (0.9, 0.999), 0)
    seen = [r.stage_at(step) for step in range(r.steps)]
    assert [(s.size, s.batch) for s in (seen[4999], seen[5000])] == [(64, 16), (88, 4)]
    assert [r.learning_rate_at(step) for step in (0, 4999, 5000, 32_999)] == [
        1e-4,
        1e-4,
        1e-5,
        1e-5,
    ]
    assert not r.terms and not r.choices  # the published loss and network


def test_what_ships_is_hardened_and_the_benchmark_is_clean(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (120, 150, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")

    def source(name: str) -> Any:
        return source_of(recipe(name), DataOptions((tmp_path,)))

    for name in ("srpie-sr", "srpie-sr-cpu", "srpie-sr-bf16", "srpie-sr-settled"):
        assert isinstance(source(name), BicubicPairs) and source(name).mild
    for name in ("srpie-sr-bench", "srpie-wide", "imdn", "imdn-bf16", "imdn-further"):
        assert isinstance(source(name), BicubicPairs) and not source(name).mild
    for name in ("srpie", "srpie-cpu", "srpie-global-cpu"):
        assert isinstance(source(name), JointPairs) and source(name).own_scale == 0.4
        assert source(name).vary_finish == source(name).samples == (name == "srpie-global-cpu")


def test_what_goes_on_from_weights_takes_larger_views_and_lower_rates() -> None:
    bf16, further, settled = (recipe(f"srpie-sr-{form}") for form in ("bf16", "further", "settled"))
    sides = [[s.size for s in r.stages] for r in (bf16, further, settled)]
    assert sides == [[32, 32, 48], [64], [64]]
    assert bf16.learning_rate > further.learning_rate > settled.learning_rate
    assert [r.optimiser for r in (bf16, further, settled)] == ["adam", "muon", "adam"]


def test_the_published_network_has_its_dropout() -> None:
    assert build("srpie").penet.dropout.p == 0.5
