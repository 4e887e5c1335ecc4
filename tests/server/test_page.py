"""The page in a real browser: what a person does, from the first photo to the ZIP."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .conftest import Open, Serve, noise, pixels_of

IDLE = "#chip:not(.busy)"


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Two photos, one with EXIF."""
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    found = []
    for number, (height, width) in enumerate([(400, 600), (300, 260)]):
        path = tmp_path / f"photo {number}.jpg"
        Image.fromarray(noise(height, width, number)).save(path, quality=92, exif=exif)
        found.append(path)
    return found


def stage_centre(page: Any) -> tuple[float, float]:
    box = page.locator("#stage").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def shown(page: Any, x: float, y: float, size: int = 8) -> np.ndarray:
    """Mean colour of what the screen shows around a point."""
    clip = {"x": x - size / 2, "y": y - size / 2, "width": size, "height": size}
    return pixels_of(page.screenshot(clip=clip)).mean((0, 1))


def images(page: Any, pane: str) -> list[dict[str, float]]:
    """Places of the pictures in a pane, in page coordinates."""
    found = page.eval_on_selector_all(
        f"#{pane} img",
        "all => all.map(i => { const b = i.getBoundingClientRect();"
        " return {x: b.x, y: b.y, w: b.width, h: b.height, n: i.naturalWidth}; })",
    )
    return list(found)


def test_from_drop_to_download(open_page: Open, photos: list[Path], tmp_path: Path) -> None:
    page = open_page()
    assert page.get_by_role("heading", name="Drop your photos here").is_visible()
    # A real drop event with real files.
    files = [{"name": p.name, "data": list(p.read_bytes())} for p in photos]
    transfer = page.evaluate_handle(
        "files => { const t = new DataTransfer(); for (const f of files)"
        " t.items.add(new File([new Uint8Array(f.data)], f.name, {type: 'image/jpeg'}));"
        " return t; }",
        files,
    )
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#film li:nth-child(2).ready")
    page.get_by_role("button", name="photo 0.jpg").first.click()
    page.wait_for_selector("#after img")
    page.wait_for_selector(IDLE)
    assert page.get_by_text("600 × 400").is_visible()

    # Both sides of the divider show the same photo, the right one changed.
    x, y = stage_centre(page)
    left, right = shown(page, x - 60, y), shown(page, x + 60, y)
    page.keyboard.press("Tab")
    page.locator("#slider").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(150)
    after = shown(page, x - 60, y)
    page.keyboard.press("End")
    page.wait_for_timeout(150)
    before = shown(page, x + 60, y)
    assert np.abs(left - after).max() > 6 and np.abs(right - before).max() > 6
    assert page.locator("#slider").get_attribute("aria-valuenow") == "100"

    page.get_by_role("button", name="Enhance all 2").click()
    page.wait_for_selector("#all:not([hidden])")
    with page.expect_download() as one:
        page.get_by_role("link", name="Download", exact=True).click()
    assert one.value.suggested_filename == "photo 0.jpg"
    one.value.save_as(tmp_path / "one.jpg")
    with page.expect_download() as all_of_them:
        page.get_by_role("link", name="Download all (ZIP)").click()
    all_of_them.value.save_as(tmp_path / "all.zip")
    archive = zipfile.ZipFile(tmp_path / "all.zip")
    assert archive.namelist() == ["photo 0.jpg", "photo 1.jpg"]
    assert archive.read("photo 0.jpg") == (tmp_path / "one.jpg").read_bytes()
    for name in archive.namelist():
        assert Image.open(BytesIO(archive.read(name))).getexif()[0x010F] == "Maker"

    # The finished photo is what the right side shows now.
    page.wait_for_selector("#chip:not(.busy) >> text=Finished photo")
    page.locator("#slider").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(150)
    assert np.abs(shown(page, x - 60, y) - after).max() < 6


def test_a_folder_is_dropped(open_page: Open, photos: list[Path], tmp_path: Path) -> None:
    """What a photographer has is a folder: its photos are taken, and what else lies there left."""
    (tmp_path / "deeper").mkdir()
    photos[1].rename(tmp_path / "deeper" / photos[1].name)
    (tmp_path / "list.txt").write_text("no photo")
    (tmp_path / "void").mkdir()
    page = open_page()
    x, y = (side / 2 for side in page.viewport_size.values())
    devtools = page.context.new_cdp_session(page)

    def drop(folder: Path) -> None:
        data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "drop"):
            event = {"type": kind, "x": x, "y": y, "data": data}
            devtools.send("Input.dispatchDragEvent", event)

    drop(tmp_path / "void")
    page.get_by_text("There are no photos in that folder.").wait_for()
    drop(tmp_path)
    page.wait_for_selector("#film li:nth-child(2).ready")
    page.wait_for_selector("#film li:nth-child(1).ready")
    assert page.locator("#film li").count() == 2


