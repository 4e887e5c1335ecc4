"""A service on a socket: what may be bound, and how uvicorn is set up."""

import asyncio
import ipaddress
import logging
import os
import signal
import socket
import threading
import webbrowser
from collections.abc import Collection
from pathlib import Path

import uvicorn

from burnish.engine.options import EnhanceOptions
from burnish.errors import OptionError
from burnish.server.app import create_app
from burnish.server.limits import Limits
from burnish.server.protocol import impatient
from burnish.server.worker import Workers

LOOPBACK_NAMES = frozenset({"localhost"})
GRACE = 4
"""Seconds that a photo has left when the service stops; as many more until uvicorn hangs up."""


class Listening:
    """A service whose socket is bound: clients may connect, and are answered once it runs."""

    def __init__(
        self,
        host: str,
        port: int,
        options: EnhanceOptions,
        limits: Limits,
        *,
        looks: Path | None = None,
        token: str | None = None,
        hosts: Collection[str] = (),
    ) -> None:
        inside = is_loopback(host)
        if not inside and not token:
            raise OptionError(
                f"{host} can be reached from other machines: give a --token (or BURNISH_TOKEN)."
            )
        if token is not None and (len(token) < 8 or not token.isascii() or " " in token):
            raise OptionError("The token must be at least 8 plain characters without spaces.")
        everywhere = host in ("0.0.0.0", "::")
        names = [*hosts, socket.gethostname() if everywhere else bracketed(host)]
        self.listener = listen(host, port)
        shown = "127.0.0.1" if everywhere else bracketed(host)
        self.url = f"http://{shown}:{self.listener.getsockname()[1]}/"
        self.app = create_app(
            options, limits, looks=looks, token=token, hosts=names, any_address=not inside
        )
        config = uvicorn.Config(
            self.app,
            http=impatient(limits.connections),
            ws="none",
            lifespan="on",
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=32_768,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=2 * GRACE,
        )
        self.server = Server(config, self.app.state.service.workers)

    def run(self) -> None:
        """Serve until stopped by a signal, or by ``server.should_exit``."""
        self.stop_when_the_terminal_closes()
        self.server.run(sockets=[self.listener])

    def stop_when_the_terminal_closes(self) -> None:
        """Unless the service was started so that it outlives it (nohup)."""
        if threading.current_thread() is not threading.main_thread() or os.name == "nt":
            return

        def stop(number: int, frame: object) -> None:
            self.server.should_exit = True

        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, stop)


class Server(uvicorn.Server):
    """Says in time to those who wait for a photo that the service stops: uvicorn hangs up."""

    def __init__(self, config: uvicorn.Config, workers: Workers) -> None:
        super().__init__(config)
        self.workers = workers

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.to_thread(self.workers.close)
        asyncio.get_running_loop().call_later(GRACE, self.workers.cancel)
        await super().shutdown(sockets)


def open_page(url: str, token: str | None) -> None:
    """In the user's browser; the token goes where no server sees it."""
    webbrowser.open(f"{url}#token={token}" if token else url)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in LOOPBACK_NAMES


def bracketed(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host.strip('[]')}]" if ":" in host else host


def listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise OptionError(f"The port must be from 0 to 65535, not {port}.")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:  # its own words repeat the address
        why = os.strerror(error.errno) if error.errno else error
        raise OptionError(
            f"Cannot listen on {host} port {port} ({why}): choose another --port."
        ) from None
