"""Counts and times for Prometheus. Labels are route templates and causes: nothing personal."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.responses import Response


class Meters:
    """What one server counts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "sohoa_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "sohoa_http_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ("route",),
            registry=self._registry,
        )
        self.running = Gauge(
            "sohoa_http_requests_running", "Requests being answered.", registry=self._registry
        )
        self.refusals = Counter(
            "sohoa_refusals", "What was refused, by cause.", ("cause",), registry=self._registry
        )
        self.received = Counter(
            "sohoa_http_received_bytes", "Bytes of bodies received.", registry=self._registry
        )

    def shown(self) -> Response:
        """All of it in Prometheus' text form."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
