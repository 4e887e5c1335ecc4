"""Runs of paper B's kind: pairs that grow, a loss for each stage, terms in the log, resuming."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from burnish import checkpoint
from burnish.errors import ModelError, OptionError
from burnish.losses.hybrid import Weights, hybrid
from burnish.nets.vgg import VGG
from burnish.nets.vgg_cache import add_to_cache
from burnish.train.loop import RunOptions, Trainer
from burnish.train.objective import Hybrid
from burnish.train.recipe import Pairs, Recipe, Stage
from burnish.train.recipes import paper_b
from burnish.train.setup import DataOptions, source_of, trainer, validation_views
from burnish.train.validation import score_of
from train.test_loop import assert_equal, rows, state

TINY: dict[str, Any] = {
    "channels": 8, "msb_widths": (6, 4, 4, 4), "penet_widths": (4, 4, 6, 6, 6), "dunet_width": 36,
    "t": 1, "start": "bicubic",
}  # fmt: skip
RECIPE = Recipe(
    "tiny",
    "srpie",
    TINY,
    pairs="bicubic-mild",
    steps=4,
    stages=(
        Stage(0.5, 16, 3, learning_rate=1e-3, loss="l1"),
        Stage(0.5, 24, 2, learning_rate=1e-4),
    ),
    loss="hybrid",
    terms={"weights": {"content": 0.0}},
    schedule="stages",
    warmup=0,
    seed=5,
)
ROWS = paper_b.table_1(paper_b.cpu(paper_b.srpie()))


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    for seed in range(3):
        small = np.random.default_rng(seed).integers(0, 255, (9, 12, 3)).astype(np.uint8)
        Image.fromarray(small).resize((96, 72), Image.Resampling.BICUBIC).save(
            folder / f"{seed}.png"
        )
    return folder


def run_of(album: Path, folder: Path, recipe: Recipe = RECIPE, **options: Any) -> Trainer:
    return trainer(recipe, DataOptions((album,)), RunOptions(folder, log_every=1, **options))


@pytest.mark.parametrize("changed", [{}, {"pairs": "joint"}, {"optimiser": "muon"}])
def test_resumed_equals_uninterrupted(album: Path, tmp_path: Path, changed: dict[str, Any]) -> None:
    """Also with dropout and random slopes, whose draws are a function of the step."""
    recipe = replace(RECIPE, **changed)
    assert run_of(album, tmp_path / "whole", recipe).run()
    while not run_of(album, tmp_path / "parts", recipe, time_limit=0).run():
        torch.rand(7)  # whatever else draws in between
    weights = [
        checkpoint.load_weights(tmp_path / f / "last.safetensors") for f in ("whole", "parts")
    ]
    for name, value in weights[0][0].items():
        assert torch.equal(value, weights[1][0][name]), name
    assert weights[0][1] == weights[1][1] and weights[0][1].scale == 2


@pytest.mark.parametrize("key", ROWS)
def test_a_row_of_table_1_trains_and_goes_on(key: str, album: Path, tmp_path: Path) -> None:
    """Each row by a step of L1 and one of the hybrid loss without its content term."""
    stages = (Stage(0.5, 16, 2, loss="l1"), Stage(0.5, 16, 2))
    recipe = replace(ROWS[key], choices=TINY | ROWS[key].choices, steps=2, stages=stages)
    whole = run_of(album, tmp_path / "whole", recipe)
    start = {k: v.clone() for k, v in whole.net.state_dict().items()}
    assert whole.run()
    end = state(tmp_path / "whole")
    moved = {k: not torch.equal(v, start[k]) for k, v in end["net"].items()}
    assert all(v.isfinite().all() for v in end["net"].values()) and all(moved.values()), moved
    assert not run_of(album, tmp_path / "parts", recipe, time_limit=0).run()
    assert run_of(album, tmp_path / "parts", recipe).run()
    assert_equal(state(tmp_path / "parts"), end)


def test_the_log_holds_each_term_weighted_and_not(album: Path, tmp_path: Path) -> None:
    validation = validation_views(album, "bicubic")
    assert run_of(album, tmp_path / "run").run(validation)
    with (tmp_path / "run" / "metrics.csv").open(newline="") as file:
        rows = {(int(r["step"]), r["name"]): float(r["value"]) for r in csv.DictReader(file)}
    terms = {"tv": 1, "color": 0.0005, "ms_ssim": 300, "l1": 0.05}
    for step in (3, 4):
        for term, weight in terms.items():
            assert rows[step, f"weighted/{term}"] == pytest.approx(
                weight * rows[step, term], rel=1e-4
            )
        total = sum(rows[step, f"weighted/{term}"] for term in terms)
        assert rows[step, "loss"] == pytest.approx(total, rel=1e-4)
    assert (1, "l1") not in rows and rows[1, "loss"] < 1  # the first stage is L1 alone, a mean
    assert rows[4, "psnr_sr"] > 20 and (tmp_path / "run" / "validation-0000004.png").is_file()


def test_the_loss_on_test_pairs_is_logged_and_changes_nothing(album: Path, tmp_path: Path) -> None:
    """Of the middles, in the size of the stage's views, by the moving average; also resumed."""
    validation = validation_views(album, "joint")
    recipe = replace(RECIPE, pairs="joint")
    whole, tested = tmp_path / "whole", tmp_path / "tested"
    assert run_of(album, whole, recipe).run()
    options: dict[str, Any] = {"validate_every": 1, "test_loss": True}
    while not run_of(album, tested, recipe, time_limit=0, **options).run(validation):
        torch.rand(7)
    assert_equal({**state(tested), "best": 0}, {**state(whole), "best": 0})

    logged = [(step, value) for step, name, value in rows(tested) if name == "loss_test"]
    assert [step for step, _ in logged] == [1, 2, 3, 4]
    assert not [name for _, name, _ in rows(whole) if name == "loss_test"]
    net = checkpoint.load(tested / "last.safetensors")[0].eval()
    views = [(low[..., 36:60, 36:60], high[..., 72:120, 72:120]) for _, low, high, _ in validation]
    with torch.no_grad():
        found = [hybrid(net(low), high, Weights(content=0))[0].item() for low, high in views]
    assert logged[3][1] == pytest.approx(sum(found) / len(found), rel=1e-4)
    assert logged[0][1] < 1 < logged[2][1]  # the first stage is L1 alone, a mean


