"""Shot: one pair, laid on one grid, of which is known where it holds; and what is set aside."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from burnish.engine.look_facts import Facts
from burnish.engine.look_maps import Maps, box
from burnish.errors import BurnishError, InputError, OptionError, OutputError
from burnish.files import is_file, is_folder, unreachable
from burnish.image.folder import cannot_search, photos_below
from burnish.look.align import laid_over, place
from burnish.look.match import Match, SetAside, match
from burnish.look.view import View

LEAST_OVERLAP = 0.2
UNEXPLAINED = 0.06
"""RMS of what no tone, colour or light change explains from which a pair counts as edited by hand:
15 of 255, after averaging over small blocks. Or the part of it that is off by more than `FAR`
exceeds `PART`: a strong look must not hide what was painted over."""
FAR, PART = 0.15, 0.02

LAYING = "laying pairs over one another"
Report = Callable[[str, float], None]
"""Called with what is being done and the share of it that is done."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A photo before and after on the same grid."""

    name: str
    before: np.ndarray
    """(h,w,3) float32 RGB in [0,1]"""
    after: np.ndarray
    """(h,w,3)"""
    inside: np.ndarray
    """(h,w) bool: where the finished photo reaches"""
    how: str
    """How the two were found to belong together."""
    facts: Facts
    finished: Facts
    maps: Maps
    base: np.ndarray | None = None
    """(h,w,3) what the base network makes of it"""
    path: Path | None = None

    @classmethod
    def of(
        cls, name: str, before: np.ndarray, after: np.ndarray, inside: np.ndarray, how: str = "name"
    ) -> "Shot":
        """With the facts and maps that the engine will know of the photo before."""
        facts, maps = Facts.of(before), Maps.of(before)
        return cls(name, before, after, inside, how, facts, Facts.of(after[_box(inside)]), maps)

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the part that both photos show (its bounding box)."""
        return _box(self.inside)


def _box(inside: np.ndarray) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(inside.any(axis=a)) for a in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def check_folders(before: Path, after: Path) -> None:
    """Refuse what are not two folders."""
    for folder in (before, after):
        if not (is_folder(folder) or unreachable(folder)):
            raise InputError(f"{folder} is not a folder.")
        try:
            os.scandir(folder).close()
        except OSError as error:
            cannot_search(error)
    if before.resolve() == after.resolve():
        raise OptionError(
            f"{before} is named twice: photos before and finished ones need a folder each."
        )


def views(
    folder: Path,
    other: Path,
    report: Report,
    aside: list[SetAside],
    view: Callable[[Path], View] = View.of,
) -> list[View]:
    """All photos of a folder, made small; those that cannot be read are set aside.

    What lies in the other folder is the other's, should that one lie in this one.
    """
    inner = other.resolve()
    nested = inner.is_relative_to(folder.resolve())
    below = photos_below(folder, lambda error: None)  # what cannot be searched is passed over
    paths = [p for p in sorted(below.values()) if is_file(p) or unreachable(p)]
    if nested:  # realpath: of a link in circles, `Path.resolve` is an error
        paths = [p for p in paths if not Path(os.path.realpath(p)).is_relative_to(inner)]
    found = []
    for number, path in enumerate(paths):
        report(f"reading {folder.name}", number / len(paths))
        try:
            found.append(view(path))
        except OutputError:
            raise  # what is read cannot be kept: no fault of the photo
        except BurnishError as error:
            aside.append(SetAside(path.name, str(error)))
    return found


def shots(
    before: Sequence[View], after: Sequence[View], report: Report = lambda what, share: None
) -> tuple[list[Shot], list[SetAside]]:
    """Match, lay over one another, and set aside what no look could explain."""
    matches, aside = match(list(before), list(after))
    found = []
    for number, item in enumerate(matches):
        report(LAYING, number / len(matches))
        shot = lay(item)
        reason = shot if isinstance(shot, str) else edited(shot)
        if isinstance(shot, str) or reason:
            aside.append(SetAside(item.before.path.name, str(reason)))
        else:
            found.append(shot)
    return found, aside


def lay(item: Match) -> Shot | str:
    """The pair on the grid of the photo before, or why not."""
    before, after = item.before.pixels, item.after.pixels
    if min(*before.shape[:2], *after.shape[:2]) < 32:
        return "it is smaller than 32 pixels along a side"
    placement = place(before, after)
    if placement.fit < 0:
        return (
            f"{item.after.path.name} shows something else, was straightened, or was composed "
            f"from several photos (their edges agree to {max(placement.score, 0):.0%})"
        )
    over, inside = laid_over(before, after, placement)
    if inside.mean() < LEAST_OVERLAP:
        return f"{item.after.path.name} shows only {inside.mean():.0%} of it"
    shot = Shot.of(item.before.path.stem, before, over.astype(np.float32), inside, item.how)
    return replace(shot, path=item.before.path)


def edited(shot: Shot) -> str:
    """Why no look explains this pair, or nothing: retouching by hand in places.

    A generous model fitted to this pair alone says what tone, colour and light can do.
    """
    from burnish.look.fit import fit_alone

    x = shot.before
    left = shot.after - fit_alone(shot)
    left[~shot.inside] = 0
    smooth = np.stack([box(left[..., c], 2) for c in range(3)], axis=2)[shot.inside]
    change = (shot.after - x)[shot.inside]
    rms, whole = np.sqrt((smooth**2).mean()), np.sqrt((change**2).mean())
    off = np.abs(smooth).max(axis=1)
    if (rms > UNEXPLAINED and rms > whole / 3) or (off > FAR).mean() > PART:
        part = (off > UNEXPLAINED).mean()
        return (
            f"edited by hand in places: on {part:.0%} of it, no change of tone, colour or light "
            "leads from the one to the other"
        )
    return ""
