"""Files of burnish's own: whole or as they were, and where the user's cache lies."""

from pathlib import Path

import pytest

from burnish.batch.places import place
from burnish.batch.url_plan import manifest_of
from burnish.cache import cache_folder, state_folder
from burnish.errors import OptionError, OutputError
from burnish.files import (
    is_file,
    is_folder,
    is_there,
    make_folder,
    sha256,
    unreachable,
    whole,
    write_text,
)


def test_a_file_is_replaced_when_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / ("long " * 50)  # as long as a name may be
    path.write_text("old")
    with whole(path) as partial:
        assert partial.parent == tmp_path and partial.name.startswith(".")
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), whole(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_folder_is_made_and_what_cannot_be_written_is_told_in_one_sentence(
    tmp_path: Path,
) -> None:
    write_text(tmp_path / "new" / "names.txt", "\udcff.jpg")
    assert (tmp_path / "new" / "names.txt").read_bytes() == b"\xff.jpg"
    with pytest.raises(OutputError, match=r"new cannot be written: Is a directory\.$"):
        write_text(tmp_path / "new", "")
    with pytest.raises(OutputError, match=r"below cannot be written: .*\.$"):
        write_text(tmp_path / "new" / "names.txt" / "below", "")
    assert len(list(tmp_path.rglob("*"))) == 2


def test_the_hash_is_that_of_the_standard(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, B.1
    assert sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")


def test_what_the_system_will_not_say_is_no_error(locked: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    whys = {
        tmp_path: "",
        tmp_path / "file": "",
        tmp_path / "nothing": "",
        tmp_path / "file" / "below": "",
        locked / "sub": "Permission denied",
        tmp_path / (300 * "n"): "File name too long",
        tmp_path / "a\0b": "a path cannot hold a NUL",
    }
    assert {path: unreachable(path) for path in whys} == whys
    assert [is_folder(path) for path in whys] == [True, *6 * [False]]
    assert [is_file(path) for path in whys] == [False, True, *5 * [False]]
    assert [is_there(path) for path in whys] == [True, True, *5 * [False]]


def test_all_kinds_lie_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_CACHE", str(tmp_path))
    assert cache_folder("openvino") == tmp_path / "openvino"
    assert cache_folder("weights") == tmp_path / "weights"
    monkeypatch.delenv("BURNISH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("lambda") == tmp_path / "burnish" / "lambda"
    # Against the platform's rule: it would be another folder wherever burnish is called.
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "me")
    assert cache_folder("weights") == tmp_path / "me" / ".cache" / "burnish" / "weights"


def test_what_outlasts_a_cache_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "burnish"
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "me")
    assert state_folder() == tmp_path / "me" / ".local" / "state" / "burnish"
    monkeypatch.setattr(Path, "home", nowhere)
    assert state_folder() is None
    with pytest.raises(OptionError, match="set XDG_STATE_HOME"):
        manifest_of(place("s3://bucket/out"))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "sub"):
        with pytest.raises(OutputError, match=f"{path} cannot be made a folder: "):
            make_folder(path)
