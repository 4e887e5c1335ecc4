"""Networks that enlarge, in the same engine: any size, tiles, backends, strength, ensembles."""

import dataclasses
import inspect
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from burnish import checkpoint
from burnish.card import ModelCard
from burnish.data.bicubic import enlarge
from burnish.engine import models
from burnish.engine.backend import BackendName
from burnish.engine.enhancer import Enhancer
from burnish.engine.ensemble import Ensemble, average
from burnish.engine.export import export
from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError
from burnish.image.photo import Photo
from burnish.nets.dunet import DUNetActivation, Upsampler
from burnish.nets.guided import Combine, Members, Pair
from burnish.nets.mbfnet import HFA2, Cascade, FCAPlace, Without
from burnish.nets.penet import Transform
from burnish.nets.srpie import SRPIE, Place
from burnish.nets.zoo import build, parameter_count

TINY: dict[str, Any] = {
    "channels": 8, "msb_widths": [6, 4, 4, 4], "penet_widths": [4, 4, 6, 6, 6], "dunet_width": 36,
    "t": 1, "radius": 2,
}  # fmt: skip
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "srpie": ("srpie", TINY),
    "wide": ("srpie-wide", TINY | {"transform": "v1", "scale": 3}),
    "v2": ("srpie", TINY | {"transform": "v2"}),
    "gated": ("srpie-global", TINY),
    "imdn": ("imdn", {"channels": 16, "blocks": 2, "reduction": 4}),
}
EXPORTED = ("srpie", "gated")
# Every value of every choice, and every scale, once (with those above): as graphs they are one by
# one what `tests/nets` holds to torch.
CHOSEN: tuple[dict[str, Any], ...] = (
    {"pair": "d,b", "members": "first", "hfa_2": "last", "without": "hfa1", "fca": "before",
     "transform": "v1", "upsampler": "shuffle", "scale": 4, "cascade": "rrelu"},
    {"pair": "i,i", "without": "hfa2", "transform": "literal", "dunet_activation": "relu",
     "place": "after", "scale": 1},
    {"pair": "d,i", "hfa_2": "shallow", "transform": "v2", "dunet_activation": "rrelu", "scale": 3},
    {"combine": "cat", "transform": "none", "dilation": 1, "t": 2, "scale": 2},
    {"without": "hfa3", "gate": "tones", "wide": True, "scale": 3},
)  # fmt: skip
FORMS |= {f"chosen {i}": ("srpie", TINY | choices) for i, choices in enumerate(CHOSEN)}


