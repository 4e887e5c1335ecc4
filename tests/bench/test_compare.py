"""The bootstrap against the interval that normal theory gives, and its three verdicts."""

import numpy as np
import pytest

from burnish.bench.compare import difference


def test_interval_of_one_seed_is_that_of_the_mean_over_images() -> None:
    rng = np.random.default_rng(0)
    worse = rng.normal(20, 5, (1, 400))  # images differ far more than methods do: pairing matters
    gap = rng.normal(0.3, 1.0, (1, 400))
    d = difference(worse + gap, worse)
    error = 1.96 * gap.std(ddof=1) / 20
    assert d.mean == pytest.approx(gap.mean())
    assert d.low == pytest.approx(gap.mean() - error, abs=0.015)
    assert d.high == pytest.approx(gap.mean() + error, abs=0.015)
    assert d.verdict == "holds"
    assert difference(worse, worse + gap).verdict == "does not hold"


def test_seeds_that_disagree_leave_it_undecided() -> None:
    rng = np.random.default_rng(1)
    gap = np.array([[1.0], [-0.6], [0.8]]) + rng.normal(0, 0.1, (3, 200))
    zero = np.zeros((3, 200))
    assert difference(gap, zero).verdict == "undecided"
    assert difference(gap[:1], zero[:1]).verdict == "holds"  # one seed cannot know


def test_the_same_numbers_give_the_same_interval() -> None:
    a, b = np.random.default_rng(2).normal(size=(2, 2, 30))
    assert difference(a, b) == difference(a, b)
    assert difference(a, a).verdict == "undecided"


def test_few_images_decide_nothing() -> None:
    """One image's resamples are all the same: an interval without width, above 0."""
    one = difference(np.array([[3.0]]), np.array([[1.0]]))
    assert one.low == one.high == 2 and one.verdict == one.answer == "undecided"
    four, zero = np.full((1, 4), 2.0), np.zeros((1, 4))
    assert difference(four[:, :3], zero[:, :3]).verdict == "undecided"
    assert difference(four, zero).verdict == "holds"
