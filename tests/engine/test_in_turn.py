"""Two networks in turn: --scale 2 as long as no model retouches and enlarges at once."""

import copy
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.batch.recipe import recipe_for
from burnish.batch.series import alike, look_of
from burnish.bench import speed
from burnish.card import ModelCard
from burnish.engine import fast, models
from burnish.engine import look as looks
from burnish.engine.chosen import chosen
from burnish.engine.enhancer import Enhancer
from burnish.engine.look_card import LookCard
from burnish.engine.look_facts import Facts
from burnish.engine.network import Network
from burnish.engine.options import EnhanceOptions
from burnish.errors import InputError, OptionError
from burnish.image.photo import Photo, Source
from burnish.metrics import psnr

PAIR = f"{models.DEFAULT}+srpie-sr"


def enhancer(**options: Any) -> Enhancer:
    chosen = {"precision": "f32", "threads": 1, "tile": 128, "backend": "onnx"} | options
    return Enhancer(EnhanceOptions(**chosen))


def like(loaded: Enhancer, **options: Any) -> Enhancer:
    """The same loaded networks with other options, as the service has them."""
    other = copy.copy(loaded)
    other.options = dataclasses.replace(loaded.options, **options)
    return other


@pytest.fixture(scope="module")
def both() -> Enhancer:
    return enhancer(model=PAIR)


@pytest.fixture(scope="module")
def enlarge() -> Enhancer:
    return enhancer(task="sr")


@pytest.fixture(scope="module")
def retouch() -> Enhancer:
    return enhancer()


