"""What stands before every route: who may ask, and under which name.

One plain ASGI layer, so that it sees a request before a byte of its body is read.

- **Host** must be a name of this service, or a web page could point its own name at it (DNS
  rebinding). **Origin** and **Sec-Fetch-Site** must be the service's own, or a web page could post
  to it. Programs send neither and need nothing.
- With a token, all but the page's own files and the health check want it: as a bearer token, or as
  the session cookie that the page gets for it (so that downloads can be plain links).
- How much may be sent, and how slowly, `transfer` says.
"""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection, MutableMapping
from typing import Any

from starlette.requests import cookie_parser

from burnish.server.limits import Limits
from burnish.server.refusals import Forbidden, Refused, Unauthorised
from burnish.server.transfer import Answer, App, Body, Receive, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
OPEN = frozenset({"/", "/healthz", "/openapi.json", "/favicon.ico"})


class Guard:
    """Wraps the application; ``any_address`` also admits Hosts that are bare IP addresses."""

    def __init__(
        self,
        app: App,
        limits: Limits,
        *,
        token: str | None = None,
        session: str = "",
        hosts: Collection[str] = (),
        any_address: bool = False,
    ) -> None:
        self.app = app
        self.limits = limits
        self.token = token
        self.session = session
        self.cookie = cookie_name(session)
        self.hosts = LOOPBACK | {host.lower() for host in hosts}
        self.any_address = any_address

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = Body(scope, receive, self.limits)
        answer = Answer(send, body, self.limits.stall_seconds)
        try:
            self.check(scope)
            body.check_length()
            await self.app(scope, body.receive, answer.send)
        except Refused as refusal:
            if not answer.started:
                await answer.refuse(refusal)
        except TimeoutError:
            if not answer.stalled:
                raise
            # The client stopped reading its answer: returning without its end drops it.

    def check(self, scope: MutableMapping[str, Any]) -> None:
        """Refuse by the headers alone."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        host = headers.get("host", "").lower()
        name = re.sub(r":\d+$", "", host)
        if not self.knows(name):
            raise Forbidden("This service does not answer under that host name (see --allow-host).")
        origin = headers.get("origin", "").lower()
        if origin and origin.partition("://")[2] != host:
            raise Forbidden("Another web page may not use this service.")
        navigates = scope["path"] == "/" and scope["method"] in ("GET", "HEAD")
        if headers.get("sec-fetch-site", "none") in ("cross-site", "same-site") and not navigates:
            raise Forbidden("Another web page may not use this service.")
        if self.token and scope["path"] not in OPEN and not scope["path"].startswith("/static/"):
            self.check_token(headers)

    def knows(self, name: str) -> bool:
        if name in self.hosts:
            return True
        if not self.any_address:
            return False
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    def check_token(self, headers: dict[str, str]) -> None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same(given.strip(), self.token or ""):
            return
        cookies = cookie_parser(headers.get("cookie", ""))
        if not same(cookies.get(self.cookie, ""), self.session):
            raise Unauthorised("This service wants its token: Authorization: Bearer TOKEN.")


def cookie_name(session: str) -> str:
    """Of this service alone: a browser sends a host's cookies to every port of it."""
    return f"burnish_session_{hashlib.sha256(session.encode()).hexdigest()[:8]}"


def same(given: str, wanted: str) -> bool:
    """Equal, in a time that says nothing; an empty secret equals nothing."""
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
