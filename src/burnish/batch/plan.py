"""Which photos go in and where each result goes: every refusal that can come early comes here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from burnish.batch.search import photos_in
from burnish.errors import OptionError, OutputError
from burnish.files import is_folder, is_there, unreachable
from burnish.image.folder import unsearched
from burnish.image.formats import (
    FORMATS,
    check_format,
    check_installed,
    format_of,
    natural_format,
    suffix_for,
)
from burnish.image.photo import Source
from burnish.image.read import probe
from burnish.image.sniff import FOREIGN_SUFFIXES, SUFFIXES

LONGEST = 255
"""Bytes that a file name may have, on nearly every file system."""


@dataclass(frozen=True)
class Job:
    """One photo to enhance."""

    source: Path
    target: Path
    megapixels: float
    """Size by the file's header; 0 where that cannot be read, which `run` will then report."""
    fault: str = ""
    """Why nothing can be made of it, known to the plan: it is a folder that cannot be searched."""


def plan(
    inputs: Sequence[Path],
    out: Path,
    *,
    format: str | None = None,
    name: str | None = None,
    originals: Sequence[Path] = (),
) -> list[Job]:
    """The jobs for files and folders (searched with their sub-folders), in a fixed order.

    Those of sub-folders that cannot be searched come last: see `Job.fault`.

    ``out`` is a folder, in which names and sub-folders are kept, unless exactly one photo goes in
    and ``out`` ends like a photo. Hidden files and folders, links to folders, and an ``out`` that
    lies inside an input folder are not searched. ``name`` is a template for the outputs' names:
    see `renamed`. ``originals`` are further files that no result may replace.

    Raises:
        InputError: there is no photo in a folder, or an input is no file.
        OptionError: a format that cannot be written, several photos for one output file, or a
            template that makes no names.
        MissingExtraError: a format whose writer is not installed.
        OutputError: a result would replace an input, two results would have one name, a name is
            too long, or ``out`` cannot be written to.
    """
    refuse_lost(out)
    wanted = output_format(format) if format else None
    closed: list[Job] = []
    found = list(dict.fromkeys(pair for given in inputs for pair in pairs(given, out, closed)))
    if not found:
        raise OptionError("No photo or folder was given.")
    if out.suffix.lower() in SUFFIXES and not is_folder(out):
        if len(found) > 1:
            raise OptionError(f"{len(found)} photos go in, so {out} must be the name of a folder.")
        if wanted not in (None, check_installed(format_of(out.name))):
            raise OptionError(f"{out} is not a name for the format {wanted}.")
        if name is not None:
            raise OptionError(f"A name template is for results in a folder; {out} is a file.")
        jobs = [Job(found[0][0], out, megapixels(found[0][0])[0])]
    else:
        if is_there(out) and not is_folder(out):
            raise OutputError(f"{out} is a file; the output must be a folder or end like a photo.")
        if len(found) == 1 and found[0][0] in inputs and not is_there(out):
            refuse_foreign(out)
        if name is not None:
            found = [(source, renamed(below, source, name)) for source, below in found]
        jobs = [job_for(source, out / below, wanted) for source, below in found]
    refuse_clashes(jobs)
    refuse_inputs(jobs, originals)
    for job in jobs:
        if is_there(job.source):  # what is not is for `run` to report
            refuse_long(job)
    refuse_read_only(out)
    return [*jobs, *dict.fromkeys(closed)]


def pairs(given: Path, out: Path, closed: list[Job]) -> Iterator[tuple[Path, Path]]:
    """`photos_in`; of sub-folders that cannot be searched there are jobs in ``closed``: like a
    photo that cannot be read they stop nothing, and are told of in the end.
    """

    def add(error: OSError) -> None:
        folder = Path(error.filename)
        closed.append(Job(folder, out / folder.relative_to(given), 0.0, unsearched(error)))

    yield from photos_in(given, out, add)


def refuse_foreign(out: Path) -> None:
    """Whoever names one photo's output like a picture wants no folder of that name."""
    if out.suffix.lower() in FOREIGN_SUFFIXES:
        format_of(out.name)


