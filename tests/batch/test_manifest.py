"""The manifest's file: one burnish at a time, nothing lost, nothing of others taken for it."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batch.runs import Remember
from burnish.batch.manifest import Entry, Manifest, home, key
from burnish.batch.recipe import Recipe
from burnish.errors import OutputError


@pytest.mark.parametrize("rehearsal", [False, True])
def test_one_burnish_at_a_time(remember: Remember, out: Path, rehearsal: bool) -> None:
    remember()
    with pytest.raises(OutputError, match=rf"Another burnish is at work in {out}"):
        Manifest(home(out), rehearsal=rehearsal)


def test_damaged_or_newer_manifests_are_refused(tmp_path: Path) -> None:
    home(tmp_path).parent.mkdir()
    home(tmp_path).write_bytes(b"no database" * 100)
    for rehearsal in (False, True):
        with pytest.raises(OutputError, match="cannot be used"):
            Manifest(home(tmp_path), rehearsal=rehearsal)
    home(tmp_path).unlink()
    with sqlite3.connect(home(tmp_path)) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for rehearsal in (False, True):
        with pytest.raises(OutputError, match="newer burnish"):
            Manifest(home(tmp_path), rehearsal=rehearsal)


def test_entries_survive_as_they_are(tmp_path: Path) -> None:
    entry = Entry("a/ä.jpg", "/in/ä.jpg", "5:6", "c" * 64, "r" * 64, "failed", "", "", "why", 3)
    vector = np.arange(5, dtype=np.float32)[None]
    with Manifest(tmp_path / "m.sqlite") as manifest:
        manifest.put(replace(entry, state="writing"))
        manifest.put(entry)
        manifest.add_statistics("c", "model", vector)
        manifest.add_recipe(Recipe({"a": 1}))
    with Manifest(tmp_path / "m.sqlite") as manifest:
        assert manifest.get(entry.target) == entry
        assert manifest.get("b") is None
        found = manifest.statistics("c", "model")
        assert found is not None and np.array_equal(found, vector)
        assert manifest.statistics("c", "other") is None
        assert manifest.recipe(Recipe({"a": 1}).hash) == Recipe({"a": 1})


def test_keys_are_the_same_on_every_system(tmp_path: Path) -> None:
    assert key(tmp_path / "x" / "a.jpg", tmp_path) == "x/a.jpg"
