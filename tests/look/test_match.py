"""Pairs by name, by time, by content; everything else is set aside with its reason."""

from pathlib import Path

import numpy as np

from burnish.image import exif
from burnish.image.tiffdir import ASCII, entry
from burnish.look.match import Match, SetAside, match
from burnish.look.shots import lay
from burnish.look.view import View, taken
from look.conftest import make_photo, s_curve, save


def view(path: Path, seed: int, finished: bool = False, when: str = "") -> View:
    photo = make_photo(seed)
    pixels = s_curve(photo).astype(np.float32) if finished else photo
    return View(save(pixels, path), pixels, when)


def names(found: list[Match]) -> list[tuple[str, str, str]]:
    return [(m.before.path.name, m.after.path.name, m.how) for m in found]


def test_by_name(tmp_path: Path) -> None:
    before = [view(tmp_path / f"IMG_{n}.png", n) for n in (1, 10)]
    after = [view(tmp_path / "out" / n, 0) for n in ("img_1-Edit.png", "IMG_10.jpg")]
    found, aside = match(before, after)
    assert names(found) == [
        ("IMG_1.png", "img_1-Edit.png", "name"),
        ("IMG_10.png", "IMG_10.jpg", "name"),
    ]
    assert aside == []


def test_the_same_name_goes_before_a_longer_one(tmp_path: Path) -> None:
    before = [view(tmp_path / "a.png", 1)]
    after = [view(tmp_path / "out" / n, 1) for n in ("a-web.png", "a.jpg")]
    found, aside = match(before, after)
    assert names(found) == [("a.png", "a.jpg", "name")]
    assert [a.name for a in aside] == ["a-web.png"] and "another finished" in aside[0].reason
    _, aside = match(before, [*after, view(tmp_path / "out" / "ab.png", 7)])  # another shot's
    assert {a.name: a.reason for a in aside}["ab.png"] == "no photo before fits"


def test_by_time_only_where_it_is_one(tmp_path: Path) -> None:
    before = [view(tmp_path / f"b{n}.png", n, when=f"2026:01:01 10:00:0{n}") for n in (1, 2)]
    after = [
        view(tmp_path / "out" / f"x{n}.png", n, True, f"2026:01:01 10:00:0{n}") for n in (2, 1)
    ]
    assert names(match(before, after)[0]) == [
        ("b1.png", "x1.png", "time"),
        ("b2.png", "x2.png", "time"),
    ]
    burst = [View(v.path, v.pixels, "2026:01:01 10:00:00") for v in before]
    finished = [View(v.path, v.pixels, "2026:01:01 10:00:00") for v in after]
    assert {m.how for m in match(burst, finished)[0]} == {"content"}


def test_by_content_and_what_stays_over(tmp_path: Path) -> None:
    before = [view(tmp_path / f"b{n}.png", n) for n in (1, 2, 3)]
    after = [view(tmp_path / "out" / f"x{n}.png", n, True) for n in (3, 1, 9)]
    found, aside = match(before, after)
    assert names(found) == [("b1.png", "x1.png", "content"), ("b3.png", "x3.png", "content")]
    assert {a.name for a in aside} == {"b2.png", "x9.png"}


def test_the_same_file_or_a_copy_is_no_finish(tmp_path: Path) -> None:
    before = [view(tmp_path / f"a{n}.png", n) for n in (1, 2)]
    copy = view(tmp_path / "out" / "a1.png", 1)
    finish = view(tmp_path / "out" / "a1-edit.png", 1, finished=True)
    found, aside = match(before, [copy, finish, before[1]])
    assert names(found) == [("a1.png", "a1-edit.png", "name")]
    assert [a.name for a in aside] == ["a2.png", "a1.png", "a2.png"]
    unchanged, aside = match(before[:1], [copy])  # where there is no other, that is the finish
    assert names(unchanged) == [("a1.png", "a1.png", "name")] and aside == []


def test_a_wrong_pair_of_one_name_is_refused(tmp_path: Path) -> None:
    item = Match(view(tmp_path / "a.png", 1), view(tmp_path / "out" / "a.png", 2), "name")
    reason = lay(item)
    assert isinstance(reason, str) and "something else" in reason


def test_the_time_in_exif() -> None:
    rows = [entry(0x9003, ASCII, b"2026:02:03 04:05:06\0"), entry(0x9291, ASCII, b"78\0")]
    assert taken(exif.build([], rows)) == "2026:02:03 04:05:06.78"
    assert taken(exif.build([], rows[:1])) == "2026:02:03 04:05:06"
    mine = exif.build([entry(exif.COPYRIGHT, ASCII, b"me\0")])
    assert taken(None) == taken(b"nonsense") == taken(mine) == ""


def test_what_is_set_aside_is_named_once() -> None:
    assert str(SetAside("a.jpg", "a.jpg is not a picture")) == "a.jpg is not a picture"
    assert str(SetAside("a.jpg", "a-2.jpg shows something else")).startswith("a.jpg: a-2.jpg shows")
