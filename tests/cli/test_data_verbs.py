"""weights and data as commands, on made files; DPED from a folder to a trained network."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from burnish import cli
from burnish.files import sha256
from burnish.losses.dynamic_perceptual import level_scales
from burnish.nets import vgg_files
from burnish.nets.vgg import VGG, measure_rms
from burnish.nets.vgg_cache import load_vgg
from burnish.train.recipe import Stage
from burnish.train.recipes import RECIPES, paper_a

VGG_FILE = "weights/vgg16-conv-imagenet-fp16.safetensors"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BURNISH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def pair(folder: Path, name: str, low: int, high: int, kinds: tuple[str, str], side: int) -> None:
    for kind, value in zip(kinds, (low, high), strict=True):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (side, side), (value, value, value)).save(folder / kind / name)


@pytest.fixture
def dped(tmp_path: Path) -> Path:
    for part in ("training_data", "test_data/patches"):
        for n in range(7):
            folder = tmp_path / "dped/iphone" / part
            pair(folder, f"{n}.png", 50 + n, 101 + n, ("iphone", "canon"), 100)
    return tmp_path / "dped"


def test_add_and_list(tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["weights", "list"]) == 0
    assert "vgg16  not there: burnish weights add vgg16 FILE" in capsys.readouterr().out
    torch.manual_seed(0)
    file = tmp_path / "mine.pth"
    torch.save(VGG("vgg19").state_dict(), file)
    assert cli.run(["weights", "add", "vgg19", str(file)]) == 5  # it does not say what it takes
    assert "name its preprocessing (caffe, caffe-bgr, torchvision)" in capsys.readouterr().err
    call = ["weights", "add", "vgg19", str(file), "--preprocessing", "torchvision"]
    assert cli.run(call) == 0
    assert (cache / "weights" / "vgg19.safetensors").is_file()
    assert "vgg19  torchvision, a file that is not a known one" in capsys.readouterr().out
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (40, 33), (90, 120, 60)).save(tmp_path / "photos" / "a.png")
    assert cli.run([*call, "--photos", str(tmp_path / "photos")]) == 0
    assert "feature scales" in capsys.readouterr().out
    loaded = load_vgg("vgg19")
    photo = torch.tensor([90, 120, 60]).float()[None, :, None, None].expand(1, 3, 33, 40) / 255
    assert level_scales(loaded, "rms") == pytest.approx(measure_rms(loaded, [photo]), rel=1e-5)
    for wrong, code, said in (
        (["add", "vgg16", str(file), "--preprocessing", "caffe"], 5, "is no vgg16"),
        (["add", "vgg11", str(file)], 2, "Give a name and a file"),
        (["add", "vgg16"], 2, "Give a name and a file"),
        (["add", "vgg16", str(file), "--preprocessing", "none"], 2, "--preprocessing is one of"),
        (["get", "vgg16"], 2, "choose add or list"),
    ):
        assert cli.run(["weights", *wrong]) == code
        assert said in capsys.readouterr().err


def test_the_shared_file_is_known(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["weights", "add", "vgg16", str(shared / VGG_FILE)]) == 0
    assert "vgg16  caffe, original Oxford weights" in capsys.readouterr().out


def test_check_lists_and_the_list_leaves_out(
    dped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["data", "check", str(dped)]) == 0
    assert capsys.readouterr().out == "All pairs are good.\n"
    (dped / "iphone/training_data/canon/3.png").write_bytes(b"no picture")
    Image.new("RGB", (99, 100)).save(dped / "iphone/training_data/iphone/5.png")
    listed = tmp_path / "bad.txt"
    assert cli.run(["data", "check", str(dped), "--phone", "iphone", "--list", str(listed)]) == 1
    out = capsys.readouterr().out
    assert "5.png  99x100 in iphone, not 100x100" in out and "2 bad pairs" in out
    assert cli.run(["data", "check", str(dped), "--part", "test"]) == 0
    capsys.readouterr()
    assert cli.run(["data", "lambda", str(dped), "--exclude", f"@{listed}", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pairs"] == 5
    assert found["mean_difference"] == pytest.approx(1 - 51 / 255)


def test_a_list_that_cannot_be_written_or_read_gets_one_sentence(
    dped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dped / "iphone/training_data/canon/3.png").unlink()
    assert cli.run(["data", "check", str(dped), "--list", str(tmp_path)]) == 4
    assert capsys.readouterr().err == f"burnish: {tmp_path} cannot be written: Is a directory.\n"
    assert cli.run(["data", "lambda", str(dped), "--exclude", f"@{tmp_path}"]) == 2
    assert capsys.readouterr().err == f"burnish: {tmp_path} cannot be read: Is a directory.\n"


def test_lambda_of_a_pair_folder_is_cached(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(2):
        pair(tmp_path / "pairs", f"{n}.png", 100, 151, ("low", "high"), 8)
    call = ["data", "lambda", str(tmp_path / "pairs")]
    assert cli.run(call) == 0
    first = capsys.readouterr().out
    assert "Eq. 6, 1 + mean(L) - mean(H)     0.800000" in first and "1.510000" in first
    (kept,) = (cache / "lambda").iterdir()
    kept.write_text(kept.read_text().replace("1.51", "7.25"))  # so that its use can be seen
    assert cli.run(call) == 0
    assert "7.250000" in capsys.readouterr().out
    assert cli.run(["data", "check", str(tmp_path / "pairs")]) == 0


def test_what_is_no_data_is_said(
    tmp_path: Path, dped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong, code, said in (
        (["mend", str(dped)], 2, "choose check or lambda"),
        (["check", str(tmp_path)], 3, "neither DPED's layout nor the folders low and high"),
        (["check", str(dped), "--phone", "nokia"], 2, "no phone 'nokia'"),
        (["check", str(dped), "--part", "all"], 2, "--part is train or test"),
        (["lambda", str(dped), "--exclude", "@nowhere.txt"], 2, "nowhere.txt cannot be read"),
        (
            ["lambda", str(dped), "--exclude", "nosuch"],
            2,
            "--exclude nosuch: no photo of that name",
        ),
    ):
        assert cli.run(["data", *wrong]) == code
        assert said in capsys.readouterr().err
    (dped / "sony").mkdir()
    assert cli.run(["data", "check", str(dped)]) == 2
    assert "has iphone, sony: choose one with --phone" in capsys.readouterr().err


def test_loss_weights_are_exposed(
    dped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call: list[Any] = ["train", "nrl-dpl", "--dped", str(dped), "iphone", "--run", str(tmp_path)]
    assert cli.run([*call, "--weights", "mse=1,perceptual"]) == 2
    assert "--weights wants NAME=NUMBER" in capsys.readouterr().err
    assert cli.run([*call, "--weights", "mse=1,percept=2"]) == 2
    assert "the loss has the weights mse, perceptual" in capsys.readouterr().err
    assert cli.run(call) == 5  # no VGG in the cache
    assert "burnish weights add vgg16 FILE" in capsys.readouterr().err


def test_weights_change_those_that_are_named(
    dped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`srpie-sr-cpu` leaves out the content term, and goes on to."""
    data = ["--data", str(dped / "iphone/training_data/canon"), "--threads", "1"]

    def train(recipe: str, weights: str) -> int:
        call = ["train", recipe, *data, "--weights", weights]
        return cli.run([*call, "--bundle", str(tmp_path / recipe)])

    assert train("srpie-sr-cpu", "l1=2") == 0
    packed = json.loads((tmp_path / "srpie-sr-cpu" / "recipe.json").read_text())
    assert packed["terms"]["weights"] == {"content": 0.0, "l1": 2.0}
    capsys.readouterr()
    assert train("srpie", "percept=2") == 2 and not (tmp_path / "srpie").exists()
    assert "the loss has the weights content, tv" in capsys.readouterr().err
    assert train("nrl", "mse=2") == 2
    assert "--weights wants a loss of several terms; nrl has l1" in capsys.readouterr().err


