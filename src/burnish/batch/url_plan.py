"""What `plan` and the manifest are to local folders, for inputs and outputs that may be URLs."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from burnish.batch import files, places
from burnish.batch.manifest import FOLDER, Manifest, home
from burnish.batch.plan import (
    Job,
    job_for,
    output_format,
    plan,
    refuse_clashes,
    refuse_long,
    refuse_lost,
    refuse_read_only,
    renamed,
)
from burnish.batch.search import may_hold_originals, photos_in
from burnish.cache import state_folder
from burnish.errors import InputError, OptionError, OutputError
from burnish.files import make_folder
from burnish.image.sniff import is_photo_name


@dataclass(frozen=True)
class Plan:
    """Jobs, and how the manifest looks at their files."""

    jobs: list[Job]
    stamp: Callable[[Path], str] = files.stamp
    digest: Callable[[Path], str] = files.digest


def plan_places(
    source: Path, out: Path, *, format: str | None = None, name: str | None = None
) -> Plan:
    """The jobs for one folder; either side may be a `places.Url`. Errors as of `plan`."""
    if not places.is_url(source) and not places.is_url(out):
        return Plan(plan([source], out, format=format, name=name))
    if not places.is_url(out):
        refuse_lost(out)
    wanted = output_format(format) if format else None
    stamps: dict[str, str] = {}
    found = list(photos_below(source, out, stamps))
    if name is not None:
        found = [(photo, renamed(below, photo, name)) for photo, below in found]
    jobs = [job_for(photo, out / below, wanted) for photo, below in found]
    refuse_clashes(jobs)
    originals = {str(job.source) for job in jobs}
    for job in jobs:
        if str(job.target) in originals:
            raise OutputError(f"{job.target} is an original, which is never overwritten.")
    if places.is_url(out):
        stamps |= {str(out / below): stamp for below, stamp in places.listing(out)}
    else:
        for job in jobs:
            refuse_long(job)
        refuse_read_only(out)

    def stamp(where: Path) -> str:
        return stamps.get(str(where), "") if places.is_url(where) else files.stamp(where)

    return Plan(jobs, stamp, digest)


def photos_below(source: Path, out: Path, stamps: dict[str, str]) -> Iterator[tuple[Path, Path]]:
    """(photo, name below ``out``) of a folder, by name, but for results: see `search`."""
    if not places.is_url(source):
        yield from photos_in(source, out)
        return
    own = places.below(out, source)
    if own == "":
        raise OutputError(f"{out} is the input too: choose another folder for the results.")
    files = dict(places.listing(source, hidden=True))
    marks = (name.partition(f"/{FOLDER}/") for name in files)
    results = {folder for folder, mark, _ in marks if mark} | ({own} if own else set())
    number = 0
    for below, stamp in files.items():
        if is_photo_name(below) and not places.is_hidden(below) and not inside(below, results):
            number += 1
            photo = source / below
            stamps[str(photo)] = stamp
            yield photo, Path(below)
    if not number:
        raise InputError(f"There are no photos in {source}.")


def inside(name: str, folders: set[str]) -> bool:
    """Whether a name below a folder lies in one of these sub-folders."""
    return any(str(folder) in folders for folder in PurePosixPath(name).parents)


def among_photos(source: Path, out: Path) -> bool:
    """Whether ``out`` may hold originals, as `may_hold_originals`; of URLs: lies in ``source``."""
    if places.is_url(source) or places.is_url(out):
        return bool(places.below(out, source))
    return may_hold_originals(out, [source])


def digest(where: Path) -> str:
    """sha256 of a file's content, wherever it lies; "" where it cannot be read."""
    if not places.is_url(where):
        return files.digest(where)
    with tempfile.TemporaryDirectory(prefix="burnish-") as folder:
        try:
            return files.digest(places.fetch(where, Path(folder)))
        except InputError:
            return ""


def manifest_of(out: Path) -> Path:
    """Where the manifest of an output lies: in it, or for a URL on the driver's machine."""
    if not places.is_url(out):
        return home(out)
    own = state_folder()
    if own is None:
        raise OptionError(
            "There is no home folder for the manifest of a URL: set XDG_STATE_HOME to a folder."
        )
    return own / hashlib.sha256(str(out).encode()).hexdigest()[:16] / "manifest.sqlite"


@contextlib.contextmanager
def open_manifest(out: Path, *, rehearsal: bool = False) -> Iterator[Manifest]:
    """The manifest of an output. For a URL a copy goes there at the end, and comes from there
    where this machine has none, so that another machine can go on."""
    here, there = manifest_of(out), out / FOLDER / "manifest.sqlite"
    if rehearsal:
        with Manifest(here, rehearsal=True) as manifest:
            yield manifest
        return
    if places.is_url(out) and not here.exists() and places.stamp(there):
        make_folder(here.parent)
        with tempfile.TemporaryDirectory(dir=here.parent) as folder:
            places.fetch(there, Path(folder)).replace(here)
    manifest = Manifest(here)  # which another burnish may have: then there is nothing to store
    try:
        yield manifest
    finally:
        manifest.close()
        if places.is_url(out):
            places.store(here, there)


class Unfinished:
    """A mark beside the outputs that stands while some may be there that no manifest knows."""

    def __init__(self, out: Path) -> None:
        self.mark = out / FOLDER / "unfinished"

    def __bool__(self) -> bool:
        return bool(places.stamp(self.mark))

    def set(self) -> None:
        with tempfile.NamedTemporaryFile() as empty:
            places.store(Path(empty.name), self.mark)

    def clear(self) -> None:
        places.remove(self.mark)