def picture(height: int = 40, width: int = 46) -> np.ndarray:
    """Dull and dark, so that there is something to retouch."""
    rng = np.random.default_rng(0)
    ramp = (
        np.linspace(0.15, 0.45, width)[None, :, None] * np.linspace(1, 0.6, height)[:, None, None]
    )
    coarse = rng.random((-(-height // 9), -(-width // 9), 3)).repeat(9, 0).repeat(9, 1)
    return np.float32((ramp + 0.15 * coarse[:height, :width]).clip(0, 1))


def test_it_is_the_two_steps_by_hand(both: Enhancer, retouch: Enhancer, enlarge: Enhancer) -> None:
    assert both.name == both.model.card.name == PAIR and both.scale == 2
    pixels = picture()
    retouched = retouch.enhance_pixels(pixels)
    by_hand = enlarge.enhance_pixels(retouched)
    got = both.enhance_pixels(pixels)
    assert got.shape == (80, 92, 3) and got.dtype == np.float32
    np.testing.assert_array_equal(got, by_hand)
    assert np.abs(retouched - pixels).mean() > 0.02  # either step does something
    assert psnr(got, retouched.repeat(2, 0).repeat(2, 1)) < 45


def test_photos_keep_what_they_carry_and_progress_rises(both: Enhancer) -> None:
    rgba = np.dstack([picture(100, 40), np.linspace(0, 1, 4000, dtype=np.float32).reshape(100, 40)])
    photo = Photo.from_array(rgba)
    photo = dataclasses.replace(photo, source=Source(exif=b"II*\0mine", icc=b"profile"))
    shares: list[float] = []
    better = both(photo, shares.append)
    assert better.source == photo.source
    assert better.alpha is not None and better.alpha.shape == (200, 80)
    assert better.alpha[0, 0] < 0.05 and better.alpha[-1, -1] > 0.95
    assert len(shares) >= 4 and shares == sorted(shares) and shares[-1] == 1
    grey = Photo.from_array(np.repeat(picture()[..., :1], 3, axis=2))
    assert both(grey).is_grey


def test_it_can_be_cancelled_in_either_step(both: Enhancer) -> None:
    for limit in (0.1, 0.6):
        seen: list[float] = []

        def stop(share: float, limit: float = limit, seen: list[float] = seen) -> None:
            seen.append(share)
            if share > limit:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            both.enhance_pixels(picture(60, 100), stop)
        assert limit < seen[-1] < 1


def test_strength_is_for_the_retouch_alone(
    both: Enhancer, enlarge: Enhancer, retouch: Enhancer
) -> None:
    pixels = picture()
    none = like(both, strength=0.0)
    np.testing.assert_array_equal(none.enhance_pixels(pixels), enlarge.enhance_pixels(pixels))
    assert none(Photo(pixels)).pixels.shape == (80, 92, 3)
    locked = alike(none, look_of(Photo(pixels), none))(Photo(pixels), lambda share: None)
    assert locked.pixels.shape == (80, 92, 3)
    lit = pixels + np.float32(0.02)  # of which the retouch clips nothing
    half = like(both, strength=0.5).enhance_pixels(lit)
    retouched = retouch.enhance_pixels(lit)
    assert retouched.min() > 0 and retouched.max() < 1
    mixed = lit + np.float32(0.5) * (retouched - lit)
    np.testing.assert_allclose(half, enlarge.enhance_pixels(mixed), rtol=0, atol=1e-4)


def test_fast_mode_is_for_the_retouch_alone(
    both: Enhancer, retouch: Enhancer, enlarge: Enhancer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "LARGEST", 500)
    photo = Photo(picture())
    better = like(both, mode="fast")(photo)
    assert better.source.notes == ("Enlarging has no fast mode and took its time.",)
    retouched = like(retouch, mode="fast").enhance_pixels(photo.pixels)
    np.testing.assert_array_equal(better.pixels, enlarge.enhance_pixels(retouched))
    note = like(both, mode="auto", budget=0.0)(photo).source.notes[-1]
    assert note.startswith("Fast mode was used") and "Enlarging has no fast mode" in note


def test_an_ensemble_is_of_either_step(both: Enhancer) -> None:
    """Each step is the mean of its own four flips, clipped after it and not before."""
    pixels = picture(40, 48)  # on the second network's grid of 8
    got = enhancer(model=PAIR, ensemble="4").enhance_pixels(pixels)

    def each(network: Network | None, x: np.ndarray, condition: np.ndarray) -> np.ndarray:
        assert network
        flips = [np.s_[:, :], np.s_[::-1, :], np.s_[:, ::-1], np.s_[::-1, ::-1]]
        return np.stack([network.enhance(np.ascontiguousarray(x[f]), condition)[f] for f in flips])

    first = each(both.network, pixels, both.condition(pixels)).mean(axis=0)
    flips = each(both.enlarger, first, np.zeros((1, 0), np.float32))
    whole = (flips.min(axis=0) > 0) & (flips.max(axis=0) < 1)
    assert whole.mean() > 0.9
    np.testing.assert_allclose(got[whole], flips.mean(axis=0)[whole], rtol=0, atol=1e-3)
    assert np.abs(got - both.enhance_pixels(pixels)).max() > 5e-3


def test_a_series_has_one_look_and_is_enlarged(
    both: Enhancer, retouch: Enhancer, enlarge: Enhancer
) -> None:
    pixels, other = picture(), picture()[::-1] * np.float32(1.3)
    got = alike(both, look_of(Photo(other), both))(Photo(pixels), lambda share: None).pixels
    alone = alike(retouch, look_of(Photo(other), retouch))(Photo(pixels), lambda share: None).pixels
    np.testing.assert_array_equal(got, enlarge.enhance_pixels(alone))
    assert np.abs(got - both.enhance_pixels(pixels)).max() > 1e-3


@pytest.mark.parametrize("base", ["", models.DEFAULT])
def test_a_look_takes_the_place_of_what_retouches(
    base: str, retouch: Enhancer, enlarge: Enhancer, tmp_path: Path
) -> None:
    facts = Facts.of(picture())
    s = facts.statistics()
    weights = {"network": np.eye(3, dtype=np.float32)} if base else {}
    part = looks.Part(weights, facts.vector, facts.vector, np.stack([s, s * 0 + 1, s - 1, s + 1]))
    digest = looks.model_hash(models.find(base)) if base else ""
    card = LookCard("mine", base=base, base_hash=digest, pairs=5)
    path = tmp_path / "mine.look"
    looks.Look((part,), card).save(path)
    pixels = picture()
    loaded = retouch if base else None
    network = loaded.enhance_pixels(pixels) if loaded else None
    alone = looks.load(path).apply(pixels, network)
    with_look = enhancer(look=str(path), scale=2)
    assert with_look.name == "mine+srpie-sr" and with_look.scale == 2
    got = with_look.enhance_pixels(pixels)
    np.testing.assert_array_equal(got, enlarge.enhance_pixels(alone))
    assert bool(with_look.network) == bool(base)
    for asked in ({"task": "sr"}, {"model": PAIR}):
        found = chosen(EnhanceOptions(look=str(path), **asked))
        assert found.name == "mine+srpie-sr" and bool(found.first) == bool(base)
    with pytest.raises(OptionError, match="cannot enlarge what a look has made"):
        enhancer(look=str(path), model=str(double(tmp_path)), scale=2)
    with pytest.raises(OptionError, match="cannot enlarge what a look has made"):
        enhancer(look=str(path), model=str(tmp_path / "joint"))


def double(root: Path, **facts: Any) -> Path:
    """A folder of a joint model, as far as choosing goes."""
    card = dataclasses.replace(ModelCard("joint", "srpie", halo=40, scale=2), **facts)
    (root / card.name).mkdir()
    (root / card.name / "card.json").write_text(card.to_json())
    return root / card.name


def test_a_joint_model_that_ships_is_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert EnhanceOptions(scale=2).model == "srpie"
    assert models.offered() == ["tone", "nrl", "nrl-dpl", "srpie", "srpie-sr"]
    monkeypatch.setattr(models, "_wheel", lambda: tmp_path)
    for name, facts in ((models.DEFAULT, {"scale": 1}), ("srpie-sr", {"task": "sr"})):
        double(tmp_path, name=name, **facts)
    assert EnhanceOptions(scale=2).model == PAIR
    assert models.offered() == [models.DEFAULT, PAIR, "srpie-sr"]
    double(tmp_path, name="joint")
    assert EnhanceOptions(scale=2).model == "joint"
    assert EnhanceOptions(scale=2, look="mine.look").model == PAIR
    assert models.offered() == [models.DEFAULT, "joint", "srpie-sr"]
    assert chosen(EnhanceOptions(model=PAIR)).name == PAIR  # by name it stays


def test_the_pair_says_what_it_is() -> None:
    name = models.DEFAULT
    pair, first, second = models.find(PAIR), models.find(name), models.find("srpie-sr")
    assert pair.steps == (first, second)
    a, b, c = first.card, second.card, pair.card
    assert (c.scale, c.halo, c.multiple_of) == (2, a.halo + b.halo, 8)
    assert c.parameters == a.parameters + b.parameters and c.tones == a.tones
    assert models.anywhere(PAIR) == PAIR
    assert models.anywhere(name) == name
    path = str(second.folder)
    assert models.find(f"{first.folder}+{path}").card == c
    one, two, alone = (
        recipe_for(EnhanceOptions(model=asked), models.find(asked)).hash
        for asked in (PAIR, f"{name}+{path}", name)
    )
    assert one == two != alone
    with pytest.raises(OptionError, match="two models"):
        models.record_scores(pair, {"x": 1})


def test_what_makes_no_pair_is_refused(tmp_path: Path) -> None:
    for name in ("srpie-sr+nrl", "nrl+nrl", "srpie-sr+srpie-sr", f"{PAIR}+srpie-sr"):
        with pytest.raises(OptionError, match="the first of two has to retouch"):
            models.find(name)
    with pytest.raises(OptionError, match="There is no model 'nowhere'"):
        models.find("nrl+nowhere")
    judging = double(tmp_path, task="sr", moments=3)
    with pytest.raises(OptionError, match="judges the whole photo"):
        models.find(f"nrl+{judging}")
    with pytest.raises(OptionError, match=r"has scale 1, not 2\. .*--model nrl\+srpie-sr"):
        enhancer(model="nrl", scale=2)
    with pytest.raises(OptionError, match="not for --task sr"):
        enhancer(model=PAIR, task="sr")


def test_what_would_become_too_large_is_refused(
    both: Enhancer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("burnish.engine.enhancer.MAX_PIXELS", 7_000)
    photo = Photo(picture(), source=Source(path=Path("in/large.jpg")))
    with pytest.raises(InputError, match=r"large\.jpg would have 0 megapixels at 2 times its size"):
        both(photo)


def test_where_one_network_is_wanted() -> None:
    with pytest.raises(OptionError, match="two networks: measure one at a time"):
        speed.measure(PAIR, 32, 1, 1)