def test_readings_of_the_loss_change_by_name(
    dped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(dped / "iphone/training_data/canon"), "--threads", "1"]

    def train(recipe: str, terms: str, *more: str) -> int:
        call = ["train", recipe, *data, "--terms", terms, *more]
        return cli.run([*call, "--bundle", str(tmp_path / recipe)])

    assert train("nrl-dpl", "scale=raw, rate=5e-4", "--weights", "perceptual=0") == 0
    packed = json.loads((tmp_path / "nrl-dpl" / "recipe.json").read_text())
    assert packed["terms"] == {"weights": {"perceptual": 0.0}, "scale": "raw", "rate": 5e-4}
    assert train("srpie-sr-cpu", "vgg=vgg19,place=mean,blur_passes=3") == 0
    packed = json.loads((tmp_path / "srpie-sr-cpu" / "recipe.json").read_text())
    forms = {"place": "mean", "blur_passes": 3}
    assert packed["terms"] == {"weights": {"content": 0.0}, "vgg": "vgg19", "forms": forms}
    for recipe, terms, said in (
        ("nrl-dpl", "scale", "--terms wants NAME=VALUE with commas between, not 'scale'."),
        ("nrl-dpl", "sclae=raw", "has no 'sclae' to choose; it has scale, level, vgg, form, rate."),
        ("nrl-dpl", "scale=std", "scale: 'std' is none of rms, raw."),
        ("nrl-dpl", "vgg=vgg11", "vgg: 'vgg11' is none of vgg16, vgg19."),
        ("nrl-dpl", "rate=0", "rate: 0.0 is no number above 0."),
        ("nrl-dpl", "rate=fast", "rate: 'fast' is no number above 0."),
        ("srpie", "blur_passes=1.5", "blur_passes: '1.5' is no whole number above 0."),
        ("srpie", "scale=raw", "has no 'scale' to choose; it has vgg, normalisation, place, tv"),
        ("nrl", "scale=raw", "--terms wants a loss of several terms; nrl has l1."),
    ):
        capsys.readouterr()
        assert train(recipe, terms) == 2
        assert said in capsys.readouterr().err


