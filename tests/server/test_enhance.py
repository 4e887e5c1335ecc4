"""One photo in one request: the bytes are those that the library makes, and options are safe."""

import inspect
import json
from dataclasses import dataclass, field, fields
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image

from burnish.engine.enhancer import Enhancer
from burnish.engine.models import DEFAULT
from burnish.engine.options import EnhanceOptions
from burnish.image.encode import encode
from burnish.image.formats import losses
from burnish.image.read import read
from burnish.server.fields import BY_MODEL, OPERATORS, plain
from burnish.server.limits import Limits
from burnish.server.looks import Looks

from .conftest import Client, Serve, photo_bytes


def test_the_same_bytes_as_the_library(client: Client, model: str) -> None:
    data = photo_bytes(format="jpeg")
    answer = client.post("/v1/enhance", params={"strength": 0.6}, data=data)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    enhance = Enhancer(EnhanceOptions(model=model, strength=0.6, threads=1, precision="f32"))
    assert answer.content == encode(enhance(read(data)))


def test_format_quality_and_what_is_lost(client: Client) -> None:
    sixteen = BytesIO()
    pixels = read(photo_bytes()).pixels
    from burnish.image.photo import Photo

    sixteen.write(encode(Photo.from_array((pixels * 65535).astype("uint16")), "tiff"))
    query = {"format": "webp", "quality": 80, "name": "../../etc/Ünder \r\n<way>.tif"}
    answer = client.post("/v1/enhance", params=query, data=sixteen.getvalue())
    assert answer.headers["content-type"] == "image/webp"
    assert json.loads(answer.headers["burnish-notes"]) == list(
        losses(read(sixteen.getvalue()), "webp")
    )
    disposition = answer.headers["content-disposition"]
    assert "etc" not in disposition and "/" not in disposition.replace("utf-8''", "")
    assert "%C3%9Cnder" in disposition and ".webp" in disposition


def test_metadata_stays(client: Client) -> None:
    picture = Image.open(BytesIO(photo_bytes()))
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    out = BytesIO()
    picture.save(out, "jpeg", exif=exif)
    answer = client.post("/v1/enhance", data=out.getvalue())
    assert Image.open(BytesIO(answer.content)).getexif()[0x010F] == "Maker"
    answer = client.post("/v1/enhance", params={"metadata": "strip"}, data=out.getvalue())
    assert not Image.open(BytesIO(answer.content)).getexif()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"strength": 1.5}, 422),
        ({"strength": "nan"}, 422),
        ({"strength": "much"}, 422),
        ({"model": "/etc"}, 422),
        ({"model": "../weights/nrl"}, 422),
        ({"model": "none"}, 422),
        ({"quality": 0}, 422),
        ({"format": "gif"}, 422),
        ({"metadata": "some"}, 422),
    ],
)
def test_nonsense_is_refused_in_one_sentence(
    client: Client, query: dict[str, Any], status: int
) -> None:
    answer = client.post("/v1/enhance", params=query, data=photo_bytes())
    assert answer.status_code == status
    assert next(iter(query)) in answer.json()["error"]


def test_a_slip_in_a_parameter_s_name_is_told(client: Client) -> None:
    photo = photo_bytes()
    answer = client.post("/v1/enhance", params={"strenght": "0.5"}, data=photo)
    says = "There is no parameter 'strenght' here: did you mean strength?"
    assert (answer.status_code, answer.json()["error"]) == (400, says)
    for path, name in (("/v1/photos", "threads"), ("/v1/jobs", "tile")):
        answer = client.post(path, params={name: "1"}, data=photo)
        assert answer.status_code == 400 and f"no parameter '{name}'" in answer.json()["error"]
    assert client.get("/v1/looks", params={"x": "1"}).status_code == 400


