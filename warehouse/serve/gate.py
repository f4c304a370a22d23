"""What every request passes before it reaches its route, and what is noted of it.

In this order: language, head, who asks, how often they ask, how large and how slow the body is.
The log names the route's template, never the address itself: an address may hold a number that
somebody put there by mistake.
"""

import asyncio
import logging
import time
import traceback
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foundation.errors import SohoaError
from foundation.messages import set_language
from foundation.privacy import mask_text
from warehouse.access import Principal
from warehouse.serve.bearer import BadToken, Bearer, NoRole
from warehouse.serve.guard import CLIENT
from warehouse.serve.meters import Meters
from warehouse.serve.problems import of_error, of_os_error, problem

access_log = logging.getLogger("sohoa.access")
fault_log = logging.getLogger("sohoa.fault")

#: Where anybody may go; everything below :data:`GUARDED` needs a token.
GUARDED = "/v1/"
#: The one address below it that takes large bodies.
UPLOAD = "/v1/records"
#: Subjects whose pace is remembered.
_MOST_SUBJECTS = 100_000


@dataclass(frozen=True)
class Measure:
    """How much, how often and how slowly.

    Attributes:
        most_bytes: of a body below :data:`GUARDED`; ``most_upload`` of an upload's.
        silence: seconds without a byte of a body, and an answer may wait to be taken.
        slowest: bytes a second a body comes with on the whole, after ``grace`` seconds.
        requests_a_minute: of one subject; twice as many at once are let through after a rest.
    """

    most_bytes: int = 256 * 1024
    most_upload: int = 50_000_000
    silence: float = 15.0
    slowest: float = 2_000.0
    grace: float = 20.0
    requests_a_minute: int = 600


@dataclass
class Pace:
    """How often each subject asks: a bucket that fills as time goes by."""

    a_minute: int
    _left: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)

    def lets_pass(self, subject: str) -> bool:
        """Whether this subject may ask once more now."""
        now, most = time.monotonic(), 2.0 * self.a_minute
        left, since = self._left.pop(subject, (most, now))
        left = min(most, left + (now - since) * self.a_minute / 60)
        passes = left >= 1
        self._left[subject] = (left - passes, now)
        if len(self._left) > _MOST_SUBJECTS:
            self._left.popitem(last=False)
        return passes


class Gate:
    """The way in, as ASGI middleware."""

    def __init__(self, app: ASGIApp, bearer: Bearer, meters: Meters, measure: Measure) -> None:
        self.app, self.bearer, self.meters, self.measure = app, bearer, meters, measure
        self.pace = Pace(measure.requests_a_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = _Said(send, self.measure.silence)
        begun = time.perf_counter()
        with self.meters.running.track_inprogress():
            try:
                await self._pass(scope, receive, said)
            except _NotTaken:
                pass  # uvicorn closes what is not complete
            except Exception as error:  # noqa: BLE001  the last one who can answer in our form
                note_fault(error)
                if not said.status:
                    failed = of_os_error(error) if isinstance(error, OSError) else problem(500)
                    await failed(scope, receive, said)
        self._note(scope, said.status, time.perf_counter() - begun)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        set_language("en" if _prefers_english(headers) else "vi")
        refused = _refused_by_head(headers, self._most(scope))
        if refused is None and _lacks_json(scope, headers):
            refused = problem(415, "not-json")
        if refused is None and scope["path"].startswith(GUARDED):
            shown = scope.get("state", {}).get(CLIENT, "")
            answer = await self._who(headers, shown)
            if isinstance(answer, Principal):
                scope.setdefault("state", {})["principal"] = answer
            else:
                refused = answer
        if refused is not None:
            refused.headers["connection"] = "close"  # its body is not read
            await refused(scope, receive, send)
            return
        body = _Body(receive, self._most(scope), self.measure, self.meters)
        await self.app(scope, body, send)

    def _most(self, scope: Scope) -> int:
        small = scope["path"].startswith(GUARDED) and scope["path"] != UPLOAD
        return self.measure.most_bytes if small else self.measure.most_upload

    async def _who(self, headers: Headers, certificate: str) -> Principal | Response:
        """Who asks, or the refusal."""
        scheme, _space, token = headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer" or not token.strip():
                self.meters.refusals.labels("no-token").inc()
                return problem(401, "no-token", headers={"WWW-Authenticate": "Bearer"})
            principal = await run_in_threadpool(self.bearer.principal, token.strip(), certificate)
        except BadToken as error:
            self.meters.refusals.labels(error.message_id).inc()
            told = 'Bearer error="invalid_token"'
            return problem(401, error.message_id, str(error), headers={"WWW-Authenticate": told})
        except NoRole as error:
            self.meters.refusals.labels(error.message_id).inc()
            return problem(403, error.message_id, str(error))
        except SohoaError as error:
            note_fault(error)
            return of_error(error)
        if not self.pace.lets_pass(principal.subject):
            self.meters.refusals.labels("too-many-requests").inc()
            return problem(429, "too-many-requests", headers={"Retry-After": "5"})
        return principal

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "-"
        if scope["path"].startswith(GUARDED) and route != "-":
            route = GUARDED.rstrip("/") + route  # a route knows itself without its prefix
        method = scope["method"] if scope["method"] in _METHODS else "-"
        self.meters.requests.labels(method, route, status).inc()
        self.meters.seconds.labels(route).observe(seconds)
        access_log.info("%s %s %s %.0f ms", method, route, status or "-", seconds * 1000)


#: What may be a label: methods are the client's to make up.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _NotTaken(Exception):
    """Whoever asked does not take the answer."""


class _Said:
    """The answer on its way; who does not take it in time is not waited for."""

    def __init__(self, send: Send, silence: float) -> None:
        self._send, self._silence, self.status = send, silence, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message).setdefault("cache-control", "no-store")
        try:
            async with asyncio.timeout(4 * self._silence):
                await self._send(message)
        except TimeoutError as error:
            raise _NotTaken from error