def test_weights_without_scales_are_measured_or_not_divided_by(
    dped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands of docs/paper-a.md with a made file that passes for torchvision's."""
    torch.manual_seed(0)
    file, photos = tmp_path / "vgg16-397923af.pth", tmp_path / "photos"
    torch.save(VGG("vgg16").half().state_dict(), file)
    told = ("vgg16", "torchvision", "torchvision's vgg16-397923af.pth")
    monkeypatch.setitem(vgg_files.KNOWN_FILES, sha256(file)[:8], told)
    photos.mkdir()
    Image.new("RGB", (40, 33), (90, 120, 60)).save(photos / "a.png")
    tiny = {"channels": 8, "widths": (4, 4, 4), "steps": 1}
    small = replace(paper_a.nrl_dpl(), choices=tiny, stages=(Stage(1.0, 32, 1),))
    monkeypatch.setitem(RECIPES, "nrl-dpl", lambda: small)

    def train(run: str, *more: str) -> int:
        call = ["train", "nrl-dpl", "--dped", str(dped), "iphone", "--run", str(tmp_path / run)]
        return cli.run([*call, "--budget", "1e-6", "--threads", "1", *more])

    assert cli.run(["weights", "add", "vgg16", str(file)]) == 0
    assert train("unknown") == 2
    said = "burnish weights add vgg16 FILE --photos FOLDER`, or do without them (`burnish train "
    assert said + "--terms scale=raw`)." in capsys.readouterr().err
    assert train("raw", "--terms", "scale=raw", "--weights", "perceptual=1e-5") == 0
    assert cli.run(["weights", "add", "vgg16", str(file), "--photos", str(photos)]) == 0
    capsys.readouterr()
    assert cli.run(["weights", "list"]) == 0
    assert "vgg16  torchvision, torchvision's vgg16-397923af.pth, feature scales" in (
        capsys.readouterr().out
    )
    assert train("measured") == 0


def test_full_size_photos_go_onto_a_sheet(dped: Path, model: str, tmp_path: Path) -> None:
    """DPED's whole photos have no ground truth: enhanced, and side by side on one picture."""
    folder = dped / "iphone/test_data/full_size_test_images"
    folder.mkdir()
    for n in range(2):
        pixels = np.random.default_rng(n).integers(0, 255, (40, 60, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{n}.jpg")
    out = tmp_path / "enhanced"
    assert cli.run(["enhance", str(folder), "-o", str(out), "--model", model]) == 0
    assert cli.run(["compare", str(folder), str(out), "-o", str(tmp_path / "sheet.jpg")]) == 0
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.width > 120