def test_a_parameter_that_is_given_twice_is_told(client: Client) -> None:
    answer = client.post("/v1/enhance?strength=.1&strength=.5", data=photo_bytes())
    says = "The parameter 'strength' is given more than once."
    assert (answer.status_code, answer.json()["error"]) == (400, says)
    job = 22 * "a"  # of which there may be several
    assert client.get(f"/v1/zip?job={job}&job={job}").status_code == 404


def test_a_form_is_no_photo(client: Client) -> None:
    for path in ("/v1/enhance", "/v1/photos"):
        answer = client.post(path, files={"photo": ("x.png", photo_bytes())})
        assert answer.status_code == 400
        assert "curl --data-binary @FILE" in answer.json()["error"]


def test_a_folder_that_exists_is_no_model_for_clients(client: Client, double_model: str) -> None:
    assert Path(double_model).is_dir()
    answer = client.post("/v1/enhance", params={"model": double_model}, data=photo_bytes())
    assert answer.status_code == 422
    assert {m["name"] for m in client.get("/v1/models").json()} == {
        "tiny",
        "nrl",
        "nrl-dpl",
        "srpie",
        "srpie-sr",
        "tone",
    }


def test_options_come_from_the_dataclass(client: Client) -> None:
    schema = client.get("/openapi.json").json()
    for path, verb in (
        ("/v1/enhance", "post"),
        ("/v1/photos/{photo_id}/preview", "get"),
        ("/v1/jobs", "post"),
    ):
        offered = {p["name"]: p for p in schema["paths"][path][verb]["parameters"]}
        for option in fields(EnhanceOptions):
            hidden = OPERATORS | BY_MODEL
            assert (option.name in offered) == (option.name not in hidden), option.name
        assert offered["model"]["schema"]["enum"] == [
            "tiny",
            "tone",
            "nrl",
            "nrl-dpl",
            "srpie",
            "srpie-sr",
        ]
        assert offered["strength"]["schema"]["maximum"] == 1


def test_new_options_appear_unless_they_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    from burnish.server import fields as module

    text = {"help": "x."}

    @dataclass(frozen=True)
    class More(EnhanceOptions):
        grain: Literal["fine", "coarse"] = field(default="fine", metadata=text)
        bold: bool = field(default=False, metadata=text)
        lock_to: Path | None = field(default=None, metadata=text)
        title: str | None = field(default=None, metadata=text)

    monkeypatch.setattr(module, "EnhanceOptions", More)
    choose = module.chooser(More(), {DEFAULT: DEFAULT}, Looks(Limits(), None, ""))
    known = ["model", "look", "strength", "ensemble", "mode", "budget"]
    assert list(inspect.signature(choose).parameters) == [*known, "grain", "bold"]
    chosen = choose(model=DEFAULT, look="none", strength=0.5, grain="coarse", bold=True)
    assert isinstance(chosen, More) and chosen.grain == "coarse"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (int, True),
        (float | None, True),
        (Literal["a", "b"], True),
        (Literal["a"] | None, True),
        (str, False),
        (Path, False),
        (str | None, False),
        (list[int], False),
    ],
)
def test_only_words_from_a_list_and_numbers(kind: Any, expected: bool) -> None:
    assert plain(kind) is expected


def test_nothing_is_left_on_disk(client: Client) -> None:
    before = client.service.store.used
    assert client.post("/v1/enhance", data=photo_bytes()).status_code == 200
    assert client.post("/v1/enhance", data=photo_bytes()[:300]).status_code == 422
    assert client.service.store.used == before
    assert not [p for p in (client.service.root / "jobs").iterdir() if p.is_file()]


def test_the_photo_named_in_an_error_is_the_client_s(client: Client) -> None:
    data = photo_bytes(format="jpeg")
    answer = client.post("/v1/enhance", params={"name": "holiday.jpg"}, data=data[: len(data) // 2])
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("holiday.jpg")


def test_strength_of_the_service_is_the_default(start: Serve, model: str) -> None:
    client = start(options=EnhanceOptions(model=model, strength=0, threads=1, precision="f32"))
    data = photo_bytes()
    assert client.post("/v1/enhance", data=data).content == encode(read(data))
