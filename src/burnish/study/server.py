"""The study in a browser: the standard library's HTTP server, nothing from another host.

    GET  /                          the page
    GET  /pictures/FILE             one picture, under its random name
    POST /api/join    {name}                            -> {token}
    POST /api/task    {token, position or null}         -> what to show; null: the first unanswered
    POST /api/answer  {token, position, question, score}  -> {saved} once it is on the disk

Nothing that goes to the browser names a method.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any

from burnish.errors import BurnishError, OptionError
from burnish.study.make import PICTURES
from burnish.study.store import HIGHEST, LOWEST, QUESTIONS, Store

LARGEST_BODY = 4096
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def join(store: Store, given: dict[str, Any]) -> dict[str, Any]:
    """A rater comes, or comes back."""
    return {"token": store.join(str(given.get("name", "")))}


def task(store: Store, given: dict[str, Any]) -> dict[str, Any]:
    """What to show at a position, with what was answered there already."""
    token = str(given.get("token", ""))
    order, answers = store.order(token), store.answers_of(token)
    unanswered = [i for i, s in enumerate(order) if len(answers.get(s.id, {})) < len(QUESTIONS)]
    position = given.get("position")
    if position is None:
        position = unanswered[0] if unanswered else len(order)
    if type(position) is not int or not 0 <= position <= len(order):
        raise OptionError("There is no such position.")
    shown = order[position] if position < len(order) else None
    following = order[position + 1] if position + 1 < len(order) else None
    return {
        "title": store.title,
        "questions": QUESTIONS,
        "scores": [LOWEST, HIGHEST],
        "position": position,
        "total": len(order),
        "answered": len(order) - len(unanswered),
        "picture": f"/{PICTURES}/{shown.file}" if shown else None,
        "next": f"/{PICTURES}/{following.file}" if following else None,
        "answers": answers.get(shown.id, {}) if shown else {},
    }


def answer(store: Store, given: dict[str, Any]) -> dict[str, Any]:
    """One score, kept before the reply goes out."""
    token, position = str(given.get("token", "")), given.get("position")
    order = store.order(token)
    if type(position) is not int or not 0 <= position < len(order):
        raise OptionError("There is no such position.")
    score = given.get("score")
    store.answer(
        token, order[position].id, str(given.get("question")), score if type(score) is int else 0
    )
    return {"saved": True}


CALLS: dict[str, Callable[[Store, dict[str, Any]], dict[str, Any]]] = {
    "/api/join": join,
    "/api/task": task,
    "/api/answer": answer,
}


def make_server(store: Store, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is ready to `serve_forever`; port 0 takes a free one."""
    page = (resources.files("burnish.study") / "page.html").read_bytes()
    pictures = {f"/{PICTURES}/{s.file}": store.folder / PICTURES / s.file for s in store.shown}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == "/":
                self.reply(HTTPStatus.OK, page, "text/html; charset=utf-8")
            elif path in pictures:
                self.reply(HTTPStatus.OK, pictures[path].read_bytes(), "image/png", "max-age=86400")
            else:
                self.reply(HTTPStatus.NOT_FOUND, b"There is nothing here.", "text/plain")

        def do_POST(self) -> None:
            # A form on another site cannot send JSON without asking first, and is never allowed to.
            kind = self.headers.get("Content-Type", "").split(";")[0]
            length = self.headers.get("Content-Length", "")
            call = CALLS.get(self.path)
            self.close_connection = True  # unless the body is read
            if call is None:
                self.json(HTTPStatus.NOT_FOUND, {"error": "There is nothing here."})
            elif kind != "application/json" or not length.isdigit() or int(length) > LARGEST_BODY:
                self.json(HTTPStatus.BAD_REQUEST, {"error": "Send a small JSON object."})
            else:
                body = self.rfile.read(int(length))
                self.close_connection = False
                try:
                    given = json.loads(body)
                    if not isinstance(given, dict):
                        raise OptionError("Send a JSON object.")
                    self.json(HTTPStatus.OK, call(store, given))
                except ValueError as error:  # OptionError is one
                    self.json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
                except BurnishError as error:
                    self.json(HTTPStatus(error.http_status), {"error": str(error)})

        def json(self, status: HTTPStatus, values: dict[str, Any]) -> None:
            self.reply(status, json.dumps(values).encode(), "application/json")

        def reply(
            self, status: HTTPStatus, body: bytes, kind: str, caching: str = "no-store"
        ) -> None:
            self.send_response(status)
            headers = {
                "Content-Type": kind,
                "Content-Length": str(len(body)),
                "Cache-Control": caching,
            }
            for name, value in (headers | SECURITY).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Raters' requests are nobody's business."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    try:
        return Server((host, port), Handler)
    except OSError as error:
        raise OptionError(f"Port {port} of {host} cannot be used: {error}.") from error
