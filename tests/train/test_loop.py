"""The loop: a run that was stopped and resumed equals one that never stopped, bit for bit."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from burnish import checkpoint
from burnish.data.pairs import Batch, RetouchPairs, fixed_pairs
from burnish.data.photos import Pyramid
from burnish.errors import ModelError, OptionError, OutputError
from burnish.nets.zoo import parameter_count
from burnish.train.log import RunLog
from burnish.train.loop import RunOptions, Trainer
from burnish.train.recipe import Recipe, Stage
from burnish.train.stop import StopSignal

RECIPE = Recipe(
    "tiny",
    "nrl-global",
    {"channels": 8, "widths": (4, 4, 4), "steps": 2},
    steps=6,
    stages=(Stage(0.5, 16, 4), Stage(0.5, 24, 2)),
    warmup=2,
    seed=3,
)
# A child process makes the same photos by the same lines.
MAKE = """
generator = torch.Generator().manual_seed(0)
coarse = torch.rand(4, 3, 7, 9, generator=generator)
fine = torch.nn.functional.interpolate(coarse, size=(64, 80), mode="bilinear")
photos = [Pyramid((p * 255).to(torch.uint8), smallest=16) for p in fine]
"""


def made_photos() -> list[Pyramid]:
    names: dict[str, Any] = {"torch": torch, "Pyramid": Pyramid}
    exec(MAKE, names)
    made: list[Pyramid] = names["photos"]
    return made


def trainer(folder: Path, recipe: Recipe = RECIPE, **options: Any) -> Trainer:
    source = RetouchPairs(made_photos(), recipe.seed)
    return Trainer(recipe, source, RunOptions(folder, **options), data=("made",))


def state(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = torch.load(folder / "state.pt", weights_only=True)
    return loaded


def assert_equal(a: Any, b: Any, where: str = "state") -> None:
    """The same numbers in the same places, bit for bit."""
    assert type(a) is type(b), where
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b), where
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            assert_equal(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_equal(x, y, f"{where}[{i}]")
    else:
        assert a == b, where


def rows(folder: Path) -> list[tuple[int, str, float]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return [(int(r["step"]), r["name"], float(r["value"])) for r in csv.DictReader(file)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    assert trainer(folder, log_every=1).run()
    return folder


def stopped_after(folder: Path, steps: int, **options: Any) -> None:
    """Start a run and stop it as a signal would, once ``steps`` steps are done."""
    run = trainer(folder, **options)
    source = run.source

    class Stopping:
        def batch(self, step: int, indices: Any, size: int) -> Any:
            if step == steps - 1:
                os.kill(os.getpid(), signal.SIGTERM)
            return source.batch(step, indices, size)

    run.source = Stopping()
    assert not run.run()
    assert state(folder)["step"] == steps


def test_views_that_are_all_border_are_refused(tmp_path: Path) -> None:
    recipe = replace(RECIPE, stages=(Stage(1.0, 16, 2, border=8),))
    with pytest.raises(OptionError, match="Views of 16 pixels are all border"):
        Trainer(recipe, trainer(tmp_path / "one").source, RunOptions(tmp_path / "two"))
    assert not (tmp_path / "two").exists()


def test_a_step_that_the_signal_has_broken_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in a terminal ends the compiler that a step waits for as well."""
    run = trainer(tmp_path)

    def broken(*_: Any) -> dict[str, torch.Tensor]:
        raise RuntimeError("the compiler is gone")

    class Asked(StopSignal):
        asked = True

    monkeypatch.setattr(run, "_train_step", broken)
    with pytest.raises(RuntimeError, match="gone"):
        run.run()
    monkeypatch.setattr("burnish.train.loop.StopSignal", Asked)
    assert not run.run() and run.interrupted


