"""The threads that do the work, and the queues before them.

Each worker has Enhancers of its own: of two threads with the same one, one would wait. One more
thread serves previews, so that somebody who moves a slider never waits for a whole photo, and
another learns looks; they share the processor with the rest.
Whole photos wait in a queue for each owner (a job, or one request), and owners take turns: a
request for one photo does not wait for the end of a job of five hundred.
"""

import copy
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Literal

from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.errors import BurnishError, ModelError
from burnish.server.refusals import Busy, Stopped, TimedOut

log = logging.getLogger(__name__)

State = Literal["queued", "running", "done", "failed", "cancelled"]
"""Of what waits for a thread: a photo, a job, or the learning of a look."""
MODELS_KEPT = 4
"""Loaded models that one thread keeps."""


class Task:
    """Work for a thread: ``work(enhancers, task)`` gives the result of ``future``."""

    def __init__(self, work: Callable[["Enhancers", "Task"], Any], seconds: float) -> None:
        self.work = work
        self.seconds = seconds
        self.future: Future[Any] = Future()
        self.cancelled = threading.Event()
        self.share = 0.0
        self.started = 0.0

    def cancel(self) -> None:
        self.cancelled.set()

    def check(self) -> None:
        """Stop here if nobody wants the result any more, or it takes too long."""
        if self.cancelled.is_set():
            raise Stopped("The work was cancelled.")
        if time.monotonic() - self.started > self.seconds:
            raise TimedOut(f"The work took longer than {self.seconds:.0f} seconds.")

    def progress(self, share: float) -> None:
        self.share = share
        self.check()

    def give_up(self, why: str) -> None:
        """End without having been started."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(Stopped(why))

    def run(self, enhancers: "Enhancers") -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        self.started = time.monotonic()
        try:
            self.check()
            result = self.work(enhancers, self)
        except BaseException as error:
            if not isinstance(error, BurnishError) or isinstance(error, ModelError):
                log.exception("a photo failed unexpectedly")
            # Tracebacks would keep the photo's pixels in memory.
            error.__traceback__ = error.__context__ = error.__cause__ = None
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Turns:
    """Tasks by owner, taken one owner after the other; bounded."""

    def __init__(self, most: int, what: str = "photos") -> None:
        self.most, self.what = most, what
        self.owners: OrderedDict[Hashable, deque[Task]] = OrderedDict()
        self.count = 0
        self.ready = threading.Condition()
        self.closed = False

    def put(self, owner: Hashable, tasks: list[Task], spare: int = 0) -> None:
        """All of the tasks, or none and `Busy`; ``spare`` places are there for this caller only."""
        with self.ready:
            if self.closed:
                raise Stopped("The service is stopping.")
            self.drop_cancelled()
            if self.count + len(tasks) > self.most + spare:
                raise Busy(f"The queue is full ({self.most} {self.what} wait); try again later.")
            self.owners.setdefault(owner, deque()).extend(tasks)
            self.count += len(tasks)
            self.ready.notify_all()

    def drop_cancelled(self) -> None:
        """What nobody wants takes no place."""
        with self.ready:
            for owner, tasks in list(self.owners.items()):
                gone = [task for task in tasks if task.cancelled.is_set()]
                for task in gone:
                    tasks.remove(task)
                    self.count -= 1
                    task.give_up("The work was cancelled.")
                if not tasks:
                    del self.owners[owner]

    def take(self) -> Task | None:
        """The next task, waited for; None when closed."""
        with self.ready:
            while not self.owners and not self.closed:
                self.ready.wait()
            if self.closed:
                return None
            owner, tasks = self.owners.popitem(last=False)
            task = tasks.popleft()
            self.count -= 1
            if tasks:
                self.owners[owner] = tasks
            return task

    def close(self) -> None:
        with self.ready:
            self.closed = True
            left = [task for tasks in self.owners.values() for task in tasks]
            self.owners.clear()
            self.ready.notify_all()
        for task in left:
            task.give_up("The service is stopping.")


def loaded_for(options: EnhanceOptions) -> EnhanceOptions:
    """The options without those that a loaded model takes as they come."""
    return replace(options, strength=1.0, mode="full", budget=0.0)


class Enhancers:
    """One thread's loaded models; options that a model is not loaded for do not load it again."""

    def __init__(self) -> None:
        self.loaded: OrderedDict[EnhanceOptions, Enhancer] = OrderedDict()

    def get(self, options: EnhanceOptions) -> Enhancer:
        key = loaded_for(options)
        if key not in self.loaded:
            self.loaded[key] = Enhancer(key)
            if len(self.loaded) > MODELS_KEPT:
                self.loaded.popitem(last=False)
        self.loaded.move_to_end(key)
        enhancer = copy.copy(self.loaded[key])
        enhancer.options = options
        return enhancer


class Workers:
    """The threads, from start to stop."""

    def __init__(self, count: int, photos: Turns, previews: Turns, learnings: Turns) -> None:
        self.queues = (photos, previews, learnings)
        self.current: set[Task] = set()
        turns = [
            ("preview", previews),
            ("learn", learnings),
            *((f"photo-{n}", photos) for n in range(count)),
        ]
        self.threads = [
            threading.Thread(target=self.serve, args=(queue,), name=f"burnish-{name}", daemon=True)
            for name, queue in turns
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def serve(self, turns: Turns) -> None:
        enhancers = Enhancers()
        while task := turns.take():
            self.current.add(task)
            try:
                task.run(enhancers)
            finally:
                self.current.discard(task)
                del task

    def close(self) -> None:
        """Take no more work, and give up what waits."""
        for queue in self.queues:
            queue.close()

    def cancel(self) -> None:
        """Give up what is being done: a photo ends with the tile that is being computed."""
        for task in list(self.current):
            task.cancel()

    def stop(self) -> None:
        """End all of it, and the threads."""
        self.close()
        self.cancel()
        for thread in self.threads:
            if thread.is_alive():
                thread.join(timeout=10)
