"""Everything that one running service consists of, and its start and stop."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from fastapi import Request

from burnish.engine.models import find
from burnish.engine.options import EnhanceOptions
from burnish.server.darkroom import Darkroom
from burnish.server.fields import offered
from burnish.server.gauges import Gauges
from burnish.server.jobs import Jobs
from burnish.server.learning import Learnings
from burnish.server.limits import Limits
from burnish.server.looks import Known, Looks
from burnish.server.pace import Pace
from burnish.server.refusals import NotReady, NotThere, Stopped, TimedOut
from burnish.server.scratch import Scratch
from burnish.server.store import Store
from burnish.server.worker import Enhancers, Task, Turns, Workers

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0


class Service:
    """Shared by all routes; its files lie in a temporary folder that goes with it."""

    def __init__(self, options: EnhanceOptions, limits: Limits, looks: Path | None = None) -> None:
        self.options = options
        self.limits = limits
        self.models = offered(options)
        self.looks = Looks(limits, looks, options.look, options.model)
        self.cards = {name: find(known).card for name, known in self.models.items()}
        self.gauges = Gauges()
        self.pace = Pace()
        self.photos = Turns(limits.queue)
        self.previews = Turns(limits.requests)
        self.to_learn = Turns(limits.learn_queue, "looks")
        self.folder = Scratch()
        root = self.folder.path
        for name in ("photos", "jobs", "decoded", "looks"):
            (root / name).mkdir()
        self.root = root
        self.store = Store(root / "photos", limits)
        self.darkroom = Darkroom(root / "decoded", limits)
        self.jobs = Jobs(root / "jobs", self.store, self.photos, self.pace, self.gauges.photo)
        self.learnings = Learnings(root / "looks", self.store, self.looks, self.to_learn)
        self.workers = Workers(limits.workers, self.photos, self.previews, self.to_learn)
        watch = self.gauges.watch
        watch("burnish_queue", "Photos that wait.", lambda: float(self.photos.count))
        watch("burnish_previews_waiting", "Previews that wait.", lambda: float(self.previews.count))
        watch("burnish_looks_waiting", "Looks to learn.", lambda: float(self.to_learn.count))
        watch("burnish_disk_bytes", "Bytes of photos and results.", lambda: float(self.store.used))
        watch("burnish_jobs", "Jobs that are kept.", lambda: float(len(self.jobs.jobs)))

    @contextlib.asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        self.workers.start()
        sweeper = asyncio.create_task(self.sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            await asyncio.to_thread(self.workers.stop)
            self.folder.cleanup()

    async def sweep(self) -> None:
        """Delete what has not been used for long."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            kinds: list[tuple[Callable[[], list[Any]], Callable[[Any], None]]] = [
                (self.jobs.expired, lambda job: self.forget_job(job.id)),
                (self.store.expired, lambda photo: self.forget_photo(photo.id)),
                (self.learnings.expired, self.learnings.forget),
                (self.looks.expired, self.forget_look),
            ]
            for expired, forget in kinds:
                with going_on():
                    for thing in expired():
                        with going_on():
                            forget(thing)

    def forget_photo(self, id: str) -> None:
        self.store.delete(self.store.get(id))
        self.darkroom.forget(id)

    def forget_job(self, id: str) -> None:
        job = self.jobs.get(id)
        self.jobs.delete(job)
        for photo in job.items:
            self.darkroom.forget(result_key(id, photo))

    def in_use(self, known: Known) -> bool:
        """Whether photos of a job still wait for this look."""
        path = str(known.path)
        return any(job.options.look == path and not job.finished for job in self.jobs.all())

    def forget_look(self, known: Known) -> None:
        if self.in_use(known):
            raise NotReady("A job still needs the look.")
        self.store.charge(-self.looks.delete(known))

    def learn(self, megapixels: float, seconds: float) -> None:
        """A photo outside a job was enhanced."""
        self.pace.learn(megapixels, seconds)
        self.gauges.photo("done", megapixels, seconds)

    async def do(
        self,
        turns: Turns,
        work: Callable[[Enhancers, Task], Any],
        request: Request,
    ) -> Any:
        """Have a thread do this for a request; cancelled when the client goes away."""
        seconds = self.limits.photo_seconds
        task = Task(work, seconds)
        turns.put(task, [task], spare=self.limits.requests if turns is self.photos else 0)
        done = asyncio.wrap_future(task.future)
        gone = asyncio.ensure_future(disconnected(request))
        either = asyncio.FIRST_COMPLETED
        try:
            await asyncio.wait({done, gone}, timeout=seconds, return_when=either)
            if gone.done() and not done.done():
                raise Stopped("The client went away.")
            if not done.done():
                raise TimedOut(f"There was no result within {seconds} seconds.")
            return done.result()
        finally:
            task.cancel()
            gone.cancel()
            quiet(done)


@contextlib.contextmanager
def going_on() -> Iterator[None]:
    """What goes wrong with one thing is written down, and does not end the sweeping."""
    try:
        yield
    except (NotThere, NotReady):
        pass  # a client was quicker, or needs it now
    except Exception:
        log.exception("what is not used any more could not be deleted")


def result_key(job: str, photo: str) -> str:
    """Key of a result in the darkroom."""
    return f"{job}.{photo}"


async def disconnected(request: Request) -> None:
    """Wait for the end of the connection; the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def quiet(future: "asyncio.Future[Any] | Future[Any]") -> None:
    """Nobody looks at the outcome any more: asyncio need not complain."""
    future.add_done_callback(lambda f: f.cancelled() or f.exception())
