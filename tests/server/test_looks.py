"""Looks in the service: a preview is the result, ids instead of paths, and learning one."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish.engine import look as looks
from burnish.engine.enhancer import Enhancer
from burnish.engine.look_card import LookCard
from burnish.engine.look_facts import STATISTICS, Facts
from burnish.engine.look_features import ADAPTIVE, GROUPS, NETWORKED, Strip
from burnish.engine.models import find
from burnish.engine.options import EnhanceOptions
from burnish.errors import ModelError, OptionError
from burnish.image.encode import encode
from burnish.image.photo import Photo
from burnish.image.read import read
from burnish.look.learn import learn
from burnish.look.options import LearnOptions
from burnish.server.darkroom import Box, Decoded, look, reduced
from burnish.server.learning import lay_out
from burnish.server.limits import Limits
from burnish.server.looks import Known
from burnish.server.worker import Task
from look.conftest import make_photo, s_curve, save

from .conftest import Client, Serve, noise, photo_bytes, pixels_of

HEIGHT, WIDTH = 150, 190
BOXES = [
    (0, 0, 64, 64),
    (WIDTH - 50, HEIGHT - 40, 50, 40),
    (61, 33, 77, 58),
    (100, 100, 1, 1),
    (0, 0, WIDTH, HEIGHT),
]


def write_look(path: Path, base: str = "") -> str:
    """A look that depends on everything a look can: place, surroundings, the whole photo."""
    rng = np.random.default_rng(5)
    pixels = noise(60, 80, 9).astype(np.float32) / 255
    facts, few = Facts.of(pixels), pixels[0, :4]
    flat = np.zeros((4, 5), np.float32)
    strip = Strip(few, flat[:, 0], flat, facts, facts, few)
    weights = {}
    for group in GROUPS:
        if group in NETWORKED and not base:
            continue
        size = GROUPS[group](strip).shape[1]
        form = (size, STATISTICS, 3) if group == ADAPTIVE else (size, 3)
        strength = {"position": 0.15, "network": 0.5, ADAPTIVE: 0.005}.get(group, 0.02)
        weights[group] = (strength * rng.standard_normal(form)).astype(np.float32)
    s = facts.statistics()
    part = looks.Part(weights, facts.vector, facts.vector, np.stack([s, s * 0 + 1, s - 1, s + 1]))
    card = LookCard(path.stem, pairs=5)
    if base:
        found = find(base)
        card = dataclasses.replace(card, base=found.card.name, base_hash=looks.model_hash(found))
    looks.Look((part,), card).save(path)
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("looks")
    write_look(root / "by hand.look")
    write_look(root / "with-network.look", base="nrl")
    (root / "notes.txt").write_text("no look")
    return root


@pytest.fixture(scope="module")
def served(start: Serve, folder: Path) -> Client:
    return start(looks=folder)


@pytest.mark.parametrize("id", ["by-hand", "with-network"])
@pytest.mark.parametrize("strength", [1.0, 0.4])
def test_a_part_equals_that_part_of_the_result(served: Client, id: str, strength: float) -> None:
    data = photo_bytes(HEIGHT, WIDTH)
    query = {"look": id, "strength": strength}
    answer = served.post("/v1/enhance", params=query | {"format": "png"}, data=data)
    whole = pixels_of(answer.content).astype(int)
    photo = served.add(data)
    for x, y, width, height in BOXES:
        box = {"x": x, "y": y, "width": width, "height": height, "size": 512}
        answer = served.get(f"/v1/photos/{photo}/preview", params=query | box)
        assert answer.headers["burnish-exact"] == "true"
        part = pixels_of(answer.content).astype(int)
        assert np.abs(part - whole[y : y + height, x : x + width]).max() <= 1


def test_a_part_alone_would_be_another_picture(served: Client) -> None:
    """The check above can fail: the look on a part alone is far from that part of the result."""
    data = photo_bytes(HEIGHT, WIDTH)
    query = {"look": "by-hand", "format": "png"}
    whole = pixels_of(served.post("/v1/enhance", params=query, data=data).content).astype(int)
    cut = encode(Photo.from_array(pixels_of(data)[33:91, 61:138]), "png")
    alone = pixels_of(served.post("/v1/enhance", params=query, data=cut).content)
    assert np.abs(alone - whole[33:91, 61:138]).max() > 8
    assert np.abs(pixels_of(data) - whole).max() > 20


def test_the_same_bytes_as_the_library(served: Client, folder: Path, model: str) -> None:
    data = photo_bytes(format="jpeg")
    answer = served.post("/v1/enhance", params={"look": "by-hand", "strength": 0.7}, data=data)
    options = EnhanceOptions(model=model, look=str(folder / "by hand.look"), strength=0.7)
    assert answer.content == encode(Enhancer(options)(read(data)))


def test_a_reduced_preview_is_close(served: Client) -> None:
    down, right = np.linspace(40, 190, HEIGHT), np.linspace(60, 170, WIDTH)
    smooth = np.stack(np.broadcast_arrays(down[:, None], right, down[::-1, None]), axis=2)
    data = encode(Photo.from_array(smooth.astype(np.uint8)), "png")
    query: dict[str, Any] = {"look": "by-hand"}
    final = served.post("/v1/enhance", params=query | {"format": "png"}, data=data).content
    wanted = reduced(pixels_of(final).astype(np.float32) / 255, 3, 0, 0, 64, 50)
    photo = served.add(data)
    small = served.get(f"/v1/photos/{photo}/preview", params=query | {"size": 64})
    assert small.headers["burnish-exact"] == "false"
    assert np.abs(pixels_of(small.content) / 255 - wanted).mean() < 0.01


def test_a_part_in_fast_mode_is_that_part_of_the_whole(folder: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).random((620, 500, 3)).astype(np.float32)
    np.save(tmp_path / "pixels.npy", pixels)
    path = str(folder / "with-network.look")
    enhancer = Enhancer(EnhanceOptions(look=path, mode="fast", strength=0.7, threads=1))
    whole = enhancer.enhance_pixels(pixels)
    part, exact = look(Decoded(tmp_path, 0, False), Box(101, 77, 200, 150, 512), enhancer)
    assert exact and enhancer.mode(620, 500)[0] == "fast"
    np.testing.assert_allclose(part.pixels, whole[77:227, 101:301], atol=1e-5)


def test_looks_are_named_by_id(served: Client, folder: Path) -> None:
    listed = served.get("/v1/looks").json()
    assert [entry["id"] for entry in listed] == ["by-hand", "with-network"]
    assert listed[0] | {"id": ""} == {
        **{"id": "", "name": "by hand", "pairs": 5, "base": "", "licence": "", "learned": False}
    }
    info = served.get("/v1/info").json()
    assert info["looks"] == listed and info["look"] == "none"
    assert served.get("/v1/looks/by-hand").json() == listed[0]
    assert served.get("/v1/looks/by-hand/file").content == (folder / "by hand.look").read_bytes()
    assert served.get("/v1/looks/by-hand/report").status_code == 404
    assert served.ask("DELETE", "/v1/looks/by-hand").status_code == 409
    data = photo_bytes()
    for id, status in [
        ("nothing", 404),
        (str(folder / "by hand.look"), 422),
        ("../by-hand", 422),
        ("", 422),
    ]:
        answer = served.post("/v1/enhance", params={"look": id}, data=data)
        assert answer.status_code == status, answer.text
        assert str(folder.parent) not in answer.text or status == 422


def test_the_service_may_start_with_a_look(start: Serve, folder: Path, model: str) -> None:
    own = str(folder / "by hand.look")
    options = EnhanceOptions(model=model, look=own, threads=1, precision="f32")
    client = start(options=options, looks=folder)
    assert client.get("/v1/info").json()["look"] == "by-hand"
    assert len(client.get("/v1/looks").json()) == 2
    data = photo_bytes(format="jpeg")
    assert client.post("/v1/enhance", data=data).content == encode(Enhancer(options)(read(data)))
    plain = client.post("/v1/enhance", params={"look": "none"}, data=data).content
    bare = dataclasses.replace(options, look="")
    assert plain == encode(Enhancer(bare)(read(data)))


def test_a_look_on_a_network_of_the_operator_s(start: Serve, model: str, tmp_path: Path) -> None:
    """It starts from that network whatever model a client names; one that enlarges follows it."""
    path = write_look(tmp_path / "mine.look", base=model)
    own = EnhanceOptions(model=model, threads=1, precision="f32")
    client = start(options=own, looks=tmp_path)
    data = photo_bytes(format="jpeg")

    def expected(**more: Any) -> bytes:
        options = dataclasses.replace(own, look=path, **more)
        return encode(Enhancer(options)(read(data)))

    for chosen in ({}, {"model": "nrl"}):
        params = {"look": "mine", **chosen}
        assert client.post("/v1/enhance", params=params, data=data).content == expected()
    params = {"look": "mine", "model": "srpie-sr"}
    twice = client.post("/v1/enhance", params=params, data=data)
    assert twice.content == expected(model=f"{model}+srpie-sr")
    params["model"] = "srpie"  # it would retouch, too
    assert client.post("/v1/enhance", params=params, data=data).content == twice.content
    with pytest.raises(ModelError, match="--model FOLDER"):
        start(looks=tmp_path, options=EnhanceOptions(threads=1))


def test_bad_folders_and_files_stop_the_start(start: Serve, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no folder"):
        start(looks=tmp_path / "nowhere")
    (tmp_path / "a.look").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match=r"a\.look"):
        start(looks=tmp_path)


# --- learning


def shots(root: Path, count: int = 6) -> Path:
    """Folders of pairs, one of them wrong."""
    for seed in range(count):
        photo = make_photo(seed, 48, 64)
        after = s_curve(photo).clip(0, 1) if seed else make_photo(90, 48, 64)
        save(photo, root / "before" / f"IMG_{seed}.png")
        save(after, root / "after" / f"img_{seed}-Edit.png")
    return root


def sent(client: Client, folder: Path) -> list[str]:
    return [client.add(path.read_bytes(), path.name) for path in sorted(folder.iterdir())]


def ask_for(client: Client, root: Path, **more: Any) -> dict[str, Any]:
    body = {side: sent(client, root / side) for side in ("before", "after")}
    answer = client.post("/v1/learnings", json=body | {"base": "none"} | more)
    assert answer.status_code == 202, answer.text
    return dict(answer.json()) | body


def wait(client: Client, id: str) -> dict[str, Any]:
    """For what takes some ten seconds, and many times that beside other work."""
    shares, latest = [0.0], time.monotonic() + 240
    while time.monotonic() < latest:
        info: dict[str, Any] = client.get(f"/v1/learnings/{id}").json()
        shares.append(info["share"])
        if info["state"] not in ("queued", "running"):
            assert shares == sorted(shares)
            return info
        time.sleep(0.05)
    raise AssertionError(f"it did not end: {info}")


def test_learned_here_as_by_the_command(client: Client, tmp_path: Path) -> None:
    root = shots(tmp_path)
    asked = ask_for(client, root, name="../my: look", licence="(c) me")
    info = wait(client, asked["id"])
    assert (info["state"], info["share"], info["seconds_left"]) == ("done", 1.0, 0.0), info
    assert "had not seen" in info["sentences"][0]
    assert [a["name"] for a in info["aside"]] == ["IMG_0.png"]
    known = info["look"]
    assert known["name"] == "../my: look" and known["pairs"] == 5 and known["learned"]

    options = LearnOptions(base="none", threads=1, name=known["name"], licence="(c) me")
    wanted = learn(root / "before", root / "after", tmp_path / "mine.look", options)
    data = client.get(f"/v1/looks/{known['id']}/file")
    assert "my_%20look.look" in data.headers["content-disposition"]
    (tmp_path / "sent.look").write_bytes(data.content)
    again = looks.load(tmp_path / "sent.look")
    assert again.card == wanted.look.card
    for group, values in wanted.look.parts[0].weights.items():
        np.testing.assert_array_equal(again.parts[0].weights[group], values)

    page = client.get(f"/v1/looks/{known['id']}/report")
    policy = page.headers["content-security-policy"]
    assert "sandbox" in policy and "script-src" not in policy and "unsafe" not in policy
    assert "IMG_0.png" in page.text and "<h3>" in page.text

    # It is listed for nobody, serves at once, and its photos may go.
    assert client.get("/v1/looks").json() == []
    photo = photo_bytes(format="jpeg")
    answer = client.post("/v1/enhance", params={"look": known["id"]}, data=photo)
    enhance = Enhancer(EnhanceOptions(look=str(tmp_path / "sent.look")))
    assert answer.content == encode(enhance(read(photo)))
    for id in asked["before"] + asked["after"]:
        assert client.ask("DELETE", f"/v1/photos/{id}").status_code == 204
    used, size = client.service.store.used, client.service.looks.known[known["id"]].bytes
    assert client.ask("DELETE", f"/v1/looks/{known['id']}").status_code == 204
    assert client.service.store.used == used - size
    assert client.get(f"/v1/looks/{known['id']}").status_code == 404
    assert not (client.service.root / "looks" / known["id"]).exists()


def test_photos_lie_under_their_senders_names(client: Client, tmp_path: Path) -> None:
    """Names tell what belongs together: equal ones, and without an extension; none is a path."""
    names = ["../../IMG_1.png", "img_1.PNG", "IMG_2", "C:\\IMG_1.png"]
    stored = [client.service.store.get(client.add(photo_bytes(), name)) for name in names]
    lay_out(stored, tmp_path / "laid")
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    expected = {"1/IMG_1.png", "2/img_1.PNG", "1/IMG_2.png", "3/IMG_1.png"}
    assert found == {f"laid/{name}" for name in expected}
    assert (tmp_path / "laid/3/IMG_1.png").read_bytes() == photo_bytes()


def test_too_few_pairs_say_which_and_why(client: Client, tmp_path: Path) -> None:
    id = ask_for(client, shots(tmp_path, 5))["id"]
    info = wait(client, id)
    assert info["state"] == "failed" and info["look"] is None
    assert info["reason"] == "A look needs at least 5 pairs; 4 can be used."
    assert [a["name"] for a in info["aside"]] == ["IMG_0.png"]
    assert not (client.service.root / "looks" / id).exists()


def test_limits_queue_and_cancel(start: Serve, tmp_path: Path) -> None:
    import threading

    client = start(Limits(learn_queue=1, learn_pairs=6))
    go = threading.Event()
    holder = Task(lambda enhancers, task: go.wait(60), 90)
    client.service.to_learn.put("holder", [holder])
    while not holder.started:
        time.sleep(0.01)
    root = shots(tmp_path)
    first = ask_for(client, root)
    assert first["state"] == "queued" and first["seconds_left"] is None
    photo = first["before"][0]
    assert client.ask("DELETE", f"/v1/photos/{photo}").status_code == 409
    body = {side: first[side] for side in ("before", "after")}
    answer = client.post("/v1/learnings", json=body)
    assert answer.status_code == 429 and "1 looks wait" in answer.text
    more = [client.add(photo_bytes(seed=n)) for n in range(7)]
    answer = client.post("/v1/learnings", json=body | {"before": more})
    assert answer.status_code == 400 and "at most 6 pairs" in answer.text
    answer = client.post("/v1/learnings", json=body | {"before": more[:4]})
    assert answer.status_code == 422
    answer = client.post("/v1/learnings", json=body | {"after": ["x" * 22] * 5})
    assert answer.status_code == 404
    answer = client.post(f"/v1/learnings/{first['id']}/cancel")
    assert answer.json()["state"] == "cancelled"
    second = client.post("/v1/learnings", json=body | {"base": "none"})  # its place is free
    assert second.status_code == 202
    go.set()
    # One that runs stops where it next says how far it is.
    id = second.json()["id"]
    while client.get(f"/v1/learnings/{id}").json()["state"] == "queued":
        time.sleep(0.01)
    client.post(f"/v1/learnings/{id}/cancel")
    assert wait(client, id)["state"] == "cancelled"
    assert not list((client.service.root / "looks").iterdir())
    assert client.ask("DELETE", f"/v1/photos/{photo}").status_code == 204


def test_a_look_that_is_needed_stays(start: Serve) -> None:
    import threading

    client = start(Limits(keep_seconds=1))
    folder = client.service.root / "looks" / "learned"
    file = Path(write_look(folder / "a.look"))
    client.service.looks.add(Known("learned", file, looks.load(file).card, None, folder))
    known = client.get("/v1/looks/learned").json()
    assert known["learned"]
    go = threading.Event()
    client.service.photos.put("holder", [Task(lambda enhancers, task: go.wait(60), 90)])
    photo = client.add(photo_bytes())
    job = client.post("/v1/jobs", params={"look": known["id"]}, json={"photos": [photo]}).json()
    assert client.ask("DELETE", f"/v1/looks/{known['id']}").status_code == 409
    time.sleep(1.1)
    service = client.service
    assert [k.id for k in service.looks.expired()] == [known["id"]]
    assert service.in_use(service.looks.known[known["id"]])
    go.set()
    assert client.finish(job["id"])["state"] == "done"
    assert client.ask("DELETE", f"/v1/looks/{known['id']}").status_code == 204
