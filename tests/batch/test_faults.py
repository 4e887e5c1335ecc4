"""What failures leave for the next run: told again, tried again, and no good output disowned."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batch.runs import Remember, counts, go, never, states
from burnish.batch.plan import Job
from burnish.batch.resume import Memory
from burnish.batch.run import rehearse
from burnish.batch.steps import Steps
from burnish.errors import InputError, OutputError
from burnish.image.photo import Photo


def test_failures_are_remembered_until_asked_or_changed(
    jobs: list[Job], remember: Remember
) -> None:
    whole = jobs[0].source.read_bytes()
    jobs[0].source.write_bytes(whole[:200])
    assert counts(go(jobs, remember())) == (2, 0, 0, 1)
    report = go(jobs, remember(), never)
    assert counts(report) == (0, 2, 0, 1) and report.exit_code == 1
    assert "--retry-failed tries again" in report.failed[0].reason
    assert "earlier" not in go(jobs, remember(retry_failed=True)).failed[0].reason
    jobs[0].source.write_bytes(whole)
    assert counts(go(jobs, remember())) == (1, 2, 0, 0)


def test_a_failure_before_a_photo_was_read_is_none_of_it(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(path: Path) -> Photo:
        raise InputError(f"{path.name} cannot be opened: Permission denied.")

    with monkeypatch.context() as patch:
        patch.setattr("burnish.batch.steps.read", unreadable)
        locked = replace(remember(), digest=lambda path: "")  # as for a file that we may not read
        assert counts(go(jobs, locked)) == (0, 0, 0, 3)
    assert counts(go(jobs, remember())) == (3, 0, 0, 0)


def test_a_redo_that_fails_keeps_what_is_known_of_the_output(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    go(jobs, remember())
    before, photos = states(out), [job.source.read_bytes() for job in jobs]

    def full(*given: object, **options: object) -> None:
        raise OutputError("no space left")

    with monkeypatch.context() as patch:  # once when it is written
        patch.setattr("burnish.batch.steps.write_bytes", full)
        assert counts(go(jobs, remember(strength=0.5), overwrite=True)) == (0, 0, 0, 3)
    assert counts(go(jobs, remember(), never)) == (0, 3, 0, 0)
    for job, content in zip(jobs, photos, strict=True):  # and once when it is read
        job.source.write_bytes(content[:200])
    assert counts(go(jobs, remember(), overwrite=True)) == (0, 0, 0, 3)
    for job, content in zip(jobs, photos, strict=True):
        job.source.write_bytes(content)
    assert counts(go(jobs, remember(), never)) == (0, 3, 0, 0)
    assert states(out) == before


@pytest.mark.parametrize("times", [1, 2])
def test_a_redo_that_is_killed_before_the_rename_disowns_nothing(
    jobs: list[Job], remember: Remember, out: Path, times: int
) -> None:
    go(jobs, remember())
    before = states(out)
    for _ in range(times):
        memory = remember(strength=0.5)
        assert memory.verdict(jobs[0], overwrite=True) is None
        memory.writing(memory.taken(jobs[0]), "f" * 64)
    report = go(jobs, remember(strength=0.5), never)
    assert "was made with strength 1.0, not 0.5" in report.skipped[0].reason
    assert counts(go(jobs, remember(), never)) == (0, 3, 0, 0)
    assert states(out) == before
    memory = remember(strength=0.5)
    memory.writing(memory.taken(jobs[0]), "f" * 64)
    among = replace(remember(strength=0.5), among_photos=True)
    assert counts(go(jobs, among, overwrite=True)) == (3, 0, 0, 0)


def test_a_redo_that_is_killed_after_the_rename_is_known(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(jobs, remember())
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "done", lambda *given: None)
        assert counts(go(jobs, remember(strength=0.5), overwrite=True)) == (3, 0, 0, 0)
    assert counts(go(jobs, remember(strength=0.5), never)) == (0, 3, 0, 0)
    report = go(jobs, remember(), never)
    assert "was made with strength 0.5, not 1.0" in report.skipped[0].reason


def test_an_output_is_ours_even_if_that_could_not_be_stored(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OutputError("the manifest cannot be used: disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Memory, "done", full)
        assert counts(go(jobs, remember())) == (3, 0, 0, 0)
    assert counts(go(jobs, remember(), never)) == (0, 3, 0, 0)


def test_ctrl_c_while_the_last_result_is_written(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on the disk when the command ends, so it counts."""
    from concurrent.futures import wait

    calls = iter([KeyboardInterrupt()])

    def interrupted(*given: Any, **options: Any) -> Any:
        if error := next(calls, None):
            raise error
        return wait(*given, **options)

    monkeypatch.setattr("burnish.batch.run.wait", interrupted)
    report = go(jobs[:1], remember())
    assert next(calls, None) is None
    assert (len(report.done), report.left, report.interrupted) == (1, 0, True)


def test_a_full_disk_is_no_fault_of_the_photo(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **options: object) -> None:
        raise OutputError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr("burnish.batch.steps.write_bytes", full)
        assert counts(go(jobs, remember())) == (0, 0, 0, 3)
    assert counts(go(jobs, remember())) == (3, 0, 0, 0)


def test_a_name_that_was_taken_and_not_filled(jobs: list[Job], remember: Remember) -> None:
    """What a kill leaves where there are no hard links."""
    go(jobs, remember())
    memory = remember()
    entry = memory.manifest.get("0.png")
    assert entry
    memory.manifest.put(replace(entry, state="writing", output_stamp=""))
    jobs[0].target.write_bytes(b"")
    jobs[1].target.write_bytes(b"")  # this one was emptied by somebody
    assert len(rehearse(jobs, Steps(memory=memory)).planned) == 1
    assert jobs[0].target.exists()
    assert counts(go(jobs, remember())) == (1, 1, 1, 0)


def test_a_photo_that_changes_while_it_is_read_fails(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    from burnish.image.read import read

    def slow(path: Path) -> Photo:
        photo = read(path)
        os.utime(path, (1, 1))
        return photo

    monkeypatch.setattr("burnish.batch.steps.read", slow)
    report = go(jobs[:1], remember())
    assert report.failed[0].reason == "0.png changed while it was read."
    assert not jobs[0].target.exists()
    monkeypatch.undo()
    assert counts(go(jobs[:1], remember())) == (1, 0, 0, 0)  # at rest it is tried again, unasked


def test_too_little_memory_is_no_fault_of_the_photo(
    jobs: list[Job], remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: object) -> Photo:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["burnish.image.read"], "decode", short)
        report = go(jobs, remember())
    assert counts(report) == (0, 0, 0, 3) and "this machine's memory" in report.failed[0].reason
    assert counts(go(jobs, remember())) == (3, 0, 0, 0)


@pytest.mark.skipif(os.name == "nt", reason="names of bytes")
def test_a_name_that_is_no_text_is_remembered_with_its_failure(
    jobs: list[Job], remember: Remember
) -> None:
    source = jobs[0].source.with_name(os.fsdecode(b"caf\xe9.png"))
    source.write_bytes(jobs[0].source.read_bytes()[:200])
    job = replace(jobs[0], source=source)
    assert counts(go([job, *jobs[1:]], remember())) == (2, 0, 0, 1)
    assert counts(go([job, *jobs[1:]], remember(), never)) == (0, 2, 0, 1)