def test_training_changes_the_weights_and_learns(whole: Path) -> None:
    net = trainer(whole / "unused").net.eval()
    start = {name: value.clone() for name, value in net.state_dict().items()}
    end = state(whole)["net"]
    assert all(not torch.equal(start[k], end[k]) for k in start)
    assert all(v.isfinite().all() for v in end.values())
    assert state(whole)["step"] == 6

    pairs = [(low, high) for _, low, high, _ in fixed_pairs(made_photos(), 24)]

    def loss(weights: dict[str, torch.Tensor]) -> float:
        net.load_state_dict(weights)
        with torch.no_grad():
            return sum((net(low) - high).abs().mean().item() for low, high in pairs)

    assert loss(end) < 0.9 * loss(start)


def test_resumed_equals_uninterrupted(whole: Path, tmp_path: Path) -> None:
    stopped_after(tmp_path, 3, log_every=1)
    resumed = trainer(tmp_path, log_every=1)
    assert resumed.step == 3
    assert resumed.run()
    assert_equal(state(tmp_path), state(whole))
    last = [checkpoint.load_weights(f / "last.safetensors") for f in (tmp_path, whole)]
    assert_equal(last[0][0], last[1][0])
    assert last[0][1] == last[1][1]


def test_killed_between_saves_equals_uninterrupted(whole: Path, tmp_path: Path) -> None:
    """Steps after the last save are done again; their rows do not appear twice."""
    stopped_after(tmp_path, 4, log_every=1)
    with (tmp_path / "metrics.csv").open("a", newline="") as file:
        csv.writer(file).writerows([(5, "loss", "9"), (5, "learning_rate", "9")])
    assert trainer(tmp_path, log_every=1).run()
    assert_equal(state(tmp_path), state(whole))
    assert max(Counter((step, name) for step, name, _ in rows(tmp_path)).values()) == 1
    timeless = [[r for r in rows(f) if r[1] != "seconds_per_step"] for f in (tmp_path, whole)]
    assert timeless[0] == timeless[1]
    assert {step for step, _, _ in timeless[0]} == set(range(1, 7))


def test_batches_made_ahead_change_nothing(whole: Path, tmp_path: Path) -> None:
    assert trainer(tmp_path, workers=2).run()
    assert_equal(state(tmp_path), state(whole))


def test_validation_changes_nothing_but_the_best(whole: Path, tmp_path: Path) -> None:
    torch.manual_seed(11)
    validation = fixed_pairs(made_photos(), 16)
    assert trainer(tmp_path, validate_every=2).run(validation)
    assert_equal({**state(tmp_path), "best": 0}, {**state(whole), "best": 0})
    scores = [v for _, name, v in rows(tmp_path) if name == "psnr_all"]
    assert len(scores) == 3 and state(tmp_path)["best"] == pytest.approx(max(scores), rel=1e-5)
    assert (tmp_path / "best.safetensors").is_file()
    assert len(list(tmp_path.glob("validation-*.png"))) == 3


def test_the_time_limit_stops_and_the_run_goes_on(whole: Path, tmp_path: Path) -> None:
    for done in range(1, 6):
        assert not trainer(tmp_path, time_limit=0).run()
        assert state(tmp_path)["step"] == done
    assert trainer(tmp_path, time_limit=600).run()
    assert_equal(state(tmp_path), state(whole))


def test_a_finished_run_stays_finished(whole: Path) -> None:
    before = state(whole)
    assert trainer(whole, log_every=1).run()
    assert_equal(state(whole), before)
    assert {step for step, _, _ in rows(whole)} == set(range(1, 7))


def test_another_recipe_in_the_folder_is_refused(whole: Path) -> None:
    before = rows(whole)
    with pytest.raises(ModelError, match="holds a run of another recipe; choose another folder"):
        trainer(whole, replace(RECIPE, learning_rate=0.5))
    assert rows(whole) == before


def test_the_weight_file_of_a_run(whole: Path) -> None:
    net, card = checkpoint.load(whole / "last.safetensors")
    assert_equal(dict(net.state_dict()), dict(state(whole)["ema"]))
    assert (card.name, card.net, card.scale, card.multiple_of) == ("tiny", "nrl-global", 1, 1)
    assert (card.halo, card.moments, card.moments_halo) == (9, net.moments_size, 4)
    assert card.parameters == parameter_count(net)
    assert card.training_data == ("made",) and card.training["step"] == 6


