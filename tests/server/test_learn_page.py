"""The section "Learn a look" in a real browser: two folders in, a look out, used at once."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from burnish import cli
from burnish.server.worker import Task
from look.conftest import make_photo, s_curve, save

from .conftest import Open, Serve, pixels_of


def shots(root: Path, count: int = 6) -> Path:
    """Folders of tiny pairs, the first of them wrong; with what lies about in folders."""
    for seed in range(count):
        photo = make_photo(seed, 48, 64)
        after = s_curve(photo).clip(0, 1) if seed else make_photo(90, 48, 64)
        save(photo, root / "camera" / "day 1" / f"IMG_{seed}.png")
        save(after, root / "finished" / f"img_{seed}-Edit.png")
    (root / "camera" / "Thumbs.db").write_bytes(b"no photo")
    (root / "camera" / "torn.jpg").write_bytes(b"%PDF-1.7 that is called a photo" * 9)
    return root


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shots(tmp_path_factory.mktemp("pairs"))


def go_to_learn(page: Any, pairs: Path) -> None:
    page.get_by_role("button", name="Learn a look").click()
    assert page.locator("#learn-go").is_disabled()
    page.set_input_files("#before-folder", pairs / "camera")
    page.wait_for_selector("text=7 photos")  # not what is no photo by its name
    assert page.get_by_text("At least 5 photos on each side.").is_visible()
    page.set_input_files("#finished-folder", pairs / "finished")
    page.wait_for_selector("text=6 photos")


def test_from_two_folders_to_a_finished_photo(
    open_page: Open, pairs: Path, model: str, tmp_path: Path
) -> None:
    page = open_page()
    go_to_learn(page, pairs)
    page.get_by_label("Name of the look").fill("warm s")
    page.get_by_role("button", name="Learn the look").click()
    page.wait_for_selector("#learned:not([hidden])", timeout=240_000)
    said = page.locator("#learned-says").inner_text()
    assert "“warm s” is learned, from 5 pairs." in said
    assert "On shots that it had not seen" in said and "Expect a gain between" in said
    page.get_by_text("2 photos were set aside").click()
    aside = page.locator("#learned-list").inner_text()
    assert "torn.jpg is a PDF document" in aside and "shows something else" in aside
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download the look").click()
    assert taken.value.suggested_filename == "warm s.look"
    taken.value.save_as(tmp_path / "mine.look")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Report with pictures").click()
    report = opened.value
    report.wait_for_load_state()
    assert report.get_by_role("heading", name="warm s").is_visible()
    assert report.evaluate("getComputedStyle(document.body).maxWidth") != "none"  # its own style
    assert report.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
    report.close()

    # It is used at once, and makes the very bytes that the command makes.
    photo = save(make_photo(70, 300, 400), tmp_path / "new.png")
    page.get_by_role("button", name="Use it on photos").click()
    page.set_input_files("#files", photo)
    page.wait_for_selector("#after img")
    page.wait_for_selector("#chip:not(.busy)")
    assert page.get_by_label("Look", exact=True).locator("option:checked").inner_text() == "warm s"
    page.get_by_label("Strength").fill("80")
    page.get_by_role("button", name="100 %").click()
    page.locator("#go").click()
    page.wait_for_selector("#one:not([hidden])")
    with page.expect_download() as done:
        page.get_by_role("link", name="Download", exact=True).click()
    done.value.save_as(tmp_path / "page.png")
    look = ["--look", str(tmp_path / "mine.look"), "--model", model, "--precision", "f32"]
    output = ["-o", str(tmp_path / "command.png"), "--strength", "0.8", "--threads", "1"]
    assert cli.run(["enhance", str(photo), *look, *output]) == 0
    assert (tmp_path / "page.png").read_bytes() == (tmp_path / "command.png").read_bytes()
    changed = pixels_of((tmp_path / "page.png").read_bytes()).astype(int)
    wanted = 0.2 * make_photo(70, 300, 400) + 0.8 * s_curve(make_photo(70, 300, 400))
    assert np.abs(changed / 255 - wanted).mean() < 0.03

    # The page knows it again; without it the photo is another.
    page.reload()
    page.wait_for_selector("#chosen-look option >> text=warm s", state="attached")
    page.set_input_files("#files", photo)
    page.wait_for_selector("#after img")
    with page.expect_response(lambda r: "/preview?" in r.url and "look=none" not in r.url):
        page.get_by_label("Look", exact=True).select_option(label="warm s")


def test_cancel_and_too_few(open_page: Open, start: Serve, pairs: Path, tmp_path: Path) -> None:
    client = start()
    go = threading.Event()
    client.service.to_learn.put("holder", [Task(lambda enhancers, task: go.wait(60), 90)])
    page = open_page(client.url, width=390, height=760, has_touch=True, is_mobile=True)
    go_to_learn(page, pairs)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.eval_on_selector_all(
        "#learn button, #learn a, #learn input",
        "all => all.filter(e => e.offsetParent && e.offsetHeight < 36).map(e => e.outerHTML)",
    )
    assert small == []
    page.locator("#learn-go").tap()
    page.wait_for_selector("text=Waiting for its turn")
    assert page.get_by_role("progressbar", name="Progress of learning").is_visible()
    assert page.get_by_role("button", name="Choose folder: Before").is_disabled()
    page.get_by_role("button", name="Cancel").tap()
    page.wait_for_selector("#learn-go:not([hidden])")
    assert page.locator("#learned").is_hidden()
    go.set()
    for side in ("Before", "Finished"):
        page.get_by_role("button", name=f"Take away: {side}").tap()
    for side, folder in (("before", "camera/day 1"), ("finished", "finished")):
        few = sorted((pairs / folder).iterdir())[:5]
        page.set_input_files(f"#{side}-files", few)
    page.locator("#learn-go").tap()
    page.wait_for_selector("text=A look needs at least 5 pairs; 4 can be used.", timeout=240_000)
    assert page.get_by_text("shows something else").is_visible()
    assert page.get_by_role("link", name="Download the look").is_hidden()
    page.wait_for_selector("#learn-go:not([hidden])")
    assert not client.service.store.photos  # the page takes away what it sent


def test_photos_are_dropped_where_they_belong(open_page: Open, pairs: Path) -> None:
    """A drop on a side goes there, with real files; on the rest of the section it goes nowhere."""
    page = open_page()
    page.get_by_role("button", name="Learn a look").click()
    files = [
        {"name": p.name, "data": list(p.read_bytes())}
        for p in sorted((pairs / "finished").iterdir())
    ]
    transfer = page.evaluate_handle(
        "files => { const t = new DataTransfer(); for (const f of files)"
        " t.items.add(new File([new Uint8Array(f.data)], f.name, {type: 'image/png'}));"
        " return t; }",
        files,
    )
    page.dispatch_event("#finished-zone", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#finished-count >> text=6 photos")
    page.dispatch_event("#finished-zone", "drop", {"dataTransfer": transfer})
    page.get_by_text("These photos are there already.").wait_for()
    assert page.locator("#finished-count").inner_text() == "6 photos"
    page.dispatch_event("#learn h1", "drop", {"dataTransfer": transfer})
    page.get_by_text("Drop the photos on Before or on Finished.").wait_for()
    assert page.locator("#before-count").inner_text() == ""
    page.locator("#tabs").get_by_role("button", name="Enhance").click()
    assert page.get_by_role("heading", name="Drop your photos here").is_visible()
