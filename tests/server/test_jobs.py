"""Jobs: all photos or none, honest progress, results one by one or as a ZIP, cancelled, deleted."""

import threading
import time
import zipfile
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from burnish.server.limits import Limits
from burnish.server.names import distinct
from burnish.server.refusals import Busy, Stopped
from burnish.server.routes.jobs import MOST_JOBS
from burnish.server.worker import Task, Turns

from .conftest import Client, Serve, photo_bytes, pixels_of


def submit(client: Client, ids: list[str], **query: Any) -> dict[str, Any]:
    answer = client.post("/v1/jobs", params=query, json={"photos": ids})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def test_from_photos_to_a_zip(client: Client) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    out = BytesIO()
    Image.open(BytesIO(photo_bytes(seed=1))).save(out, "jpeg", exif=exif)
    files = [("a.jpg", out.getvalue()), ("a.jpg", photo_bytes(seed=2, format="jpeg"))]
    files += [("b.png", photo_bytes(seed=3))]
    ids = [client.add(data, name) for name, data in files]
    job = submit(client, ids, strength=0.5)
    assert job["total"] == 3
    info = client.finish(job["id"])
    assert (info["state"], info["done"], info["share"], info["seconds_left"]) == ("done", 3, 1, 0)
    assert [photo["name"] for photo in info["photos"]] == ["a.jpg", "a.jpg", "b.png"]

    answer = client.get("/v1/zip", params={"job": job["id"]})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.jpg", "a (2).jpg", "b.png"]
        packed = [archive.read(name) for name in archive.namelist()]
    assert Image.open(BytesIO(packed[0])).getexif()[0x010F] == "Maker"
    for id, data, (name, original) in zip(ids, packed, files, strict=True):
        single = client.get(f"/v1/jobs/{job['id']}/results/{id}")
        assert single.content == data
        direct = client.post("/v1/enhance", params={"strength": 0.5, "name": name}, data=original)
        assert direct.content == data


def test_a_result_can_be_looked_at(client: Client) -> None:
    id = client.add(photo_bytes())
    job = client.finish(submit(client, [id])["id"])["id"]
    whole = pixels_of(client.get(f"/v1/jobs/{job}/results/{id}").content)
    box = {"x": 10, "y": 20, "width": 30, "height": 40}
    part = client.get(f"/v1/jobs/{job}/results/{id}/view", params=box)
    assert (pixels_of(part.content) == whole[20:60, 10:40]).all()