def test_the_moving_average_follows_its_formula(tmp_path: Path) -> None:
    run = trainer(tmp_path, time_limit=0)
    before = {k: v.clone() for k, v in run.ema.state_dict().items()}
    run.run()
    for name, value in run.ema.state_dict().items():
        current = run.accelerator.unwrap_model(run.net).state_dict()[name]
        decay = 1 / 11
        torch.testing.assert_close(value, decay * before[name] + (1 - decay) * current)


CHILD = f"""
import sys, time
from pathlib import Path
import torch
from burnish.data.pairs import RetouchPairs
from burnish.data.pairs import Batch, RetouchPairs
from burnish.data.photos import Pyramid
from burnish.train.log import RunLog
from burnish.train.loop import RunOptions, Trainer
from burnish.train.recipe import Recipe, Stage
torch.set_num_threads(1)
{MAKE}
class Slow(RetouchPairs):
    def batch(self, step, indices, size):
        time.sleep(0.05)
        return super().batch(step, indices, size)

recipe = {replace(RECIPE, steps=60)!r}
options = RunOptions(Path(sys.argv[1]), log_every=1, save_every=1000)
print("finished:", Trainer(recipe, Slow(photos, recipe.seed), options).run())
"""


def test_sigterm_saves_the_state_and_the_run_goes_on(tmp_path: Path) -> None:
    src = Path(__file__).resolve().parents[2] / "src"
    stopped, folder = tmp_path / "stopped", tmp_path / "whole"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(stopped)],
        env=os.environ | {"PYTHONPATH": str(src)},
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    log = stopped / "metrics.csv"
    while not (log.exists() and log.read_text().count("loss") >= 3):
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    child.terminate()
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 0 and "finished: False" in out
    step = state(stopped)["step"]
    assert 3 <= step < 60
    assert max(s for s, _, _ in rows(stopped)) == step

    recipe = replace(RECIPE, steps=60)
    assert trainer(stopped, recipe).run()
    assert trainer(folder, recipe).run()
    assert_equal(state(stopped), state(folder))


def test_a_start_gives_what_fits(tmp_path: Path) -> None:
    run = trainer(tmp_path / "first")
    run.run()
    weights = tmp_path / "first" / "last.safetensors"
    known = checkpoint.load_weights(weights)[0]
    source, options = RetouchPairs(made_photos(), 0), RunOptions(tmp_path / "next")
    for choices, fits in ((RECIPE.choices, True), (RECIPE.choices | {"gate": "none"}, False)):
        recipe = replace(RECIPE, choices=choices, seed=9)
        own = Trainer(recipe, source, options, start=[weights]).ema.state_dict()
        assert all(torch.equal(own[name], known[name]) for name in own if name in known)
        assert (set(own) == set(known)) == fits


def test_a_stage_without_the_residual_leaves_it_alone(tmp_path: Path) -> None:
    alone = Stage(0.5, 16, 4, only=("features.", "map."), residual=False)
    recipe = replace(RECIPE, stages=(alone, Stage(0.5, 16, 4)))
    run = trainer(tmp_path, recipe, time_limit=0.0)
    before = {k: v.clone() for k, v in run.net.state_dict().items()}
    run.run()  # the time limit stops it after one step
    assert not run.net.residual_on
    for name, value in run.net.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith(alone.only), name
    rest = trainer(tmp_path, recipe)
    rest.run()
    assert rest.net.residual_on and rest.ema.residual_on
    assert not torch.equal(
        rest.net.state_dict()["reconstruction.weight"], before["reconstruction.weight"]
    )


class Spoiled(RetouchPairs):
    """Targets whose two outermost pixels are black."""

    def batch(self, *args: Any) -> Batch:
        low, high, *more = super().batch(*args)
        spoiled = torch.zeros_like(high)
        spoiled[..., 2:-2, 2:-2] = high[..., 2:-2, 2:-2]
        return low, spoiled, *more


