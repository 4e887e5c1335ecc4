"""The page in a real browser when there is much to do, and when something gets lost."""

import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from burnish.server.limits import Limits
from burnish.server.worker import Task

from .conftest import Open, Serve, noise
from .test_page import IDLE


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        Image.fromarray(noise(60, 80, number)).save(path)
    return paths


def test_the_photo_looked_at_comes_before_the_strip(open_page: Open, photos: list[Path]) -> None:
    """Small pictures wait for the preview, come one by one, and go on where one cannot be made."""
    page = open_page()
    previews: list[Any] = []
    small: list[Any] = []
    page.route("**/preview?*", lambda route: previews.append(route))
    page.route("**/view?size=208*", lambda route: small.append(route))
    page.set_input_files("#files", photos)
    for number in range(3):
        page.wait_for_selector(f"#film li.ready:nth-child({number + 1})")
    page.wait_for_timeout(500)
    assert previews and not small
    page.unroute("**/preview?*")
    for route in previews:
        route.continue_()
    for number in range(3):
        while not small:
            page.wait_for_timeout(20)
        page.wait_for_timeout(100)
        (route,) = small
        small.clear()
        if number == 1:
            route.fulfill(status=422, json={"error": "It cannot be decoded."})
        else:
            route.continue_()
    page.wait_for_selector(":nth-match(#film img, 2)")


def test_what_the_service_has_lost_is_sent_again(
    open_page: Open, start: Serve, photos: list[Path]
) -> None:
    """A photo that was deleted, then a restart, then a service that cannot be reached."""
    client = start(Limits(keep_seconds=9))
    page = open_page(client.url, expects=("status of 404", "net::ERR_FAILED"))
    page.set_input_files("#files", photos[:2])
    for number in range(2):
        page.wait_for_selector(f"#film li.ready:nth-child({number + 1})")
    page.wait_for_selector("#after img")
    kept = list(client.service.store.photos)
    with page.expect_response(lambda r: r.url.endswith(kept[1]), timeout=15_000):
        pass  # the page says in time that the photo is still wanted
    assert client.ask("DELETE", f"/v1/photos/{kept[0]}").status_code == 204
    page.locator("#go").click()
    page.wait_for_selector(":nth-match(#film li.done, 2)")
    page.wait_for_selector("#all:not([hidden])")

    for kind in ("jobs", "photos"):
        things = client.service.jobs.jobs if kind == "jobs" else client.service.store.photos
        for id in list(things):
            assert client.ask("DELETE", f"/v1/{kind}/{id}").status_code == 204
    page.get_by_label("Strength").fill("50")
    page.wait_for_selector("#all", state="hidden")
    page.wait_for_selector("#go >> text=Enhance all 2")
    page.wait_for_selector(f"{IDLE} >> text=Exact preview")
    assert page.locator("#after img").count()
    assert len(client.service.store.photos) == 2 and not page.locator("#says p").count()

    page.route("**/v1/photos?*", lambda route: route.abort())
    page.set_input_files("#files", photos[2])
    page.wait_for_selector("#film li.failed:nth-child(3)")
    page.unroute("**/v1/photos?*")
    page.get_by_role("button", name="Send 1 photo again").click()
    page.wait_for_selector("#film li.ready:nth-child(3)")
    assert page.locator("#again").is_hidden()


def test_work_does_not_go_without_a_question(open_page: Open, photos: list[Path]) -> None:
    page = open_page()
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    home = page.url
    page.set_input_files("#files", photos[0])
    page.locator("#go").click()
    page.wait_for_selector("#one:not([hidden])")

    # From section to section, and back as browsers go back.
    page.get_by_role("button", name="Learn a look").click()
    assert page.url == f"{home}#learn"
    page.go_back()
    page.wait_for_selector("#film li.done")
    page.go_forward()
    page.wait_for_selector("#teach")
    page.get_by_role("link", name="burnish").click()
    assert page.locator("#film li.done").is_visible() and page.url == home

    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"] and page.locator("#film li.done").is_visible()
    with page.expect_download():
        page.get_by_role("link", name="Download", exact=True).click()
    page.reload()
    page.wait_for_selector("#welcome")
    assert asked == ["beforeunload"]


