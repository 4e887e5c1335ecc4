"""A batch with a stand-in for the network: order, failures, skipping, interruption, memory."""

import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from burnish.batch import run as batch
from burnish.batch.events import Done, Event, Failed, Progress, Report, Skipped, Started
from burnish.batch.manifest import Entry
from burnish.batch.plan import Job, plan
from burnish.batch.run import run
from burnish.batch.steps import Steps, Taken
from burnish.errors import ModelError, OptionError
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.image.write import write


def invert(photo: Photo, progress: Callable[[float], None]) -> Photo:
    progress(0.5)
    progress(1.0)
    return photo.with_pixels(1 - photo.pixels)


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    for number in range(3):
        pixels = np.full((4, 5, 3), 50 * number, np.uint8)
        write(Photo.from_array(pixels), tmp_path / "in" / f"{number}.png")
    return plan([tmp_path / "in"], tmp_path / "out")


def test_every_photo_is_done_and_told(jobs: list[Job]) -> None:
    events: list[Event] = []
    report = run(jobs, lambda: invert, on_event=events.append)
    kinds = [type(event) for event in events if not isinstance(event, Done)]
    assert kinds == 3 * [Started, Progress, Progress]  # writing overlaps with what follows
    assert [e.job for e in events if isinstance(e, Done)] == jobs
    assert [e.number for e in events if isinstance(e, Started)] == [1, 2, 3]
    assert (len(report.done), report.exit_code, report.interrupted) == (3, 0, False)
    for job in jobs:
        assert np.array_equal(read(job.target).pixels, 1 - read(job.source).pixels)


def test_failures_of_every_kind_stop_nothing(jobs: list[Job], tmp_path: Path) -> None:
    (tmp_path / "in" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    def fragile(photo: Photo, progress: Callable[[float], None]) -> Photo:
        if photo.source.path == jobs[1].source:
            raise ZeroDivisionError("odd numbers\nand more")
        return invert(photo, progress)

    report = run(jobs, lambda: fragile)
    assert [f.job for f in report.failed] == jobs[:2] and report.exit_code == 1
    assert report.failed[1].reason == "1.png: unexpected ZeroDivisionError: odd numbers"
    assert jobs[2].target.exists() and not jobs[1].target.exists()


def test_a_result_too_large_for_its_format_is_told_before_the_work(tmp_path: Path) -> None:
    """WebP holds 16383 pixels a side, a photo of 16000 that is not enlarged among them."""
    write(Photo.from_array(np.zeros((2, 16000, 3), np.uint8)), tmp_path / "wide.png")
    jobs = plan([tmp_path / "wide.png"], tmp_path / "out", format="webp")
    seen: list[Photo] = []

    def enlarging(photo: Photo, progress: Callable[[float], None]) -> Photo:
        seen.append(photo)
        return photo

    report = run(jobs, lambda: enlarging, Steps(scale=2))
    says = "WebP holds at most 16383 pixels a side, and the result would have 32000 x 4"
    assert says in report.failed[0].reason and seen == []
    assert len(run(jobs, lambda: enlarging, Steps()).done) == len(seen) == 1


def test_failed_photos_do_not_stay_in_memory(jobs: list[Job]) -> None:
    alive: list[weakref.ref[Photo]] = []

    def failing(photo: Photo, progress: Callable[[float], None]) -> Photo:
        alive.append(weakref.ref(photo))
        raise RuntimeError("no")

    report = run(jobs, lambda: failing)
    gc.collect()
    assert len(report.failed) == len(alive) == 3
    assert [ref() for ref in alive] == [None, None, None]


def test_existing_outputs_are_skipped_so_that_a_batch_can_go_on(jobs: list[Job]) -> None:
    run(jobs[:1], lambda: invert)
    report = run(jobs, lambda: invert)
    assert [s.job for s in report.skipped] == jobs[:1]
    assert (len(report.done), report.exit_code) == (2, 1)
    assert len(run(jobs, lambda: invert, Steps(overwrite=True)).done) == 3

    def never() -> batch.Enhance:
        raise AssertionError("loaded for nothing")

    assert run(jobs, never).exit_code == 4


def test_ctrl_c_ends_the_batch_with_a_report(jobs: list[Job], tmp_path: Path) -> None:
    def stop_at_second(event: Event) -> None:
        if isinstance(event, Progress) and event.job == jobs[1]:
            raise KeyboardInterrupt

    report = run(jobs, lambda: invert, on_event=stop_at_second)
    assert (len(report.done), report.interrupted, report.exit_code) == (1, True, 130)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["0.png"]


def test_what_concerns_all_photos_is_raised(jobs: list[Job]) -> None:
    def damaged(photo: Photo, progress: Callable[[float], None]) -> Photo:
        raise ModelError("main.onnx cannot be compiled")

    with pytest.raises(ModelError):
        run(jobs, lambda: damaged)
    with pytest.raises(OptionError):
        Steps(metadata="some")
    with pytest.raises(OptionError):
        Steps(quality=101)
    assert not jobs[0].target.exists()


class Spy(Steps):
    """Notes what is begun and ended, and can make writing wait."""

    log: list[str]
    gate: threading.Event

    def take(self, job: Job) -> Taken:
        self.log.append(f"read {job.source.stem}")
        return super().take(job)

    def put(self, job: Job, photo: Photo, entry: Entry | None = None) -> tuple[str, ...] | Failed:
        assert self.gate.wait(10)
        done = super().put(job, photo, entry)
        self.log.append(f"written {job.source.stem}")
        return done


def spy() -> Spy:
    steps = Spy()
    object.__setattr__(steps, "log", [])
    object.__setattr__(steps, "gate", threading.Event())
    return steps


def test_reading_enhancing_and_writing_overlap(jobs: list[Job]) -> None:
    steps = spy()

    def noted(photo: Photo, progress: Callable[[float], None]) -> Photo:
        assert photo.source.path is not None
        steps.log.append(f"enhance {photo.source.path.stem}")
        if photo.source.path == jobs[1].source:
            steps.gate.set()  # the first is only written once the second is being enhanced
        return photo.with_pixels(1 - photo.pixels)

    assert len(run(jobs, lambda: noted, steps).done) == 3
    assert steps.log.index("enhance 1") < steps.log.index("written 0")
    assert steps.log.index("read 1") < steps.log.index("enhance 0") or "read 1" in steps.log[:3]


def test_large_photos_go_alone(jobs: list[Job]) -> None:
    steps = spy()
    steps.gate.set()
    large = [Job(job.source, job.target, batch.IN_FLIGHT - 1) for job in jobs]
    assert len(run(large, lambda: invert, steps).done) == 3
    order = ["read 0", "written 0", "read 1", "written 1", "read 2", "written 2"]
    assert steps.log == order


@pytest.mark.parametrize(
    ("done", "failed", "skipped", "code"),
    [(2, 0, 0, 0), (1, 1, 0, 1), (0, 2, 0, 3), (0, 0, 2, 4), (0, 1, 1, 1), (1, 0, 1, 1)],
)
def test_exit_codes(done: int, failed: int, skipped: int, code: int) -> None:
    job = Job(Path("a"), Path("b"), 1.0)
    report = Report(
        total=2,
        done=done * [Done(job, 1.0, 1.0)],
        failed=failed * [Failed(job, "empty", 3)],
        skipped=skipped * [Skipped(job, "there")],
    )
    assert report.exit_code == code
