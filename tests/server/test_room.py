"""The disk: a bound for photos and results, a full one, and no place of ours in a message."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from burnish.errors import ModelError, OutputError
from burnish.server import develop
from burnish.server.limits import Limits
from burnish.server.refusals import Busy, sentence
from burnish.server.store import Store

from .conftest import Client, Serve, photo_bytes
from .test_jobs import submit


def files(client: Client) -> list[str]:
    """Those of results, by name."""
    return [p.name for p in (client.service.root / "jobs").rglob("*") if p.is_file()]


def test_results_count_too(start: Serve) -> None:
    client = start(Limits(disk_megabytes=1))
    store = client.service.store
    data = photo_bytes(600, 600, format="jpeg")
    id = client.add(data)
    own = store.used
    first = client.finish(submit(client, [id], format="tiff")["id"])
    assert first["done"] == 1 and own + 500_000 < store.used <= 1_000_000
    second = client.finish(submit(client, [id], format="tiff")["id"])
    assert (second["state"], second["failed"]) == ("failed", 1)
    assert "disk space of this service is full" in second["photos"][0]["reason"]
    assert store.used <= 1_000_000 and len(files(client)) == 1
    store.charge(1_000_000)  # no room at all
    assert client.post("/v1/jobs", json={"photos": [id]}).status_code == 429
    store.charge(-1_000_000)
    assert client.ask("DELETE", f"/v1/jobs/{first['id']}").status_code == 204
    assert store.used == own and files(client) == []
    answer = client.post("/v1/enhance", params={"format": "tiff"}, data=data)  # both do not fit
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    assert store.used == own and files(client) == []
    assert client.finish(submit(client, [id], format="tiff")["id"])["done"] == 1


def test_a_result_that_goes_with_its_answer_is_counted_until_then(start: Serve) -> None:
    client = start()
    counted = []
    drop = client.service.store.drop

    def noted(path: Path) -> None:
        used = client.service.store.used
        drop(path)
        counted.append(used)

    client.service.store.drop = noted
    data = client.post("/v1/enhance", data=photo_bytes()).content
    while not counted:
        time.sleep(0.01)  # the answer was sent before its file goes
    assert counted == [len(data)]
    assert client.service.store.used == 0 and files(client) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
def test_a_full_disk_is_no_fault_of_the_service(
    start: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start()
    id = client.add(photo_bytes())
    open_file = Path.open

    def full(self: Path, mode: str = "r", *more: Any, **others: Any) -> Any:
        return open_file(Path("/dev/full"), "wb") if "x" in mode else open_file(self, mode, *more)

    monkeypatch.setattr(Path, "open", full)
    used = client.service.store.used
    assert client.post("/v1/photos", data=photo_bytes()).status_code == 429
    reason = client.finish(submit(client, [id])["id"])["photos"][0]["reason"]
    assert reason == "The disk of this service is full; try again later."

    def save(path: Path, pixels: object) -> None:
        raise OSError("5400 requested and 0 written")  # numpy's words

    monkeypatch.setattr("numpy.save", save)
    assert client.get(f"/v1/photos/{id}/view").status_code == 429
    assert client.service.store.used == used
    assert not list((client.service.root / "decoded").iterdir())


def test_no_message_names_a_file_of_ours(
    start: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = start()
    data = photo_bytes(format="jpeg")
    id = client.add(data[: len(data) // 2], "mine.jpg")
    for part in ("view", "preview"):
        answer = client.get(f"/v1/photos/{id}/{part}")
        assert answer.status_code == 422 and answer.json()["error"].startswith("mine.jpg")
    whole = client.add(data, "mine.jpg")
    for error in (OSError(5, "Input/output error", str(client.service.root)), ModelError("/m.xml")):

        def broken(*arguments: object, fault: Exception = error, **options: object) -> None:
            raise fault

        monkeypatch.setattr(develop, "encode_parts", broken)
        told = client.finish(submit(client, [whole])["id"])["photos"][0]["reason"]
        told += client.post("/v1/enhance", data=data).text
        assert told.count("the log of the service says more") == 2 and "/" not in told
    assert "m.xml" in caplog.text
    assert sentence(OutputError("a sentence.")) == "a sentence."


def test_a_result_is_written_whole_or_not(tmp_path: Path) -> None:
    store = Store(tmp_path, Limits(disk_megabytes=1))
    assert store.keep([b"ab", b"c"], tmp_path / "x" / "a.png") == store.used == 3
    with pytest.raises(Busy):
        store.keep([bytes(1_000_000)], tmp_path / "b.png")
    assert store.used == 3 and not (tmp_path / "b.png").exists()
    store.drop(tmp_path / "x" / "a.png")
    store.drop(tmp_path / "x" / "a.png")
    assert store.used == 0