def test_an_earlier_result_is_called_so(open_page: Open, photos: list[Path]) -> None:
    page = open_page()
    page.set_input_files("#files", photos)
    page.wait_for_selector(":nth-match(#film li.ready, 3)")
    page.locator("#cancel").evaluate("e => { e.onfocus = () => { e.title = 'had it'; }; }")
    page.locator("#go").press("Enter")  # the focus goes along with what can be done
    page.wait_for_selector("#all:focus")
    assert page.locator("#cancel").get_attribute("title") == "had it"
    assert page.locator("#one").text_content() == "Download"
    assert page.locator("#all").text_content() == "Download all (ZIP)"
    page.get_by_label("Strength").fill("40")
    page.get_by_role("link", name="Download the earlier result").wait_for()
    page.get_by_role("link", name="Download earlier results (ZIP)").wait_for()
    page.get_by_label("Strength").fill("100")
    page.get_by_role("link", name="Download", exact=True).wait_for()
    page.get_by_role("link", name="Download all (ZIP)").wait_for()

    # What is taken out of the strip is not in the ZIP either.
    assert "without" not in page.locator("#all").get_attribute("href")
    page.locator("#film li:nth-child(3) .thumb").focus()
    page.keyboard.press("Delete")
    assert page.locator("#all").get_attribute("href").count("without=") == 1


def test_more_photos_than_may_wait(open_page: Open, start: Serve, photos: list[Path]) -> None:
    """They go in jobs one after the other; who cancels does not get the next one."""
    client = start(Limits(queue=2))
    page = open_page(client.url)
    page.set_input_files("#files", photos)
    page.wait_for_selector(":nth-match(#film li.ready, 3)")
    page.locator("#go").click()
    page.wait_for_selector(":nth-match(#film li.done, 3)")
    page.wait_for_selector("#all:not([hidden])")
    assert sorted(len(job.items) for job in client.service.jobs.all()) == [1, 2]
    go = threading.Event()
    client.service.photos.put("holder", [Task(lambda enhancers, task: go.wait(60), 90)])
    page.get_by_label("Strength").fill("40")
    page.locator("#go").click()
    page.wait_for_selector(":nth-match(#film li.queued, 3)")
    page.wait_for_selector("#left >> text=0 of 3")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("#go:not([hidden])")
    go.set()
    assert page.locator("#film li.queued").count() == 0
    assert len(client.service.jobs.all()) == 3


def test_no_room_is_said(open_page: Open, photos: list[Path]) -> None:
    page = open_page(expects=("status of 429",))
    full = {"error": "The disk space of this service is full; try again later."}

    def refuse(route: Any) -> None:
        route.fulfill(status=429, headers={"Retry-After": "2"}, json=full)

    page.route("**/v1/photos?*", refuse)
    page.set_input_files("#files", photos[:2])
    page.wait_for_selector(":nth-match(#film li.held, 2) >> text=No room yet")
    assert page.locator("#says p").all_inner_texts() == [f"{full['error']}\n×"]
    page.unroute("**/v1/photos?*")
    page.wait_for_selector(":nth-match(#film li.ready img, 2)")
    assert page.get_by_text("No room yet").count() == 0


def test_a_value_that_makes_no_sense_is_not_worked_with(
    open_page: Open, photos: list[Path]
) -> None:
    page = open_page()
    page.set_input_files("#files", photos[0])
    page.wait_for_selector("#film li.ready")
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if "/v1/jobs?" in r.url else None)
    page.get_by_text("Output and more").click()
    quality = page.get_by_label("Quality")
    quality.fill("500")
    border = "e => getComputedStyle(e).borderColor"
    assert quality.evaluate(border) != page.get_by_label("Budget").evaluate(border)
    quality.press("Tab")
    assert page.evaluate("document.activeElement.name") == "quality"
    page.get_by_text("Output and more").click()
    page.locator("#go").click()
    assert quality.is_visible() and page.evaluate("document.activeElement.name") == "quality"
    assert not asked
    quality.fill("80")
    page.locator("#go").click()
    page.wait_for_selector("#film li.done")
    assert len(asked) == 1 and "quality=80" in asked[0]


def test_a_bad_file_is_current_until_a_good_one_comes(
    open_page: Open, photos: list[Path], tmp_path: Path
) -> None:
    page = open_page()
    (tmp_path / "torn.png").write_bytes(photos[0].read_bytes()[:-4000])
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.7 and more of it, " * 9)
    page.set_input_files("#files", tmp_path / "notes.pdf")
    page.wait_for_selector("#notes >> text=notes.pdf is a PDF document")
    page.set_input_files("#files", tmp_path / "torn.png")
    page.wait_for_selector("#notes >> text=torn.png is truncated")
    page.set_input_files("#files", photos[1])
    page.wait_for_selector(f"{IDLE} >> text=Exact preview")
    assert page.locator("#name").inner_text() == "1.png"
