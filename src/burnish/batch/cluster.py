"""A batch on a Ray cluster, or through Ray on this machine: paths go out, outcomes come back.

Ray Data streams rows through a pool of actors and starts an actor, or a whole node's actors, again
when they die; their rows are done again elsewhere. The driver alone writes the manifest.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from burnish.batch.events import Done, Event, Failed, Kept, Report, Skipped
from burnish.batch.manifest import Entry, key, spelt
from burnish.batch.plan import Job
from burnish.batch.quiet_ray import others_on_stderr
from burnish.batch.ray_worker import Ledger, Task, Worker
from burnish.batch.resume import Memory
from burnish.batch.url_plan import Unfinished
from burnish.engine.cores import cores
from burnish.errors import BurnishError, MissingExtraError, OptionError

ROWS = 8
"""Photos that an actor is given at a time at most: they are told of together."""
BLOCKS = 8
"""Parts, at least, into which each actor's share is cut."""
STORE = 100 << 20
"""Bytes of Ray's object store where we start Ray: only paths and outcomes go through it."""
STARTS = 3
"""Tries to start Ray on this machine, which gives up after 30 s on a busy one."""


@dataclass(frozen=True)
class RayOptions:
    """Where and how wide a batch runs on Ray."""

    ray: str = field(
        default="",
        metadata={"help": "Run on Ray: 'local', or the address of a cluster, or 'auto'."},
    )
    workers: int = field(
        default=0, metadata={"help": "Workers on Ray; 0 takes as many as there is room for."}
    )
    gpus: float = field(
        default=0.0,
        metadata={"help": "GPUs for each worker on Ray, 0.5 for two on one; with --device cuda."},
    )

    def __post_init__(self) -> None:
        if self.workers < 0 or self.gpus < 0:
            raise OptionError("workers and gpus must be 0 or more.")
        if (self.workers or self.gpus) and not self.ray:
            raise OptionError("workers and gpus are for a batch on Ray: add --ray local.")


