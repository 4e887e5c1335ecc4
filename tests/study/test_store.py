"""Making a study, orders, and answers that stay."""

import sqlite3
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from burnish.errors import InputError, OptionError, OutputError
from burnish.study.make import PICTURES, create
from burnish.study.store import QUESTIONS, Store


def test_pictures_are_copied_losslessly_and_tell_nothing(
    study: Path, methods: dict[str, Path]
) -> None:
    store = Store(study)
    assert {(s.picture, s.method) for s in store.shown} == {
        (f"photo {n}", m) for n in range(3) for m in methods
    }
    for s in store.shown:
        with Image.open(study / PICTURES / s.file) as copy:
            assert not copy.info.get("Software")
            original = np.asarray(Image.open(methods[s.method] / f"{s.picture}.png"))
            assert np.array_equal(np.asarray(copy), original)
        assert "secret" not in s.file and "photo" not in s.file


def test_order_is_each_raters_own_and_complete(study: Path) -> None:
    store = Store(study)
    tokens = [store.join(f"rater {i}") for i in range(6)]
    orders = [store.order(t) for t in tokens]
    assert all(sorted(s.id for s in o) == sorted(s.id for s in store.shown) for o in orders)
    assert len({tuple(s.id for s in o) for o in orders}) > 3
    assert Store(study).order(tokens[0]) == orders[0]
    # Hardly ever the same picture twice in a row (the last two can be left over).
    for order in orders:
        assert sum(a.picture == b.picture for a, b in pairwise(order)) <= 1


def test_answers_stay_and_can_be_changed(study: Path) -> None:
    store = Store(study)
    token = store.join("  Ann   B ")
    assert store.join("Ann B") == token != store.join("Ben")
    shown = store.order(token)[0]
    store.answer(token, shown.id, "colour", 2)
    store.answer(token, shown.id, "colour", 4)
    assert Store(study).answers_of(token) == {shown.id: {"colour": 4}}
    (kept,) = Store(study).answers()
    assert (kept.rater, kept.picture, kept.method) == ("Ann B", shown.picture, shown.method)
    for question, score in (("taste", 3), ("colour", 6), ("colour", 0), ("colour", True)):
        with pytest.raises(OptionError):
            store.answer(token, shown.id, question, score)
    with pytest.raises(OptionError, match="does not know you"):
        store.answer("forged", shown.id, "colour", 3)
    with pytest.raises(OptionError, match="give a name"):
        store.join("   ")


def test_several_raters_write_at_a_time(study: Path) -> None:
    store = Store(study)
    failed: list[Exception] = []

    def rate(name: str) -> None:
        try:
            token = store.join(name)
            for shown in store.order(token):
                for question in QUESTIONS:
                    store.answer(token, shown.id, question, 1 + shown.id % 5)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=rate, args=(f"r{i}",)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert not failed and len(store.answers()) == 4 * 6 * len(QUESTIONS)


def test_choosing_pictures(methods: dict[str, Path], tmp_path: Path) -> None:
    assert create(tmp_path / "a", methods, names=["photo 1.jpg", "photo 1"]) == 2
    assert {s.picture for s in Store(tmp_path / "a").shown} == {"photo 1"}
    assert create(tmp_path / "b", methods, count=2, seed=1) == 4
    with pytest.raises(InputError, match="lacks 1 of the 1 pictures, the first is other"):
        create(tmp_path / "c", methods, names=["other"])
    (methods["secretB"] / "photo 2.png").unlink()
    with pytest.raises(InputError, match="secretB lacks 1 of the 3 pictures"):
        create(tmp_path / "c", methods)
    assert not (tmp_path / "c").exists() and not list(tmp_path.glob(".*"))
    with pytest.raises(OutputError, match="exists already"):
        create(tmp_path / "a", methods)


def test_what_is_no_study_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no study"):
        Store(tmp_path)
    (tmp_path / "study.sqlite").write_bytes(b"not a data base at all" * 50)
    with pytest.raises(InputError, match="is no study, or is damaged"):
        Store(tmp_path)
    (tmp_path / "study.sqlite").unlink()
    sqlite3.connect(tmp_path / "study.sqlite").close()
    with pytest.raises(InputError, match="is no study, or is damaged"):
        Store(tmp_path)