def output_format(name: str) -> str:
    """A format by its name or by one of its extensions: jpg is jpeg."""
    return check_installed(check_format(SUFFIXES.get(f".{name.lower().removeprefix('.')}", name)))


def renamed(below: Path, source: Path, template: str) -> Path:
    """The output's path with another name: {name} is the photo's, {folder} that of its folder.

    The extension stays out of it, and sub-folders are kept.
    """
    folder = source.absolute().parent
    folder = folder.resolve() if folder.name == ".." else folder
    values = {"name": below.stem, "folder": folder.name}
    try:
        pieces = list(Formatter().parse(template))
    except ValueError:
        pieces = [("", "?", "", None)]
    for text, field, form, conversion in pieces:
        if set(text) & {"/", "\\", "\0"}:
            raise OptionError(f"The name template '{template}' makes no file names, but paths.")
        if field is not None and (field not in values or form or conversion):
            raise OptionError(
                f"The name template '{template}' may hold {{name}} and {{folder}}, nothing else "
                "in braces."
            )
    stem = template.format(**values)
    if not stem or stem[0] == "." or set(stem) & {os.sep, os.altsep or os.sep, "\0"}:
        raise OptionError(f"The name template '{template}' makes '{stem}', which is no file name.")
    return below.with_name(stem + below.suffix)


def megapixels(source: Path) -> tuple[float, str]:
    """(size, format) by the header; (0, "") where it cannot be read."""
    try:
        header = probe(source)
    except Exception:  # whatever a damaged file makes a decoder do; reading it will tell
        return 0.0, ""
    return header.megapixels, header.format


def job_for(source: Path, target: Path, format: str | None) -> Job:
    """The job with a target whose name says the format in which it can be written."""
    size, found = megapixels(source)
    named = SUFFIXES.get(target.suffix.lower(), "")
    if named not in FORMATS or format not in (None, named):
        natural = natural_format(Source(format=found or named or "raw"))
        stem = target.stem if named else target.name
        target = target.with_name(stem + suffix_for(format or natural))
    return Job(source, target, size)


def refuse_clashes(jobs: list[Job]) -> None:
    folds_case = sys.platform in ("darwin", "win32")
    taken: dict[str, Path] = {}
    for job in jobs:
        name = str(job.target)
        other = taken.setdefault(name.casefold() if folds_case else name, job.source)
        if other != job.source:
            raise OutputError(
                f"{other} and {job.source} would both become {job.target}: name those of one kind, "
                "such as *.jpg, and enhance the others into another folder."
            )


def refuse_inputs(jobs: list[Job], originals: Sequence[Path] = ()) -> None:
    inputs = {identity(path) for path in (*originals, *(job.source for job in jobs))} - {None}
    for job in jobs:
        if identity(job.target) in inputs:
            raise OutputError(
                f"{job.target} is an original, which is never overwritten: choose another output."
            )


def refuse_long(job: Job) -> None:
    """Better to know before the photo is enhanced than when its result is written."""
    if len(os.fsencode(job.target.name)) > LONGEST and sys.platform != "win32":
        raise OutputError(
            f"The result of {job.source} would have a name of more than {LONGEST} bytes: rename "
            "it, or choose shorter names with --name."
        )


def refuse_lost(out: Path) -> None:
    """A link that leads nowhere, or in circles, is no folder and cannot become one."""
    for place in (out, *out.parents):
        if os.path.islink(place) and not is_there(place):  # noqa: PTH114 (as in `is_there`)
            raise OutputError(f"{place} is a link that leads nowhere: choose another output.")


def identity(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def refuse_read_only(out: Path) -> None:
    """Better to know before the first photo than after it."""
    there = next(place for place in (out, *out.absolute().parents) if is_there(place))
    folder = there if is_folder(there) else there.absolute().parent
    if there != out and not is_folder(there):
        raise OutputError(f"{out} cannot be made: {there} is a file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{out} cannot be written: no permission to write in {folder}.")
    if why := unreachable(out):
        raise OutputError(f"{out} cannot be written: {why}.")
