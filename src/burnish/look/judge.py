"""How good a look is, said honestly: on shots that the measured fit has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from burnish.engine.look import Part
from burnish.look.fit import fit_alone, predict, weights
from burnish.look.folds import Folds, fold_numbers, halved, search
from burnish.look.moments import Mix, Moments
from burnish.look.shots import Shot
from burnish.metrics import delta_e, psnr, ssim
from burnish.metrics.protocol import CAP

HARDLY = 0.5
"""CIEDE2000 between before and finished, in the mean, below which nothing was asked for."""
INCONSISTENT = 0.6
"""Share of the difference that is left on held-out shots from which pairs do not agree."""


@dataclass(frozen=True)
class Figures:
    """Scores of one result against the finished photo."""

    psnr: float
    ssim: float
    delta_e: float

    @classmethod
    def of(cls, result: np.ndarray, shot: Shot) -> "Figures":
        """Over the part that both photos show."""
        a, b = result[shot.box], shot.after[shot.box]
        return cls(psnr(a, b, CAP), ssim(a, b), delta_e(a, b))


@dataclass(frozen=True, eq=False)
class HeldOut:
    """One shot and what a look made of it that was learned from the others."""

    shot: Shot
    result: np.ndarray
    figures: dict[str, Figures]
    """By method: nothing, look, and the base network where there is one."""


@dataclass(frozen=True)
class Verdict:
    """What to expect of the look on the next photo."""

    held: list[HeldOut]
    curve: list[tuple[int, float]]
    """(pairs, held-out root mean square error) when learning from fewer pairs"""
    alone: float
    """Root mean square error of the best explanation of each pair by itself"""
    sentences: list[str] = field(default_factory=list)

    def means(self) -> dict[str, dict[str, float]]:
        """Mean figures by method."""
        methods = self.held[0].figures if self.held else {}
        return {
            m: {
                f: float(np.mean([getattr(h.figures[m], f) for h in self.held]))
                for f in ("psnr", "ssim", "delta_e")
            }
            for m in methods
        }


def hold_out(
    shots: Sequence[Shot], seed: int, report: Callable[[float], None], use_base: bool
) -> list[HeldOut]:
    """Cross-validate everything: in each fold the penalties are chosen anew from the others."""
    number = fold_numbers(len(shots), seed)
    groups = 5 if len(shots) >= 5 else len(shots)
    number = number % groups
    found = []
    for fold in range(groups):
        others = [s for s, k in zip(shots, number, strict=True) if k != fold]

        def within(share: float, fold: int = fold) -> None:
            report((fold + share) / groups)

        part = learned(others, seed, use_base, within)
        for shot in (s for s, k in zip(shots, number, strict=True) if k == fold):
            result = predict(part, shot)
            figures = {
                "nothing": Figures.of(shot.before, shot),
                "look": Figures.of(result, shot),
            }
            if shot.base is not None:
                figures["shipped"] = Figures.of(shot.base, shot)
            found.append(HeldOut(shot, result, figures))
    return found


def learned(
    shots: Sequence[Shot],
    seed: int = 0,
    use_base: bool = True,
    report: Callable[[float], None] = lambda share: None,
) -> Part:
    """A look from these shots, penalties and all."""
    moments = Moments.of(shots, use_base=False)
    both = use_base and all(s.base is not None for s in shots)
    mix, _ = search(Folds.of(moments, seed), halved(report, 0) if both else report, keeps=False)
    if both:
        moments = Moments.of(shots)
        mix, _ = search(Folds.of(moments, seed), halved(report, 1), keeps=False, more=mix)
    return moments.frame.part(weights(moments, *mix))


def curve(moments: Moments, mix: Mix, seed: int) -> list[tuple[int, float]]:
    """Held-out error by the number of pairs learned from, the penalties as chosen from all."""
    total = len(moments.power)
    sizes = sorted({max(4, round(total * share)) for share in (0.25, 0.4, 0.6, 0.8)})
    rng = np.random.default_rng(seed)
    found = []
    for size in (s for s in sizes if s < total):
        errors = []
        for _ in range(6):
            chosen = rng.permutation(total)
            some = np.zeros(total, bool)
            some[chosen[:size]] = True
            errors.append(Folds.split(moments, some).errors(*mix)[~some].mean())
        found.append((size, float(np.mean(errors))))
    return found


def verdict(
    shots: Sequence[Shot], held: list[HeldOut], moments: Moments, mix: Mix, seed: int
) -> Verdict:
    """The figures, and what they mean in words."""
    alone = float(np.mean([_rms(fit_alone(s), s) for s in shots]))
    result = Verdict(held, curve(moments, mix, seed), alone)
    result.sentences.extend(_sentences(result))
    return result


def _rms(picture: np.ndarray, shot: Shot) -> float:
    return float(np.sqrt(((picture - shot.after)[shot.inside] ** 2).mean()))


def _sentences(v: Verdict) -> list[str]:
    before, after = (np.array([h.figures[m].delta_e for h in v.held]) for m in ("nothing", "look"))
    if before.mean() < HARDLY:
        return [
            f"The finished photos hardly differ from those before (CIEDE2000 {before.mean():.1f}): "
            "there is nothing to learn. Are they copies?"
        ]
    low, high = np.percentile(before - after, (10, 90)).round(1) + 0.0  # no gain of -0.0
    worse = int((after > before).sum())
    said = [
        f"On shots that it had not seen, the look brought the colour difference to your finish "
        f"from {before.mean():.1f} to {after.mean():.1f} (CIEDE2000; a difference of about 1 is "
        f"just visible). Expect a gain between {low:.1f} and {high:.1f} on four photos of five."
    ]
    if worse:
        said.append(f"{worse} of {len(v.held)} held-out shots came out further from your finish.")
    shipped = [h.figures["shipped"].delta_e for h in v.held if "shipped" in h.figures]
    if shipped and np.mean(shipped) < after.mean():
        said.append(
            f"burnish's default, which knows nothing of your pairs, came nearer: to "
            f"{np.mean(shipped):.1f}. Leave the look out, or learn it from more pairs."
        )
    left = float(np.mean([_rms(h.result, h.shot) for h in v.held]))
    nothing = float(np.mean([_rms(h.shot.before, h.shot) for h in v.held]))
    said.append(_more(v.curve))
    if nothing > 0 and left > INCONSISTENT * nothing and v.alone < 0.6 * left:
        said.append(
            f"The pairs are inconsistent: each by itself could be explained to within "
            f"{255 * v.alone:.0f} of 255, but what was done to the others foretells it only to "
            f"{255 * left:.0f} of {255 * nothing:.0f}. Look at the hardest pairs below: photos "
            "finished for different purposes are better learned as separate looks."
        )
    elif nothing > 0 and left > INCONSISTENT * nothing:
        said.append(
            "Most of what was done to these photos is more than tone, colour and light: local "
            "retouching, which a look does not learn."
        )
    return [s for s in said if s]


def _more(points: list[tuple[int, float]]) -> str:
    """Whether more pairs would help: the error follows a + b / pairs."""
    if len(points) < 3:
        return "There are too few pairs to say whether more would help; they usually do below 20."
    inverse = np.array([[1.0, 1 / n] for n, _ in points])
    (floor, slope), *_ = np.linalg.lstsq(inverse, np.array([e for _, e in points]), rcond=None)
    pairs = points[-1][0] / 0.8
    now, twice = floor + slope / pairs, floor + slope / (2 * pairs)
    gain = (now - twice) / max(now, 1e-9)
    if gain < 0.04:
        return "More pairs like these would hardly help."
    return f"Twice as many pairs would lower what is left by about {min(gain, 0.5):.0%}."
