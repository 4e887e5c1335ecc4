"""One actor of a Ray cluster: it holds an Enhancer and does one photo after the other.

Rows come in and go out; photos travel between the actor and their places only. A photo may be begun
again after its actor died, so an output that is there already is well if it has the bytes that were
to be written.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burnish import __version__
from burnish.batch import files, places
from burnish.batch.events import Failed
from burnish.batch.plan import Job
from burnish.batch.recipe import recipe_for
from burnish.batch.resume import among, exists
from burnish.batch.steps import digest_of, failure
from burnish.engine.options import EnhanceOptions
from burnish.errors import ModelError, OutputError
from burnish.image.encode import check_sides, encode_parts
from burnish.image.formats import format_of, losses
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.image.write import write_bytes

TRIES = 3
"""Actors that may die of one photo before it is given up."""


@dataclass(frozen=True)
class Task:
    """What all rows have in common."""

    options: EnhanceOptions
    recipe: str
    """`Recipe.hash` on the driver; an actor with another model or version refuses to work."""
    metadata: str = "keep"
    quality: int | None = None
    overwrite: bool = False
    scratch: Path | None = None
    """Folder for files that have no name yet, where the outputs are local."""


class Ledger:
    """Counts the photos that are begun and not ended, beside the driver; an actor of its own."""

    def __init__(self) -> None:
        self.begun: dict[int, int] = {}

    def begin(self, number: int) -> int:
        """How often this photo was begun without an end, this time included."""
        self.begun[number] = self.begun.get(number, 0) + 1
        return self.begun[number]

    def end(self, number: int) -> None:
        self.begun.pop(number, None)


class Worker:
    """Callable for `ray.data.Dataset.map`: {number, source, target} -> the outcome as a row."""

    def __init__(self, task: Task, ledger: Any) -> None:
        self.task, self.ledger = task, ledger
        self.broken: Exception | None = None
        try:
            self.enhancer = self.load()
        except Exception as error:  # raised here, Ray would start actor after actor
            self.broken = error

    def load(self) -> Any:
        from burnish.engine.enhancer import Enhancer

        task, enhancer = self.task, Enhancer(self.task.options)
        mine = recipe_for(
            task.options, enhancer.model, metadata=task.metadata, quality=task.quality
        )
        if mine.hash != task.recipe:
            raise ModelError(
                f"A worker has burnish {__version__} with another model '{task.options.model}' "
                "than the driver: install the same on all nodes."
            )
        return enhancer

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        import ray

        number = row["number"]
        job = Job(places.place(row["source"]), places.place(row["target"]), 0.0)
        out = {"number": number, "seconds": 0.0, "megapixels": 0.0, "notes": [""]}
        out |= {"content": "", "stamp": "", "output": "", "output_stamp": ""}
        out |= {"reason": "", "code": 0, "trace": "", "passing": False}
        out |= {"fatal": self.broken is not None}
        start = time.perf_counter()
        begun = 1 if self.broken else ray.get(self.ledger.begin.remote(number))
        try:
            if self.broken:
                raise self.broken
            if begun > TRIES:
                raise RuntimeError(f"{TRIES} workers died of this photo")
            self.enhance(job, out, row["replaces"])
        except Exception as error:
            failed: Failed = failure(job, error)
            out |= {"reason": failed.reason, "code": failed.code, "trace": failed.trace}
            out |= {"passing": failed.passing}
        if not self.broken:
            ray.get(self.ledger.end.remote(number))
        return out | {"seconds": time.perf_counter() - start}

    def enhance(self, job: Job, out: dict[str, Any], replaces: bool = False) -> None:
        """Do one photo and put into ``out`` what the manifest wants to know.

        Where there is a file already, it is replaced if it ``replaces``; otherwise it has to be the
        output, just so.
        """
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="burnish-")))
            out["stamp"] = places.stamp(job.source)
            source = places.fetch(job.source, scratch) if places.is_url(job.source) else job.source
            out["content"] = files.digest(source)
            photo = read(source)
            out["megapixels"] = photo.width * photo.height / 1e6
            scale = self.enhancer.scale
            check_sides(format_of(job.target.name), photo.width, photo.height, scale)
            better = self.enhancer(photo)
            del photo
            parts, notes = self.encoded(better, job)
            out["notes"] = ["", *dict.fromkeys((*better.source.notes, *notes))]
            del better
            out["output"] = digest_of(parts)
            self.put(parts, job, source, scratch, out, replaces)
            out["output_stamp"] = places.stamp(job.target)

    def encoded(self, photo: Photo, job: Job) -> tuple[list[bytes], tuple[str, ...]]:
        format, task = format_of(job.target.name), self.task
        parts = encode_parts(photo, format, metadata=task.metadata, quality=task.quality)
        return parts, losses(photo, format, task.metadata)

    def put(
        self,
        parts: list[bytes],
        job: Job,
        source: Path,
        scratch: Path,
        out: dict[str, Any],
        replaces: bool,
    ) -> None:
        """Write the output unless it is there, just so, from an attempt whose actor died."""
        remote = places.is_url(job.target)
        if not replaces and places.stamp(job.target):
            (scratch / "there").mkdir()
            there = places.fetch(job.target, scratch / "there") if remote else job.target
            if files.digest(there) != out["output"]:
                raise OutputError((among if self.task.overwrite else exists)(job).reason)
        elif remote:
            whole = scratch / "result"
            write_bytes(parts, whole)
            places.store(whole, job.target)
        else:
            write_bytes(
                parts,
                job.target,
                overwrite=replaces,
                original=source,
                scratch=self.task.scratch,
            )
