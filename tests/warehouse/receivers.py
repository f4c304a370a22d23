"""A real HTTP server that takes webhooks, and misbehaves when told to; and who delivers to it.

    receivers.py FOLDER URL SECRET_FILE MINUTES

delivers what is due so many minutes from now, as a process of its own that can be killed.
"""

import base64
import hashlib
import hmac
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from warehouse import open_warehouse, outbox
from warehouse.events import Manner, Subscriber
from warehouse.webhooks import post, read_secrets

SECRET = bytes(range(32))
LINE = "whsec_" + base64.b64encode(SECRET).decode()


class Receiver:
    """What came in, and how to answer: ``script`` gives status codes, or seconds to hang."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.tried: list[str] = []
        self.script: list[int | float] = []
        self.about = ""  # the record whose events the script is for
        self.always: int | float = 204
        self.when_heard: Callable[[], None] = lambda: None
        self.headers: dict[str, str] = {}
        self.url = ""
        self.lock = threading.Lock()

    def subscriber(self, name: str = "tinh", **changes: Any) -> Subscriber:
        given: dict[str, Any] = {"url": self.url, "secrets": (SECRET,), "loopback": True}
        return Subscriber(name, **(given | changes))

    def ids(self) -> list[str]:
        return [one["data"]["event"] for one in self.heard]

    def told(self) -> list[tuple[str, str]]:
        return [(one["type"], one["data"].get("record", "")) for one in self.heard]


def _right(headers: Any, body: bytes) -> bool:
    """The receiver's own reckoning, as Standard Webhooks describes it."""
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mark = base64.b64encode(hmac.new(SECRET, said, hashlib.sha256).digest()).decode()
    fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
    return fresh and f"v1,{mark}" in headers["webhook-signature"].split(" ")


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert _right(self.headers, body)
            with receiver.lock:
                receiver.tried.append(self.headers["webhook-id"])
                meant = receiver.about in ("", json.loads(body)["data"].get("record"))
                scripted = receiver.script and meant
                answer = receiver.script.pop(0) if scripted else receiver.always
            if isinstance(answer, float):
                time.sleep(answer)
                answer = 204
            if answer == 0:  # the connection breaks off
                self.close_connection = True
                return
            if 200 <= answer < 300:
                with receiver.lock:
                    receiver.heard.append(json.loads(body))
                receiver.when_heard()
            self.send_response(answer)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(ConnectionError):  # the deliverer had no more patience
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def deliver(folder: str, url: str, secret: str, minutes: str) -> None:
    outbox._now = lambda: datetime.now(UTC) + timedelta(minutes=int(minutes))
    who = Subscriber("tinh", url, read_secrets(Path(secret)), loopback=True)
    with open_warehouse(Path(folder)) as kho:
        kho.outbox.deliver([who], partial(post, timeout=10.0), Manner())


if __name__ == "__main__":
    deliver(*sys.argv[1:])
