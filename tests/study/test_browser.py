"""A whole session in a real browser, with a reload, a killed server, and two raters."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from burnish import cli
from burnish.errors import OptionError
from burnish.study import server as servers
from burnish.study.store import QUESTIONS, Store

CHROMIUM = os.environ.get("BURNISH_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium (apt install chromium, or BURNISH_CHROMIUM=PATH)"
)
SRC = Path(__file__).resolve().parents[2] / "src"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


@contextmanager
def served(study: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`burnish study serve` in a process of its own."""
    call = [sys.executable, "-m", "burnish", "study", "serve", str(study), "--port", str(port)]
    child = subprocess.Popen(
        call, env=os.environ | {"PYTHONPATH": str(SRC)}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None and f":{port}/" in child.stdout.readline()
        yield child
    finally:
        child.kill()
        child.wait(30)


@pytest.fixture
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as p:
        options = {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}
        chromium = p.chromium.launch(**options)
        yield chromium
        chromium.close()


def enter(browser: Any, port: int, name: str) -> Any:
    """A new rater with a browser profile of their own; requests elsewhere would fail the test."""
    context = browser.new_context(offline=False)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("request", lambda r: elsewhere.append(r.url) if f":{port}/" not in r.url else None)
    page.on("pageerror", lambda error: elsewhere.append(str(error)))
    page.goto(f"http://127.0.0.1:{port}/")
    page.fill("#name", name)
    page.keyboard.press("Enter")
    page.wait_for_selector("#picture:visible")
    return page


elsewhere: list[str] = []


def progress(page: Any, text: str) -> None:
    page.wait_for_function("t => document.getElementById('progress').textContent === t", arg=text)


def score(page: Any, keys: str) -> None:
    """Press the keys of one picture, each when the mark has come to its question."""
    for i, key in enumerate(keys):
        page.wait_for_function(
            "q => document.querySelector('fieldset.current legend')?.textContent === q",
            arg=QUESTIONS[i],
        )
        page.keyboard.press(key)
    page.wait_for_selector("#next:not([disabled])")


def test_a_whole_session(
    study: Path, browser: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere.clear()
    port = free_port()
    with served(study, port) as server:
        ann = enter(browser, port, "Ann")
        progress(ann, "Picture 1 of 6")
        assert "secret" not in ann.content()
        ann.keyboard.press("ArrowRight")  # not before all questions are answered
        ann.wait_for_function(
            "() => document.getElementById('message').textContent.includes('all questions')"
        )
        score(ann, "4325")
        ann.keyboard.press("Enter")
        progress(ann, "Picture 2 of 6")
        ann.keyboard.press("2")
        ann.wait_for_function("() => document.querySelectorAll('input:checked').length === 1")

        ann.reload()  # the second picture, with its first answer
        progress(ann, "Picture 2 of 6")
        assert ann.locator("input:checked").get_attribute("value") == "2"

        ben = enter(browser, port, "Ben")  # another rater at the same time, with the mouse
        for question in QUESTIONS:
            ben.click(f"label:has(input[name={question}][value='5'])")
            ben.wait_for_function(
                "q => document.querySelector(`input[name=${q}]:checked`) !== null", arg=question
            )
        ben.wait_for_selector("#next:not([disabled])")
        ben.click("#next")
        progress(ben, "Picture 2 of 6")

        os.kill(server.pid, signal.SIGKILL)  # a crash
        server.wait(30)
        ann.keyboard.press("3")
        ann.wait_for_function(
            "() => document.getElementById('message').textContent.startsWith('Not saved')"
        )
        assert len(Store(study).answers()) == 4 + 1 + 4
    with served(study, port):
        ann.wait_for_selector("fieldset.current")
        ann.keyboard.press("3")  # the same key again, now that the server is back
        ann.wait_for_function("() => document.querySelectorAll('input:checked').length === 2")
        for key in "45":
            before = ann.locator("input:checked").count()
            ann.keyboard.press(key)
            ann.wait_for_function(
                "n => document.querySelectorAll('input:checked').length === n", arg=before + 1
            )
        for position in range(3, 7):
            ann.wait_for_selector("#next:not([disabled])")
            ann.keyboard.press("ArrowRight")
            progress(ann, f"Picture {position} of 6")
            score(ann, "3333")
        ann.keyboard.press("Enter")
        progress(ann, "6 of 6 done")
        assert ann.locator("#end").is_visible()
        ann.keyboard.press("ArrowLeft")  # back, to change the last answer of all
        progress(ann, "Picture 6 of 6")
        ann.keyboard.press("ArrowUp")
        ann.wait_for_function(
            "() => document.querySelector('fieldset.current legend').textContent === 'overall'"
        )
        ann.keyboard.press("1")
        ann.wait_for_function(
            "() => document.querySelector('input[name=overall]:checked').value === '1'"
        )
        ann.wait_for_function("() => fetch('/').then(() => true)")
    answers = Store(study).answers()
    assert len([a for a in answers if a.rater == "Ann"]) == 24
    order = Store(study).order(Store(study).join("Ann"))
    kept = {(a.picture, a.method, a.question): a.score for a in answers if a.rater == "Ann"}
    first, last = order[0], order[-1]
    scores = [kept[first.picture, first.method, q] for q in QUESTIONS]
    assert scores == [4, 3, 2, 5]
    second = [kept[order[1].picture, order[1].method, q] for q in QUESTIONS]
    assert second == [2, 3, 4, 5]
    assert kept[last.picture, last.method, "overall"] == 1
    assert elsewhere == []  # nothing from another host, no script error

    capsys.readouterr()
    out, drawing = tmp_path / "answers.csv", tmp_path / "mos.svg"
    call = ["study", "report", str(study), "--csv", str(out), "--plot", str(drawing), "--paper"]
    assert cli.run(call) == 0
    said = capsys.readouterr().out
    assert "2 raters, 3 pictures" in said and "| secretA |" in said and "NRL-DPL | 3.9" in said
    assert out.read_text().count("\n") == 1 + 24 + 4 and drawing.read_text().startswith("<svg")


ROUND_TRIP = 0.4


@pytest.fixture
def slow(study: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Slow"]:
    """A server in this process that takes its time for every answer."""
    far = Slow(study)
    monkeypatch.setitem(servers.CALLS, "/api/answer", far.answer)
    with servers.make_server(far.store, "127.0.0.1", 0) as server:
        far.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield far
        server.shutdown()
        thread.join()


class Slow:
    """What a server far away was asked to keep, in the order of arrival."""

    def __init__(self, study: Path) -> None:
        self.store, self.port = Store(study), 0
        self.arrived: list[tuple[int, str, int]] = []
        self.refuse: set[str] = set()

    def answer(self, store: Store, given: dict[str, Any]) -> dict[str, Any]:
        self.arrived.append((given["position"], given["question"], given["score"]))
        time.sleep(ROUND_TRIP)
        if given["question"] in self.refuse:
            self.refuse.remove(given["question"])
            raise OptionError("Not today.")
        return servers.answer(store, given)

    def kept(self, name: str, position: int) -> list[int | None]:
        """The scores of a rater for one picture, by question."""
        token = self.store.join(name)
        shown = self.store.order(token)[position]
        return [self.store.answers_of(token).get(shown.id, {}).get(q) for q in QUESTIONS]


def settled(page: Any) -> None:
    page.wait_for_function("() => !document.querySelector('.moving, .unsent')")


def marked(page: Any) -> str | None:
    found = page.evaluate("document.querySelector('fieldset.current legend')?.textContent")
    return None if found is None else str(found)


def test_keys_faster_than_the_server(slow: Slow, browser: Any) -> None:
    """Each goes to the question that was marked when it was pressed, and the mark goes on."""
    elsewhere.clear()
    page = enter(browser, slow.port, "Ann")
    for question, key in zip(QUESTIONS, "4325", strict=True):
        assert marked(page) == question
        page.keyboard.press(key)
    assert len(slow.arrived) <= 1  # all four within the first round trip
    assert page.locator("input:checked").count() == 0  # none is shown as saved before it is
    assert page.locator(".unsent").count() == 4
    page.keyboard.press("Enter")
    page.keyboard.press("1")  # nobody has seen the next picture, and this one is left
    progress(page, "Picture 2 of 6")
    settled(page)
    assert slow.kept("Ann", 0) == [4, 3, 2, 5] and slow.kept("Ann", 1) == [None] * 4
    assert slow.arrived == list(zip([0] * 4, QUESTIONS, [4, 3, 2, 5], strict=True))

    page.keyboard.press("ArrowLeft")  # back: scoring a complete picture again, as fast
    progress(page, "Picture 1 of 6")
    settled(page)
    for key in "5154":
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    progress(page, "Picture 2 of 6")
    assert slow.kept("Ann", 0) == [5, 1, 5, 4] and elsewhere == []


def test_clicks_faster_than_the_server(slow: Slow, browser: Any) -> None:
    """Also where a reply comes in between press and release of the button."""
    elsewhere.clear()
    page = enter(browser, slow.port, "Ben")
    for question, chosen in (("overall", 5), ("texture", 2), ("texture", 3)):
        page.click(f"label:has(input[name={question}][value='{chosen}'])")
    settled(page)
    assert slow.kept("Ben", 0) == [None, 3, None, 5] and marked(page) == "luminance"
    page.hover("label:has(input[name=colour][value='4'])")
    page.mouse.down()
    page.keyboard.press("1")
    page.wait_for_selector("input[name=luminance]:checked", state="attached")
    page.mouse.up()
    page.wait_for_selector("input[name=colour]:checked", state="attached")
    settled(page)
    assert slow.kept("Ben", 0) == [4, 3, 1, 5] and elsewhere == []


def test_a_refused_answer_brings_the_mark_back(slow: Slow, browser: Any) -> None:
    """The others are kept, and the picture stays until the refused one is given again."""
    elsewhere.clear()
    slow.refuse = {"texture"}
    page = enter(browser, slow.port, "Cleo")
    for key in "4325":
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "t => document.getElementById('message').textContent === t",
        arg="Not saved (texture): Not today.",
    )
    page.keyboard.press("1")  # meant for a question further on
    settled(page)
    page.wait_for_selector("fieldset.current")
    assert marked(page) == "texture" and slow.kept("Cleo", 0) == [4, None, 2, 5]
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    progress(page, "Picture 2 of 6")
    assert slow.kept("Cleo", 0) == [4, 3, 2, 5] and elsewhere == []


def test_a_reload_sends_what_was_not_sent(slow: Slow, browser: Any) -> None:
    elsewhere.clear()
    page = enter(browser, slow.port, "Dan")
    for key in "432":
        page.keyboard.press(key)
    page.reload()
    page.wait_for_selector("#picture:visible")
    assert slow.kept("Dan", 0) == [4, 3, 2, None] and marked(page) == "overall"
    assert page.locator("input:checked").count() == 3 and elsewhere == []
