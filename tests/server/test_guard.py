"""Who may ask and how much: real sockets against a real server."""

import socket
import struct
import time
from typing import Any

import pytest
import requests

from burnish.errors import OptionError
from burnish.server.limits import Limits
from burnish.server.refusals import Refused
from burnish.server.run import Listening

from .conftest import Client, Serve, noise, photo_bytes

TOKEN = "correct-horse"


def talk(client: Client, request: bytes, seconds: float = 10) -> bytes:
    """Send raw bytes and read until the server closes or says no more."""
    with socket.create_connection(("127.0.0.1", client.port), timeout=seconds) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


def head(client: Client, line: str, *headers: str) -> bytes:
    return "\r\n".join([line, f"Host: 127.0.0.1:{client.port}", *headers, "", ""]).encode()


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/info", "/static/app.js", "/v1/nothing"])
def test_every_answer_carries_the_policy(client: Client, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "LOCALHOST:8000"}, 200),
        ({"Host": "[::1]:80"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost.evil.example"}, 403),
        ({"Host": "192.168.0.9"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:2"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_host_and_origin_are_the_service_s_own(
    client: Client, headers: dict[str, str], status: int
) -> None:
    answer = client.get("/v1/info", headers=headers)
    assert answer.status_code == status
    posted = client.post("/v1/enhance", headers=headers, data=photo_bytes(20, 20))
    assert posted.status_code == status
    if status == 403:
        assert answer.json()["error"]


def test_the_page_answers_head_and_malformed_json_is_told_plainly(client: Client) -> None:
    answer = client.ask("HEAD", "/")
    assert (answer.status_code, answer.content) == (200, b"")
    broken = client.post("/v1/jobs", data=b"{,", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["error"]) == (422, "body: JSON decode error.")


def test_a_link_to_the_page_is_followed_from_elsewhere(client: Client) -> None:
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_token(start: Serve) -> None:
    client = start(token=TOKEN)
    for path in ("/", "/healthz", "/static/app.js", "/openapi.json"):
        assert client.get(path).status_code == 200
    for path in ("/v1/info", "/metrics", "/v1/models"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert client.get(path, headers={"Authorization": TOKEN}).status_code == 401
        assert client.get(path, headers={"Cookie": f"burnish_session={TOKEN}"}).status_code == 401
        good = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get(path, headers=good).status_code == 200
    assert client.post("/v1/enhance", data=photo_bytes()).status_code == 401
    assert client.post("/v1/session").status_code == 401
    answer = client.post("/v1/session", headers=good)
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 204
    assert "httponly" in cookie and "samesite=strict" in cookie and TOKEN not in cookie
    assert client.get("/v1/info").status_code == 200  # by the cookie
    session = answer.headers["set-cookie"].split(";")[0]
    for others in ('prefs={"theme":"dark"}', "foo[bar]=1", "a=b c", "x", "burnish_session_0=1"):
        for cookies in (f"{others}; {session}", f"{session}; {others}"):  # of other ports
            found = requests.get(client.url + "/v1/info", headers={"Cookie": cookies}, timeout=10)
            assert found.status_code == 200, cookies
    assert requests.get(client.url + "/v1/info", timeout=10).status_code == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_beyond_loopback_needs_a_token(model: str, host: str) -> None:
    from burnish.engine.options import EnhanceOptions

    with pytest.raises(OptionError, match="token"):
        Listening(host, 0, EnhanceOptions(model=model), Limits())
    with pytest.raises(OptionError, match="at least 8"):
        Listening(host, 0, EnhanceOptions(model=model), Limits(), token="short")


def test_on_all_addresses_names_still_count(start: Serve) -> None:
    client = start(host="0.0.0.0", token=TOKEN, hosts=["photos.example"])
    good = {"Authorization": f"Bearer {TOKEN}"}
    for host, status in [
        ("192.168.0.9:8000", 200),
        ("[fe80::1]", 200),
        ("photos.example", 200),
        (socket.gethostname(), 200),
        ("evil.example", 403),
    ]:
        assert client.get("/v1/info", headers=good | {"Host": host}).status_code == status, host


def test_ten_gigabytes_are_refused_at_once(client: Client) -> None:
    start = time.monotonic()
    answer = talk(client, head(client, "POST /v1/enhance HTTP/1.1", "Content-Length: 10000000000"))
    assert b"413" in answer.split(b"\r\n")[0] and b"200 megabytes" in answer
    assert b"connection: close" in answer.lower()
    assert time.monotonic() - start < 5


def test_an_ordinary_client_reads_why(start: Serve) -> None:
    """One that sends its whole body before it reads gets the answer, not a broken connection."""
    client = start(Limits(max_megabytes=1))
    answer = client.post("/v1/enhance", data=bytes(3_000_000))
    assert answer.status_code == 413 and "1 megabytes" in answer.json()["error"]


def test_a_body_without_a_length_is_cut_off(start: Serve) -> None:
    """Chunks for ever: the server stops reading soon after the limit."""
    client = start(Limits(max_megabytes=2))
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        connection.sendall(head(client, "POST /v1/photos HTTP/1.1", "Transfer-Encoding: chunked"))
        block = photo_bytes(30, 30).ljust(100_000, b"\0")
        sent = 0
        with pytest.raises(OSError):
            while sent < 500_000_000:
                connection.sendall(b"186a0\r\n" + block + b"\r\n")
                sent += len(block)
    assert sent < 60_000_000
    assert client.service.store.used == 0
    assert not list(client.service.store.root.iterdir())


def test_a_body_that_is_no_photo_is_refused_by_its_first_bytes(client: Client) -> None:
    request = head(client, "POST /v1/photos HTTP/1.1", "Content-Length: 90000000")
    start = time.monotonic()
    answer = talk(client, request + b"%PDF-1.7 " + bytes(1000))
    assert b"422" in answer.split(b"\r\n")[0] and b"PDF" in answer
    assert time.monotonic() - start < 8


def test_pixels_are_counted_before_decoding(start: Serve) -> None:
    client = start(Limits(max_megapixels=1))
    good = bytearray(photo_bytes(20, 20))
    good[16:24] = struct.pack(">II", 30_000, 30_000)  # IHDR says 900 megapixels
    import zlib

    good[29:33] = struct.pack(">I", zlib.crc32(good[12:29]))
    for path in ("/v1/enhance", "/v1/photos"):
        answer = client.post(path, data=bytes(good))
        assert answer.status_code == 422
        assert "900 megapixels" in answer.json()["error"]


def test_json_bodies_are_small(client: Client) -> None:
    answer = client.post(
        "/v1/jobs", data=b" " * 1_100_000, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_a_body_that_stalls_is_dropped(start: Serve) -> None:
    client = start(Limits(stall_seconds=1))
    request = head(client, "POST /v1/enhance HTTP/1.1", "Content-Length: 5000")
    start_time = time.monotonic()
    answer = talk(client, request + photo_bytes(30, 30)[:80])
    assert b"408" in answer.split(b"\r\n")[0]
    assert time.monotonic() - start_time < 8


@pytest.mark.parametrize("path", ["/v1/photos", "/v1/enhance", "/v1/jobs"])
def test_a_client_that_gives_up_is_no_fault_of_the_service(
    client: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    request = head(client, f"POST {path} HTTP/1.1", "Content-Length: 500000")
    with socket.create_connection(("127.0.0.1", client.port), timeout=10) as connection:
        connection.sendall(request + photo_bytes(30, 30)[:80])
        time.sleep(0.3)
    time.sleep(0.7)
    assert "Traceback" not in caplog.text and not caplog.records
    assert client.get("/healthz").status_code == 200


def test_a_body_that_trickles_is_dropped_too(start: Serve) -> None:
    client = start(Limits(upload_seconds=1))
    with socket.create_connection(("127.0.0.1", client.port), timeout=10) as connection:
        connection.sendall(head(client, "POST /v1/jobs HTTP/1.1", "Content-Length: 5000"))
        connection.settimeout(0.2)
        answer, until = b"", time.monotonic() + 15
        while not answer and time.monotonic() < until:
            connection.sendall(b" ")
            try:
                answer = connection.recv(100)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408")


def test_two_hundred_slow_clients_stop_nobody(
    start: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow-loris: headers that never end, byte by byte, on 200 sockets."""
    monkeypatch.setattr("burnish.server.protocol.HEADER_SECONDS", 4.0)
    client = start(Limits(connections=150))
    slow: list[socket.socket] = []
    for _ in range(200):
        connection = socket.create_connection(("127.0.0.1", client.port), timeout=10)
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        slow.append(connection)
    began = time.monotonic()
    assert client.post("/v1/enhance", data=photo_bytes()).status_code == 200
    assert client.get("/healthz").status_code == 200
    assert time.monotonic() - began < 4
    state = client.running.server.server_state
    assert len(state.connections) <= 151  # the oldest went as soon as there were too many
    while time.monotonic() - began < 5:
        for connection in slow:
            try:
                connection.send(b"x")
            except OSError:
                continue
        time.sleep(0.3)
    for _ in range(50):
        if len(state.connections) <= 1:
            break
        time.sleep(0.1)
    assert len(state.connections) <= 1  # all of them were dropped, bytes or not
    for connection in slow:
        connection.close()


def test_a_client_that_does_not_read_is_dropped(start: Serve) -> None:
    client = start(Limits(stall_seconds=1))
    from burnish.image.encode import encode
    from burnish.image.photo import Photo

    pixels = noise(2000, 2200).repeat(2, 0)
    id = client.add(encode(Photo.from_array(pixels), "tiff"))
    job = client.post("/v1/jobs", params={"strength": 0}, json={"photos": [id]}).json()["id"]
    assert client.finish(job)["done"] == 1
    client.session.close()
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", client.port))
    connection.sendall(head(client, f"GET /v1/jobs/{job}/results/{id} HTTP/1.1"))
    state = client.running.server.server_state
    for _ in range(100):
        time.sleep(0.1)
        if not state.tasks:
            break
    assert not state.tasks
    connection.close()


def test_a_preview_nobody_waits_for_is_not_made(start: Serve) -> None:
    import threading

    from burnish.server.worker import Task

    client = start()
    go = threading.Event()
    client.service.previews.put("holder", [Task(lambda enhancers, task: go.wait(20), 30)])
    id = client.add(photo_bytes())
    with pytest.raises(requests.Timeout):
        client.session.get(f"{client.url}/v1/photos/{id}/preview", timeout=0.5)
    previews = client.service.previews
    for _ in range(50):
        with previews.ready:
            previews.drop_cancelled()
        if not previews.count:
            break
        time.sleep(0.05)
    assert previews.count == 0
    go.set()


@pytest.mark.parametrize("kind", Refused.__subclasses__())
def test_refusals_have_a_status_of_their_own(kind: Any) -> None:
    assert 400 < kind.http_status < 600


def test_health_and_metrics(client: Client) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    client.post("/v1/enhance", data=photo_bytes())
    text = client.get("/metrics").text
    assert 'burnish_requests_total{method="POST",route="/v1/enhance",status="200"}' in text
    assert 'burnish_photos_total{outcome="done"}' in text
    client.ask("BREW", "/healthz")
    assert 'method="other"' in client.get("/metrics").text
    assert "burnish_queue 0.0" in text and text.endswith("# EOF\n")
