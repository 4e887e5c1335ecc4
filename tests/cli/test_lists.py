"""Flags that hold several values."""

from pathlib import Path

import pytest

from burnish.bench.paper_b import b1
from burnish.cli.lists import folders, names, refuse_unknown
from burnish.errors import OptionError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("full", ("full",)),
        ("full,inputs d,b,no HFA_1", ("full", "inputs d,b", "no HFA_1")),
        ("inputs d,b,inputs i,i", ("inputs d,b", "inputs i,i")),
        ("inputs d,x", ("inputs d", "x")),  # told by whoever looks for them
        (",".join(b1().rows), tuple(b1().rows)),
    ],
)
def test_names_may_hold_commas(text: str, found: tuple[str, ...]) -> None:
    assert names(text, b1().rows) == found


def test_a_photo_to_leave_out_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    refuse_unknown(["a", "a.jpg", "@list"], [tmp_path])
    with pytest.raises(OptionError, match="--exclude b: no photo of that name in "):
        refuse_unknown(["a", "b"], [tmp_path])


def test_folders_have_names_of_their_own() -> None:
    assert folders(["a=x", "b=y=z"], "--outputs") == {"a": Path("x"), "b": Path("y=z")}
    with pytest.raises(OptionError, match="--outputs names two folders 'a'"):
        folders(["a=x", "a=y"], "--outputs")
    for wrong in ("=x", "a=", "a"):
        with pytest.raises(OptionError, match=f"--outputs wants NAME=FOLDER, not '{wrong}'"):
            folders([wrong], "--outputs")
