"""Learn a look: two folders in, one look file and its report out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from burnish.engine.enhancer import Enhancer
from burnish.engine.look import Look, model_hash
from burnish.engine.look_card import LookCard
from burnish.engine.look_features import NETWORKED
from burnish.engine.models import DEFAULT, shipped
from burnish.engine.options import EnhanceOptions
from burnish.errors import InputError, OptionError
from burnish.files import refuse_taken
from burnish.look import cube
from burnish.look.cache import Cache, state
from burnish.look.fit import predict, weights
from burnish.look.folds import Folds, halved, search
from burnish.look.judge import Verdict, hold_out, verdict
from burnish.look.match import SetAside
from burnish.look.moments import OFF, Mix, Moments
from burnish.look.options import LearnOptions
from burnish.look.shots import Report, Shot, check_folders, shots, views
from burnish.metrics import delta_e

P = ParamSpec("P")
T = TypeVar("T")


# A look's systems are too small for BLAS's threads: they double the work and save no time, and
# beside another busy program they wait for each other. Its sums also depend on their number.
def one_blas_thread(function: Callable[P, T]) -> Callable[P, T]:
    """With a limit of its own: threadpoolctl's before 3.8 lose what they began with in another."""
    limited: Callable[P, T] = threadpool_limits.wrap(limits=1, user_api="blas")(function)
    return limited


RUNNING, LEARNING, MEASURING = "running the network", "learning", "measuring on held-out pairs"
"""The steps after reading and `LAYING`, as a `Report` is told them."""
FEWEST = 5
BASE_WORTH = 0.05
"""Share of the error that the base network has to take off: enhancing takes much longer with it."""


class TooFewPairs(InputError):
    """What is left after setting aside does not make a look."""

    def __init__(self, pairs: int, where: str, aside: list[SetAside]) -> None:
        self.aside = aside
        self.short = f"A look needs at least {FEWEST} pairs; {pairs} can be used."
        reasons = "".join(f"\n  {a}" for a in aside[:20])
        super().__init__(
            f"A look needs at least {FEWEST} pairs; {pairs} of {where} can be used.{reasons}"
        )


@dataclass(frozen=True)
class Learned:
    """The look, what to expect of it, and what was not learned from."""

    look: Look
    verdict: Verdict
    aside: list[SetAside]
    finished: bool
    """False where Ctrl-C ended the learning or the measuring: the look is the best so far, and
    figures are missing."""


def learn(
    before: Path,
    after: Path,
    output: Path,
    options: LearnOptions | None = None,
    report: Report = lambda what, share: None,
    overwrite: bool = False,
) -> Learned:
    """Learn a look from two folders and write it to ``output``; Ctrl-C keeps the best so far.

    What has been read is kept beside the output until the look is written, so that the same
    command goes on where it was stopped.
    """
    options = options or LearnOptions()
    refuse_taken(output, overwrite)
    check_folders(before, after)
    cache = Cache(reading(output))
    cache.open()
    try:
        found, aside = pairs(before, after, cache, report)
    except TooFewPairs:
        cache.clear()
        raise
    enhance = _base(options) if options.base != "none" else None
    if enhance:
        found = with_base(found, enhance, cache, report)
    name = options.name or output.stem
    result = learn_shots(found, replace(options, name=name), report, enhance, aside)
    result.look.save(output)
    if result.finished:
        cache.clear()
    return result


def reading(output: Path) -> Path:
    """The folder of what was read for a look, until that is done."""
    return output.with_name(f".{output.name}.learning")


def pairs(
    before: Path, after: Path, cache: Cache, report: Report
) -> tuple[list[Shot], list[SetAside]]:
    """The shots of two folders, and what is set aside; InputError if too few are left."""
    aside: list[SetAside] = []
    left = views(before, after, report, aside, cache.view)
    right = views(after, before, report, aside, cache.view)
    found, more = shots(left, right, report)
    aside += more
    if len(found) < FEWEST:
        raise TooFewPairs(len(found), f"{before} and {after}", aside)
    return found, aside


