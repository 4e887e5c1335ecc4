"""The study's one file: what is shown, who looks, and every answer, in SQLite.

An answer is on the disk before it is confirmed (``synchronous=FULL``); each call has a connection
of its own, so that several raters and threads can write at a time.
"""

import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.errors import InputError, OptionError

QUESTIONS = ("colour", "texture", "luminance", "overall")
LOWEST, HIGHEST = 1, 5
FILE = "study.sqlite"
SCHEMA = """
CREATE TABLE about (title TEXT NOT NULL, seed INTEGER NOT NULL);
CREATE TABLE shown (
    id INTEGER PRIMARY KEY, picture TEXT NOT NULL, method TEXT NOT NULL, file TEXT NOT NULL UNIQUE,
    UNIQUE (picture, method));
CREATE TABLE rater (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
    at REAL NOT NULL);
CREATE TABLE answer (
    rater INTEGER NOT NULL REFERENCES rater, shown INTEGER NOT NULL REFERENCES shown,
    question TEXT NOT NULL, score INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5), at REAL NOT NULL,
    PRIMARY KEY (rater, shown, question));
"""


@dataclass(frozen=True)
class Shown:
    """One picture by one method; ``file`` is the name under which the browser sees it."""

    id: int
    picture: str
    method: str
    file: str


@dataclass(frozen=True)
class Answer:
    """One score."""

    rater: str
    picture: str
    method: str
    question: str
    score: int
    at: float


class Store:
    """Opens the study in ``folder``, which `create` made."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / FILE
        if not self.file.is_file():
            raise InputError(f"{folder} holds no study: `burnish study new` makes one.")
        try:
            with self._connection() as db:
                self.title, self.seed = db.execute("SELECT title, seed FROM about").fetchone()
                self.shown = [Shown(*row) for row in db.execute("SELECT * FROM shown ORDER BY id")]
        except (sqlite3.DatabaseError, TypeError) as error:
            raise InputError(f"{self.file} is no study, or is damaged: {error}") from error

    @staticmethod
    def create(folder: Path, title: str, seed: int, shown: Sequence[tuple[str, str, str]]) -> None:
        """A new study of (picture, method, file) rows in a folder that is there."""
        db = sqlite3.connect(folder / FILE)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)
            db.execute("INSERT INTO about VALUES (?, ?)", (title, seed))
            db.executemany("INSERT INTO shown (picture, method, file) VALUES (?, ?, ?)", shown)
            db.commit()
        finally:
            db.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.file, timeout=30)
        try:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA foreign_keys=ON")
            with db:
                yield db
        finally:
            db.close()

    def join(self, name: str) -> str:
        """The token of the rater of this name, who is new or comes back."""
        name = " ".join(name.split())[:80]
        if not name:
            raise OptionError("Please give a name; any will do.")
        with self._connection() as db:
            db.execute(
                "INSERT OR IGNORE INTO rater (token, name, at) VALUES (?, ?, ?)",
                (secrets.token_urlsafe(16), name, time.time()),
            )
            row = db.execute("SELECT token FROM rater WHERE name = ?", (name,)).fetchone()
            return str(row[0])

    def _rater(self, db: sqlite3.Connection, token: str) -> int:
        row = db.execute("SELECT id FROM rater WHERE token = ?", (token,)).fetchone()
        if row is None:
            raise OptionError("This study does not know you: reload the page and give your name.")
        return int(row[0])

    def order(self, token: str) -> list[Shown]:
        """What a rater sees, one after the other: shuffled, for each rater differently.

        No picture follows itself by another method, as long as there are other pictures left.
        """
        with self._connection() as db:
            rater = self._rater(db, token)
        left = [
            self.shown[i]
            for i in np.random.default_rng([self.seed, rater]).permutation(len(self.shown))
        ]
        found: list[Shown] = []
        while left:
            last = found[-1].picture if found else None
            place = next((i for i, s in enumerate(left) if s.picture != last), 0)
            found.append(left.pop(place))
        return found

    def answers_of(self, token: str) -> dict[int, dict[str, int]]:
        """A rater's scores so far: by id of what was shown, then by question."""
        found: dict[int, dict[str, int]] = {}
        with self._connection() as db:
            rater = self._rater(db, token)
            query = "SELECT shown, question, score FROM answer WHERE rater = ?"
            for shown, question, score in db.execute(query, (rater,)):
                found.setdefault(shown, {})[question] = score
        return found

    def answer(self, token: str, shown: int, question: str, score: int) -> None:
        """Keep a score, or replace it; it is on the disk when this returns."""
        if question not in QUESTIONS:
            raise OptionError(f"There is no question '{question}'.")
        if type(score) is not int or not LOWEST <= score <= HIGHEST:
            raise OptionError(f"A score is a whole number from {LOWEST} to {HIGHEST}.")
        with self._connection() as db:
            rater = self._rater(db, token)
            db.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)",
                (rater, shown, question, score, time.time()),
            )

    def answers(self) -> list[Answer]:
        """Every answer of everyone, in the order of raters and of what was shown."""
        query = (
            "SELECT rater.name, picture, method, question, score, answer.at FROM answer "
            "JOIN rater ON rater.id = answer.rater JOIN shown ON shown.id = answer.shown "
            "ORDER BY rater.id, shown.id, question"
        )
        with self._connection() as db:
            return [Answer(*row) for row in db.execute(query)]
