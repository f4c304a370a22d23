"""The training scanner's network side: HTTP on loopback, small requests only."""

import json
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from digitize import escl
from digitize.training import Feed, TrainingScanner, UnknownOrder
from digitize.training_sheets import render
from foundation import SohoaError

#: A scan job is about 1 KB; an order that names many files may take more.
LARGEST_BODY = 65536
#: Seconds a client may take to send its request.
REQUEST_PATIENCE = 20


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A silent or slow page must not hold up the machine's being switched off.
    block_on_close = False

    def __init__(self, scanner: TrainingScanner, port: int) -> None:
        self.scanner = scanner
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is its own affair: its job ends by patience."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def open_server(scanner: TrainingScanner, port: int) -> ThreadingHTTPServer:
    """A server for ``scanner``, bound to loopback only. Raises OSError when it cannot bind."""
    return _Server(scanner, port)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "sohoa-training"
    timeout = REQUEST_PATIENCE

    def do_GET(self) -> None:
        scanner = self.server.scanner
        match self.path.rstrip("/"):
            case "/eSCL/ScannerCapabilities":
                self._answer(200, escl.capabilities(scanner.name), "text/xml")
            case "/eSCL/ScannerStatus":
                self._answer(200, scanner.status(), "text/xml")
            case "/eSCL/control":
                self._answer_state()
            case path if path.endswith("/NextDocument"):
                self._next_document(path.removesuffix("/NextDocument"))
            case _:
                self._answer(404)

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        match self.path.rstrip("/"):
            case "/eSCL/ScanJobs":
                self._start_job(body)
            case "/eSCL/control":
                self._obey(body)
            case _:
                self._answer(404)

    def do_DELETE(self) -> None:
        self._answer(200 if self.server.scanner.end_job(self.path.rstrip("/")) else 404)

    def _start_job(self, body: bytes) -> None:
        try:
            job = escl.read_job(body)
        except escl.JobRefused as error:
            self._answer(400, str(error).encode(), "text/plain")
            return
        code, path = self.server.scanner.start_job(job)
        self._answer(code, location=path and f"http://127.0.0.1:{self.server.scanner.port}{path}")

    def _next_document(self, path: str) -> None:
        scanner = self.server.scanner
        feed = scanner.feed(path)
        match feed.outcome:
            case "page":
                self._deliver(feed)
            case "refused":
                self._answer(409)
            case "hang":
                scanner.stopped.wait(600)
            case "drop":
                self.close_connection = True
            case _:
                self._answer(404)

    def _deliver(self, feed: Feed) -> None:
        scanner = self.server.scanner
        assert feed.job is not None  # noqa: S101  for the type checker: a page has its job
        try:
            picture = render(feed.sheet, feed.job, fill_area=scanner.fill_area)
        except SohoaError as error:
            self._answer(500, str(error).encode(), "text/plain")
            return
        if not scanner.stopped.wait(max(0.0, feed.ready - time.monotonic())):
            self._answer(200, picture, "image/jpeg")

    def _obey(self, body: bytes) -> None:
        # The type is asked for because a web page open in a browser cannot send it unasked.
        if self.headers.get_content_type() != "application/json":
            self._answer(415)
            return
        try:
            orders = json.loads(body)
            if not isinstance(orders, dict):
                raise UnknownOrder("an object of orders is expected")
            self.server.scanner.order(orders)
        except (ValueError, SohoaError) as error:
            self._answer(400, str(error).encode(), "text/plain")
            return
        self._answer_state()

    def _answer_state(self) -> None:
        self._answer(200, json.dumps(self.server.scanner.state()).encode(), "application/json")

    def _body(self) -> bytes | None:
        """The request's body; None when it was refused (411 no length, 413 too large)."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self._answer(411)
        elif int(length) > LARGEST_BODY:
            self._answer(413)
        else:
            return self.rfile.read(int(length))
        return None

    def _answer(
        self, code: int, body: bytes = b"", kind: str = "text/plain", *, location: str = ""
    ) -> None:
        if self.server.scanner.stopped.is_set():
            return  # switched off: no answer at all
        self.send_response(code, HTTPStatus(code).phrase)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what matters is in the scanner's state."""
