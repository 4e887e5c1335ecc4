"""The examples in docs/python.md are run as they stand, with the shipped model."""

import doctest
from pathlib import Path

import pytest

from burnish.image.photo import Photo
from burnish.image.write import write

from .conftest import picture

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
FLAGS = doctest.ELLIPSIS


def test_the_examples_do_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Photo.from_array(picture(36, 48)), "in.jpg")
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=FLAGS)
    assert failed == 0 and tried > 30
    assert {path.name for path in tmp_path.iterdir()} == {"in.jpg", "out.jpg", "copy.tif"}
