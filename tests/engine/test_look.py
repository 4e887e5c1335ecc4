"""Looks in the engine: whole photos, files, blends, and what they must not load."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import burnish
from burnish import EnhanceOptions, Enhancer
from burnish.engine import look as looks
from burnish.engine.look_card import LookCard
from burnish.engine.look_facts import LENGTH, STATISTICS, Facts
from burnish.engine.look_features import (
    ADAPTIVE,
    GROUPS,
    NETWORKED,
    TABLED,
    Strip,
    looked_up,
    tabled,
)
from burnish.engine.look_form import form
from burnish.engine.look_maps import Maps, blur, box, enlarge, guide
from burnish.engine.models import find
from burnish.errors import ModelError, OptionError
from burnish.image.photo import Photo

RNG = np.random.default_rng(0)
PIXELS = RNG.random((50, 70, 3), np.float32)
SRC = Path(__file__).resolve().parents[2] / "src"


def part(seed: int, groups: tuple[str, ...] = tuple(GROUPS)) -> looks.Part:
    """Small random weights for these groups, of the right forms."""
    rng = np.random.default_rng(seed)
    facts = Facts.of(PIXELS)
    n = 4
    strip = Strip(
        PIXELS[0, :n], np.zeros(n, np.float32), np.zeros((n, 5), np.float32), facts, facts
    )
    strip = dataclasses.replace(strip, base=strip.x)
    weights = {}
    for group in groups:
        size = GROUPS[group](strip).shape[1]
        form = (size, STATISTICS, 3) if group == ADAPTIVE else (size, 3)
        weights[group] = (0.02 * rng.standard_normal(form)).astype(np.float32)
    s = facts.statistics()
    return looks.Part(weights, facts.vector, facts.vector, np.stack([s, s * 0 + 1, s - 1, s + 1]))


LOCAL = tuple(g for g in GROUPS if g not in NETWORKED)


def look(seed: int = 1, groups: tuple[str, ...] = LOCAL, **facts: object) -> looks.Look:
    return looks.Look((part(seed, groups),), LookCard(**{"name": f"look {seed}", **facts}))


def test_strips_of_any_height_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = look().apply(PIXELS)
    assert whole.dtype == np.float32 and np.abs(whole - PIXELS).max() > 0.01
    monkeypatch.setattr("burnish.image.photo.STRIP_PIXELS", 200)
    assert np.abs(look().apply(PIXELS) - whole).max() < 1e-6


def test_what_depends_on_size_is_only_detail() -> None:
    """A photo twice as large gets the same change: statistics, place and surroundings scale."""
    small = np.stack([blur(c, 4) for c in np.moveaxis(RNG.random((200, 240, 3), np.float32), 2, 0)])
    small = np.ascontiguousarray(np.clip((np.moveaxis(small, 0, 2) - 0.5) * 6 + 0.5, 0, 1))
    large = enlarge(small, slice(0, 400), 400, 480)
    one, other = look().apply(small), look().apply(large)
    halved = other.reshape(200, 2, 240, 2, 3).mean(axis=(1, 3))
    assert np.abs(one - small).mean() > 0.01
    assert np.abs(halved - one).mean() < 0.002


def test_tables_do_what_the_features_say() -> None:
    one, facts = part(3), Facts.of(PIXELS)
    target = Facts.of(PIXELS**2)
    n = PIXELS.reshape(-1, 3)
    strip = Strip(n, np.zeros(len(n), np.float32), np.zeros((len(n), 5), np.float32), facts, target)
    wanted = sum(GROUPS[g](strip) @ one.weights[g] for g in TABLED)
    tables = tabled(one.weights, facts, target)
    assert np.abs(wanted).max() > 0.02
    assert np.abs(looked_up(strip, tables) - wanted).max() < 1e-4


def test_saved_and_loaded(tmp_path: Path) -> None:
    card = {"pairs": 7, "licence": "mine", "scores": {"held out": {}}}
    mine = look(1, **card)
    mine.save(tmp_path / "a.look")
    again = looks.load(tmp_path / "a.look")
    assert again.card == mine.card
    assert np.abs(again.apply(PIXELS) - mine.apply(PIXELS)).max() < 1e-6
    assert (tmp_path / "a.look").stat().st_size < 300_000
    assert list(tmp_path.iterdir()) == [tmp_path / "a.look"]


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "a.look"
    with pytest.raises(OptionError, match="no look at"):
        looks.load(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="cannot be read"):
        looks.load(path)
    save_file({"x": np.zeros(2)}, path)
    with pytest.raises(ModelError, match="not a look"):
        looks.load(path)
    header = {looks.CARD_KEY: LookCard("x").to_json()}
    save_file({"x": np.zeros(2)}, path, metadata=header)
    with pytest.raises(ModelError, match="damaged"):
        looks.load(path)
    save_file(
        {"x": np.zeros(2)}, path, metadata={looks.CARD_KEY: LookCard("x", format=99).to_json()}
    )
    with pytest.raises(ModelError, match="format 99"):
        looks.load(path)


@pytest.mark.parametrize(
    ("weights", "vectors", "card", "says"),
    [
        ({"linear": np.zeros((5, 3), "f4")}, {}, {}, "'?linear"),
        ({"linear": np.zeros((4, 2), "f4")}, {}, {}, "'?linear"),
        ({"linear": np.zeros((4, 3), "i4")}, {}, {}, "'?linear"),
        ({"linear": np.full((4, 3), np.nan, "f4")}, {}, {}, "'?linear"),
        ({"tones": np.zeros((35, 3), "f4")}, {}, {}, "'?tones"),
        ({"sparkle": np.zeros((3, 3), "f4")}, {}, {}, "'?sparkle"),
        ({}, {"target": np.full(LENGTH, np.inf)}, {}, "'?target"),
        ({"network": np.eye(3, dtype="f4")}, {}, {}, "its card names none"),
        ({}, {}, {"shares": ("a",)}, "'shares'"),
        ({}, {}, {"shares": ()}, "'shares'"),
        ({}, {}, {"shares": (float("nan"),)}, "'shares'"),
        ({}, {}, {"base": 3}, "'base'"),
        ({}, {}, {"scores": "good"}, "'scores'"),
        ({}, {}, {"sparkle": 1}, "sparkle"),
    ],
)
def test_damaged_parts_and_cards(
    weights: dict[str, np.ndarray],
    vectors: dict[str, np.ndarray],
    card: dict[str, object],
    says: str,
    tmp_path: Path,
) -> None:
    good = part(1, ("linear", "tones"))
    bad = dataclasses.replace(good, weights={**good.weights, **weights}, **vectors)
    text = json.dumps(dataclasses.asdict(LookCard("x")) | card)
    named = {f"0.weights.{k}": v for k, v in bad.weights.items()}
    named |= {f"0.{k}": getattr(bad, k) for k in ("target", "typical", "statistics")}
    save_file(named, tmp_path / "a.look", metadata={looks.CARD_KEY: text})
    with pytest.raises(ModelError, match=says) as caught:
        looks.load(tmp_path / "a.look")
    assert "\n" not in str(caught.value)


def test_numbers_that_numpy_has_not(tmp_path: Path) -> None:
    """Or that it has only where another library brings them."""
    header = json.dumps({"x": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    for text, says in ((header, "but not a look"), (_with_card(header), "cannot be read|damaged")):
        (tmp_path / "a.look").write_bytes(len(text).to_bytes(8, "little") + text + b"\0\0")
        with pytest.raises(ModelError, match=says):
            looks.load(tmp_path / "a.look")


def _with_card(header: bytes) -> bytes:
    metadata = {"__metadata__": {looks.CARD_KEY: LookCard("x").to_json()}}
    return json.dumps(json.loads(header) | metadata).encode()


def test_widths_are_those_of_the_features() -> None:
    assert {g: w.shape for g, w in part(1).weights.items()} == {g: form(g) for g in GROUPS}


def test_a_blend_lies_between() -> None:
    a, b = look(1), look(2)
    half = looks.blend([a, b], [0.5, 0.5], "half")
    assert half.card.options == {"blend of": ["look 1", "look 2"]}
    between = (a.apply(PIXELS) + b.apply(PIXELS)) / 2
    assert np.abs(half.apply(PIXELS) - between).max() < 1e-5
    assert np.abs(looks.blend([a, b], [1, 0], "a").apply(PIXELS) - a.apply(PIXELS)).max() < 1e-6
    with pytest.raises(OptionError, match="different base networks"):
        looks.blend([look(1, base="a"), look(2, base="b")], [0.5, 0.5], "x")


def test_enhancer_with_a_look(tmp_path: Path) -> None:
    mine = look()
    mine.save(tmp_path / "a.look")
    photo = Photo.from_array(PIXELS)
    full = Enhancer(EnhanceOptions(look=str(tmp_path / "a.look")))
    assert np.abs(full(photo).pixels - mine.apply(PIXELS)).max() < 1e-6
    half = Enhancer(EnhanceOptions(look=str(tmp_path / "a.look"), strength=0.5))
    raw = PIXELS + 0.5 * (mine.apply(PIXELS) - PIXELS)
    assert np.abs(half(photo).pixels - raw).max() < 1e-6
    grey = Photo.from_array(np.repeat(PIXELS[..., :1], 3, axis=2))
    assert full(grey).is_grey


def test_at_strength_0_the_pixels_are_the_photos(tmp_path: Path) -> None:
    look().save(tmp_path / "a.look")
    enhance = Enhancer(EnhanceOptions(look=str(tmp_path / "a.look"), strength=0))
    grey = np.repeat(PIXELS[..., :1], 3, axis=2)
    got = enhance.enhance_pixels(grey, grey=True)
    assert np.array_equal(got, grey) and not np.shares_memory(got, grey)


def test_a_look_that_was_learned_anew_is_loaded_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.look"
    for seed in (1, 2):
        look(seed).save(path)
        os.utime(path, ns=(seed, seed))
        got = burnish.enhance(PIXELS, look=str(path))
        assert np.abs(got - look(seed).apply(PIXELS)).max() < 1e-6


def test_judged_by_another_photo(tmp_path: Path) -> None:
    look().save(tmp_path / "a.look")
    enhance = Enhancer(EnhanceOptions(look=str(tmp_path / "a.look")))
    darker = PIXELS * 0.5
    by_other = enhance.enhance_pixels(PIXELS, condition=enhance.condition(darker))
    assert enhance.condition(darker).shape == (1, LENGTH)
    assert np.abs(by_other - enhance.enhance_pixels(PIXELS)).max() > 0.01
    wanted = look().apply(PIXELS, facts=Facts.of(darker).vector)
    assert np.abs(by_other - wanted).max() < 1e-6


def test_on_a_base_network(model: Path, tmp_path: Path) -> None:
    card = {"base": str(model), "base_hash": looks.model_hash(find(str(model)))}
    based = look(1, ("network",), **card)
    based.save(tmp_path / "a.look")
    plain = Enhancer(EnhanceOptions(model=str(model))).enhance_pixels(PIXELS)
    got = Enhancer(EnhanceOptions(look=str(tmp_path / "a.look"))).enhance_pixels(PIXELS)
    wanted = PIXELS + (plain - PIXELS) @ based.parts[0].weights["network"]
    assert np.abs(got - wanted.clip(0, 1)).max() < 1e-5
    look(1, ("network",), **(card | {"base_hash": "x"})).save(tmp_path / "b.look")
    with pytest.raises(ModelError, match="another version"):
        Enhancer(EnhanceOptions(look=str(tmp_path / "b.look")))


def test_a_base_that_does_not_ship_is_named(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`burnish learn --base FOLDER` leaves the card's name, which finds nothing."""
    monkeypatch.chdir(tmp_path)
    card = {"base": "tiny", "base_hash": looks.model_hash(find(str(model)))}
    look(1, ("network",), **card).save(tmp_path / "a.look")
    path = str(tmp_path / "a.look")
    got = Enhancer(EnhanceOptions(look=path, model=str(model)))
    assert got.network and got.network.card.name == "tiny"
    for other in ({}, {"model": "nrl"}):
        with pytest.raises(ModelError, match="'tiny', which does not ship: name its folder"):
            Enhancer(EnhanceOptions(look=path, **other))
    larger = Enhancer(EnhanceOptions(look=path, model=f"{model}+srpie-sr", scale=2))
    assert larger.network and larger.network.card.name == "tiny" and larger.scale == 2


