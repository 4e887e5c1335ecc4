"""What looks through all jobs, photos and looks: others come and go, and things go wrong."""

import logging
import time
from pathlib import Path
from typing import Any

import pytest

from burnish.server.jobs import Jobs
from burnish.server.limits import Limits
from burnish.server.looks import Looks
from burnish.server.pace import Pace
from burnish.server.store import Store
from burnish.server.worker import Turns

from .conftest import Client, Serve, photo_bytes


class Crowd:
    """Whoever looks at one finds one more in its table, as another thread may add at any time."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table = table
        table["first"] = self

    def __getattr__(self, name: str) -> int:
        self.table[str(len(self.table))] = self
        return 1


def test_tables_may_grow_while_they_are_looked_through(tmp_path: Path) -> None:
    store, looks = Store(tmp_path, Limits()), Looks(Limits(), None, "")
    jobs = Jobs(tmp_path, store, Turns(9), Pace(), lambda state, size, seconds: None)
    jobs.pace.learn(1.0, 1.0)
    for table in (store.photos, jobs.jobs, looks.known):
        Crowd(table)
    store.expired()
    jobs.expired()
    looks.listed()
    assert jobs.seconds_left(Crowd({})) > 0  # type: ignore[operator, arg-type]


def gone(client: Client, id: str) -> bool:
    for _ in range(20):
        if client.get(f"/v1/photos/{id}").status_code == 404:
            return True
        time.sleep(1.1)  # asking for it keeps it
    return False


def test_the_sweeper_lives_through_what_goes_wrong(
    start: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("burnish.server.service.SWEEP_SECONDS", 0.02)
    client = start(Limits(keep_seconds=1))
    store, jobs = client.service.store, client.service.jobs
    faults = [ZeroDivisionError("one"), ZeroDivisionError("two")]
    stuck = client.add(photo_bytes(16, 16), "stuck.png")
    forget, expired = client.service.forget_photo, jobs.expired

    def forget_or_fail(id: str) -> None:
        if id == stuck:
            raise ZeroDivisionError("this one stays")
        forget(id)

    def expired_or_fail() -> list[Any]:
        if faults:
            raise faults.pop()
        return list(expired())

    monkeypatch.setattr(client.service, "forget_photo", forget_or_fail)
    monkeypatch.setattr(jobs, "expired", expired_or_fail)
    with caplog.at_level(logging.ERROR):
        assert gone(client, client.add(photo_bytes(16, 16)))
    assert stuck in store.photos and not faults
    assert "this one stays" in caplog.text
