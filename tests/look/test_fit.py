"""The fit finds looks it should find, on photos it has not seen, and leaves out what is no use."""

from dataclasses import replace

import numpy as np
import pytest
from skimage.color import rgb2lab

from burnish.engine.look_maps import blur
from burnish.engine.luma import LUMA
from burnish.look.baselines import Method, table
from burnish.look.fit import predict, weights
from burnish.look.folds import STARTS, Folds, mixed, search
from burnish.look.judge import learned
from burnish.look.moments import DIFFERENCE, OFF, Moments, Penalties
from burnish.look.shots import Shot, edited
from look.conftest import Change, make_photo, make_shot, s_curve


def falloff(x: np.ndarray) -> np.ndarray:
    v, u = np.ogrid[-1 : 1 : x.shape[0] * 1j, -1 : 1 : x.shape[1] * 1j]
    return x * (1 + 0.25 * (u * u + v * v))[..., None]


def clarity(x: np.ndarray) -> np.ndarray:
    luma = (x @ LUMA).astype(np.float32)
    return x + 0.8 * (luma - blur(luma, 4.0))[..., None]


def to_brightness(x: np.ndarray) -> np.ndarray:
    """One gamma for each photo, so that its mean becomes 0.5: what a fixed curve cannot do."""
    low, high = 0.1, 5.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if (x**middle).mean() > 0.5 else (low, middle)
    return x**low


def left(method: Method, test: list[Shot]) -> float:
    """RMS error relative to doing nothing."""
    errors = np.mean([((method(s) - s.after) ** 2).mean() for s in test])
    return float(np.sqrt(errors / np.mean([((s.before - s.after) ** 2).mean() for s in test])))


@pytest.mark.parametrize(
    ("change", "most", "of_table"),
    [(s_curve, 0.08, 1.2), (falloff, 0.15, 0.7), (clarity, 0.25, 0.7), (to_brightness, 0.3, 0.7)],
)
def test_learns_what_a_fixed_table_cannot(change: Change, most: float, of_table: float) -> None:
    train = [make_shot(n, change) for n in range(10)]
    test = [make_shot(n, change) for n in range(100, 105)]
    part = learned(train)
    reached = left(lambda shot: predict(part, shot), test)
    assert reached < most
    assert reached < of_table * left(table(train), test)


def test_nothing_to_learn_is_nothing_done() -> None:
    part = learned([make_shot(n, lambda x: x) for n in range(6)])
    photo = make_shot(90, lambda x: x)
    assert np.abs(predict(part, photo) - photo.before).max() < 1e-3


def test_a_global_look_gets_no_local_part() -> None:
    moments = Moments.of([make_shot(n, lambda x: 0.8 * x + 0.1) for n in range(12)])
    assert [p.keys() for p in search(Folds.of(moments))[0]] == [{"linear"}]


@pytest.mark.parametrize("seed", [100, 300])
def test_few_pairs_keep_the_network_s_result_if_nothing_is_better(seed: int) -> None:
    """Shots changed in ways of their own, every second not at all: only the network knows which."""
    shots = []
    for n in range(5):
        rng, after = np.random.default_rng(seed + n), make_photo(seed + n)
        before = after
        if n % 2 == 0:
            before = after ** rng.uniform(0.3, 3) * rng.uniform(0.5, 1, 3).astype(np.float32)
        near = (after + 0.03 * rng.standard_normal(3)).clip(0, 1).astype(np.float32)
        made = Shot.of(str(n), before, after, np.ones(after.shape[:2], bool))
        shots.append(replace(made, base=near))
    moments = Moments.of(shots)
    found = moments.frame.part(weights(moments, *search(Folds.of(moments))[0]))
    for shot in shots:
        assert shot.base is not None
        assert np.abs(predict(found, shot) - shot.base).max() < 0.02


def test_pairs_without_rule_are_left_alone() -> None:
    shots = []
    for n in range(6):
        shot = make_shot(n, lambda x: x)
        change = np.random.default_rng(n).normal(0, 0.2, 3)
        shots.append(replace(shot, after=(shot.after + change).astype(np.float32)))
    moments = Moments.of(shots[:5])
    made = predict(moments.frame.part(weights(moments, *search(Folds.of(moments))[0])), shots[5])
    assert np.abs(made - shots[5].before).mean() < 0.03


def test_held_out_errors_are_those_of_refitting() -> None:
    shots = [make_shot(n, s_curve) for n in range(6)]
    moments = Moments.of(shots)
    penalties = {"linear": 1e-4, "tones": 1e-2, "local": 1e-1}
    folds = Folds.of(moments)
    assert sorted(folds.number) == list(range(6))  # each shot by itself
    from burnish.look.moments import features, places_of

    for left_out in (0, 3):
        frame = moments.frame
        rows, targets = [], []
        on = moments.diagonal(penalties) < OFF
        for k, shot in enumerate(shots):
            places = places_of(shot)
            f = np.concatenate(list(features(shot, frame, places).values()), axis=1)
            f = (f / moments.scale)[:, on]
            y = (shot.after - shot.before).reshape(-1, 3)[places].astype(np.float64)
            if k == left_out:
                test, wanted = f, y
            else:
                rows.append(f / np.sqrt(5 * len(f)))
                targets.append(y / np.sqrt(5 * len(f)))
        penalty = np.sqrt(moments.diagonal(penalties)[on])
        a = np.concatenate([*rows, np.diag(penalty)])
        b = np.concatenate([*targets, np.zeros((len(penalty), 3))])
        w, *_ = np.linalg.lstsq(a, b, rcond=None)
        expected = np.sqrt((((test @ w - wanted) @ DIFFERENCE) ** 2).sum(1).mean())
        assert folds.errors(penalties)[left_out] == pytest.approx(expected, rel=0.01)


