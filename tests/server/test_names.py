"""Whatever a client calls a photo, no system takes it for more than a file name."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.server.names import LONGEST, harmless, shown


@given(st.text(max_size=300))
def test_what_is_only_shown_is_one_line(name: str) -> None:
    found = shown(name, "my look")
    assert found and len(found.encode()) <= LONGEST and len(found.splitlines()) == 1


def test_a_name_that_is_only_shown_keeps_its_slash() -> None:
    assert shown(" B/W\n warm\u202e ", "my look") == "B/W warm"
    assert shown(" \0 ", "my look") == "my look"


@given(st.text(max_size=300))
def test_never_a_path(name: str) -> None:
    found = harmless(name)
    assert found and len(found.encode()) <= LONGEST
    assert PurePosixPath(found).name == found and PureWindowsPath(found).name == found
    assert found[0] != "." and found[-1] not in ". "
    assert not any(c in found for c in '<>:"/\\|?*') and found.isprintable()
    assert harmless(found) == found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Größe 1.JPG", "Größe 1.JPG"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        (".hidden.jpg", "hidden.jpg"),
        ("con.jpg", "_con.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie_ x.jpg"),
        ("a" * 300 + ".jpg", "a" * (LONGEST - 4) + ".jpg"),
        ("日" * 150 + ".jpg", "日" * 65 + ".jpg"),
        ("", "photo"),
        ("\u202egpj.exe", "gpj.exe"),
    ],
)
def test_examples(name: str, expected: str) -> None:
    assert harmless(name) == expected