def weights_of(form: str, path: Path) -> Path:
    kind, choices = FORMS[form]
    torch.manual_seed(3)
    net = build(kind, **choices)
    with torch.no_grad():  # into the range of pictures, so that clipping hides little
        x = torch.rand(1, 3, 40, 40)
        last = next(p for n, p in reversed(list(net.named_parameters())) if n.endswith("bias"))
        gain = 0.15 / net.eval()(x).std()
        for name, p in net.named_parameters():
            if name in ("upsampler.merge.weight", "upsampler.0.weight", "upsampler.conv.weight"):
                p.mul_(gain)
        last.add_(0.5 - net(x).mean())
    card = ModelCard(
        name=form, net=kind, hyperparameters=choices, task="sr",
        parameters=parameter_count(net), **net.needs(),
    )  # fmt: skip
    checkpoint.save(path, net.state_dict(), card)
    return path


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The model folder of a form: exported for `EXPORTED`, else for the torch backend only."""
    root = tmp_path_factory.mktemp("larger")

    def make(form: str) -> Path:
        folder = root / form
        if form.startswith((*EXPORTED, "chosen")) and not folder.exists():  # tracing takes seconds
            export(weights_of(form, root / f"{form}.safetensors"), folder)
        elif not folder.exists():
            weights = weights_of(form, folder / "weights.safetensors")
            (folder / "card.json").write_text(checkpoint.load_weights(weights)[1].to_json())
        return folder

    return make


def enhancer(folder: Path, backend: BackendName = "openvino", **options: Any) -> Enhancer:
    chosen = {"precision": "f32", "threads": 1, "tile": 4096} | options
    return Enhancer(EnhanceOptions(model=str(folder), backend=backend, **chosen))


def picture(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    ramp = np.linspace(0.1, 0.8, width)[None, :, None] * np.linspace(1, 0.6, height)[:, None, None]
    return np.float32((ramp + rng.normal(0, 0.1, (height, width, 3))).clip(0, 1))


@torch.no_grad()
def reference(folder: Path, pixels: np.ndarray) -> np.ndarray:
    """The whole mirrored picture at once in torch."""
    net, _ = checkpoint.load(folder / "weights.safetensors")
    h, w, s, halo = *pixels.shape[:2], net.scale, 0 if net.whole else net.halo
    pad = [(halo, halo + (-n) % net.multiple_of) for n in (h, w)]
    padded = np.pad(pixels, [*pad, (0, 0)], mode="reflect" if halo else "constant")
    x = torch.from_numpy(np.ascontiguousarray(padded.transpose(2, 0, 1)[None]))
    whole = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
    y = net(x, net.statistics(whole))[0, :, s * halo : s * (halo + h), s * halo : s * (halo + w)]
    return y.clamp(0, 1).permute(1, 2, 0).numpy()


@pytest.mark.parametrize(
    ("form", "size"),
    [("srpie", (75, 101)), ("srpie", (1, 1)), ("gated", (74, 103)), ("wide", (9, 130))],
)
def test_tiled_equals_whole_at_any_size(
    folder_of: Callable[[str], Path], form: str, size: tuple[int, int]
) -> None:
    folder, pixels = folder_of(form), picture(*size)
    expected = reference(folder, pixels)
    s = 3 if form == "wide" else 2
    assert expected.shape == (s * size[0], s * size[1], 3)
    assert np.mean((expected > 0) & (expected < 1)) > 0.8
    backends: tuple[BackendName, ...] = ("torch", "openvino", "onnx")
    for backend in backends if form in EXPORTED else backends[:1]:
        for tile in (64, 4096):
            got = enhancer(folder, backend, tile=tile).enhance_pixels(pixels)
            np.testing.assert_allclose(
                got, expected, rtol=0, atol=1e-4, err_msg=f"{backend} {tile}"
            )


def test_chosen_forms_hold_every_choice() -> None:
    for key, choice in (
        ("pair", Pair), ("combine", Combine), ("members", Members), ("hfa_2", HFA2),
        ("without", Without), ("fca", FCAPlace), ("transform", Transform), ("place", Place),
        ("upsampler", Upsampler), ("dunet_activation", DUNetActivation), ("cascade", Cascade),
    ):  # fmt: skip
        default = inspect.signature(SRPIE).parameters[key].default
        assert {c.get(key, default) for c in CHOSEN} | {default} == set(get_args(choice))
    assert {c["scale"] for c in CHOSEN} == {1, 2, 3, 4}


@pytest.mark.parametrize("number", range(len(CHOSEN)))
def test_every_choice_is_a_graph_that_runs_in_tiles(
    folder_of: Callable[[str], Path], number: int
) -> None:
    folder, pixels = folder_of(f"chosen {number}"), picture(83, 110)
    expected, s = reference(folder, pixels), CHOSEN[number]["scale"]
    assert expected.shape == (83 * s, 110 * s, 3)
    assert np.mean((expected > 0) & (expected < 1)) > 0.8
    for tile in (64, 4096):
        made = enhancer(folder, tile=tile)
        got = made.enhance_pixels(pixels)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4, err_msg=f"tile {tile}")
        assert made.network is not None
        whole = CHOSEN[number].get("transform") == "v2" or tile > 110
        assert (len(list(made.network.plan(83, 110))) == 1) == whole


@pytest.mark.parametrize("form", ["v2", "imdn"])
def test_what_needs_the_whole_picture_gets_it(folder_of: Callable[[str], Path], form: str) -> None:
    folder, pixels = folder_of(form), picture(100, 91)
    got = enhancer(folder, "torch", tile=64).enhance_pixels(pixels)
    np.testing.assert_allclose(got, reference(folder, pixels), rtol=0, atol=2e-4)


@torch.no_grad()
def test_strength_of_a_gated_network_is_for_the_retouch(folder_of: Callable[[str], Path]) -> None:
    """The photo is enlarged by the network whatever the strength; its share is what grows."""
    folder, pixels = folder_of("gated"), picture(90, 101)
    net, _ = checkpoint.load(folder / "weights.safetensors")
    x = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
    condition = net.condition(net.statistics(x))
    edge = 2 * net.halo
    assert edge < 80 and condition[0, -1] > 0.5
    inside = np.s_[edge:-edge, edge:-edge]
    pixels_at = {}
    for strength in (0.0, 0.4, 1.0):
        told = condition.clone()
        told[:, -1] *= strength
        expected = net.enhance(x, told)[0].permute(1, 2, 0).clamp(0, 1).numpy()
        pixels_at[strength] = enhancer(folder, strength=strength).enhance_pixels(pixels)
        np.testing.assert_allclose(pixels_at[strength][inside], expected[inside], atol=1e-4, rtol=0)
    retouch = np.abs(pixels_at[1.0] - pixels_at[0.0])
    assert retouch.mean() > 1e-3
    assert np.abs(pixels_at[0.0] - enlarge(pixels, 2).clip(0, 1)).mean() > 1e-3


def test_white_stays_white_where_a_network_retouches_and_enlarges(
    folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    sr, both = folder_of("srpie"), tmp_path / "both"
    shutil.copytree(sr, both)
    card = ModelCard.from_json((sr / "card.json").read_text())
    (both / "card.json").write_text(dataclasses.replace(card, task="enhance").to_json())
    pixels = picture(70, 90)
    pixels[20:50, 20:60] = 1
    pixels[20:50, 40:60, 2] = 0.9  # a colour, not white
    free, held = (enhancer(f, tile=96).enhance_pixels(pixels) for f in (sr, both))
    assert free[50:90, 50:70].mean() < 0.99
    assert held[50:90, 50:70].min() > 1 - 1e-6
    assert (held >= free).all()
    dark = np.s_[:30], np.s_[:, 140:], np.s_[46:94, 90:114]
    assert all(np.array_equal(held[where], free[where]) for where in dark)


def test_strength_goes_from_bicubic(folder_of: Callable[[str], Path]) -> None:
    folder = folder_of("srpie")
    rgba = np.random.default_rng(1).integers(60, 190, (70, 90, 4), np.uint8)
    photo = Photo.from_array(rgba)
    full, none = (enhancer(folder, strength=s, tile=96)(photo) for s in (1.0, 0.0))
    assert full.pixels.shape == (140, 180, 3)
    assert full.alpha is not None and full.alpha.shape == (140, 180)
    inside = np.s_[4:-4, 4:-4]  # beyond the border tiles mirror, the enlargement repeats
    plain = enlarge(photo.pixels, 2).clip(0, 1)
    np.testing.assert_allclose(none.pixels[inside], plain[inside], rtol=0, atol=1e-6)
    half = enhancer(folder, strength=0.5, tile=96)(photo).pixels
    clear = (half > 0) & (half < 1) & (full.pixels > 0) & (full.pixels < 1)
    assert clear.mean() > 0.8
    middle = (plain + full.pixels) / 2
    gap = np.where(clear, half - middle, 0)[inside]
    assert np.abs(gap).max() < 1e-5


@pytest.mark.parametrize(("kind", "count"), [("none", 1), ("4", 4), ("8", 8)])
def test_an_ensemble_is_the_mean_of_its_turns(kind: Ensemble, count: int) -> None:
    """Against numpy's own flips, with a function that treats rows, columns and places unlike."""
    x = np.random.default_rng(0).random((1, 3, 5, 7), np.float32)
    seen = []

    def run(v: np.ndarray) -> np.ndarray:
        seen.append(v.copy())
        steps = np.arange(v.shape[3]) + 10 * np.arange(v.shape[2])[:, None]
        return (v * steps).repeat(2, 2).repeat(2, 3).astype(np.float32)

    got = average(run, x, kind)
    assert len({v.tobytes() + bytes(v.shape) for v in seen}) == len(seen) == count
    turns: list[tuple[Callable[..., Any], Callable[..., Any]]] = []
    for flip in ((), (2,), (3,), (2, 3)):
        turns.append((lambda v, f=flip: np.flip(v, f), lambda v, f=flip: np.flip(v, f)))
        if kind == "8":
            turns.append(
                (
                    lambda v, f=flip: np.flip(v, f).swapaxes(2, 3),
                    lambda v, f=flip: np.flip(v.swapaxes(2, 3), f),
                )
            )
    chosen = turns if kind != "none" else turns[:1]
    expected = np.mean([back(run(np.ascontiguousarray(to(x)))) for to, back in chosen], axis=0)
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    assert got.shape == (1, 3, 10, 14) and got.dtype == np.float32


