"""A preview is the result: the same pixels, whatever part of the photo is asked for."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from burnish.engine.enhancer import Enhancer
from burnish.engine.options import EnhanceOptions
from burnish.image.read import read
from burnish.server.darkroom import Box, Decoded, look, reduced

from .conftest import Client, Serve, noise, photo_bytes, pixels_of

HEIGHT, WIDTH = 150, 190
BOXES = [  # x, y, width, height: corners, edges, the middle, a single pixel, all of it
    (0, 0, 64, 64),
    (WIDTH - 50, HEIGHT - 40, 50, 40),
    (0, 60, 40, 90),
    (61, 33, 77, 58),
    (100, 100, 1, 1),
    (0, 0, WIDTH, HEIGHT),
]


def preview(client: Client, id: str, box: tuple[int, ...], **options: Any) -> np.ndarray:
    names = ("x", "y", "width", "height")
    query = dict(zip(names, box, strict=True)) | {"size": 512} | options
    answer = client.get(f"/v1/photos/{id}/preview", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["burnish-exact"] == "true"
    return pixels_of(answer.content).astype(int)


def result(client: Client, data: bytes, **options: Any) -> np.ndarray:
    answer = client.post("/v1/enhance", params=options | {"format": "png"}, data=data)
    assert answer.status_code == 200, answer.text
    return pixels_of(answer.content).astype(int)


def png(pixels: np.ndarray) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "png")
    return out.getvalue()


@pytest.mark.parametrize("strength", [1.0, 0.6, 0.0])
def test_a_part_equals_that_part_of_the_result(client: Client, strength: float) -> None:
    data = photo_bytes(HEIGHT, WIDTH)
    id = client.add(data)
    whole = result(client, data, strength=strength)
    for box in BOXES:
        x, y, width, height = box
        part = preview(client, id, box, strength=strength)
        assert part.shape == (height, width, 3)
        assert np.abs(part - whole[y : y + height, x : x + width]).max() <= 1


def test_a_photo_that_goes_while_its_preview_waits(client: Client) -> None:
    id = client.add(photo_bytes())
    client.service.store.get(id).path.unlink()
    answer = client.get(f"/v1/photos/{id}/preview")
    assert answer.status_code == 404 and "no longer" in answer.json()["error"]
    client.service.store.get(id).path.touch()  # as it was, for its deletion


def test_a_part_alone_would_be_another_picture(client: Client) -> None:
    """The check above can fail: without the whole photo's statistics the pixels differ a lot."""
    data = photo_bytes(HEIGHT, WIDTH)
    x, y, width, height = BOXES[3]
    alone = result(client, png(pixels_of(data)[y : y + height, x : x + width]))
    judged = preview(client, client.add(data), BOXES[3])
    assert np.abs(alone - judged).max() > 8


def test_grey_stays_grey_and_alpha_stays(client: Client) -> None:
    grey = png(np.repeat(noise(HEIGHT, WIDTH)[..., :1], 3, axis=2))
    part = preview(client, client.add(grey), BOXES[3])
    assert (part[..., 0] == part[..., 1]).all() and (part[..., 0] == part[..., 2]).all()
    x, y, w, h = BOXES[3]
    assert np.abs(part - result(client, grey)[y : y + h, x : x + w]).max() <= 1
    alpha = noise(HEIGHT, WIDTH, 3)[..., 0]
    clear = png(np.dstack([noise(HEIGHT, WIDTH), alpha]))
    box = dict(zip(("x", "y", "width", "height"), BOXES[3], strict=True))
    answer = client.get(f"/v1/photos/{client.add(clear)}/preview", params=box)
    shown = np.asarray(Image.open(BytesIO(answer.content)))
    assert (shown[..., 3] == alpha[y : y + h, x : x + w]).all()


def test_a_model_that_enlarges(start: Serve, double_model: str) -> None:
    client = start(options=EnhanceOptions(model=double_model, threads=1, precision="f32"))
    data = photo_bytes(HEIGHT, WIDTH)
    whole = result(client, data)
    assert whole.shape == (2 * HEIGHT, 2 * WIDTH, 3)
    id = client.add(data)
    for x, y, width, height in BOXES[:5]:
        part = preview(client, id, (x, y, width, height))
        cut = whole[2 * y : 2 * (y + height), 2 * x : 2 * (x + width)]
        assert np.abs(part - cut).max() <= 1


def test_the_shipped_model(client: Client) -> None:
    data = photo_bytes(110, 130, 7)
    whole = result(client, data, model="nrl")
    id = client.add(data)
    for x, y, width, height in [(40, 30, 60, 50), (90, 80, 40, 30)]:
        part = preview(client, id, (x, y, width, height), model="nrl")
        assert np.abs(part - whole[y : y + height, x : x + width]).max() <= 1


