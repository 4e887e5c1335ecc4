"""Photos to files: all or nothing, never over the original, over other files only if asked."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from burnish.errors import OutputError
from burnish.files import is_folder, make_folder, same_file
from burnish.image.encode import encode_parts
from burnish.image.formats import check_format, format_of, losses
from burnish.image.photo import Photo


def write(
    photo: Photo,
    path: Path | str,
    *,
    format: str | None = None,
    metadata: str = "keep",
    overwrite: bool = False,
    quality: int | None = None,
) -> tuple[str, ...]:
    """Write the photo; returns sentences about what the format could not hold of it.

    The format is taken from the name unless given. `metadata` is keep, copyright or strip.
    """
    path = Path(path)
    format = check_format(format) if format else format_of(path.name)
    check_target(path, photo.source.path, overwrite)
    parts = encode_parts(photo, format, metadata=metadata, quality=quality)
    write_bytes(parts, path, overwrite=overwrite, original=photo.source.path)
    return losses(photo, format, metadata)


def check_target(path: Path, original: Path | None, overwrite: bool) -> None:
    """Refuse early what would be refused at the end."""
    if "\0" in str(path):
        raise OutputError(f"{str(path)!r} cannot be written: a path cannot hold a NUL.")
    if is_folder(path):
        raise OutputError(f"{path} is a folder: give the name of a file.")
    if original is not None and same_file(path, original):
        raise OutputError(f"{path} is the original photo, which is never overwritten.")
    if not overwrite and os.path.lexists(path):
        raise taken(path)


def taken(path: Path) -> OutputError:
    """For users of the command and of the library."""
    return OutputError(
        f"{path} exists already: allow overwriting (--overwrite, in Python overwrite=True)."
    )


def write_bytes(
    parts: Iterable[bytes | memoryview],
    path: Path,
    *,
    overwrite: bool = False,
    original: Path | None = None,
    scratch: Path | None = None,
    settle: Callable[[str], None] | None = None,
) -> None:
    """Put the parts into a hidden file beside the target, then give it the target's name.

    The hidden file lies in the folder ``scratch`` if that is on the same file system. ``settle`` is
    told its sha256 once it is complete, before it gets its name.
    """
    path = Path(path)
    make_folder(path.parent)
    temporary = place_for(path, scratch) / f".burnish-{os.urandom(8).hex()}.part"
    digest = hashlib.sha256() if settle else None
    try:
        try:
            with temporary.open("xb") as file:
                for part in parts:
                    file.write(part)
                    if digest:
                        digest.update(part)
                file.flush()
                os.fsync(file.fileno())
            check_target(path, original, overwrite)  # again: encoding takes time
            if settle and digest:
                settle(digest.hexdigest())
            if overwrite:
                temporary.replace(path)
            else:
                take_name(temporary, path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise taken(path) from None
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from None


def place_for(path: Path, scratch: Path | None) -> Path:
    """The folder for a file that will become ``path``."""
    return scratch if scratch is not None and same_device(scratch, path.parent) else path.parent


def same_device(folder: Path, other: Path) -> bool:
    """Whether a file can be renamed from one folder to the other."""
    try:
        return folder.stat().st_dev == other.stat().st_dev
    except OSError:
        return False


def sync_folder(folder: Path) -> None:
    """Let a new name survive a power cut too; not every system and file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def take_name(temporary: Path, path: Path) -> None:
    """Rename without ever replacing: FileExistsError where the name is taken, even a moment ago."""
    try:
        os.link(temporary, path)
        return
    except FileExistsError:
        raise
    except OSError:
        pass  # this file system has no hard links
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