def test_an_ensemble_of_a_photo_in_tiles(folder_of: Callable[[str], Path]) -> None:
    """The paper's mean over the whole flipped photo; its sizes fall on PENet's grid of 8."""
    folder, pixels = folder_of("srpie"), picture(64, 88)
    single = enhancer(folder, "torch")
    flips = [np.s_[:, :], np.s_[::-1, :], np.s_[:, ::-1], np.s_[::-1, ::-1]]
    apart = [single.enhance_pixels(np.ascontiguousarray(pixels[f]))[f] for f in flips]
    expected = np.mean(apart, axis=0)
    got = enhancer(folder, "torch", ensemble="4", tile=96).enhance_pixels(pixels)
    clear = ((np.array(apart) > 0) & (np.array(apart) < 1)).all(axis=0)  # the mean clips but once
    assert clear.mean() > 0.6
    np.testing.assert_allclose(got[clear], expected[clear], rtol=0, atol=1e-4)
    assert np.abs(got - apart[0])[clear].mean() > 1e-3


def card_in(folder: Path, **facts: Any) -> None:
    folder.mkdir(parents=True)
    card = dataclasses.replace(ModelCard(folder.name, "srpie", halo=40), **facts)
    (folder / "card.json").write_text(card.to_json())


def test_task_and_scale_choose_by_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is missing for a new kind of model is its folder among those that ship."""
    monkeypatch.setattr(models, "_wheel", lambda: tmp_path)
    card_in(tmp_path / models.DEFAULT)
    with pytest.raises(OptionError, match=r"only enlarges by 2 ships .*--model FOLDER"):
        models.choose("auto", "sr", 0)
    with pytest.raises(OptionError, match=r"enhances and enlarges by 2 ships .*--scale 2"):
        models.choose("auto", "enhance", 2)
    card_in(tmp_path / "srpie", scale=2)
    card_in(tmp_path / "srpie-sr", scale=2, task="sr")
    for scale, name in ((0, models.DEFAULT), (1, models.DEFAULT), (2, "srpie")):
        assert models.choose("auto", "enhance", scale).card.name == name
    for scale in (0, 2):
        assert models.choose("auto", "sr", scale).card.name == "srpie-sr"
    assert (
        EnhanceOptions(task="sr").model == "srpie-sr" and EnhanceOptions().model == models.DEFAULT
    )
    assert EnhanceOptions(scale=2).model == "srpie"
    with pytest.raises(OptionError, match="enlarges by 3"):
        models.choose("auto", "sr", 3)
    assert models.choose("srpie", "enhance", 0).card.scale == 2  # a name says it all
    with pytest.raises(OptionError, match="has scale 1, not 2"):
        models.choose(models.DEFAULT, "enhance", 2)
    with pytest.raises(OptionError, match="not for --task sr"):
        models.choose("srpie", "sr", 2)


def test_cards_from_before_are_read() -> None:
    old = json.loads(ModelCard("nrl", "nrl", halo=9).to_json())
    del old["task"], old["whole"]
    card = ModelCard.from_json(json.dumps(old))
    assert (card.task, card.whole) == ("enhance", False)


def test_options_are_checked() -> None:
    for wrong in ({"task": "draw"}, {"ensemble": "5"}, {"scale": 7}, {"scale": -1}):
        with pytest.raises(OptionError, match=f"{next(iter(wrong))} must be"):
            EnhanceOptions(**wrong)  # type: ignore[arg-type]
