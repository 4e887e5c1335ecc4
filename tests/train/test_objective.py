"""Paper A's loss in the loop: both networks go on to the same weights, and every a_i is logged."""

import math
import os
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import mse_loss

from burnish.data.pairs import RetouchPairs
from burnish.errors import ModelError, OptionError
from burnish.losses.adversarial import discriminator_loss, generator_loss
from burnish.losses.nrl_dpl import Terms
from burnish.train.loop import RunOptions, Trainer
from burnish.train.objective import Adversarial
from burnish.train.recipe import Recipe, Stage
from train.test_loop import assert_equal, made_photos, rows, state

RECIPE = Recipe(
    "tiny-dpl",
    "nrl",
    {"channels": 8, "widths": (4, 4, 4), "steps": 1},
    steps=6,
    stages=(Stage(1.0, 32, 2),),
    loss="nrl-dpl",
    terms={"rate": 1e-3, "discriminator": {"channels": (4, 4, 4, 4, 4), "hidden": 8}},
    warmup=0,
    seed=3,
)
WITHOUT_VGG = replace(RECIPE, terms=RECIPE.terms | {"weights": {"perceptual": 0.0}})


def trainer(folder: Path, recipe: Recipe, vgg: Path | None = None, **options: Any) -> Trainer:
    source = RetouchPairs(made_photos(), recipe.seed)
    return Trainer(recipe, source, RunOptions(folder, vgg=vgg, **options))


def test_both_networks_resume_to_the_same_weights(vgg: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert trainer(whole, RECIPE, vgg, log_every=2, save_every=2).run()
    stopping = trainer(parts, RECIPE, vgg, log_every=2, save_every=2)
    batch = stopping.source.batch

    class Stops:
        def batch(self, step: int, indices: Any, size: int) -> Any:
            if step == 2:
                os.kill(os.getpid(), signal.SIGTERM)
            return batch(step, indices, size)

    stopping.source = Stops()
    assert not stopping.run() and state(parts)["step"] == 3
    resumed = trainer(parts, RECIPE, vgg, log_every=2, save_every=2)
    assert resumed.step == 3 and resumed.run()
    assert_equal(state(parts), state(whole))
    judge = state(whole)["objective"]["discriminator"]
    torch.manual_seed(RECIPE.seed)
    fresh = Adversarial(RECIPE, resumed.accelerator, vgg).discriminator
    assert fresh is not None
    assert all(not torch.equal(judge[k], v) for k, v in fresh.state_dict().items())  # it learned

    # a_i of every step, summing to 1, each once, whether the run was stopped or not.
    logged = [[r for r in rows(f) if r[1][0] == "a" and r[1][1:].isdigit()] for f in (whole, parts)]
    assert sorted(logged[0]) == sorted(logged[1])
    assert Counter(name for _, name, _ in logged[0]) == {f"a{i}": 6 for i in range(1, 6)}
    for step in range(1, 7):
        assert math.fsum(v for s, _, v in logged[0] if s == step) == pytest.approx(1, abs=1e-4)
    names = {name for _, name, _ in rows(whole)}
    assert names >= {"mse", "perceptual", "adversarial", "discriminator", "discriminator_accuracy"}


def test_a_step_is_the_formulas(tmp_path: Path) -> None:
    """The generator's loss and gradient, then one Adam step of the discriminator, by hand."""
    run = trainer(tmp_path, WITHOUT_VGG)
    objective = run.objective
    assert isinstance(objective, Adversarial) and objective.discriminator is not None
    low, target, _ = run.source.batch(0, range(2), 32)
    out = run.net(low)
    loss, terms = objective.losses(out, target)
    judged = objective.discriminator(out)
    expected = mse_loss(out, target) + 1e-4 * generator_loss(judged)
    torch.testing.assert_close(loss, expected)
    assert terms.keys() == {"mse", "adversarial"}
    loss.backward()
    assert all(p.grad is None for p in objective.discriminator.parameters())
    before = {k: v.clone() for k, v in objective.discriminator.state_dict().items()}
    told = objective.learn(out.detach(), target, rate=0.5)
    by_hand = discriminator_loss(*(objective_before(before, x) for x in (target, out.detach())))
    torch.testing.assert_close(told["discriminator"], by_hand.detach())
    after = objective.discriminator.state_dict()
    step = max((after[k] - before[k]).abs().max().item() for k in before)
    assert step == pytest.approx(0.5 * 1e-3, rel=1e-2)  # Adam's first step is the rate itself


def objective_before(weights: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    from burnish.nets.discriminator import Discriminator

    judge = Discriminator(**RECIPE.terms["discriminator"])
    judge.load_state_dict(weights)
    logits: torch.Tensor = judge(x)
    return logits


def test_the_discriminator_does_not_move_the_networks_start(tmp_path: Path) -> None:
    plain = trainer(tmp_path / "a", replace(RECIPE, loss="mse", terms={}))
    adversarial = trainer(tmp_path / "b", WITHOUT_VGG)
    assert_equal(dict(plain.net.state_dict()), dict(adversarial.net.state_dict()))


def test_one_level_alone_has_no_dynamic_weights(vgg: Path, tmp_path: Path) -> None:
    terms = {"level": "pool2", "weights": {"adversarial": 0.0, "colour": 1.0, "tv": 1.0}}
    run = trainer(tmp_path, replace(RECIPE, terms=terms, steps=1), vgg)
    assert run.objective.every_step == () and run.run()
    assert {n for _, n, _ in rows(tmp_path)} >= {"mse", "perceptual", "colour", "tv"}
    assert state(tmp_path)["objective"] == {}


def test_what_is_missing_or_senseless_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_CACHE", str(tmp_path / "empty"))
    with pytest.raises(ModelError, match="burnish weights add vgg16 FILE"):
        trainer(tmp_path, RECIPE)
    small = replace(RECIPE, stages=(Stage(1.0, 24, 2),))
    with pytest.raises(OptionError, match="views of at least 32 pixels"):
        trainer(tmp_path, small)
    with pytest.raises(OptionError, match="the loss has the weights mse, perceptual, adversarial"):
        Terms.of({"weights": {"adverserial": 1.0}})
    for wrong in ({"level": "pool6"}, {"scale": "std"}, {"vgg": "vgg11"}, {"rate": 0.0}):
        with pytest.raises(OptionError):
            Terms.of(wrong)


def test_a_run_from_before_a_field_goes_on(tmp_path: Path) -> None:
    """State files of runs that knew fewer recipe fields, and no objective, are still good."""
    recipe = replace(RECIPE, loss="mse", terms={}, steps=2)
    assert not trainer(tmp_path, recipe, time_limit=0).run()
    old = state(tmp_path)
    del old["objective"], old["recipe"]["terms"], old["recipe"]["epochs"]
    for stage in old["recipe"]["stages"]:
        del stage["loss"], stage["residual"]
    torch.save(old, tmp_path / "state.pt")
    assert trainer(tmp_path, recipe).run()
