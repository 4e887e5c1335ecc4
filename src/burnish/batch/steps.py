"""What happens to one photo before and after the network: taken and read, then written."""

from __future__ import annotations

import contextlib
import hashlib
import traceback
from dataclasses import dataclass
from pathlib import Path

from burnish.batch.events import Failed
from burnish.batch.manifest import Entry
from burnish.batch.plan import Job
from burnish.batch.resume import Memory
from burnish.errors import BurnishError, InputError, ModelError, OptionError, OutputError
from burnish.image.encode import encode_parts
from burnish.image.formats import format_of, losses
from burnish.image.metadata import POLICIES
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.image.write import check_target, write_bytes

FATAL = (OptionError, ModelError, BrokenPipeError)
"""What every other photo would meet too: it ends the batch."""


@dataclass(frozen=True)
class Taken:
    """A photo that was read, or why it could not be; ``entry`` where there is a memory."""

    photo: Photo | Failed
    entry: Entry | None = None


@dataclass(frozen=True)
class Steps:
    """How photos are read and written in one batch. Safe to use from several threads."""

    metadata: str = "keep"
    quality: int | None = None
    overwrite: bool = False
    memory: Memory | None = None
    scratch: Path | None = None
    """Folder for files that have no name yet; beside their targets if None."""

    def __post_init__(self) -> None:
        if self.metadata not in POLICIES:
            raise OptionError(
                f"metadata must be one of {', '.join(POLICIES)}, not {self.metadata}."
            )
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise OptionError(f"quality must be from 1 to 100, not {self.quality}.")

    def take(self, job: Job) -> Taken:
        """Read a job's photo."""
        entry = None
        try:
            if self.memory:
                entry = self.memory.taken(job)
            photo = read(job.source)
            if self.memory and entry and not self.memory.unchanged(job, entry):
                raise InputError(f"{job.source.name} changed while it was read.")
        except Exception as error:  # whatever a damaged file makes a decoder do
            return Taken(self.fail(job, entry, error), entry)
        return Taken(photo, entry)

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
                entry = self.memory.writing(entry, sha256(parts))
            write_bytes(
                parts,
                job.target,
                overwrite=self.overwrite,
                original=original,
                scratch=self.scratch,
            )
            if self.memory and entry:
                self.memory.done(job, entry)
        except FATAL:
            raise
        except Exception as error:
            return self.fail(job, entry, error)
        return notes

    def fail(self, job: Job, entry: Entry | None, error: Exception) -> Failed:
        """Tell a failure, and remember it."""
        failed = failure(job, error)
        if self.memory and entry:
            with contextlib.suppress(OutputError):  # the disk that is full holds the memory too
                self.memory.failed(entry, failed.reason, failed.code)
        return failed


def sha256(parts: list[bytes]) -> str:
    """Hash of the parts as one."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    return whole.hexdigest()


def failure(job: Job, error: Exception) -> Failed:
    """One sentence for whatever went wrong with a photo."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, BurnishError):
        return Failed(job, str(error), error.exit_code, trace)
    if isinstance(error, MemoryError):
        reason = f"{job.source.name}: the photo is too large for this machine's memory."
    else:
        first = next(iter(str(error).splitlines()), "")
        reason = f"{job.source.name}: unexpected {type(error).__name__}: {first}".rstrip(": ")
    return Failed(job, reason, BurnishError.exit_code, trace)
