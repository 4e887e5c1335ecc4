"""What Prometheus may ask: GET /metrics."""

import time
from collections.abc import Callable, MutableMapping
from typing import Any

import prometheus_client as prometheus
from prometheus_client import CollectorRegistry, Gauge, Histogram, Info
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.process_collector import ProcessCollector

from burnish import __version__

MEDIA_TYPE = CONTENT_TYPE_LATEST
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
"""Counted by name: a client may send any word, and each would be a series for good."""


class Gauges:
    """One service's counters, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info("burnish", "The version of burnish.", registry=registry).info({"version": __version__})
        self.requests = prometheus.Counter(
            "burnish_requests",
            "Requests by route, method and status.",
            ("route", "method", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "burnish_request_seconds",
            "Time to the first byte of the answer.",
            ("route",),
            buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300),
            registry=registry,
        )
        self.photos = prometheus.Counter(
            "burnish_photos", "Photos by what became of them.", ("outcome",), registry=registry
        )
        self.megapixels = prometheus.Counter(
            "burnish_megapixels", "Megapixels enhanced.", registry=registry
        )
        self.photo_seconds = prometheus.Counter(
            "burnish_photo_seconds",
            "Seconds spent on photos that were enhanced.",
            registry=registry,
        )

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """A gauge that is read when somebody asks."""
        Gauge(name, text, registry=self.registry).set_function(value)

    def photo(self, outcome: str, megapixels: float, seconds: float) -> None:
        self.photos.labels(outcome).inc()
        if outcome == "done":
            self.megapixels.inc(megapixels)
            self.photo_seconds.inc(seconds)

    def text(self) -> bytes:
        return generate_latest(self.registry)


class Counter:
    """Counts and times requests by route: an ASGI layer."""

    def __init__(self, app: Any, gauges: Gauges) -> None:
        self.app = app
        self.gauges = gauges

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()

        async def counted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                method = scope["method"] if scope["method"] in METHODS else "other"
                self.gauges.requests.labels(route, method, message["status"]).inc()
                self.gauges.seconds.labels(route).observe(time.perf_counter() - start)
            await send(message)

        await self.app(scope, receive, counted)
