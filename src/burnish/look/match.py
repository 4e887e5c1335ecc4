"""Which finished photo belongs to which photo before: by name, then by time, then by content."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from burnish.engine.luma import LUMA
from burnish.image.sniff import SUFFIXES
from burnish.look.align import edges, place, resized
from burnish.look.view import View

SIDE = 32
CANDIDATES = 3
CLEARLY = 0.1
"""How much better than any other a match by content alone has to be."""


@dataclass(frozen=True)
class SetAside:
    """A photo that nothing is learned from, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        """One line, with the name once."""
        return self.reason if self.reason.startswith(self.name) else f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class Match:
    """Two files of one shot; ``how`` is name, time or content."""

    before: View
    after: View
    how: str


def match(before: list[View], after: list[View]) -> tuple[list[Match], list[SetAside]]:
    """Pair the views of two folders; whatever stays over is set aside with its reason."""
    left = _one_a_shot(before)
    right = list(after)
    aside = [
        SetAside(v.path.name, "another file of the same name is used as the photo before")
        for v in before
        if v not in left
    ]
    found: list[Match] = []
    ways = (("name", (same_name, derived_name)), ("time", (same_time,)))
    for how, kinds in ways:
        for unchanged in (False, True):  # a copy of the photo before is no finish if there is one
            for agree in kinds:
                found += _take(left, right, how, agree, unchanged)
    found += _by_content(left, right)
    used = {m.before.path.stem.casefold() for m in found}
    for view in left:
        aside.append(SetAside(view.path.name, "no finished photo belongs to it"))
    for view in right:
        again = any(derives(view.path.stem.casefold(), stem) for stem in used)
        reason = "another finished photo of its shot is used" if again else "no photo before fits"
        aside.append(SetAside(view.path.name, reason))
    return sorted(found, key=lambda m: m.before.path.name), aside


def _one_a_shot(views: list[View]) -> list[View]:
    """The first of the files with one stem; what is no camera raw goes first."""
    chosen: dict[str, View] = {}
    for view in sorted(views, key=lambda v: SUFFIXES.get(v.path.suffix.lower()) == "raw"):
        chosen.setdefault(view.path.stem.casefold(), view)
    return [v for v in views if v in chosen.values()]


def same_name(a: View, b: View) -> bool:
    """IMG_1.CR3 and img_1.jpg."""
    return a.path.stem.casefold() == b.path.stem.casefold()


def derived_name(a: View, b: View) -> bool:
    """IMG_1.CR3 and IMG_1-Edit.tif, but not IMG_10.tif."""
    return derives(b.path.stem.casefold(), a.path.stem.casefold())


def derives(name: str, stem: str) -> bool:
    return name.startswith(stem) and not name[len(stem) :][:1].isalnum()


def same_time(a: View, b: View) -> bool:
    """Exposed at the same moment, as far as both files say."""
    shorter, longer = sorted((a.taken, b.taken), key=len)
    return bool(shorter) and longer.startswith(shorter)


def same_file(a: View, b: View) -> bool:
    """One file, by whatever path or link."""
    return a.path.resolve() == b.path.resolve()


def _take(
    left: list[View],
    right: list[View],
    how: str,
    agree: Callable[[View, View], bool],
    unchanged: bool,
) -> list[Match]:
    """Take out of both lists what agrees with exactly one; of several exports, the largest.

    A partner with the very same pixels counts only where ``unchanged`` ones do.
    """
    found = []
    for view in list(left):
        partners = [v for v in right if agree(view, v) and not same_file(view, v)]
        if not unchanged:
            partners = [v for v in partners if not np.array_equal(v.pixels, view.pixels)]
        rivals = [v for v in left if partners and agree(v, partners[0]) and v is not view]
        if how == "name":  # IMG_1 and IMG_1-2 both begin IMG_1-2-edit: the longer name is meant
            rivals = [v for v in rivals if len(v.path.stem) > len(view.path.stem)]
            partners = sorted(partners, key=lambda v: -v.path.stat().st_size)[:1]
        if len(partners) == 1 and not rivals:
            found.append(Match(view, partners[0], how))
            left.remove(view)
            right.remove(partners[0])
    return found


def _signature(view: View, turns: int = 0) -> np.ndarray:
    field = edges(resized(np.rot90(view.pixels @ LUMA, turns), SIDE, SIDE)).ravel()
    result: np.ndarray = field / max(float(np.linalg.norm(field)), 1e-9)
    return result


def _by_content(left: list[View], right: list[View]) -> list[Match]:
    """Those that lie on one another clearly better than on any other photo."""
    if not left or not right:
        return []
    ours = np.array([_signature(v) for v in left])
    likeness = np.max(
        [(ours.conj() @ np.array([_signature(v, k) for v in right]).T).real for k in range(4)],
        axis=0,
    )  # (left, right)
    scores = np.full(likeness.shape, -1.0)
    for row, view in enumerate(left):
        for column in np.argsort(-likeness[row])[:CANDIDATES]:
            if not same_file(view, right[column]):
                scores[row, column] = place(view.pixels, right[column].pixels).fit
    found = []
    for flat in np.argsort(-scores, axis=None):
        row, column = divmod(int(flat), scores.shape[1])
        best = scores[row, column]
        others = np.concatenate([np.delete(scores[row], column), np.delete(scores[:, column], row)])
        if best < CLEARLY or best < others.max(initial=-1) + CLEARLY:
            continue
        found.append(Match(left[row], right[column], "content"))
    for item in found:
        left.remove(item.before)
        right.remove(item.after)
    return found
