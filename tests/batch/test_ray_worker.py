"""What one actor does with a photo, without a cluster around it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.batch import files
from burnish.batch.cluster import RayOptions, left, outcome_of, remember, workers_for
from burnish.batch.manifest import Manifest, home
from burnish.batch.plan import Job
from burnish.batch.ray_worker import Ledger, Task, Worker
from burnish.batch.recipe import Recipe, recipe_for
from burnish.batch.resume import Memory
from burnish.batch.steps import failure
from burnish.engine.models import find
from burnish.engine.options import EnhanceOptions
from burnish.errors import InputError, ModelError, OptionError, OutputError
from burnish.image.photo import Photo
from burnish.image.write import write
from tiny import tiny_model


@pytest.fixture(scope="module")
def task() -> Task:
    options = EnhanceOptions(model=tiny_model(), precision="f32", threads=1, backend="onnx")
    return Task(options, recipe_for(options, find(options.model)).hash)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    pixels = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    write(Photo.from_array(pixels), tmp_path / "a.jpg")
    return Job(tmp_path / "a.jpg", tmp_path / "out" / "a.jpg", 0.0)


def do(worker: Worker, job: Job) -> dict[str, Any]:
    assert worker.broken is None, worker.broken
    out: dict[str, Any] = {}
    worker.enhance(job, out, worker.task.overwrite)
    return out


def test_a_photo_is_done_and_described(task: Task, job: Job) -> None:
    out = do(Worker(task, None), job)
    assert out["content"] == files.digest(job.source) and out["output"] == files.digest(job.target)
    assert out["output_stamp"] == files.stamp(job.target) and out["megapixels"] == 0.0012


def test_what_an_actor_wrote_before_it_died_is_taken_and_nothing_else(task: Task, job: Job) -> None:
    worker = Worker(task, None)
    first = do(worker, job)
    there = files.stamp(job.target)
    assert do(worker, job) == first and files.stamp(job.target) == there
    job.target.write_bytes(b"somebody else's")
    with pytest.raises(OutputError, match="exists already"):
        worker.enhance(job, {})
    assert job.target.read_bytes() == b"somebody else's"
    assert do(Worker(replace(task, overwrite=True), None), job)["output"] == first["output"]
    assert files.digest(job.target) == first["output"]


def test_what_may_be_an_original_is_compared_even_with_overwrite(
    task: Task, job: Job, tmp_path: Path
) -> None:
    """OUT in IN, after a driver that was killed: an output that it did not hear of, or a photo."""
    task = replace(task, overwrite=True)
    with Manifest(home(tmp_path / "out")) as manifest:
        recipe = Recipe({"strength": 1.0})
        memory = Memory(manifest, tmp_path / "out", recipe, among_photos=True)
        job.target.parent.mkdir(exist_ok=True)
        job.target.write_bytes(b"an original")
        fresh = replace(job, target=tmp_path / "out" / "b.jpg")
        todo = list(left([job, fresh], task, memory, True, lambda event: None))
    assert todo == [(job, False), (fresh, True)]
    with pytest.raises(OutputError, match="lies among the photos"):
        Worker(task, None).enhance(job, {}, replaces=False)
    assert job.target.read_bytes() == b"an original"


@pytest.mark.parametrize(("error", "again"), [(MemoryError(), True), (InputError("No."), False)])
def test_a_failure_that_may_pass_is_tried_again(
    error: Exception, again: bool, task: Task, job: Job, tmp_path: Path
) -> None:
    failed = failure(job, error)
    row = {"reason": failed.reason, "code": failed.code, "trace": "", "passing": failed.passing}
    row |= {"stamp": files.stamp(job.source), "content": files.digest(job.source)}
    row |= {"output": "", "output_stamp": ""}
    with Manifest(home(tmp_path / "out")) as manifest:
        memory = Memory(manifest, tmp_path / "out", Recipe({"strength": 1.0}))
        remember(memory, job, outcome_of(job, row), row)
        assert (memory.verdict(job, overwrite=False) is None) == again


def test_another_model_than_the_drivers_is_refused(task: Task) -> None:
    worker = Worker(replace(task, recipe="other"), None)
    assert isinstance(worker.broken, ModelError) and "same on all nodes" in str(worker.broken)


def test_the_ledger_counts_what_began_and_did_not_end() -> None:
    ledger = Ledger()
    assert [ledger.begin(7), ledger.begin(7), ledger.begin(8)] == [1, 2, 1]
    ledger.end(7)
    assert ledger.begin(7) == 1


@pytest.mark.parametrize(
    ("choices", "room", "expected"),
    [
        ({}, {"CPU": 8.0}, 4),
        ({"workers": 3}, {"CPU": 8.0}, 3),
        ({"workers": 9}, {"CPU": 8.0}, 4),
        ({"gpus": 0.5}, {"CPU": 8.0, "GPU": 1.0}, 2),
        ({"gpus": 1.0}, {"CPU": 8.0}, None),
        ({}, {"CPU": 1.0}, None),
    ],
)
def test_how_many_workers_fit(
    choices: dict[str, Any], room: dict[str, float], expected: int | None
) -> None:
    options = RayOptions(ray="auto", **choices)
    if expected is None:
        with pytest.raises(OptionError, match="not enough for one worker"):
            workers_for(room, options, threads=2)
    else:
        assert workers_for(room, options, threads=2) == expected


def test_options_of_ray() -> None:
    with pytest.raises(OptionError, match="add --ray"):
        RayOptions(workers=2)
    with pytest.raises(OptionError, match="0 or more"):
        RayOptions(ray="local", workers=-1)
