"""Setting a run up from folders, and the bundle that carries it elsewhere."""

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from burnish.checkpoint import load_weights
from burnish.errors import InputError, ModelError, OptionError, OutputError
from burnish.nets.vgg import VGG
from burnish.nets.vgg_cache import load_vgg
from burnish.nets.vgg_files import save_vgg
from burnish.train import bundle as packing
from burnish.train import setup
from burnish.train.bundle import bundle
from burnish.train.loop import RunOptions
from burnish.train.objective import extractor_of
from burnish.train.recipe import Recipe, Stage
from burnish.train.setup import DataOptions, resolve, smoke, source_of, trainer, validation_views

TINY = {"channels": 8, "widths": (4, 4, 4), "steps": 2}
RECIPE = Recipe("tiny", "nrl", TINY, steps=2, stages=(Stage(1.0, 16, 2),), data_side=40)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a", "b", "shown"):
        Image.fromarray(rng.integers(0, 255, (50, 60, 3), np.uint8)).save(folder / f"{name}.png")
    return folder


def test_a_small_run_from_start_to_scores() -> None:
    scores = smoke()
    assert "all" in scores and all(math.isfinite(v) for v in scores.values())


def test_a_run_from_a_folder(album: Path, tmp_path: Path) -> None:
    run = trainer(RECIPE, DataOptions((album,), exclude=("shown",)), RunOptions(tmp_path / "run"))
    assert len(run.source.photos) == 2  # type: ignore[attr-defined]
    assert run.run() and run.data == ["album"]


def test_a_run_from_pairs(album: Path, tmp_path: Path) -> None:
    run = trainer(RECIPE, DataOptions(pairs=(album, album)), RunOptions(tmp_path / "run"))
    assert run.run()


def test_a_run_without_photos_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--data FOLDER"):
        trainer(RECIPE, DataOptions(), RunOptions(tmp_path))
    assert validation_views(None) == ()