def run(
    jobs: Sequence[Job],
    task: Task,
    memory: Memory,
    options: RayOptions,
    *,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Report:
    """Do what is left of the jobs; the same promises as `burnish.batch.run.run`.

    Raises:
        MissingExtraError: Ray is not installed.
        OptionError: no cluster answers, or it has no room.
        BurnishError: no photo could be enhanced like this; its exit code is that of the error
            which a worker met.
    """
    report, start = Report(total=len(jobs)), time.perf_counter()

    def tell(event: Event) -> None:
        report.add(event)
        on_event(event)

    unfinished = Unfinished(memory.out)
    try:
        todo = list(left(jobs, task, memory, bool(unfinished), tell))
        if todo:
            unfinished.set()
            with others_on_stderr():
                for job, outcome, row in outcomes(todo, task, options):
                    remember(memory, job, outcome, row)
                    tell(outcome)
            unfinished.clear()
            clean(task.scratch)
    except KeyboardInterrupt:
        report.interrupted = True
    report.seconds = time.perf_counter() - start
    return report


def left(
    jobs: Sequence[Job],
    task: Task,
    memory: Memory,
    unfinished: bool,
    tell: Callable[[Event], None],
) -> Iterator[tuple[Job, bool]]:
    """(job, whether it may replace a file) to be done; of the others it is told why not."""
    for job in jobs:
        verdict: Kept | Skipped | Failed | None = memory.verdict(job, task.overwrite)
        replaces = task.overwrite
        if (
            unfinished
            and isinstance(verdict, Skipped)
            and memory.manifest.get(key(job.target, memory.out)) is None
        ):
            verdict, replaces = None, False  # perhaps ours: the worker compares the bytes
        if verdict is None:
            yield job, replaces
        else:
            tell(verdict)


def outcomes(
    todo: list[tuple[Job, bool]], task: Task, options: RayOptions
) -> Iterator[tuple[Job, Done | Failed, dict[str, Any]]]:
    """Each job's outcome as it comes, in no fixed order, with the row that the worker returned."""
    jobs = [job for job, _ in todo]
    with connected(options, task.options.threads, len(jobs)) as (ray, workers):
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        ledger = ray.remote(Ledger).options(num_cpus=0, max_restarts=-1, max_task_retries=-1)
        rows = [
            {
                "number": number,
                "source": str(job.source.absolute()),
                "target": str(job.target.absolute()),
                "replaces": replaces,
            }
            for number, (job, replaces) in enumerate(todo)
        ]
        size = max(1, min(ROWS, len(rows) // (workers * BLOCKS)))
        done = ray.data.from_items(rows, override_num_blocks=-(-len(rows) // size)).map(
            Worker,
            fn_constructor_args=(task, ledger.remote()),
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers, initial_size=workers),
            num_cpus=task.options.threads,
            num_gpus=options.gpus or None,
        )
        for row in done.iter_rows():
            if row["fatal"]:
                error = BurnishError(row["reason"])
                error.exit_code = row["code"]
                raise error
            yield jobs[row["number"]], outcome_of(jobs[row["number"]], row), row


def outcome_of(job: Job, row: dict[str, Any]) -> Done | Failed:
    if row["code"]:
        return Failed(job, row["reason"], row["code"], row["trace"], row["passing"])
    return Done(job, row["seconds"], row["megapixels"], tuple(filter(None, row["notes"])))


def remember(memory: Memory, job: Job, outcome: Done | Failed, row: dict[str, Any]) -> None:
    entry = Entry(
        target=key(job.target, memory.out),
        source=spelt(str(job.source.absolute())),
        stamp=row["stamp"],
        content=row["content"],
        recipe=memory.recipe.hash,
        state="done",
        output_stamp=row["output_stamp"],
        output=row["output"],
    )
    if isinstance(outcome, Failed):
        memory.failed(replace(entry, output_stamp=""), outcome)
    else:
        memory.manifest.put(entry)


@contextlib.contextmanager
def connected(options: RayOptions, threads: int, jobs: int) -> Iterator[tuple[Any, int]]:
    """(ray, number of workers) while connected to a cluster or to a Ray of our own."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is sent to anybody
    # Says that an actor's arguments go with the driver's node: they do, and the batch with them.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingExtraError("A batch on Ray", "ray") from error
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    scratch = None
    try:
        if options.ray == "local":
            scratch = tempfile.mkdtemp(prefix="burnish-ray-")
            count = options.workers * threads or cores()
            start_here(ray, num_cpus=count, _temp_dir=scratch, **quiet)
        else:
            try:
                ray.init(address=options.ray, **quiet)
            except (ConnectionError, ValueError, RuntimeError) as error:
                first = str(error).splitlines()[0]
                raise OptionError(f"No Ray cluster answers at {options.ray}: {first}") from error
        yield ray, min(workers_for(ray.cluster_resources(), options, threads), jobs)
    finally:
        with contextlib.redirect_stdout(sys.stderr):  # it says here what it held back
            ray.shutdown()
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)


def start_here(ray: Any, **choices: Any) -> None:
    for last in (False,) * (STARTS - 1) + (True,):
        try:
            ray.init(include_dashboard=False, object_store_memory=STORE, **choices)
            return
        except Exception as error:  # a plain Exception, in Ray's code
            ray.shutdown()
            if last or "timed out during startup" not in str(error):
                raise


def workers_for(room: dict[str, float], options: RayOptions, threads: int) -> int:
    """As many workers as asked for, or as many as the cluster has room for."""
    fit = int(room.get("CPU", 0) // threads)
    if options.gpus:
        fit = min(fit, int(room.get("GPU", 0) // options.gpus))
    if fit < 1:
        raise OptionError(
            f"The Ray cluster has {room.get('CPU', 0):g} CPUs and {room.get('GPU', 0):g} GPUs: "
            f"not enough for one worker with {threads} CPUs and {options.gpus:g} GPUs."
        )
    return min(options.workers or fit, fit)


def clean(scratch: Path | None) -> None:
    """Remove what killed workers left."""
    for part in scratch.glob(".burnish-*.part") if scratch else ():
        part.unlink(missing_ok=True)
