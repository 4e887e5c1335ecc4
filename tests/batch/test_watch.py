"""Watching a folder: by the clock of the test inside, and as a process outside."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch.conftest import picture
from burnish.batch.events import Done, Event, Failed, Kept, Skipped
from burnish.batch.plan import Job
from burnish.batch.resume import Memory
from burnish.batch.steps import Steps
from burnish.batch.watch import Patience, Watcher, watch
from burnish.batch.whole import is_whole
from burnish.errors import InputError, OptionError, OutputError
from burnish.image.photo import Photo
from burnish.image.read import read


def invert(photo: Photo, progress: Callable[[float], None]) -> Photo:
    return photo.with_pixels(1 - photo.pixels)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def names(jobs: list[Job]) -> list[str]:
    return [job.source.name for job in jobs]


def test_files_are_taken_once_when_they_stay_the_same(inbox: Path, tmp_path: Path) -> None:
    watcher = Watcher(inbox, tmp_path / "out", patience=Patience(settle=2))
    assert watcher.ready(0) == []
    photo = picture(inbox / "a.png")
    assert watcher.ready(1) == [] and watcher.ready(2.9) == []
    picture(photo, seed=1)  # still being written
    assert watcher.ready(3) == [] and watcher.ready(4.9) == []
    assert names(watcher.ready(5)) == ["a.png"]
    assert watcher.ready(9) == []
    os.utime(photo, (1, 1))
    assert watcher.ready(10) == [] and names(watcher.ready(12)) == ["a.png"]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif"])
def test_a_copy_that_stalls_is_waited_for(inbox: Path, tmp_path: Path, suffix: str) -> None:
    watcher = Watcher(inbox, tmp_path / "out", patience=Patience(settle=1, unfinished=60))
    content = picture(tmp_path / f"whole{suffix}").read_bytes()
    photo = inbox / f"a{suffix}"
    photo.write_bytes(content[: len(content) // 2])
    watcher.ready(0)
    assert watcher.ready(30) == []
    photo.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    watcher.ready(31)
    assert watcher.ready(50) == []
    photo.write_bytes(content)
    watcher.ready(51)
    assert names(watcher.ready(52)) == [photo.name]
    photo.write_bytes(content[:-40])
    watcher.ready(100)
    assert watcher.ready(159) == []
    assert names(watcher.ready(160)) == [photo.name]  # so it is damaged: let it be told


def test_wholeness(tmp_path: Path) -> None:
    whole = picture(tmp_path / "a.jpg").read_bytes()
    (tmp_path / "trailer.jpg").write_bytes(whole + b"SEFT of a phone")
    assert is_whole(tmp_path / "a.jpg") and is_whole(tmp_path / "trailer.jpg")
    (tmp_path / "empty.jpg").touch()
    assert not is_whole(tmp_path / "empty.jpg") and not is_whole(tmp_path / "gone.jpg")


def test_a_thumbnail_s_end_is_not_the_photo_s(tmp_path: Path) -> None:
    whole = picture(tmp_path / "a.jpg", 300, 300).read_bytes()
    small = picture(tmp_path / "small.jpg").read_bytes()
    exif = b"Exif\0\0" + small
    head = whole[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    photo = tmp_path / "b.jpg"
    photo.write_bytes(head + whole[2:])
    assert is_whole(photo)
    for size in (len(small), len(head), len(head) + 100, len(head) + len(whole) // 2):
        photo.write_bytes((head + whole[2:])[:size])
        assert not is_whole(photo)


def test_renames_and_hidden_names(inbox: Path, tmp_path: Path) -> None:
    watcher = Watcher(inbox, tmp_path / "out", patience=Patience(settle=0))
    picture(tmp_path / "a.png").rename(inbox / ".a.png.Xy3")  # as rsync
    picture(tmp_path / "b.png").rename(inbox / "b.png.part")  # as browsers
    watcher.ready(0)
    assert watcher.ready(9) == []
    (inbox / ".a.png.Xy3").rename(inbox / "a.png")
    (inbox / "b.png.part").rename(inbox / "b.png")
    watcher.ready(10)
    assert names(watcher.ready(11)) == ["a.png", "b.png"]


def test_two_photos_for_one_output(inbox: Path, tmp_path: Path) -> None:
    told: list[Event] = []
    watcher = Watcher(
        inbox, tmp_path / "out", format="jpeg", patience=Patience(settle=0), on_event=told.append
    )
    picture(inbox / "a.png")
    picture(inbox / "a.jpg")
    watcher.ready(0)
    assert names(watcher.ready(1)) == ["a.jpg"]
    assert isinstance(told[0], Skipped) and "would both become" in told[0].reason


def test_a_photo_is_taken_once_its_rival_is_gone(inbox: Path, tmp_path: Path) -> None:
    told: list[Event] = []
    watcher = Watcher(
        inbox, tmp_path / "out", format="jpeg", patience=Patience(settle=0), on_event=told.append
    )
    rival = picture(inbox / "a.jpg")
    picture(inbox / "a.png")
    watcher.ready(0)
    assert names(watcher.ready(1)) == ["a.jpg"]
    rival.unlink()
    assert names(watcher.ready(2)) == ["a.png"]
    assert watcher.ready(3) == [] and len(told) == 1


def test_what_has_no_name_here_is_told_and_stops_nothing(inbox: Path, tmp_path: Path) -> None:
    told: list[Event] = []
    watcher = Watcher(
        *(inbox, tmp_path / "out", None, "{name}_and_better_still", Patience(settle=0)),
        on_event=told.append,
    )
    picture(inbox / "a.png")
    picture(inbox / f"{240 * 'l'}.png")
    watcher.ready(0)
    assert names(watcher.ready(1)) == ["a.png"]
    assert isinstance(told[0], Failed) and "more than 255 bytes" in told[0].reason


def test_the_photo_that_others_follow_is_an_original(inbox: Path, tmp_path: Path) -> None:
    told: list[Event] = []
    best = picture(tmp_path / "out" / "a.png")
    watcher = Watcher(
        inbox, tmp_path / "out", patience=Patience(settle=0), on_event=told.append, lock_to=best
    )
    picture(inbox / "a.png")
    watcher.ready(0)
    assert watcher.ready(1) == []
    assert isinstance(told[0], Skipped) and "is an original" in told[0].reason


def test_a_folder_that_cannot_be_searched_is_left_out(
    inbox: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(inbox / "a.png")
    picture(inbox / "secret" / "b.png")
    scandir, locked = os.scandir, [True]

    def refuse(path: str) -> object:
        if locked and path == str(inbox / "secret"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    watcher = Watcher(inbox, tmp_path / "out", patience=Patience(settle=0))
    watcher.ready(0)
    assert names(watcher.ready(1)) == ["a.png"] and watcher.ready(2) == []
    assert caplog.text.count("secret cannot be searched: Permission denied.") == 1
    locked.clear()
    watcher.ready(3)
    assert names(watcher.ready(4)) == ["b.png"]


def test_no_loops(inbox: Path, tmp_path: Path) -> None:
    for out in (inbox, tmp_path, tmp_path / "in" / ".." / "in"):
        with pytest.raises(OutputError, match="choose another"):
            Watcher(inbox, out)
    (tmp_path / "link").symlink_to(inbox)
    with pytest.raises(OutputError, match="choose another"):
        Watcher(inbox, tmp_path / "link")
    with pytest.raises(InputError):
        Watcher(tmp_path / "nowhere", tmp_path / "out")
    for seconds in (0, float("inf"), float("nan")):
        with pytest.raises(OptionError):
            Patience(poll=seconds)
    picture(inbox / "a.png")
    watcher = Watcher(inbox, inbox / "better", patience=Patience(settle=0))
    watcher.ready(0)
    picture(inbox / "better" / "a.png")
    assert [names(watcher.ready(t)) for t in (1, 2, 3)] == [["a.png"], [], []]


def test_a_folder_that_goes_and_comes_back(
    inbox: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    picture(inbox / "a.png")
    watcher = Watcher(inbox, tmp_path / "out", patience=Patience(settle=0))
    inbox.rename(tmp_path / "away")
    assert watcher.ready(0) == [] and watcher.ready(1) == []
    assert caplog.messages == [f"The folder {inbox} cannot be searched: No such file or directory."]
    (tmp_path / "away").rename(inbox)
    watcher.ready(2)
    assert names(watcher.ready(3)) == ["a.png"]


def run_until(watcher: Watcher, steps: Steps, enough: Callable[[list[Event]], bool]) -> list[Event]:
    """Watch in this thread until the events are enough."""
    told: list[Event] = []
    stop = threading.Event()

    def tell(event: Event) -> None:
        told.append(event)
        if enough(told):
            stop.set()

    watcher.on_event = tell
    limit = threading.Timer(20, stop.set)
    limit.start()
    watch(watcher, invert, steps, stop)
    limit.cancel()
    return told


def ended(told: list[Event]) -> list[Event]:
    return [event for event in told if isinstance(event, Done | Failed | Kept | Skipped)]


def test_a_burst_a_restart_and_a_damaged_file(
    inbox: Path, tmp_path: Path, remember: Callable[..., Memory]
) -> None:
    for number in range(30):
        picture(inbox / "burst" / f"{number:02}.png", 8, 8, seed=number)
    (inbox / "bad.jpg").write_bytes(b"\xff\xd8\xff\xda\0\x02 broken \xff\xd9")
    fast = Patience(poll=0.02, settle=0)
    out = tmp_path / "out"
    told = run_until(
        Watcher(inbox, out, patience=fast), Steps(memory=remember()), lambda t: len(ended(t)) == 31
    )
    assert sum(isinstance(e, Done) for e in told) == 30
    assert [e.job.source.name for e in told if isinstance(e, Failed)] == ["bad.jpg"]
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.png")}
    assert len(before) == 30
    picture(inbox / "late.png")
    told = run_until(
        Watcher(inbox, out, patience=fast), Steps(memory=remember()), lambda t: len(ended(t)) == 32
    )
    assert [e.job.source.name for e in told if isinstance(e, Done)] == ["late.png"]
    assert sum(isinstance(e, Kept) for e in told) == 30
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_a_full_disk_is_tried_again(
    inbox: Path, tmp_path: Path, remember: Callable[..., Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    from burnish.image.write import write_bytes

    left = [2]

    def full(*given: object, **options: object) -> None:
        if left[0]:
            left[0] -= 1
            raise OutputError("No space left.")
        write_bytes(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("burnish.batch.steps.write_bytes", full)
    picture(inbox / "a.png")
    watcher = Watcher(
        inbox, tmp_path / "out", patience=Patience(poll=0.01, settle=0, unfinished=0.05)
    )
    told = run_until(
        watcher, Steps(memory=remember()), lambda t: any(isinstance(e, Done) for e in t)
    )
    assert [type(e) for e in ended(told)] == [Failed, Failed, Done]


def test_a_photo_that_may_be_opened_later_is_tried_again(
    inbox: Path, tmp_path: Path, remember: Callable[..., Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture(inbox / "a.png")
    opened, locked = Path.open, [True]

    def refuse(file: Path, *given: Any, **options: Any) -> Any:
        if locked and file == path:
            raise PermissionError(13, "Permission denied", str(file))
        return opened(file, *given, **options)

    monkeypatch.setattr(Path, "open", refuse)  # a test may run as root, who may open anything
    watcher = Watcher(
        inbox, tmp_path / "out", patience=Patience(poll=0.01, settle=0, unfinished=0.05)
    )
    unlock = threading.Timer(0.5, locked.clear)
    unlock.start()
    told = run_until(
        watcher, Steps(memory=remember()), lambda t: any(isinstance(e, Done) for e in t)
    )
    assert [type(e) for e in ended(told)] == [Failed, Done]  # told once


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_the_command_stops_cleanly(
    inbox: Path,
    tmp_path: Path,
    start: Callable[..., subprocess.Popen[str]],
    word: signal.Signals,
) -> None:
    picture(inbox / "a.png")
    out = tmp_path / "out"
    child = start(
        *("watch", inbox, "-o", out, "--json", "--poll", 0.05, "--settle", 0.1, "--threads", 1)
    )
    assert child.stdout is not None
    done = next(event for line in child.stdout if (event := json.loads(line))["event"] == "done")
    assert done["target"] == str(out / "a.png")
    with (inbox / "slow.png").open("wb") as file:  # a copy in two parts
        content = picture(tmp_path / "b.png", seed=3).read_bytes()
        file.write(content[:1000])
        file.flush()
        time.sleep(0.5)
        file.write(content[1000:])
    events = (json.loads(line) for line in child.stdout)
    done = next(event for event in events if event["event"] in ("done", "failed"))
    assert done["event"] == "done" and done["source"] == str(inbox / "slow.png")
    assert read(out / "slow.png").width == 56
    child.send_signal(word)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == 0, errors
    assert "Traceback" not in errors
    shutil.rmtree(inbox)
