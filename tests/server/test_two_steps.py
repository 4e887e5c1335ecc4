"""Twice the size and retouched, through every door: the same bytes, and previews equal results."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import burnish
from burnish import cli
from burnish.engine import fast
from burnish.engine.enhancer import Enhancer
from burnish.engine.models import DEFAULT
from burnish.engine.options import EnhanceOptions
from burnish.image.read import read
from burnish.server.darkroom import Box, Decoded, look

from .conftest import Client, Open, Serve, noise, photo_bytes, pixels_of

PAIR, JOINT = f"{DEFAULT}+srpie-sr", "srpie"
PLAIN: dict[str, Any] = {"threads": 1, "precision": "f32"}


@pytest.fixture(scope="module", params=[JOINT, PAIR])
def name(request: pytest.FixtureRequest) -> str:
    """What enlarges and retouches: the network that ships for it, or two in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def doubling(start: Serve, name: str) -> Client:
    """A service with the shipped models, started to enlarge."""
    chosen: dict[str, Any] = {"scale": 2} if name == JOINT else {"model": name}
    return start(options=EnhanceOptions(**chosen, **PLAIN))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    path = tmp_path / "in" / "a.jpg"
    path.parent.mkdir()
    Image.fromarray(noise(40, 60)).save(path, quality=92, exif=exif, dpi=(300, 300))
    return path


def test_python_command_and_http_give_the_same_bytes(
    doubling: Client, name: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = photo.read_bytes(), tmp_path / "out"
    by_python = burnish.enhance(data, model=name, strength=0.7, **PLAIN)
    flags = [f"--{option}={value}" for option, value in PLAIN.items()]
    chosen = "--scale=2" if name == JOINT else f"--model={name}"
    call = ["enhance", str(photo.parent), "-o", str(out), *flags, chosen, "--strength=0.7"]
    assert cli.run(call) == 0
    assert (f"Two steps: {name}" in capsys.readouterr().err) == (name == PAIR)
    assert (out / "a.jpg").read_bytes() == by_python
    answer = doubling.post("/v1/enhance", params={"strength": 0.7}, data=data)
    assert answer.content == by_python
    named = doubling.post("/v1/enhance", params={"strength": 0.7, "model": name}, data=data)
    assert named.content == by_python
    image = Image.open(out / "a.jpg")
    assert image.size == (120, 80) and image.getexif()[0x010F] == "Maker"
    assert image.info["dpi"] == (300, 300)

    assert cli.run([*call, "--json"]) == 0  # remembered: nothing is done twice
    events = capsys.readouterr().out.splitlines()
    assert f'"model": "{name}"' in events[-1] and '"kept": 1' in events[-1]
    assert cli.run([*call, "--strength=0.5", "--json"]) == 4
    assert cli.run([*call[:-2], "--strength=0.7", "--json"]) == 4
    assert f"was made with model {name}, not {DEFAULT}" in capsys.readouterr().out


def test_the_service_offers_it(client: Client, doubling: Client, name: str) -> None:
    listed = client.get("/v1/models").json()
    assert [m["name"] for m in listed] == ["tiny", DEFAULT, "nrl", "nrl-dpl", JOINT, "srpie-sr"]
    own = doubling.get("/v1/models").json()
    assert own[0]["name"] == name and own[0]["scale"] == 2
    assert ("then srpie-sr enlarges" in own[0]["description"]) == (name == PAIR)


def test_a_preview_is_the_result(doubling: Client) -> None:
    height, width = 80, 96
    data = photo_bytes(height, width)
    answer = doubling.post("/v1/enhance", params={"format": "png"}, data=data)
    whole = pixels_of(answer.content).astype(int)
    assert whole.shape == (2 * height, 2 * width, 3)
    id = doubling.add(data)
    for x, y, w, h in [(61, 33, 30, 27), (76, 64, 20, 16)]:
        box = {"x": x, "y": y, "width": w, "height": h}
        part = doubling.get(f"/v1/photos/{id}/preview", params=box)
        assert part.headers["burnish-exact"] == "true"
        cut = whole[2 * y : 2 * (y + h), 2 * x : 2 * (x + w)]
        assert np.abs(pixels_of(part.content).astype(int) - cut).max() <= 1
    small = doubling.get(f"/v1/photos/{id}/preview", params={"size": 32})
    assert small.headers["burnish-exact"] == "false"
    assert pixels_of(small.content).shape == (27, 32, 3)  # reduced for the screen, not enlarged


def test_a_part_in_fast_mode_is_that_part_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "LARGEST", 1_000)
    pixels = read(photo_bytes(60, 80)).pixels
    np.save(tmp_path / "pixels.npy", pixels)
    enhancer = Enhancer(EnhanceOptions(model=PAIR, mode="fast", strength=0.7, **PLAIN))
    whole = enhancer.enhance_pixels(pixels)
    part, exact = look(Decoded(tmp_path, 0, False), Box(41, 23, 30, 17), enhancer)
    assert exact and enhancer.mode(60, 80)[0] == "fast"
    np.testing.assert_allclose(part.pixels, whole[46:80, 82:142], rtol=0, atol=1e-4)


def test_on_the_page(open_page: Open, doubling: Client, name: str, photo: Path) -> None:
    page = open_page(doubling.url)
    page.set_input_files("#files", photo)
    page.wait_for_selector("#after img")
    assert page.get_by_label("2 ×").is_checked()
    assert page.get_by_label("Model").input_value() == name
    assert page.get_by_label("Strength").is_enabled()
    page.get_by_label("As it is").check()
    assert page.get_by_label("Model").input_value() == DEFAULT
    page.get_by_label("2 ×").check()
    with page.expect_response(lambda r: "/preview?" in r.url and "strength=0.5&" in r.url):
        page.get_by_label("Strength").fill("50")
    page.locator("#go").click()
    with page.expect_download() as result:
        page.get_by_role("link", name="Download", exact=True).click()
    assert Image.open(result.value.path()).size == (120, 80)
