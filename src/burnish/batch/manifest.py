"""The memory of a batch: which photo became which output, by which recipe, kept beside the outputs.

An SQLite file. An entry is ``writing`` from the moment its output's bytes are known until the file
has its name, so that after a power cut the hash tells whether a file that is there is ours. Until
then the file that is replaced stands, so what was known of it is kept beside.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from pathlib import Path, PurePath
from typing import Any, Literal, Self, TypeVar

import numpy as np

from burnish.batch.recipe import Recipe
from burnish.errors import OutputError
from burnish.files import make_folder

FOLDER = ".burnish"
"""Hidden, so that searching a folder for photos passes it by."""
VERSION = 1
T = TypeVar("T")
State = Literal["writing", "done", "failed"]


@dataclass(frozen=True)
class Entry:
    """What is known of one output. Stamps and hashes are text; empty where not known."""

    target: str
    """The output's name below the output folder: see `key`."""
    source: str
    """Path of the photo, for people to read; its content says whether it is the same."""
    stamp: str
    """Size and time of the photo: while they are the same, its content is not read again."""
    content: str
    """sha256 of the photo's file."""
    recipe: str
    """`Recipe.hash` of what was done with it."""
    state: State
    output_stamp: str = ""
    output: str = ""
    """sha256 of the output's bytes."""
    reason: str = ""
    """Why it failed, one sentence."""
    code: int = 0
    """Exit code of such a failure."""


COLUMNS = ", ".join(field.name for field in fields(Entry))
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS photos ({COLUMNS}, PRIMARY KEY (target)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replaced ({COLUMNS}, PRIMARY KEY (target)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recipes (hash TEXT PRIMARY KEY, facts TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS statistics (
    content TEXT, model TEXT, vector BLOB, PRIMARY KEY (content, model)) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""


class Manifest:
    """The open file. Safe to use from several threads; locked against other processes.

    Every change is on the disk when its call returns.
    """

    def __init__(self, path: Path, *, rehearsal: bool = False) -> None:
        """Open or make the file; its folder too. For a rehearsal, a copy in memory.

        Raises:
            OutputError: it cannot be made, is damaged or from a newer burnish, or another burnish
                works with it.
        """
        self.path = path
        self._lock = threading.Lock()
        if not rehearsal:
            make_folder(path.parent)
        self._db = self._guarded(lambda: connected(":memory:" if rehearsal else path))
        try:
            if rehearsal and os.path.lexists(path):
                self._guarded(lambda: copy(path, self._db))
            self._guarded(self._prepare)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        # An exclusive lock also spares the write-ahead log the shared memory that network file
        # systems lack; with `full`, a change that was told survives a power cut.
        self._db.execute("PRAGMA locking_mode = exclusive")
        self._db.execute("PRAGMA journal_mode = wal")
        self._db.execute("PRAGMA synchronous = full")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise OutputError(f"{self.path} was made by a newer burnish: use that one.")
        self._db.executescript(f"BEGIN IMMEDIATE;{SCHEMA}COMMIT;")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def get(self, target: str) -> Entry | None:
        """The entry of an output, by its `key`."""
        rows = self._run(f"SELECT {COLUMNS} FROM photos WHERE target = ?", (target,))
        return Entry(*rows[0]) if rows else None

    def put(self, entry: Entry) -> None:
        """Add an entry, or replace the one of the same output."""
        marks = ", ".join("?" * len(fields(Entry)))
        self._run(f"INSERT OR REPLACE INTO photos ({COLUMNS}) VALUES ({marks})", astuple(entry))

    def begin(self, entry: Entry) -> None:
        """Put an entry whose output is about to get its name, and keep what it takes the place of.

        In this order: a kill between the two leaves the output known as it is.
        """
        assert entry.state == "writing"
        self._run(
            f"INSERT OR REPLACE INTO replaced SELECT {COLUMNS} FROM photos "
            "WHERE target = ? AND state = 'done'",
            (entry.target,),
        )
        self.put(entry)

    def replaced(self, target: str) -> Entry | None:
        """What was known of an output when it was last begun anew; by its `key`."""
        rows = self._run(f"SELECT {COLUMNS} FROM replaced WHERE target = ?", (target,))
        return Entry(*rows[0]) if rows else None

    def add_recipe(self, recipe: Recipe) -> None:
        """Keep what a recipe's hash stands for, so that a later refusal can say what differs."""
        self._run(
            "INSERT OR IGNORE INTO recipes VALUES (?, ?)", (recipe.hash, json.dumps(recipe.facts))
        )

    def recipe(self, hash: str) -> Recipe | None:
        rows = self._run("SELECT facts FROM recipes WHERE hash = ?", (hash,))
        return Recipe(json.loads(rows[0][0])) if rows else None

    def add_statistics(self, content: str, model: str, vector: np.ndarray) -> None:
        """Keep a photo's whole-picture statistics, (1, K) float32, by its content's hash."""
        blob = np.asarray(vector, "<f4").tobytes()
        self._run("INSERT OR REPLACE INTO statistics VALUES (?, ?, ?)", (content, model, blob))

    def statistics(self, content: str, model: str) -> np.ndarray | None:
        rows = self._run(
            "SELECT vector FROM statistics WHERE content = ? AND model = ?", (content, model)
        )
        return np.frombuffer(rows[0][0], "<f4").reshape(1, -1) if rows else None

    def _run(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._guarded(lambda: self._db.execute(statement, values).fetchall())

    def _guarded(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise OutputError(
                    f"Another burnish is at work in {self.path.parent.parent}: let it finish."
                ) from None
            raise OutputError(f"{self.path} cannot be used: {error}.") from error


def connected(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=1, check_same_thread=False, isolation_level=None)


def copy(path: Path, to: sqlite3.Connection) -> None:
    """Copy a database that nobody else works with; nothing in it changes."""
    with contextlib.closing(connected(path)) as db:
        db.execute("PRAGMA locking_mode = exclusive")
        db.execute("SELECT 1 FROM sqlite_master").fetchall()  # takes the lock, or says who has it
        db.backup(to)


def home(out: Path) -> Path:
    """Where the manifest of an output folder lies."""
    return out / FOLDER / "manifest.sqlite"


def key(target: Path, out: Path) -> str:
    """An output's name below its folder, the same on every system."""
    return spelt(PurePath(os.path.relpath(target, out)).as_posix())


def spelt(name: str) -> str:
    """A file name as text: names may hold bytes that are none."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