def test_the_whole_photo_is_looked_at_once_for_each_model(client: Client) -> None:
    id = client.add(photo_bytes(HEIGHT, WIDTH))
    for strength in (0.2, 0.7, 1.0):
        preview(client, id, BOXES[0], strength=strength)
    conditions = client.service.darkroom.kept[id].conditions
    assert len(conditions) == 1
    preview(client, id, (0, 0, 16, 16), model="nrl")
    assert len(conditions) == 2


def test_a_large_part_is_reduced_first_and_close(client: Client, model: str) -> None:
    """On a picture that the model's small blur leaves alone; on photos: docs/server.md."""
    down, right = np.linspace(40, 190, HEIGHT), np.linspace(60, 170, WIDTH)
    smooth = np.stack(np.broadcast_arrays(down[:, None], right, down[::-1, None]), axis=2)
    data = png(smooth.astype(np.uint8))
    id = client.add(data)
    answer = client.get(f"/v1/photos/{id}/preview", params={"size": 64})
    assert answer.headers["burnish-exact"] == "false"
    small = pixels_of(answer.content) / 255
    whole = Enhancer(EnhanceOptions(model=model, threads=1))(read(data)).pixels
    assert small.shape == (50, 64, 3)
    final = reduced(whole, 3, 0, 0, 64, 50)
    assert np.abs(small - final).mean() < 0.005
    assert np.abs(small - reduced(read(data).pixels, 3, 0, 0, 64, 50)).mean() > 0.05


def test_a_view_is_the_photo_itself(client: Client) -> None:
    data = photo_bytes(HEIGHT, WIDTH)
    id = client.add(data)
    x, y, w, h = BOXES[3]
    answer = client.get(f"/v1/photos/{id}/view", params={"x": x, "y": y, "width": w, "height": h})
    assert (pixels_of(answer.content) == pixels_of(data)[y : y + h, x : x + w]).all()


@pytest.mark.parametrize("factor", [1, 2, 3, 7])
@pytest.mark.parametrize("box", [(0, 0, 4, 3), (1, 2, 5, 4)])
def test_reduced_averages_blocks(factor: int, box: tuple[int, int, int, int]) -> None:
    pixels = np.random.default_rng(0).random((23, 31, 3)).astype(np.float32)
    left, top, right, bottom = box
    right, bottom = min(right, -(-31 // factor)), min(bottom, -(-23 // factor))
    part = reduced(pixels, factor, left, top, right, bottom)
    for row in range(top, bottom):
        for column in range(left, right):
            block = pixels[row * factor :][:factor, column * factor :][:, :factor]
            np.testing.assert_allclose(
                part[row - top, column - left], block.mean((0, 1)), rtol=1e-5
            )


def test_decoded_photos_that_are_not_looked_at_give_way(start: Serve) -> None:
    from burnish.server.limits import Limits

    client = start(Limits(disk_megabytes=1))  # a quarter of it for decoded photos
    ids = [client.add(photo_bytes(100, 120, seed)) for seed in range(4)]
    for id in ids:
        assert client.get(f"/v1/photos/{id}/view").status_code == 200
    kept = client.service.darkroom.kept
    assert list(kept) == ids[-1:]
    assert len(list(client.service.darkroom.root.iterdir())) == 1
    assert client.get(f"/v1/photos/{ids[0]}/view").status_code == 200


def test_a_photo_that_is_deleted_while_it_is_decoded_leaves_nothing(
    start: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start()
    id = client.add(photo_bytes())

    def slow(path: Path, **options: Any) -> Any:
        photo = read(path, **options)
        assert Client(client.running).ask("DELETE", f"/v1/photos/{id}").status_code == 204
        return photo

    monkeypatch.setattr("burnish.server.darkroom.read", slow)
    assert client.get(f"/v1/photos/{id}/view").status_code == 404
    darkroom = client.service.darkroom
    assert not darkroom.kept and not list(darkroom.root.iterdir())


def test_a_part_in_fast_mode_is_that_part_of_the_whole(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).random((620, 500, 3)).astype(np.float32)
    np.save(tmp_path / "pixels.npy", pixels)
    enhancer = Enhancer(EnhanceOptions(mode="fast", strength=0.7, threads=1))
    whole = enhancer.enhance_pixels(pixels)
    part, exact = look(Decoded(tmp_path, 0, False), Box(101, 77, 200, 150, 512), enhancer)
    assert exact and enhancer.mode(620, 500)[0] == "fast"
    np.testing.assert_array_equal(part.pixels, whole[77:227, 101:301])
