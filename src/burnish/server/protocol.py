"""uvicorn's HTTP protocol, less patient: who opens a connection must send a request on it.

uvicorn waits for ever for the end of a request's headers, and keeps any number of such connections:
a few hundred slow clients would use up its files. Here headers must be complete in time, and when
there are too many connections, the one that has been waiting longest with no request on it goes.
"""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0


class ImpatientProtocol(H11Protocol):
    """H11Protocol with a time limit on headers and a bound on connections."""

    most: ClassVar[int] = 512
    waiting: ClassVar[dict["ImpatientProtocol", asyncio.TimerHandle]] = {}
    """Connections without a complete request, the oldest first."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.wait()
        if len(self.connections) > self.most:
            next(iter(self.waiting)).drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self.stop_waiting()
        elif self not in self.waiting and not self.transport.is_closing():
            self.wait()

    def wait(self) -> None:
        self.waiting[self] = self.loop.call_later(HEADER_SECONDS, self.drop)

    def stop_waiting(self) -> None:
        if timer := self.waiting.pop(self, None):
            timer.cancel()

    def drop(self) -> None:
        self.stop_waiting()
        self.transport.abort()


def impatient(most: int) -> type[ImpatientProtocol]:
    """The protocol for one server, with its own count."""
    return type("Protocol", (ImpatientProtocol,), {"most": most, "waiting": {}})