def test_the_validation_score_of_super_resolution_is_the_protocols(album: Path) -> None:
    from burnish.metrics import super_resolution
    from burnish.metrics.protocol import to_8bit

    ((kind, low, high), *_) = validation_views(album, "bicubic-mild")
    assert kind == "sr" and high.shape[-1] == 2 * low.shape[-1]
    out = (high + 0.05 * torch.randn(high.shape, generator=torch.Generator().manual_seed(0))).clamp(
        0, 1
    )
    out = torch.from_numpy(to_8bit(out.numpy())).float()
    x, y = (v[0].permute(1, 2, 0).double().numpy() for v in (out, high))
    assert score_of("sr", out, high, 2) == pytest.approx(super_resolution(x, y, 2).psnr, abs=0.02)
    assert score_of("full", out, high, 2) == pytest.approx(
        -10 * np.log10(((x - y) ** 2).mean()), abs=1e-3
    )


def test_the_content_term_takes_pool4_of_the_weights_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    vgg = VGG("vgg16", "caffe")
    path, device = tmp_path / "vgg.pth", torch.device("cpu")
    torch.save(vgg.state_dict(), path)
    only_content = {"weights": {"tv": 0, "color": 0, "ms_ssim": 0, "l1": 0}}
    recipe = replace(RECIPE, terms=only_content)
    monkeypatch.setenv("BURNISH_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="is not there"):
        Hybrid(recipe, device, None)
    add_to_cache("vgg16", path, "caffe")
    x, y = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    a, b = (vgg(v, ["pool4"])[0] for v in (x, y))
    total, terms = Hybrid(recipe, device, None).losses(x, y)
    expected = 0.001 * (a - b).abs().mean().item()
    assert total.item() == pytest.approx(expected, rel=1e-5)
    assert terms["weighted/content"].item() == pytest.approx(expected, rel=1e-5)


def test_an_unknown_weight_or_form_is_refused_by_name() -> None:
    for terms, said in (
        ({"weights": {"tvv": 1.0}}, "no 'tvv'; the loss has the weights content, tv, color"),
        ({"forms": {"places": "mean"}}, "no 'places'; the loss has the forms normalisation, place"),
        ({"vggs": "vgg16"}, "no 'vggs'; the loss has the terms weights, forms, vgg"),
    ):
        with pytest.raises(OptionError, match=said):
            Hybrid(replace(RECIPE, terms=terms), torch.device("cpu"), None)


def test_real_pairs_of_two_sizes(album: Path, tmp_path: Path) -> None:
    (tmp_path / "low").mkdir()
    for path in album.iterdir():
        Image.open(path).resize((48, 36)).save(tmp_path / "low" / path.name)
    data = DataOptions(pairs=(tmp_path / "low", album))
    assert trainer(RECIPE, data, RunOptions(tmp_path / "run", time_limit=0)).step == 0
    low, high, *_ = source_of(RECIPE, data).batch(0, [0], 16)
    assert low.shape[-1] == 16 and high.shape[-1] == 32


def test_muon_and_adam_take_other_ways(album: Path, tmp_path: Path) -> None:
    ends = []
    for optimiser in ("adam", "muon"):
        folder = tmp_path / optimiser
        assert run_of(album, folder, replace(RECIPE, optimiser=optimiser)).run()
        ends.append(checkpoint.load_weights(folder / "last.safetensors")[0])
    assert any(not torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


@pytest.mark.parametrize("scale", [3, 4])
@pytest.mark.parametrize("pairs", ["bicubic-mild", "joint"])
def test_other_scales_train_on_pairs_of_their_own(
    album: Path, tmp_path: Path, pairs: Pairs, scale: int
) -> None:
    choices = RECIPE.choices | {"scale": scale, "start": "random"}
    recipe = replace(RECIPE, pairs=pairs, choices=choices, steps=1)
    run = trainer(recipe, DataOptions((album,)), RunOptions(tmp_path / "run"))
    validation = validation_views(album, pairs, scale)
    assert run.run(validation) and run.best > 5
    low, high, *_ = run.source.batch(0, [0], 16)
    assert high.shape[-1] == scale * low.shape[-1] == scale * 16
    net = checkpoint.load(tmp_path / "run" / "best.safetensors")[0]
    assert net.scale == scale