def test_zoom_and_pan_move_both_sides_alike(open_page: Open, photos: list[Path]) -> None:
    page = open_page(width=900, height=500)
    page.set_input_files("#files", photos[0])
    page.wait_for_selector("#after img")
    page.get_by_role("button", name="100 %").click()
    page.wait_for_selector(IDLE)
    tiles = [i for i in images(page, "after") if i["n"] > 0 and abs(i["w"] - i["n"]) < 0.01]
    assert tiles, "no tile is shown pixel by pixel at 100 %"
    whole = {pane: max(images(page, pane), key=lambda i: i["w"]) for pane in ("before", "after")}
    assert whole["before"] == whole["after"] | {"n": whole["before"]["n"]}
    assert whole["before"]["w"] == pytest.approx(600, abs=1)
    x, y = stage_centre(page)
    page.mouse.move(x + 100, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=3)
    page.mouse.up()
    for pane in ("before", "after"):
        moved = max(images(page, pane), key=lambda i: i["w"])
        assert moved["y"] < whole[pane]["y"] or moved["x"] < whole[pane]["x"]
        assert moved["w"] == whole[pane]["w"]
    page.mouse.wheel(0, -400)
    sizes = [max(images(page, pane), key=lambda i: i["w"])["w"] for pane in ("before", "after")]
    assert sizes[0] == pytest.approx(sizes[1], abs=1) and sizes[0] > 650
    page.locator("#slider").focus()
    page.keyboard.press("0")
    assert page.locator("#fit").get_attribute("aria-pressed") == "true"
    page.keyboard.press("1")
    assert page.locator("#full").get_attribute("aria-pressed") == "true"
    # The divider itself is dragged without moving the photo.
    place = images(page, "before")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 150, y, steps=3)
    page.mouse.up()
    assert int(page.locator("#slider").get_attribute("aria-valuenow") or 0) < 45
    assert images(page, "before") == place


def test_strength_and_model_are_live(open_page: Open, photos: list[Path]) -> None:
    page = open_page()
    page.set_input_files("#files", photos[0])
    page.wait_for_selector("#after img")
    page.wait_for_selector(IDLE)
    page.locator("#slider").focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(150)
    x, y = stage_centre(page)
    full = shown(page, x, y)
    with page.expect_response(lambda r: "/preview?" in r.url and "strength=0&" in r.url):
        page.get_by_label("Strength").fill("0")
        page.wait_for_timeout(50)
        at_once = shown(page, x, y)  # before the service has answered
    page.wait_for_selector(IDLE)
    page.wait_for_timeout(100)
    exact = shown(page, x, y)
    assert np.abs(full - exact).max() > 6
    assert np.abs(at_once - exact).max() < 4
    with page.expect_response(lambda r: "/preview?" in r.url and "model=nrl" in r.url):
        page.get_by_label("Model").select_option("nrl")


def test_progress_and_cancel(open_page: Open, start: Serve, tmp_path: Path) -> None:
    import threading

    from burnish.server.worker import Task

    client = start()
    go = threading.Event()
    client.service.photos.put("holder", [Task(lambda enhancers, task: go.wait(60), 90)])
    page = open_page(client.url)
    Image.fromarray(noise()).save(tmp_path / "a.png")
    page.set_input_files("#files", tmp_path / "a.png")
    page.locator("#go").click()
    page.wait_for_selector("text=0 of 1")
    assert page.get_by_role("progressbar", name="Progress").is_visible()
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("#go:not([hidden])")
    go.set()
    page.locator("#go").click()
    page.wait_for_selector("#one:not([hidden])")


def test_a_job_that_is_gone_can_be_done_again(
    open_page: Open, start: Serve, tmp_path: Path
) -> None:
    import threading

    from burnish.server.worker import Task

    client = start()
    go = threading.Event()
    page = open_page(client.url)
    for number in range(2):
        Image.fromarray(noise(seed=number)).save(tmp_path / f"{number}.png")
        page.set_input_files("#files", tmp_path / f"{number}.png")
        page.wait_for_selector(f"#film li.ready:nth-child({number + 1})")
    page.locator("#only").click()
    page.wait_for_selector("#one:not([hidden])")
    client.service.photos.put("holder", [Task(lambda enhancers, task: go.wait(60), 90)])
    page.locator("#go").click()
    page.wait_for_selector("text=0 of 1")
    for job in list(client.service.jobs.jobs):  # as after a restart
        assert client.ask("DELETE", f"/v1/jobs/{job}").status_code == 204
    page.wait_for_selector("text=There is no such job")
    go.set()
    assert page.locator("#running").is_hidden()
    page.locator("#go").click()
    page.wait_for_selector("#film li.done:nth-child(2)")


def test_a_photo_that_is_removed_while_it_is_sent_is_gone(
    open_page: Open, start: Serve, photos: list[Path]
) -> None:
    client = start()
    page = open_page(client.url)
    held: list[Any] = []
    page.route("**/v1/photos?*", lambda route: held.append(route))
    page.set_input_files("#files", photos[0])
    while not held:
        page.wait_for_timeout(20)
    page.get_by_role("button", name="Remove photo 0.jpg").click()
    with page.expect_response(lambda r: r.request.method == "DELETE"):
        held[0].continue_()
    page.unroute("**/v1/photos?*")
    page.set_input_files("#files", photos[1])
    page.wait_for_selector("#film li.ready")
    page.wait_for_selector("#name >> text=photo 1.jpg")
    assert [photo.name for photo in client.service.store.photos.values()] == ["photo 1.jpg"]


