"""Which photos go in and where each result goes: every refusal that can come early comes here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.errors import BurnishError, InputError, OptionError, OutputError
from burnish.image.formats import FORMATS, check_format, format_of, natural_format, suffix_for
from burnish.image.photo import Source
from burnish.image.read import probe
from burnish.image.sniff import SUFFIXES, is_photo_name


@dataclass(frozen=True)
class Job:
    """One photo to enhance."""

    source: Path
    target: Path
    megapixels: float
    """Size by the file's header; 0 where that cannot be read, which `run` will then report."""


def plan(inputs: Sequence[Path], out: Path, *, format: str | None = None) -> list[Job]:
    """The jobs for files and folders (searched with their sub-folders), in a fixed order.

    ``out`` is a folder, in which names and sub-folders are kept, unless exactly one photo goes in
    and ``out`` ends like a photo. Hidden files and folders, links to folders, and an ``out`` that
    lies inside an input folder are not searched.

    Raises:
        InputError: there is no photo in a folder.
        OptionError: a format that cannot be written, or several photos for one output file.
        OutputError: a result would replace an input, two results would have one name, or ``out``
            cannot be written to.
    """
    wanted = output_format(format) if format else None
    found = list(dict.fromkeys(pair for given in inputs for pair in photos_in(given, out)))
    if not found:
        raise OptionError("No photo or folder was given.")
    if out.suffix.lower() in SUFFIXES and not out.is_dir():
        if len(found) > 1:
            raise OptionError(f"{len(found)} photos go in, so {out} must be the name of a folder.")
        if wanted not in (None, format_of(out.name)):
            raise OptionError(f"{out} is not a name for the format {wanted}.")
        jobs = [Job(found[0][0], out, megapixels(found[0][0])[0])]
    else:
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out} is a file; the output must be a folder or end like a photo.")
        jobs = [job_for(source, out / name, wanted) for source, name in found]
    refuse_clashes(jobs)
    refuse_inputs(jobs)
    refuse_read_only(out)
    return jobs


def output_format(name: str) -> str:
    """A format by its name or by one of its extensions: jpg is jpeg."""
    return check_format(SUFFIXES.get(f".{name.lower().removeprefix('.')}", name))


def photos_in(given: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    """(file, name below ``out``) for a file or for each photo in a folder."""
    if not given.is_dir():
        yield given, Path(given.name)
        return
    if same_place(given, out):
        raise OutputError(f"{out} is an input too: choose another folder for the results.")
    number = 0
    for folder, subfolders, files in os.walk(given, onerror=cannot_search):
        here = Path(folder)
        subfolders[:] = sorted(
            name for name in subfolders if name[0] != "." and not same_place(here / name, out)
        )
        for name in sorted(filter(is_photo_name, files)):
            number += 1
            yield here / name, (here / name).relative_to(given)
    if not number:
        raise InputError(f"There are no photos in {given}.")


def cannot_search(error: OSError) -> None:
    raise InputError(f"The folder {error.filename} cannot be searched: {error.strerror}.")


def same_place(path: Path, other: Path) -> bool:
    return path.resolve() == other.resolve()


def megapixels(source: Path) -> tuple[float, str]:
    """(size, format) by the header; (0, "") where it cannot be read."""
    try:
        header = probe(source)
    except BurnishError:
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
                f"{other} and {job.source} would both become {job.target}: "
                "enhance them into different folders."
            )


def refuse_inputs(jobs: list[Job]) -> None:
    inputs = {identity(job.source) for job in jobs} - {None}
    for job in jobs:
        if identity(job.target) in inputs:
            raise OutputError(
                f"{job.target} is an original, which is never overwritten: choose another output."
            )


def identity(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def refuse_read_only(out: Path) -> None:
    """Better to know before the first photo than after it."""
    there = next(place for place in (out, *out.absolute().parents) if place.exists())
    folder = there if there.is_dir() else there.absolute().parent
    if there != out and not there.is_dir():
        raise OutputError(f"{out} cannot be made: {there} is a file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{out} cannot be written: no permission to write in {folder}.")
