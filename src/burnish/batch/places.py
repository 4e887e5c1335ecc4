"""Folders that are URLs: listed, read and written through fsspec, as paths are by the rest.

Local files stay `pathlib.Path`. A `Url` is only a name that jobs, reports and the manifest can
handle like a path; whoever opens it comes here.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self, cast

from burnish.batch import files
from burnish.errors import InputError, MissingExtraError, OptionError, OutputError

if TYPE_CHECKING:
    from fsspec.spec import AbstractFileSystem

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
"""The extra that brings what a kind of URL needs."""
WHOLE_AT_ONCE = ("s3", "s3a", "gs", "gcs")
"""Stores in which an object is there only when all of it is."""
SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):/{1,2}(?=[^/])")


class Url(PurePosixPath):
    """A URL with the manners of a path: s3://bucket/a/b.jpg has a name, a suffix and parents."""

    def __str__(self) -> str:
        return super().__str__().replace(":/", "://", 1)

    def absolute(self) -> Self:
        """It is."""
        return self

    resolve = absolute


def place(given: str | Path | Url) -> Path:
    """A path, or a `Url` posing as one; file:// is a path."""
    text = str(given)
    if text.startswith("file:"):
        return Path("/" + text.removeprefix("file:").lstrip("/"))
    match = SCHEME.match(text)
    if not match or os.path.lexists(text):
        return Path(text)
    return cast(Path, Url(text))


def is_url(where: Path) -> bool:
    return isinstance(where, Url)


def opened(where: Path) -> tuple[AbstractFileSystem, str]:
    """(file system, name on it) for a URL or a path."""
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(f"{where}", "ray") from error
    scheme = str(where).split(":")[0] if is_url(where) else "file"
    try:
        fs, name = fsspec.core.url_to_fs(str(where), use_listings_cache=False)
    except ImportError as error:
        extra = EXTRAS.get(scheme)
        if extra:
            raise MissingExtraError(f"{where}", extra) from error
        raise OptionError(f"{where} cannot be used: {error}.") from error
    except ValueError as error:
        raise OptionError(f"{where} cannot be used: {error}.") from error
    return fs, str(name)


def below(inner: Path, outer: Path) -> str | None:
    """The name of a URL below another one, "" for the same place; None where it lies elsewhere."""
    if not (is_url(inner) and is_url(outer)):
        return None
    (fs, name), (other, root) = opened(inner), opened(outer)
    name, root = name.rstrip("/") + "/", root.rstrip("/") + "/"
    return name.removeprefix(root)[:-1] if fs == other and name.startswith(root) else None


def listing(folder: Path, *, hidden: bool = False) -> Iterator[tuple[str, str]]:
    """(name below the folder, stamp) of each file in a folder and its sub-folders, by name.

    Hidden files, and what lies in hidden folders, only where asked for. A folder that is not there
    has none.
    """
    fs, root = opened(folder)
    try:
        found: dict[str, dict[str, Any]] = fs.find(root, detail=True)
    except FileNotFoundError:
        return
    except Exception as error:  # each file system has its own
        raise InputError(f"{folder} cannot be searched: {first_line(error)}.") from error
    root = root.rstrip("/") + "/"
    for name in sorted(found):
        below = name.removeprefix(root)
        if hidden or not is_hidden(below):
            yield below, stamp_of(found[name])


def is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def stamp_of(info: dict[str, Any]) -> str:
    """What tells a file from a changed one without reading it: its ETag, or size and time."""
    for name in ("ETag", "etag", "md5Hash"):
        if info.get(name):
            return str(info[name]).strip('"')
    time = info.get("mtime") or info.get("LastModified") or info.get("updated") or ""
    return f"{info.get('size')}:{time}"


def stamp(where: Path) -> str:
    """The stamp of one file; "" where there is none."""
    if not is_url(where):
        return files.stamp(where)
    fs, name = opened(where)
    try:
        return stamp_of(fs.info(name))
    except FileNotFoundError:
        return ""


def fetch(source: Path, folder: Path) -> Path:
    """A copy of a URL's file in a local folder, under its own name."""
    copy = folder / source.name
    fs, name = opened(source)
    try:
        fs.get_file(name, str(copy))
    except FileNotFoundError:
        raise InputError(f"{source} does not exist.") from None
    except Exception as error:
        raise InputError(f"{source} cannot be read: {first_line(error)}.") from error
    return copy


def store(file: Path, target: Path) -> None:
    """Put a local file to a URL, whole or not at all."""
    fs, name = opened(target)
    try:
        if str(target).split(":")[0] in WHOLE_AT_ONCE:
            fs.put_file(str(file), name)
            return
        folder, _, last = name.rpartition("/")
        partial = f"{folder}/.burnish-{os.urandom(8).hex()}-{last}"
        fs.makedirs(folder, exist_ok=True)
        fs.put_file(str(file), partial)
        fs.mv(partial, name)
    except Exception as error:
        raise OutputError(f"{target} cannot be written: {first_line(error)}.") from error


def remove(where: Path) -> None:
    fs, name = opened(where)
    with contextlib.suppress(FileNotFoundError):
        fs.rm_file(name)


def first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
