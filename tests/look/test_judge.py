"""What is said of a look: of pairs without a change, without a rule, and of a better default."""

from dataclasses import replace

import numpy as np
import pytest

from burnish.look.learn import choose, learn_shots, networked
from burnish.look.options import LearnOptions
from burnish.look.shots import Shot
from look.conftest import make_photo, make_shot, s_curve


def said(shots: list[Shot]) -> str:
    return " ".join(learn_shots(shots, LearnOptions(name="x")).verdict.sentences)


def test_copies_are_called_copies() -> None:
    text = said([make_shot(n, lambda x: x) for n in range(5)])
    assert text.startswith("The finished photos hardly differ") and "copies?" in text
    assert "gain" not in text


def without_rule() -> list[Shot]:
    """Each with a tint of its own, which nothing in the photo foretells."""
    shots = []
    for n in range(8):
        tint = np.random.default_rng(n).normal(0, 0.15, 3).astype(np.float32)
        photo = make_photo(n)
        made = (photo + tint).clip(0, 1).astype(np.float32)
        shots.append(Shot.of(str(n), photo, made, np.ones(photo.shape[:2], bool)))
    return shots


def test_pairs_without_rule_are_called_inconsistent() -> None:
    text = said(without_rule())
    assert "The pairs are inconsistent: each by itself could be explained" in text
    assert "default" not in text
    assert "inconsistent" not in said([make_shot(n, s_curve) for n in range(6)])


def test_a_better_default_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the search may not take it up."""
    monkeypatch.setattr("burnish.look.learn.BASE_WORTH", 9)
    shots = [replace(s, base=s.after) for s in without_rule()]
    assert "burnish's default, which knows nothing of your pairs, came nearer: to 0.0" in said(
        shots
    )


def test_the_network_is_taken_up_where_it_is_nearer_in_the_mean() -> None:
    """It is right on five photos and far off on three: that much doubt does not speak for a look
    that is no nearer on any of them."""
    shots = [
        replace(s, base=s.after if n < 5 else s.before - 0.8 * (s.after - s.before))
        for n, s in enumerate(without_rule())
    ]
    assert networked(choose(shots, LearnOptions())[1])
    tints = np.random.default_rng(99).normal(0, 0.15, (len(shots), 3)).astype(np.float32)
    beside = [replace(s, base=s.before + tint) for s, tint in zip(shots, tints, strict=True)]
    assert not networked(choose(beside, LearnOptions())[1])