def test_one_bad_photo_does_not_stop_the_rest(client: Client) -> None:
    data = photo_bytes(format="jpeg")
    ids = [client.add(data[: len(data) // 2], "torn.jpg"), client.add(data, "whole.jpg")]
    info = client.finish(submit(client, ids)["id"])
    assert (info["state"], info["done"], info["failed"]) == ("done", 1, 1)
    assert info["photos"][0]["reason"].startswith("torn.jpg")
    archive = zipfile.ZipFile(BytesIO(client.get("/v1/zip", params={"job": info["id"]}).content))
    assert archive.namelist() == ["whole.jpg", "failed.txt"]
    assert b"torn.jpg" in archive.read("failed.txt")
    assert client.get(f"/v1/jobs/{info['id']}/results/{ids[0]}").status_code == 409


def test_several_jobs_in_one_zip_the_last_result_counts(client: Client) -> None:
    ids = [client.add(photo_bytes(seed=s), f"{s}.png") for s in range(2)]
    first = client.finish(submit(client, ids, strength=0)["id"])["id"]
    second = client.finish(submit(client, ids[:1])["id"])["id"]
    answer = client.get("/v1/zip", params={"job": [first, second]})
    archive = zipfile.ZipFile(BytesIO(answer.content))
    assert archive.namelist() == ["0.png", "1.png"]
    assert archive.read("0.png") == client.get(f"/v1/jobs/{second}/results/{ids[0]}").content
    assert archive.read("1.png") == client.get(f"/v1/jobs/{first}/results/{ids[1]}").content
    answer = client.get("/v1/zip", params={"job": [first, second], "without": [ids[0], "0" * 22]})
    assert zipfile.ZipFile(BytesIO(answer.content)).namelist() == ["1.png"]
    assert client.get("/v1/zip", params={"job": first, "without": ids}).status_code == 409


def test_a_zip_of_many_jobs(client: Client) -> None:
    job = client.finish(submit(client, [client.add(photo_bytes(16, 16))])["id"])["id"]
    answer = client.get("/v1/zip", params={"job": [job] * MOST_JOBS})
    assert answer.status_code == 200
    assert zipfile.ZipFile(BytesIO(answer.content)).namelist() == ["a.png"]
    assert client.get("/v1/zip", params={"job": [job] * (MOST_JOBS + 1)}).status_code == 422


class Held:
    """A service whose only worker is kept busy until told."""

    def __init__(self, client: Client) -> None:
        self.go = threading.Event()
        started = threading.Event()

        def hold(enhancers: object, task: Task) -> None:
            started.set()
            self.go.wait(30)

        client.service.photos.put("holder", [Task(hold, 60)])
        assert started.wait(10)


def test_the_queue_is_bounded_and_takes_all_or_none(start: Serve) -> None:
    client = start(Limits(queue=3, requests=1))
    held = Held(client)
    ids = [client.add(photo_bytes(30, 30, s)) for s in range(4)]
    answer = client.post("/v1/jobs", json={"photos": ids})
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    job = submit(client, ids[:3])
    assert (job["state"], job["seconds_left"]) == ("queued", None)
    assert client.post("/v1/jobs", json={"photos": ids[3:]}).status_code == 429
    assert client.ask("DELETE", f"/v1/photos/{ids[0]}").status_code == 409
    # One place is kept for requests that wait; a second one is told to come again.
    waiting = threading.Thread(target=lambda: client.post("/v1/enhance", data=photo_bytes()))
    waiting.start()
    while client.service.photos.count < 4:
        time.sleep(0.01)
    assert Client(client.running).post("/v1/enhance", data=photo_bytes()).status_code == 429
    held.go.set()
    assert client.finish(job["id"])["state"] == "done"
    waiting.join()
    assert client.ask("DELETE", f"/v1/photos/{ids[0]}").status_code == 204
    assert client.get(f"/v1/photos/{ids[0]}").status_code == 404


def test_cancel_keeps_what_is_done_and_makes_room(start: Serve) -> None:
    client = start(Limits(queue=2))
    ids = [client.add(photo_bytes(30, 30, s)) for s in range(2)]
    held = Held(client)
    job = submit(client, ids)
    info = client.post(f"/v1/jobs/{job['id']}/cancel").json()
    assert (info["state"], info["cancelled"], info["seconds_left"]) == ("cancelled", 2, 0)
    again = submit(client, ids)  # the places of the cancelled ones are free
    assert client.get("/v1/zip", params={"job": again["id"]}).status_code == 409
    held.go.set()
    assert client.finish(again["id"])["done"] == 2
    client.post(f"/v1/jobs/{again['id']}/cancel")
    assert client.get(f"/v1/jobs/{again['id']}/results/{ids[0]}").status_code == 200


@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_photos_of_a_job_that_never_began_are_free(start: Serve, verb: str) -> None:
    client = start()
    ids = [client.add(photo_bytes(30, 30, s)) for s in range(2)]
    held = Held(client)
    job = f"/v1/jobs/{submit(client, ids)['id']}"
    answer = client.post(f"{job}/cancel") if verb == "cancel" else client.ask("DELETE", job)
    assert answer.status_code in (200, 204)
    assert client.service.photos.count == 0
    assert [client.ask("DELETE", f"/v1/photos/{id}").status_code for id in ids] == [204, 204]
    held.go.set()


def test_cancel_stops_a_photo_between_tiles(start: Serve, model: str) -> None:
    from burnish.engine.options import EnhanceOptions

    client = start(options=EnhanceOptions(model=model, threads=1, tile=64))
    id = client.add(photo_bytes(1500, 2000, format="jpeg"))
    job = submit(client, [id])["id"]
    while client.get(f"/v1/jobs/{job}").json()["photos"][0]["share"] == 0:
        time.sleep(0.01)
    client.post(f"/v1/jobs/{job}/cancel")
    assert client.finish(job)["state"] == "cancelled"
    assert not list(client.service.root.glob("jobs/*/*"))


def test_deleting_a_job_deletes_its_files(client: Client) -> None:
    used = client.service.store.used
    id = client.add(photo_bytes())
    job = client.finish(submit(client, [id])["id"])["id"]
    assert client.get(f"/v1/jobs/{job}/results/{id}/view").status_code == 200
    folder = client.service.jobs.get(job).folder
    assert len(list(folder.iterdir())) == 1
    assert client.ask("DELETE", f"/v1/jobs/{job}").status_code == 204
    assert not folder.exists() and client.get(f"/v1/jobs/{job}").status_code == 404
    assert client.ask("DELETE", f"/v1/photos/{id}").status_code == 204
    assert client.service.store.used == used


def test_what_is_not_used_is_deleted_in_time(start: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burnish.server.service.SWEEP_SECONDS", 0.05)
    client = start(Limits(keep_seconds=1))
    id = client.add(photo_bytes())
    job = client.finish(submit(client, [id])["id"])["id"]
    for _ in range(100):
        if not client.service.jobs.jobs and not client.service.store.photos:
            break
        time.sleep(0.05)
    assert client.get(f"/v1/jobs/{job}").status_code == 404
    assert client.get(f"/v1/photos/{id}").status_code == 404
    assert client.service.store.used == 0
    assert not [p for p in client.service.root.rglob("*") if p.is_file()]


def test_the_disk_share_is_bounded(start: Serve) -> None:
    client = start(Limits(disk_megabytes=1))
    big = np.random.default_rng(0).integers(0, 256, (400, 600, 3), np.uint8)
    from burnish.image.encode import encode
    from burnish.image.photo import Photo

    data = encode(Photo.from_array(big), "png")  # 0.7 megabytes of noise
    first = client.add(data)
    assert client.post("/v1/photos", data=data).status_code == 429
    assert client.ask("DELETE", f"/v1/photos/{first}").status_code == 204
    assert client.post("/v1/photos", data=data).status_code == 201


def test_owners_take_turns() -> None:
    turns = Turns(10)
    done: list[str] = []

    def task(name: str) -> Task:
        return Task(lambda enhancers, task: done.append(name), 10)

    turns.put("a", [task("a1"), task("a2"), task("a3")])
    turns.put("b", [task("b1")])
    turns.put("c", [task("c1"), task("c2")])
    for _ in range(6):
        taken = turns.take()
        assert taken is not None
        taken.run(None)  # type: ignore[arg-type]
    assert done == ["a1", "b1", "c1", "a2", "c2", "a3"]
    with pytest.raises(Busy):
        turns.put("d", [task("d")] * 11)
    last = task("last")
    turns.put("d", [last])
    turns.close()
    assert turns.take() is None
    assert isinstance(last.future.exception(), Stopped)


def test_names_are_numbered() -> None:
    assert distinct(["a.jpg", "A.JPG", "a (2).jpg", "b"]) == [
        "a.jpg",
        "A (2).JPG",
        "a (2) (2).jpg",
        "b",
    ]
