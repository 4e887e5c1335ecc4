"""What a batch remembers of earlier runs decides what is left to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from burnish.batch import files
from burnish.batch.events import Failed, Kept, Skipped
from burnish.batch.manifest import FOLDER, Entry, Manifest, home, key, spelt
from burnish.batch.plan import Job
from burnish.batch.recipe import Recipe
from burnish.errors import BurnishError, InputError
from burnish.files import is_folder, is_there, make_folder
from burnish.image.sniff import SUFFIXES

FAULTS_OF_THE_PHOTO = (InputError.exit_code, BurnishError.exit_code)
"""Failures that come again; after others, such as a full disk, a photo is tried again unasked."""

AGAIN = 0
"""Remembered as the code of a failure that has passed, perhaps: the photo is tried again, too."""


@dataclass(frozen=True)
class Memory:
    """A manifest, and the recipe that outputs are wanted by.

    For each job: `verdict`; where that is None, `taken` before the photo is read, `writing` when
    the output's bytes are known, `done` when the output has its name, or `failed`.
    """

    manifest: Manifest
    out: Path
    recipe: Recipe
    retry_failed: bool = False
    stamp: Callable[[Path], str] = files.stamp
    digest: Callable[[Path], str] = files.digest
    among_photos: bool = False
    """Whether ``out`` may hold originals: a file there that burnish did not write stays."""
    contents: dict[tuple[Path, str], str] = field(default_factory=dict)
    """Hashes by path and stamp that `content` found and `taken` will want."""

    def begin(self) -> Path:
        """Store the recipe; the folder for files without a name yet, emptied.

        What lies there was left by a run that was killed: the manifest is locked against others.
        """
        self.manifest.add_recipe(self.recipe)
        folder = self.out / FOLDER / "parts"
        make_folder(folder)
        for left in folder.glob(".burnish-*.part"):
            left.unlink(missing_ok=True)
        return folder

    def verdict(self, job: Job, overwrite: bool = False) -> Kept | Skipped | Failed | None:
        """Why there is nothing to do for a job, or None where there is.

        An output that is there stays as it is unless ``overwrite``. If burnish made it, by the
        same recipe of the same photo, it is kept with ``overwrite`` too: it would come out equal.
        """
        if job.fault:
            return at_fault(job)
        there = self.stamp(job.target)
        entry = self.known(job, there)
        if entry is None:
            return self.foreign(job, overwrite) if there else None
        stamp = self.stamp(job.source)
        same = stamp == entry.stamp or self.digest(job.source) == entry.content != ""
        current = same and entry.recipe == self.recipe.hash
        if entry.state == "failed":
            its_fault = entry.content and entry.code in FAULTS_OF_THE_PHOTO
            if current and its_fault and not self.retry_failed:
                again = "(in an earlier run; --retry-failed tries again)"
                return Failed(job, f"{entry.reason} {again}", entry.code)
            return self.foreign(job, overwrite) if there else None
        if not there or is_only_a_name(entry, there):
            return None
        if there != entry.output_stamp and self.digest(job.target) != entry.output:
            return self.foreign(job, overwrite)
        if not current:
            return None if overwrite else Skipped(job, self.stale(job, entry, same))
        settled = replace(entry, stamp=stamp, output_stamp=there)
        if settled != entry:
            self.manifest.put(settled)
        return Kept(job)

    def known(self, job: Job, there: str) -> Entry | None:
        """What is known of a job's output, ``there`` by its stamp.

        Where a run was killed as it gave an output its name, the file is the new one or still the
        one before: its hash tells.
        """
        entry = self.manifest.get(key(job.target, self.out))
        if entry is None or entry.state != "writing" or not there:
            return entry
        output = self.digest(job.target)
        for found in (entry, self.manifest.replaced(entry.target)):
            if found and found.output == output != "":
                settled = replace(found, state="done", output_stamp=there)
                self.manifest.put(settled)
                return settled
        return entry

    def foreign(self, job: Job, overwrite: bool) -> Skipped | None:
        """Whether a file that is not, or no more, what burnish wrote keeps an output's place."""
        if self.among_photos:
            return among(job)
        return None if overwrite else exists(job)

    def content(self, job: Job) -> str:
        """Hash of a photo's file, read only if it is not known already; "" if it cannot be."""
        stamp = self.stamp(job.source)
        entry = self.manifest.get(key(job.target, self.out))
        if entry and stamp and entry.stamp == stamp:
            return entry.content
        if (job.source, stamp) not in self.contents:
            self.contents[job.source, stamp] = self.digest(job.source)
        return self.contents[job.source, stamp]

    def stale(self, job: Job, entry: Entry, same: bool) -> str:
        """Why an output that burnish made is not the one that is wanted now."""
        if not same and entry.source == spelt(str(job.source.absolute())):
            why = f"{job.source} has changed since {job.target} was made"
        elif not same:
            why = f"{job.target} was made of another photo, {entry.source}"
        else:
            old = self.manifest.recipe(entry.recipe)
            why = f"{job.target} was made with {self.recipe.differences(old)}"
        return f"{why}: use --overwrite to make it anew."

    def taken(self, job: Job) -> Entry:
        """The entry to go on with; not stored yet. Reads the photo's file for its hash."""
        stamp, target = self.stamp(job.source), key(job.target, self.out)
        known = self.manifest.get(target)
        if known and is_only_a_name(known, self.stamp(job.target)):
            job.target.unlink()
        return Entry(
            target=target,
            source=spelt(str(job.source.absolute())),
            stamp=stamp,
            content=self.contents.pop((job.source, stamp), "") or self.digest(job.source),
            recipe=self.recipe.hash,
            state="writing",
        )

    def unchanged(self, job: Job, entry: Entry) -> bool:
        """Whether the photo's file is still the one that was taken."""
        return self.stamp(job.source) == entry.stamp

    def writing(self, entry: Entry, output: str) -> Entry:
        """The output's bytes are about to get their name; ``output`` is their sha256."""
        entry = replace(entry, output=output)
        self.manifest.begin(entry)
        return entry

    def done(self, job: Job, entry: Entry) -> None:
        self.manifest.put(replace(entry, state="done", output_stamp=self.stamp(job.target)))

    def failed(self, entry: Entry, failed: Failed) -> None:
        """Remember a failure; but where an output of an earlier run stands, only that."""
        last = self.manifest.get(entry.target)
        if last and last.state == "writing":
            last = self.manifest.replaced(entry.target)
        if last and last.state == "done" and self.stamp(failed.job.target):
            self.manifest.put(last)
            return
        code = AGAIN if failed.passing else failed.code
        reason = spelt(failed.reason)
        self.manifest.put(replace(entry, state="failed", output="", reason=reason, code=code))


def wants_memory(inputs: Sequence[Path], out: Path) -> bool:
    """Whether results go into a folder that is worth a manifest: not for one named photo."""
    if is_there(home(out)):
        return True
    into_folder = is_folder(out) or out.suffix.lower() not in SUFFIXES
    return into_folder and (len(inputs) > 1 or any(map(is_folder, inputs)))


def is_only_a_name(entry: Entry, there: str) -> bool:
    """Whether an output is the empty file with which a name is taken where there are no links.

    A run that is killed just then leaves it; ``there`` is the file's stamp.
    """
    return entry.state == "writing" and there.startswith("0:")


def among(job: Job) -> Skipped:
    return Skipped(
        job,
        f"{job.target} lies among the photos and may be one, as burnish did not write it: "
        "it is not overwritten.",
    )


def at_fault(job: Job) -> Failed:
    """What becomes of a job that its plan knows to fail."""
    return Failed(job, job.fault, InputError.exit_code)


def beside(job: Job) -> Skipped:
    return Skipped(
        job,
        f"{job.target} lies among the photos and may be one: it is not overwritten unless -o "
        "names the file.",
    )


def exists(job: Job) -> Skipped:
    return Skipped(job, f"{job.target} exists already: use --overwrite to replace it.")
