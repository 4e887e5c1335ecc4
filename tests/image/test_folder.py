"""Photos of a folder by name."""

from __future__ import annotations

import pytest

from burnish.errors import InputError
from burnish.image.folder import by_stem, photos_in


def test_photos_alone_in_the_order_of_their_names(tmp_path):
    for name in ("b.jpg", "a.PNG", ".hidden.jpg", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    assert [path.name for path in photos_in(tmp_path)] == ["a.PNG", "b.jpg"]
    with pytest.raises(InputError, match=r"nowhere is not a folder of photos\.$"):
        photos_in(tmp_path / "nowhere")


def test_a_name_is_the_whole_name_and_no_pattern(tmp_path):
    for name in ("a.b.jpg", "a.jpg", "[x].png"):
        (tmp_path / name).touch()
    found = {stem: path.name for stem, path in by_stem(tmp_path).items()}
    assert found == {"a": "a.jpg", "a.b": "a.b.jpg", "[x]": "[x].png"}


def test_two_of_one_name_are_told(tmp_path):
    for name in ("a.jpg", "b.jpg", "b.png"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"holds b\.jpg and b\.png: photos are told apart by"):
        by_stem(tmp_path)