@pytest.mark.parametrize("loss", ["l1", "nrl-dpl"])
def test_the_loss_leaves_the_border_out_that_a_stage_names(tmp_path: Path, loss: Any) -> None:
    terms = {"weights": {"perceptual": 0.0}} if loss == "nrl-dpl" else {}
    for border, alike in ((2, True), (1, False)):
        stage = Stage(1.0, 24, 2, border=border)
        recipe = replace(RECIPE, stages=(stage,), steps=2, loss=loss, terms=terms)
        runs = []
        for source in (RetouchPairs(made_photos(), 3), Spoiled(made_photos(), 3)):
            options = RunOptions(tmp_path / f"{border}-{len(runs)}")
            runs.append(Trainer(recipe, source, options))
            runs[-1].run()
        weights = [run.net.state_dict() for run in runs]
        assert all(torch.equal(v, weights[1][k]) for k, v in weights[0].items()) == alike
        views = [
            ("all", *source.batch(9, [0], 24)[:2]) for source in (runs[0].source, runs[1].source)
        ]
        first, second = (runs[0].test_loss([view]) for view in views)
        assert (first == second) == alike


def test_the_sheet_shows_pictures_of_one_shape(tmp_path: Path) -> None:
    log = RunLog(tmp_path, 0)
    log.pictures(0, [torch.ones(3, *shape) for shape in ((9, 33), (8, 24), (8, 30), (8, 24))])
    with Image.open(tmp_path / "validation-0000000.png") as sheet:
        assert sheet.size == (24, 16)
    log.close()


def test_a_start_of_another_network_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer(tmp_path / "first").run()
    weights, other = tmp_path / "first" / "last.safetensors", tmp_path / "other.safetensors"
    values, card = checkpoint.load_weights(weights)
    checkpoint.save(other, {f"x.{name}": value for name, value in values.items()}, card)
    source, options = RetouchPairs(made_photos(), 0), RunOptions(tmp_path / "next")
    with pytest.raises(ModelError, match=r"Nothing in .*other\.safetensors fits the network"):
        Trainer(RECIPE, source, options, start=[other])
    some = dict(sorted(values.items())[:5])
    checkpoint.save(other, some, card)
    capsys.readouterr()
    Trainer(RECIPE, source, options, start=[other])
    out = capsys.readouterr().out
    assert f"5 of {len(values)} tensors taken from {other}; not " in out
    assert out.count(",") == 3 and out.endswith(", ....\n")
    with pytest.raises(ModelError, match=r"first is a folder: name its best\.safetensors or last"):
        Trainer(RECIPE, source, options, start=[weights.parent])


@pytest.mark.parametrize("left", [b"", b"no state at all", b"\x80\x02.", None])
def test_a_damaged_state_is_named(whole: Path, tmp_path: Path, left: bytes | None) -> None:
    state_file = tmp_path / "state.pt"
    state_file.write_bytes((whole / "state.pt").read_bytes()[:3000] if left is None else left)
    with pytest.raises(ModelError, match=r"state\.pt is damaged: remove it to begin anew"):
        trainer(tmp_path)
    torch.save({"step": 1}, state_file)  # another program's
    with pytest.raises(ModelError, match=r"state\.pt is damaged: remove it to begin anew"):
        trainer(tmp_path)


def test_a_torn_line_of_the_log_is_left_out(tmp_path: Path) -> None:
    good = b"step,name,value\r\n1,loss,0.5\r\n2,loss,0.25\r\n"
    for torn in (b"2,lo", b"2,loss,0.0", b"2,loss\r\n", b"2,loss,0.1,3\r\n", b"\xff\0,a,1\r\n"):
        (tmp_path / "metrics.csv").write_bytes(good + torn)
        RunLog(tmp_path, 2).close()
        assert (tmp_path / "metrics.csv").read_bytes() == good


def test_a_run_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OutputError, match="cannot be made a folder"):
            trainer(folder)
