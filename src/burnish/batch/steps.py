"""What happens to one photo before and after the network: taken and read, then written."""

from __future__ import annotations

import contextlib
import hashlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from burnish.batch.events import Failed
from burnish.batch.manifest import Entry
from burnish.batch.plan import Job
from burnish.batch.resume import Memory
from burnish.engine.enhancer import Enhancer
from burnish.engine.stream import FROM_MEGAPIXELS, enhance_file
from burnish.errors import BurnishError, ModelError, OptionError, OutputError, PassingError
from burnish.image.encode import check_quality, check_sides, encode_parts
from burnish.image.formats import format_of, losses
from burnish.image.metadata import check_policy
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.image.write import check_target, write_bytes

FATAL = (OptionError, ModelError, BrokenPipeError)
"""What every other photo would meet too: it ends the batch."""


@dataclass(frozen=True)
class Taken:
    """A photo that was read, or why it could not be; ``entry`` where there is a memory.

    A photo that may be too large to be held is None: not read yet.
    """

    photo: Photo | Failed | None
    entry: Entry | None = None


@dataclass(frozen=True)
class Steps:
    """How photos are read and written in one batch. Safe to use from several threads."""

    metadata: str = "keep"
    quality: int | None = None
    overwrite: bool = False
    among_photos: bool = False
    """Without a memory: a file of an output's name may be an original, which stays."""
    memory: Memory | None = None
    scratch: Path | None = None
    """Folder for files that have no name yet; beside their targets if None."""
    scale: int = 1
    """Pixels out per pixel in along a side, to refuse before the work what no file could hold."""

    def __post_init__(self) -> None:
        check_policy(self.metadata)
        check_quality(self.quality)

    def take(self, job: Job) -> Taken:
        """Read a job's photo, if it is not one for `in_strips`."""
        entry = None
        try:
            if self.memory:
                entry = self.memory.taken(job)
        except Exception as error:
            return Taken(self.fail(job, entry, error), entry)
        if job.megapixels >= FROM_MEGAPIXELS:
            return Taken(None, entry)
        return Taken(self.read(job, entry), entry)

    def read(self, job: Job, entry: Entry | None) -> Photo | Failed:
        """Read a job's photo, whole."""
        try:
            photo = read(job.source)
            self.check_unchanged(job, entry)
            check_sides(format_of(job.target.name), photo.width, photo.height, self.scale)
        except Exception as error:  # whatever a damaged file makes a decoder do
            return self.fail(job, entry, error)
        return photo

    def check_unchanged(self, job: Job, entry: Entry | None) -> None:
        if self.memory and entry and not self.memory.unchanged(job, entry):
            raise PassingError(f"{job.source.name} changed while it was read.")

    def in_strips(
        self,
        job: Job,
        enhancer: Enhancer,
        entry: Entry | None,
        progress: Callable[[float], None],
    ) -> tuple[str, ...] | Failed | None:
        """Read, enhance and write a large photo piece by piece; None if it has to be held."""
        settled = entry

        def settle(output: str) -> None:
            nonlocal settled
            self.check_unchanged(job, entry)
            if self.memory and entry:
                settled = self.memory.writing(entry, output)

        try:
            notes = enhance_file(
                enhancer,
                job.source,
                job.target,
                metadata=self.metadata,
                overwrite=self.overwrite,
                quality=self.quality,
                scratch=self.scratch,
                settle=settle,
                progress=progress,
            )
            if notes is not None:
                self.settled(job, settled)
        except FATAL:
            raise
        except Exception as error:
            return self.fail(job, entry, error)
        return notes

    def put(self, job: Job, photo: Photo, entry: Entry | None = None) -> tuple[str, ...] | Failed:
        """Write a job's result, whole or not at all; returns sentences for the user."""
        try:
            original = photo.source.path
            format = format_of(job.target.name)
            check_target(job.target, original, self.overwrite)
            parts = encode_parts(photo, format, metadata=self.metadata, quality=self.quality)
            notes = losses(photo, format, self.metadata)
            del photo  # its pixels take more memory than the file
            if self.memory and entry:
                entry = self.memory.writing(entry, digest_of(parts))
            write_bytes(
                parts,
                job.target,
                overwrite=self.overwrite,
                original=original,
                scratch=self.scratch,
            )
            self.settled(job, entry)
        except FATAL:
            raise
        except Exception as error:
            return self.fail(job, entry, error)
        return notes

    def settled(self, job: Job, entry: Entry | None) -> None:
        """Remember a result that is there. Where that fails, the next run knows it by its hash."""
        if self.memory and entry:
            with contextlib.suppress(OutputError):
                self.memory.done(job, entry)

    def fail(self, job: Job, entry: Entry | None, error: Exception) -> Failed:
        """Tell a failure, and remember it."""
        failed = failure(job, error)
        if self.memory and entry:
            with contextlib.suppress(OutputError):  # the disk that is full holds the memory too
                self.memory.failed(entry, failed)
        return failed


def digest_of(parts: list[bytes]) -> str:
    """sha256 of the parts as one."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()


def failure(job: Job, error: Exception) -> Failed:
    """One sentence for whatever went wrong with a photo."""
    trace = "".join(traceback.format_exception(error))
    passing = isinstance(error, PassingError | MemoryError)
    if isinstance(error, BurnishError):
        return Failed(job, str(error), error.exit_code, trace, passing)
    if isinstance(error, MemoryError):
        reason = f"{job.source.name}: the photo is too large for this machine's memory."
    else:
        first = next(iter(str(error).splitlines()), "")
        reason = f"{job.source.name}: unexpected {type(error).__name__}: {first}".rstrip(": ")
    return Failed(job, reason, BurnishError.exit_code, trace, passing)