def test_a_look_of_its_own_loads_no_network(tmp_path: Path) -> None:
    look().save(tmp_path / "a.look")
    code = (
        "import sys, numpy as np, burnish\n"
        f"e = burnish.Enhancer(burnish.EnhanceOptions(look={str(tmp_path / 'a.look')!r}))\n"
        "e.enhance_pixels(np.zeros((9, 9, 3), np.float32))\n"
        "print(*({'torch', 'openvino', 'scipy'} & sys.modules.keys()))"
    )
    env = os.environ | {"PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_maps_against_plain_loops() -> None:
    a = PIXELS[..., 0]
    y, x, r = 3, 60, 5
    window = a[max(0, y - r) : y + r + 1, max(0, x - r) : x + r + 1]
    assert box(a, r)[y, x] == pytest.approx(window.mean(), abs=1e-6)
    spike = np.zeros((81, 81), np.float32)
    spike[40, 40] = 1
    at = np.arange(81) - 40
    assert np.sqrt((blur(spike, 5.0).sum(0) * at**2).sum()) == pytest.approx(5.0, rel=0.12)
    g, o = guide(a, 4, 1e-9)
    assert np.abs(g * a + o - a).max() < 1e-3  # without a threshold every edge stays
    flat = Maps.of(np.full((20, 30, 3), 0.4, np.float32)).rows(slice(5, 9), 20, 30)
    assert flat.shape == (4, 30, 5) and np.abs(flat[..., :3] - 0.4).max() < 1e-6