class _Body:
    """The body on its way in, counted and timed."""

    def __init__(self, receive: Receive, most: int, measure: Measure, meters: Meters) -> None:
        self._receive, self._most, self._measure, self._meters = receive, most, measure, meters
        self._bytes, self._done, self._begun = 0, False, time.monotonic()

    async def __call__(self) -> Message:
        if self._done:
            return await self._receive()  # tells of the client's going, whenever that is
        try:
            async with asyncio.timeout(self._measure.silence):
                message = await self._receive()
        except TimeoutError as error:
            raise _too_slow() from error
        body = message.get("body", b"")
        self._bytes += len(body)
        self._meters.received.inc(len(body))
        self._done = not message.get("more_body", False)
        if self._bytes > self._most:
            raise HTTPException(413, headers={"connection": "close"})
        seconds = time.monotonic() - self._begun
        due = (seconds - self._measure.grace) * self._measure.slowest
        if not self._done and self._bytes < due:
            raise _too_slow()
        return message


def _too_slow() -> HTTPException:
    return HTTPException(408, headers={"connection": "close"})


def _refused_by_head(headers: Headers, most: int) -> Response | None:
    """Refuse a body by what its head says of it, before any of it is read."""
    length = headers.get("content-length", "0")
    if length.isascii() and length.isdecimal() and int(length[:20]) > most:
        return problem(413, "too-large")
    return None


def _lacks_json(scope: Scope, headers: Headers) -> bool:
    """Whether a body is of another kind than all take but the one address for uploads."""
    if not scope["path"].startswith(GUARDED) or scope["path"] == UPLOAD:
        return False
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return has_body and kind != "application/json"


def _prefers_english(headers: Headers) -> bool:
    """The first language asked for that there is; Vietnamese where there is none."""
    for one in headers.get("accept-language", "").split(","):
        tag = one.partition(";")[0].strip().lower()
        if tag.startswith(("vi", "en")):
            return tag.startswith("en")
    return False


def note_fault(error: Exception) -> None:
    """What we say of a fault; of one that is not ours where it arose.

    The words of others may quote what was being worked on, so they are left out.
    """
    if isinstance(error, SohoaError):
        fault_log.error("%s: %s", error.message_id, mask_text(str(error)))
        return
    at = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)[-6:]
    ]
    fault_log.error("%s at %s", type(error).__name__, " ".join(at))
