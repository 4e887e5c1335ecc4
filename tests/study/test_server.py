"""The server over a real socket: what it gives, what it keeps, and what it refuses."""

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from burnish.errors import OptionError
from burnish.study.server import make_server
from burnish.study.store import QUESTIONS, Store


@pytest.fixture
def port(study: Path) -> Iterator[int]:
    server = make_server(Store(study), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join(10)
    server.server_close()


def call(port: int, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    if body is None:
        connection.request("GET", path, headers=headers)
    else:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request("POST", path, data, {"Content-Type": "application/json"} | headers)
    reply = connection.getresponse()
    content: Any = reply.read()
    if reply.headers["Content-Type"] == "application/json":
        content = json.loads(content)
    connection.close()
    return reply.status, content, reply.headers


def test_a_whole_session(port: int, study: Path) -> None:
    status, joined, _ = call(port, "/api/join", {"name": "Ann"})
    assert status == 200
    me = {"token": joined["token"]}
    seen = []
    for position in range(6):
        _, task, _ = call(port, "/api/task", me | {"position": None})
        assert task["position"] == position and task["total"] == 6 and task["answers"] == {}
        assert "secret" not in json.dumps(task) and "photo" not in json.dumps(task)
        status, picture, headers = call(port, task["picture"])
        assert status == 200 and picture.startswith(b"\x89PNG") and b"secret" not in picture
        assert headers["Content-Type"] == "image/png"
        seen.append(task["picture"])
        for i, question in enumerate(QUESTIONS):
            given = me | {"position": position, "question": question, "score": 1 + i}
            assert call(port, "/api/answer", given)[1] == {"saved": True}
            # On the disk already, for whoever opens the file now.
            assert len(Store(study).answers()) == 4 * position + i + 1
    assert len(set(seen)) == 6
    _, end, _ = call(port, "/api/task", me | {"position": None})
    assert end["picture"] is None and end["answered"] == 6
    _, back, _ = call(port, "/api/task", me | {"position": 2})
    assert back["answers"] == dict(zip(QUESTIONS, (1, 2, 3, 4), strict=True))


def test_the_page_needs_no_other_host(port: int) -> None:
    status, page, headers = call(port, "/")
    assert status == 200 and b"http://" not in page and b"https://" not in page
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert b"secret" not in page


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/etc/passwd", None, {}, 404),
        ("/pictures/../study.sqlite", None, {}, 404),
        ("/study.sqlite", None, {}, 404),
        ("/api/task", {"token": "forged"}, {}, 400),
        ("/api/join", {"name": ""}, {}, 400),
        ("/api/join", [1], {}, 400),
        ("/api/join", b"no json", {}, 400),
        ("/api/join", {"name": "x"}, {"Content-Type": "text/plain"}, 400),
        ("/api/join", {"name": "x" * 5000}, {}, 400),
        ("/api/other", {}, {}, 404),
    ],
)
def test_what_is_refused(
    port: int, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    assert call(port, path, body, **headers)[0] == status


def test_bad_answers_are_refused_and_not_kept(port: int, study: Path) -> None:
    token = call(port, "/api/join", {"name": "Ann"})[1]["token"]
    good = {"token": token, "position": 0, "question": "colour", "score": 3}
    bad = ({"score": 6}, {"score": "3"}, {"score": True}, {"question": "x"}, {"position": 6},
           {"position": -1}, {"position": None}, {"token": "x"})  # fmt: skip
    for wrong in bad:
        assert call(port, "/api/answer", good | wrong)[0] == 400
    assert Store(study).answers() == []


def test_a_port_in_use_is_said(port: int, study: Path) -> None:
    with pytest.raises(OptionError, match=f"Port {port} of 127.0.0.1 cannot be used"):
        make_server(Store(study), "127.0.0.1", port)