def test_a_bundle_holds_code_recipe_and_small_photos(album: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    size = bundle(RECIPE, DataOptions((album,), exclude=("shown",), validation=album), folder)
    assert size == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    photos = sorted((folder / "photos" / "album").iterdir())
    assert [p.name for p in photos] == ["a.jpg", "b.jpg"]
    with Image.open(photos[0]) as image:
        assert image.size == (48, 40)
    assert json.loads((folder / "recipe.json").read_text()) == json.loads(
        json.dumps(asdict(RECIPE))
    )
    compile((folder / "train.py").read_text(), "train.py", "exec")
    unpacked = Recipe.of(json.loads((folder / "recipe.json").read_text()))
    assert replace(unpacked, choices=RECIPE.choices) == RECIPE  # there tuples are lists
    assert (folder / "src" / "burnish" / "nets" / "net.py").is_file()
    with pytest.raises(OutputError, match="exists already"):
        bundle(RECIPE, DataOptions((album,)), folder)


def test_lambda_and_epochs_come_from_the_data(
    tmp_path: Path, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_CACHE", str(tmp_path / "cache"))
    for kind, value in (("low", 50), ("high", 101)):
        (tmp_path / kind).mkdir()
        for n in range(13):
            Image.new("RGB", (24, 24), (value,) * 3).save(tmp_path / kind / f"{n}.png")
    data = DataOptions(pairs=(tmp_path / "low", tmp_path / "high"), exclude=("12",))
    recipe = replace(RECIPE, epochs=100, measure_lambda="mean_difference")
    found = resolve(recipe, data)
    assert found.steps == 100  # 12 / 6 / 2, a hundred times
    assert found.choices == TINY | {"lam": pytest.approx(1 - 51 / 255, abs=1e-6)}
    run = trainer(found.scaled(0.02), data, RunOptions(tmp_path / "run"))
    assert run.run() and run.step == 2
    ratio = resolve(replace(recipe, measure_lambda="ratio"), data)
    assert ratio.choices["lam"] == pytest.approx(101 / 50)
    photos = resolve(recipe, DataOptions((album,)))
    assert photos.steps == 2 and 0.5 < photos.choices["lam"] < 1.5
    assert resolve(RECIPE, data) == RECIPE


def test_the_card_says_what_its_weights_were_chosen_on(album: Path, tmp_path: Path) -> None:
    for validation, told in ((album, album.name), (None, None)):
        data = DataOptions((album,), validation=validation)
        run = trainer(RECIPE.scaled(0.02), data, RunOptions(tmp_path / str(told)))
        assert run.run()
        card = load_weights(tmp_path / str(told) / "last.safetensors")[1]
        assert card.training.get("validation") == told


def test_a_bundle_carries_the_feature_extractor(album: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = VGG("vgg16").half()
    save_vgg(made, tmp_path / "vgg.safetensors", "made")
    recipe = replace(RECIPE, loss="nrl-dpl")
    bundle(recipe, DataOptions((album,)), tmp_path / "bundle", vgg=tmp_path / "vgg.safetensors")
    packed = load_vgg("vgg16", tmp_path / "bundle" / "vgg.safetensors")
    assert all(packed.state_dict()[k].equal(v.float()) for k, v in made.state_dict().items())
    assert packed.rms == VGG("vgg16").rms
    with pytest.raises(OptionError, match="holds finished photos"):
        bundle(recipe, DataOptions(pairs=(album, album)), tmp_path / "other")


def test_a_bundle_of_paper_bs_loss_starts_where_nothing_else_is(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content term has a weight by default, so VGG is packed."""
    monkeypatch.setenv("BURNISH_CACHE", str(tmp_path / "empty"))
    recipe, data, folder = (
        replace(RECIPE, loss="hybrid"),
        DataOptions((album,), validation=album),
        tmp_path / "bundle",
    )
    with pytest.raises(ModelError, match="burnish weights add vgg16 FILE"):
        bundle(recipe, data, folder)
    assert not folder.exists()
    torch.manual_seed(0)
    save_vgg(VGG("vgg16").half(), tmp_path / "vgg.safetensors", "made")
    bundle(recipe, data, folder, vgg=tmp_path / "vgg.safetensors")
    done = subprocess.run(
        [sys.executable, folder / "train.py", tmp_path / "run", "--workers", "0"],
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and "finished" in done.stdout, done.stderr
    assert "weighted/content" in (tmp_path / "run" / "metrics.csv").read_text()
    card = load_weights(tmp_path / "run" / "last.safetensors")[1]
    assert (card.training_data, card.training["validation"]) == (("album",), "album")


def test_which_losses_compare_features() -> None:
    hybrid = replace(RECIPE, loss="hybrid")
    plain = replace(hybrid, stages=(Stage(1.0, 16, 2, loss="l1"),))
    assert extractor_of(hybrid) == "vgg16" and extractor_of(plain) is None
    assert extractor_of(replace(hybrid, terms={"vgg": "vgg19"})) == "vgg19"
    assert extractor_of(replace(hybrid, terms={"weights": {"content": 0.0}})) is None
    assert extractor_of(replace(hybrid, terms={"weights": {"tv": 0.0}})) == "vgg16"
    assert extractor_of(replace(RECIPE, loss="nrl-dpl")) == "vgg16" and extractor_of(RECIPE) is None


def test_folders_of_one_name_lie_apart_in_a_bundle(album: Path, tmp_path: Path) -> None:
    named = [tmp_path / "x" / "album", tmp_path / "y" / "Album"]
    for folder in named:
        shutil.copytree(album, folder)
    data = DataOptions((album, *named), validation=album)
    bundle(RECIPE, data, tmp_path / "bundle")
    for kind, names in (("photos", ["album", "album-2", "Album-3"]), ("validation", ["album"])):
        found = {p.name: len(list(p.iterdir())) for p in (tmp_path / "bundle" / kind).iterdir()}
        assert found == dict.fromkeys(names, 3)


def test_photos_of_one_name_lie_apart_in_a_bundle(album: Path, tmp_path: Path) -> None:
    with Image.open(album / "b.png") as image:
        image.save(album / "a.tif")
    Image.new("RGB", (50, 60)).save(album / "A.webp")
    bundle(RECIPE, DataOptions((album,)), tmp_path / "bundle")
    found = {p.name for p in (tmp_path / "bundle" / "photos" / "album").iterdir()}
    assert found == {"A.jpg", "a-2.jpg", "a-3.jpg", "b.jpg", "shown.jpg"}


def test_a_bundle_that_fails_leaves_nothing(album: Path, tmp_path: Path) -> None:
    (album / "b.png").write_bytes(b"no photo")
    with pytest.raises(InputError, match=r"b\.png cannot be read"):
        bundle(RECIPE, DataOptions((album,)), tmp_path / "bundle")
    assert [p.name for p in tmp_path.iterdir()] == ["album"]


def test_dped_is_not_for_what_enlarges(tmp_path: Path) -> None:
    for name in ("iphone", "canon"):
        (tmp_path / "iphone/training_data" / name).mkdir(parents=True)
    with pytest.raises(OptionError, match="tiny enlarges, and DPED's pairs are of one size"):
        source_of(replace(RECIPE, pairs="joint"), DataOptions(dped=(tmp_path, "iphone")))


def test_folders_that_cannot_be_are_told_before_photos_are_read(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "source_of", lambda *_: pytest.fail("photos were read"))
    monkeypatch.setattr(packing, "list_photos", lambda *_: pytest.fail("photos were listed"))
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OutputError, match="cannot be made a folder"):
            trainer(RECIPE, DataOptions((album,)), RunOptions(folder))
    with pytest.raises(OutputError, match="cannot be made a folder"):
        bundle(RECIPE, DataOptions((album,)), tmp_path / "file" / "bundle")