def test_what_is_refused_is_said(open_page: Open, photos: list[Path], tmp_path: Path) -> None:
    page = open_page()
    torn = tmp_path / "notes.pdf"
    torn.write_bytes(b"%PDF-1.7 and more of it, long enough to be looked at" * 4)
    page.set_input_files("#files", [torn, photos[0]])
    page.wait_for_selector("text=notes.pdf is a PDF document")
    page.wait_for_selector("#film li.failed")
    page.wait_for_selector("#film li.ready")
    page.get_by_role("button", name="Remove notes.pdf").click()
    assert page.locator("#film li").count() == 1
    page.get_by_role("button", name="Remove photo 0.jpg").click()
    assert page.get_by_role("button", name="Choose photos").is_visible()


def test_a_photo_that_cannot_be_decoded_says_so_and_is_no_work(
    open_page: Open, photos: list[Path]
) -> None:
    """Its header is fine; what cannot be decoded is not offered, nor what a job has failed on."""
    page = open_page()
    torn = photos[0].with_name("torn.jpg")
    torn.write_bytes(photos[0].read_bytes()[:-4000])
    page.set_input_files("#files", [torn, photos[1]])
    page.wait_for_selector("#film li.failed .mark:visible >> text=!")
    page.wait_for_selector("#film li.ready")
    page.get_by_role("button", name="torn.jpg").first.click()  # whichever came first is shown
    page.wait_for_selector("#notes >> text=torn.jpg is truncated")
    page.wait_for_selector("#chip", state="hidden")
    assert page.locator("#go").text_content() == "Enhance 1 photo"
    page.get_by_role("button", name="photo 1.jpg").first.click()
    page.wait_for_selector(f"{IDLE} >> text=Exact preview")
    page.locator("#go").click()
    page.wait_for_selector("#film li.done")
    page.wait_for_selector("#running", state="hidden")
    assert page.locator("#go").is_hidden() and page.locator("#only").is_hidden()
    page.get_by_role("button", name="torn.jpg").first.click()
    with page.expect_response(lambda r: "/v1/jobs?" in r.url):
        page.locator("#only").click()  # who insists may try
    page.wait_for_selector("#film li.failed")
    page.wait_for_selector("#only", state="visible")
    page.wait_for_selector("#running", state="hidden")
    assert page.locator("#go").is_hidden() and page.locator("#only").is_visible()
    page.get_by_label("Strength").fill("50")
    page.wait_for_selector("#go >> text=Enhance all 2")


def test_the_smallest_phone(open_page: Open, photos: list[Path]) -> None:
    page = open_page(width=320, height=640, has_touch=True, is_mobile=True)
    page.set_input_files("#files", photos[:1])
    page.wait_for_selector("#after img")
    page.wait_for_selector(IDLE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    chip, zoom = (page.locator(part).bounding_box() for part in ("#chip", ".zoom"))
    assert chip["y"] + chip["height"] <= zoom["y"]


def test_the_token_opens_the_page(open_page: Open, start: Serve, photos: list[Path]) -> None:
    client = start(token="correct-horse")
    page = open_page(f"{client.url}/#token=correct-horse")
    page.wait_for_selector("#model option", state="attached")
    assert page.url == f"{client.url}/"
    page.set_input_files("#files", photos[1])
    page.wait_for_selector("#after img")


def test_phone_light_dark_and_names(open_page: Open, photos: list[Path]) -> None:
    page = open_page(width=390, height=760, has_touch=True, is_mobile=True, color_scheme="dark")
    page.set_input_files("#files", photos[:1])
    page.wait_for_selector("#after img")
    page.wait_for_selector(IDLE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    dark = pixels_of(page.screenshot())[2, 2].mean()
    page.emulate_media(color_scheme="light")
    assert pixels_of(page.screenshot())[2, 2].mean() > 200 > 60 > dark
    small = page.eval_on_selector_all(
        "button, a.button, select, input[type=range]",
        "all => all.filter(e => e.offsetParent && !e.closest('details') &&"
        " Math.min(e.offsetHeight, 99) < 24).map(e => e.id || e.className)",
    )
    assert small == []  # nothing to touch is smaller than 24 pixels
    nameless = page.eval_on_selector_all(
        "button, a.button, select, input:not([type=file]):not([hidden])",
        "all => all.filter(e => !(e.ariaLabel || e.labels?.length || e.textContent.trim()))"
        ".map(e => e.outerHTML)",
    )
    assert nameless == []
    x, y = stage_centre(page)
    page.touchscreen.tap(x, y)
    page.locator("#go").tap()
    page.wait_for_selector("#one:not([hidden])")
