"""What is said of a look: of pairs without a change, without a rule, and of a better default."""

from dataclasses import replace

import numpy as np
import pytest

from burnish.look.learn import learn_shots
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
