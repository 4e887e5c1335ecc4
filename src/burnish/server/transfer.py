"""A request's body on its way in and the answer on its way out: how much, and how slowly.

Bodies are refused by their length before they are read, cut off when they grow beyond it, and
dropped when they stall; so is a client that stops reading its answer. Every answer carries the
headers that keep other web pages away from it.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from burnish.server.limits import JSON_BYTES, Limits
from burnish.server.refusals import Refused, TooLarge, TooSlow, Unauthorised

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

UPLOADS = frozenset({"/v1/enhance", "/v1/photos"})
LINGER_SECONDS, LINGER_BYTES = 2.0, 32_000_000
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
RAW_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


class Body:
    """The request's body as it arrives, counted and timed."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, limits: Limits) -> None:
        self.headers = dict(scope["headers"])
        self.source = receive
        self.stall = limits.stall_seconds
        self.most = limits.max_bytes if scope["path"] in UPLOADS else JSON_BYTES
        self.deadline = time.monotonic() + limits.upload_seconds
        self.read = 0
        self.refusal: Refused | None = None
        length = self.headers.get(b"content-length", b"0")
        self.unread = length != b"0" or b"transfer-encoding" in self.headers

    def check_length(self) -> None:
        declared = self.headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.most:
            raise self.too_large()

    def too_large(self) -> TooLarge:
        return TooLarge(f"The body is larger than {self.most / 1e6:.0f} megabytes.")

    async def receive(self) -> Message:
        """The next part. A refusal is kept too, as frameworks turn what is raised here around."""
        if not self.unread:  # only the end of the connection is left to wait for
            return await self.source()
        wait = min(self.stall, self.deadline - time.monotonic())
        try:
            message = await asyncio.wait_for(self.source(), max(wait, 0))
        except TimeoutError:
            self.refusal = TooSlow("The body did not arrive in time.")
            raise self.refusal from None
        if message["type"] == "http.request":
            self.read += len(message.get("body", b""))
            self.unread = message.get("more_body", False)
            if self.read > self.most:
                self.refusal = self.too_large()
                raise self.refusal
        elif self.unread:
            self.unread = False
            self.refusal = TooSlow("The client has gone before its body was complete.")
            raise self.refusal
        return message

    async def drain(self) -> None:
        """Take in a little of what is still being sent, so that the client reads its answer."""
        if b"expect" in self.headers and not self.read:
            return  # such a client waits to be asked for its body
        taken, until = 0, time.monotonic() + LINGER_SECONDS
        while taken < LINGER_BYTES and (left := until - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(self.source(), left)
            except TimeoutError:
                return
            taken += len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                return


class Answer:
    """The response on its way out: it carries the headers of every answer, and is timed.

    A refusal that came up while the body was read takes the place of whatever the application
    makes of that. Where a body was left unread, the connection ends with the answer.
    """

    def __init__(self, send: Send, body: Body, stall: float) -> None:
        self.out = send
        self.body = body
        self.stall = stall
        self.started = self.stalled = self.replaced = self.closes = False

    async def send(self, message: Message) -> None:
        if self.body.refusal and not self.started:
            self.replaced = True
            await self.refuse(self.body.refusal)
        elif not self.replaced:
            await self.pass_on(message)

    async def pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.closes = True, self.body.unread
            names = {name.lower() for name, _ in message["headers"]}
            added = [pair for pair in RAW_HEADERS if pair[0] not in names]
            added += [(b"connection", b"close")] if self.closes else []
            message["headers"] = [*message["headers"], *added]
        ends = message["type"] == "http.response.body" and not message.get("more_body", False)
        try:
            if ends and self.closes:
                await asyncio.wait_for(self.out({**message, "more_body": True}), self.stall)
                await self.body.drain()
                message = {"type": "http.response.body", "body": b""}
            await asyncio.wait_for(self.out(message), self.stall)
        except TimeoutError:
            self.stalled = True
            raise

    async def refuse(self, refusal: Refused) -> None:
        """One sentence as JSON."""
        text = json.dumps({"error": str(refusal)}).encode()
        headers = {
            "content-type": "application/json",
            "content-length": str(len(text)),
            **extra_headers(refusal),
        }
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        status = refusal.http_status
        await self.pass_on({"type": "http.response.start", "status": status, "headers": raw})
        await self.pass_on({"type": "http.response.body", "body": text})


def extra_headers(error: Exception) -> dict[str, str]:
    """Headers that belong to a refusal."""
    found = {}
    if isinstance(error, Refused) and error.retry_after:
        found["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthorised):
        found["WWW-Authenticate"] = "Bearer"
    return found