def test_a_mean_of_fits_is_what_is_measured() -> None:
    """The error of a mix is that of the mean of its results, and its weights make that mean."""
    shots = [make_shot(n, s_curve) for n in range(5)]
    moments = Moments.of(shots)
    mix = ({"linear": 1e-4}, {"linear": 1e-1, "tones": 1e-2})
    folds = Folds.of(moments)
    both = folds.fits(mix[0]) + folds.fits(mix[1])
    g, b = moments.gram[2].astype(float), moments.cross[2]
    w, b = both[folds.number[2]] / 2 @ DIFFERENCE, b @ DIFFERENCE
    square = (w * (g @ w)).sum() - 2 * (w * b).sum() + moments.power[2]
    assert folds.errors(*mix)[2] == pytest.approx(np.sqrt(square), rel=1e-3)
    one, other, mean = (weights(moments, *m) for m in ((mix[0],), (mix[1],), mix))
    assert mean["linear"] == pytest.approx((one["linear"] + other["linear"]) / 2, rel=1e-5)
    assert mean["tones"] == pytest.approx(other["tones"] / 2, rel=1e-5)


def test_fits_that_err_apart_are_averaged() -> None:
    """One fit does twice what was done, one does nothing: together they are nearer."""
    moments = Moments.of([make_shot(n, s_curve) for n in range(10)])
    folds = Folds.of(moments)
    ends: list[Penalties] = [{"linear": 1e-5}, {"linear": 1e2}]
    assert mixed(folds, [*ends, ends[0]]) == (ends[0],)  # nothing is gained by doing half of it
    half = replace(moments, cross=moments.cross / 2, power=moments.power / 4)
    halved = replace(folds, moments=half)  # fitted to the whole, asked for a half
    assert len(mixed(halved, ends)) == 2


def test_ctrl_c_keeps_the_best_so_far() -> None:
    moments = Moments.of([make_shot(n, s_curve) for n in range(6)])
    folds = Folds.of(moments)
    calls = 0

    def stop(share: float) -> None:
        nonlocal calls
        calls += 1
        if share > 0.1:
            raise KeyboardInterrupt

    best, finished = search(folds, stop)
    assert (
        not finished and calls > 1 and folds.errors(*best).mean() < folds.errors(STARTS[1]).mean()
    )
    assert weights(moments, *best)


def test_hand_edits_are_set_aside() -> None:
    def pasted(x: np.ndarray) -> np.ndarray:
        out = s_curve(x)
        out[20:50, 30:70] = (x[20:50, 30:70] + 0.5) % 1
        return out

    assert "by hand" in edited(make_shot(2, pasted))
    assert edited(make_shot(1, s_curve)) == "" and edited(make_shot(1, clarity)) == ""


def test_a_strong_look_does_not_hide_what_was_painted_over() -> None:
    """A seventh of the photo in one colour, which is little beside the darkening of all of it."""

    def painted(x: np.ndarray) -> np.ndarray:
        out = 0.3 * x**2
        out[18:54, 40:68] = (0.78, 0.16, 0.16)
        return out

    assert "by hand" in edited(make_shot(2, painted))
    assert edited(make_shot(2, lambda x: 0.3 * x**2)) == ""


def test_errors_are_differences_of_colour() -> None:
    """Near middle grey as CIE94 has them at a chroma of 20, by scikit-image's CIELAB."""
    rng = np.random.default_rng(0)
    change = rng.normal(0, 0.003, (50, 3))
    lab = rgb2lab(0.5 + change) - rgb2lab(np.full((1, 3), 0.5))
    expected = np.linalg.norm(lab / [1, 1 + 0.045 * 20, 1 + 0.045 * 20], axis=1)
    assert np.linalg.norm(change @ DIFFERENCE, axis=1) == pytest.approx(expected, rel=0.03)


def test_only_the_part_that_both_show_is_learned_from() -> None:
    shots = []
    for n in range(6):
        whole = make_shot(n, s_curve)
        inside = np.zeros(whole.inside.shape, bool)
        inside[10:60, 12:80] = True
        spoilt = np.where(inside[..., None], whole.after, 0).astype(np.float32)
        shots.append(Shot.of(whole.name, whole.before, spoilt, inside))
    unseen = make_shot(99, s_curve)
    assert np.abs(predict(learned(shots), unseen) - unseen.after).mean() < 0.02