def _base(options: LearnOptions) -> Enhancer | None:
    name = DEFAULT if options.base == "auto" else options.base
    if options.base == "auto" and DEFAULT not in shipped():
        return None
    base = Enhancer(EnhanceOptions(model=name, threads=options.threads))
    if base.scale != 1:
        raise OptionError(f"'{name}' enlarges: a look is learned on a network that does not.")
    return base


def with_base(shots: Sequence[Shot], enhance: Enhancer, cache: Cache, report: Report) -> list[Shot]:
    """The shots with what the base network makes of them."""
    found = []
    for number, shot in enumerate(shots):
        report(RUNNING, number / len(shots))

        def make(shot: Shot = shot) -> np.ndarray:
            return enhance.enhance_pixels(shot.before)

        key = f"{model_hash(enhance.model)} {state(shot.path) if shot.path else shot.name}"
        found.append(replace(shot, base=cache.array(key, make)))
    return found


@one_blas_thread
def learn_shots(
    shots: Sequence[Shot],
    options: LearnOptions,
    report: Report = lambda what, share: None,
    enhance: Enhancer | None = None,
    aside: Sequence[SetAside] = (),
) -> Learned:
    """The look of these shots; after Ctrl-C the best so far, without figures."""
    moments, mix, finished = choose(shots, options, _in(report, LEARNING))
    use_base = networked(mix)
    part = moments.frame.part(weights(moments, *mix))
    card = LookCard(
        options.name,
        base=enhance.model.card.name if enhance and use_base else "",
        base_hash=model_hash(enhance.model) if enhance and use_base else "",
        pairs=len(shots),
        licence=options.licence,
        options={"penalties": list(mix), "seed": options.seed},
    )
    said = Verdict([], [], 0.0)
    try:
        if finished:
            judging = _in(report, MEASURING)
            held = hold_out(shots, options.seed, judging, use_base)
            # Bound together at the end: no figures are better than some of them.
            measured = verdict(shots, held, moments, mix, options.seed)
            card = replace(card, scores=scores(measured, Look((part,), card), shots))
            said = measured
    except KeyboardInterrupt:
        finished = False
    return Learned(Look((part,), card), said, list(aside), finished)


@one_blas_thread
def choose(
    shots: Sequence[Shot],
    options: LearnOptions,
    report: Callable[[float], None] = lambda share: None,
) -> tuple[Moments, Mix, bool]:
    """Without the network, or with it if that is worth its time; and whether all was tried.

    Ctrl-C ends it with the best so far, which is without the network until that is found worth it.
    """
    moments = Moments.of(shots, use_base=False)
    folds = Folds.of(moments, options.seed)
    alone = any(s.base is None for s in shots)
    mix, finished = search(folds, report if alone else halved(report, 0))
    if alone or not finished:
        return moments, mix, finished
    try:
        wider = Moments.of(shots)
        folds_wider = Folds.of(wider, options.seed)
        with_network, _ = search(folds_wider, halved(report, 1), keeps=False, more=mix)
    except KeyboardInterrupt:
        return moments, mix, False
    if not networked(with_network):
        return moments, mix, True
    # One of two, not the best of many: the less error is to be expected of the one that had it.
    errors, found = folds.errors(*mix).mean(), folds_wider.errors(*with_network).mean()
    best = (wider, with_network) if found < (1 - BASE_WORTH) * errors else (moments, mix)
    return *best, True


def networked(mix: Mix) -> bool:
    """Whether a look of these groups wants the base network's result."""
    return any(penalties.get(group, OFF) < OFF for penalties in mix for group in NETWORKED)


def scores(said: Verdict, look: Look, shots: Sequence[Shot]) -> dict[str, Any]:
    """What goes on the card: held-out means, and how much of the look a 3-D table keeps."""
    table = cube.table(look)
    nothing, whole, flat = (
        float(np.mean([delta_e(make(s), s.after) for s in shots]))
        for make in (
            lambda s: s.before,
            lambda s: predict(look.parts[0], s),
            lambda s: cube.apply(table, s.before),
        )
    )
    kept = (nothing - flat) / (nothing - whole) if nothing > whole else 0.0
    return {"held out": said.means(), "kept by a 33-point table": round(kept, 3)}


def _in(report: Report, what: str) -> Callable[[float], None]:
    return lambda share: report(what, share)
