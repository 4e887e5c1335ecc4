"""`burnish serve` as people start and stop it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from burnish import cli
from burnish.server.limits import Limits

from .conftest import Serve, photo_bytes

SRC = Path(__file__).resolve().parents[2] / "src"


Run = Callable[[], tuple[subprocess.Popen[str], str]]


def heard() -> None:
    """What runs without a terminal may have the signals ignored, and its children with it."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def run(model: str, tmp_path: Path) -> Iterator[Run]:
    """Start the command; its temporary files lie in tmp_path."""
    command = [sys.executable, "-m", "burnish", "serve", "--no-browser", "--port", "0"]
    command += ["--model", model, "--threads", "1", "--max-megabytes", "7"]
    env = os.environ | {"PYTHONPATH": str(SRC), "TMPDIR": str(tmp_path)}
    started = []

    def begin() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            command,
            env=env,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=None if os.name == "nt" else heard,
        )
        started.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line + process.stderr.read()
        return process, found[0]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_starts_answers_and_stops(name: str, run: Run, tmp_path: Path) -> None:
    if not hasattr(signal, name):
        pytest.skip(f"this system has no {name}")
    process, url = run()
    info = requests.get(url + "v1/info", timeout=30).json()
    assert info["max_megabytes"] == 7 and info["models"][0]["name"] == "tiny"
    assert list(tmp_path.glob("burnish-serve-*"))
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=30)
    assert process.returncode in (0, 130, -signal.SIGTERM)
    assert "Traceback" not in errors
    assert not list(tmp_path.glob("burnish-serve-*"))


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_the_next_service_removes_what_a_killed_one_left(run: Run, tmp_path: Path) -> None:
    (tmp_path / "burnish-serve-of-others").mkdir()
    killed, _ = run()
    running, _ = run()
    left = set(tmp_path.glob("burnish-serve-*"))
    killed.kill()
    killed.wait()
    assert set(tmp_path.glob("burnish-serve-*")) == left and len(left) == 3
    run()
    then = set(tmp_path.glob("burnish-serve-*"))
    assert len(then) == 3 and len(left & then) == 2 and running.poll() is None


def test_who_waits_is_told_that_the_service_stops(start: Serve) -> None:
    client = start(Limits(requests=8))
    data, answers = photo_bytes(1600, 2400), list[requests.Response]()

    def ask() -> None:
        answers.append(requests.post(client.url + "/v1/enhance", data=data, timeout=60))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    while not client.service.workers.current and time.monotonic() < deadline:
        time.sleep(0.01)
    client.running.server.should_exit = True
    for thread in threads:
        thread.join(timeout=60)
    statuses = sorted(answer.status_code for answer in answers)
    assert len(statuses) == 4 and set(statuses) <= {200, 503} and 503 in statuses
    told = {answer.json()["error"] for answer in answers if answer.status_code == 503}
    assert told <= {"The service is stopping.", "The work was cancelled."}


def test_refusals_come_before_anything_listens(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, reason in [
        (["--host", "0.0.0.0"], "token"),
        (["--max-megabytes", "0"], "max-megabytes"),
        (["--strength", "2"], "strength"),
        (["--model", "nothing"], "nothing"),
        (["--port", "65536"], "port must be from 0 to 65535"),
        (["--port", "-1"], "port must be from 0 to 65535"),
    ]:
        assert cli.run(["serve", "--no-browser", *arguments]) == 2
        assert reason in capsys.readouterr().err


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.run(["serve", "--no-browser", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err
