"""Photos of clients on disk: taken in piece by piece, checked by their headers, deleted in time."""

import asyncio
import contextlib
import secrets
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from burnish.errors import BurnishError, InputError
from burnish.image.read import Header, check_size, probe
from burnish.image.sniff import FORMAT_SUFFIXES, RAW_SUFFIXES, foreign, sniff
from burnish.server.limits import Limits
from burnish.server.names import harmless
from burnish.server.refusals import Busy, NotThere, TooLarge, busy_when_full

HEAD = 64
"""Bytes by which a format is known."""


@dataclass(eq=False)
class Stored:
    """A photo on disk under a name of ours; ``name`` is what its sender calls it."""

    id: str
    name: str
    path: Path
    bytes: int
    header: Header
    touched: float = field(default_factory=time.monotonic)
    uses: int = 0
    """Work that still needs the file: it is not deleted meanwhile."""

    def said(self, message: str) -> str:
        """A sentence about the file on disk as one about the sender's photo."""
        return message.replace(str(self.path), self.name).replace(self.path.name, self.name)

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """Errors in here speak of the sender's photo."""
        try:
            yield
        except BurnishError as error:
            error.args = (self.said(str(error)),)
            raise


class Store:
    """Photos by id, in a folder that nothing else uses. Ids cannot be guessed."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.root = root
        self.limits = limits
        self.photos: dict[str, Stored] = {}
        self.used = 0
        """Bytes on disk, photos and results."""
        self.results: dict[Path, int] = {}
        """Bytes of the results among them, by their files."""
        self.lock = threading.Lock()

    def get(self, id: str) -> Stored:
        photo = self.photos.get(id)
        if photo is None:
            raise NotThere("There is no such photo, or no longer.")
        photo.touched = time.monotonic()
        return photo

    def charge(self, count: int) -> None:
        """Count bytes that were written (or, negative, deleted)."""
        with self.lock:
            self.used += count

    def make_room(self, count: int) -> None:
        if self.used + count > self.limits.disk_bytes:
            raise Busy("The disk space of this service is full; try again later.")

    def keep(self, parts: Sequence[bytes], path: Path) -> int:
        """Write a result as a new file and count its bytes; `Busy` where there is no room."""
        count = sum(map(len, parts))
        with self.lock:
            self.make_room(count)
            self.used += count
            self.results[path] = count
        try:
            with busy_when_full():
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as file:
                    file.writelines(parts)
        except BaseException:
            self.drop(path)
            raise
        return count

    def drop(self, path: Path) -> None:
        """Delete a result, if it is there."""
        count = self.results.pop(path, None)
        if count is not None:
            path.unlink(missing_ok=True)
            self.charge(-count)

    async def receive(self, chunks: AsyncIterator[bytes], name: str, declared: int) -> Stored:
        """Write a body to disk as it comes; refuse it as soon as it shows that it is no photo."""
        self.make_room(declared)
        name = harmless(name)
        id = secrets.token_urlsafe(16)
        partial = self.root / f"{id}.part"
        size, known = 0, False
        try:
            with busy_when_full(), partial.open("xb") as file:
                async for chunk in chunks:
                    if size + len(chunk) > self.limits.max_bytes:
                        raise TooLarge(
                            f"The photo is larger than {self.limits.max_megabytes} megabytes."
                        )
                    size += len(chunk)
                    self.charge(len(chunk))
                    self.make_room(0)
                    await asyncio.to_thread(file.write, chunk)
                    if not known and size >= HEAD:
                        file.flush()
                        identify_as(partial, name)
                        known = True
            path = partial.with_name(id + suffix_on_disk(partial, name))
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            self.charge(-size)
            raise
        photo = self.photos[id] = Stored(id, name, path, size, Header(0, 0, ""))
        try:
            with photo.named():
                header = photo.header = await asyncio.to_thread(probe, path)
                check_size(path.name, header.width, header.height, self.limits.max_pixels)
        except BaseException:
            self.delete(photo)
            raise
        return photo

    def delete(self, photo: Stored) -> None:
        """Forget a photo; its file goes now, as nothing reads it any more."""
        if self.photos.pop(photo.id, None):
            photo.path.unlink(missing_ok=True)
            self.charge(-photo.bytes)

    def expired(self) -> list[Stored]:
        """Photos that nothing has asked for in a long time."""
        before = time.monotonic() - self.limits.keep_seconds
        return [p for p in list(self.photos.values()) if not p.uses and p.touched < before]


def identify_as(path: Path, name: str) -> str:
    """The format by content; a raw file may need its sender's extension to be told from a TIFF."""
    suffix = PurePosixPath(name).suffix.lower()
    with path.open("rb") as file:
        head = file.read(HEAD)
    found = sniff(head, f"photo{suffix if suffix in RAW_SUFFIXES else ''}")
    if found is None:
        raise InputError(f"{name} is {foreign(head) if head else 'empty'}.")
    return found


def suffix_on_disk(path: Path, name: str) -> str:
    """An extension that fits the content, whatever the sender's was."""
    found = identify_as(path, name)
    suffix = PurePosixPath(name).suffix.lower()
    if found == "raw":
        return suffix if suffix in RAW_SUFFIXES else ".dng"
    return FORMAT_SUFFIXES[found][0]
