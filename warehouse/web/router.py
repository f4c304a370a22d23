"""The routes of the verification page. What a paper is worth is the desk's to say."""

import logging
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from foundation.errors import SohoaError
from foundation.messages import N_, _
from foundation.privacy import mask_text
from warehouse.web.findings import Desk, Finding
from warehouse.web.limits import Busy, Lane, Limits, Quota, TooManyRequests, Visitors
from warehouse.web.pages import STATIC, chosen, guarded, page, speak
from warehouse.web.uploads import FileTooLarge, NoFile, NotAPaper, TooSlow, received
from warehouse.web.wording import answer

_LOG = logging.getLogger(__name__)
#: Where the address in a QR code leads: PREFIX/CODE.
PREFIX = "/v"
#: The text of the largest QR code (ISO/IEC 18004) has 4,296 letters.
_MOST_LETTERS = 4_300
#: Letters of a code that may stand in an address.
_IN_ADDRESS = 200
_FILES = {"page.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_NO_CODE = N_("Type the code, or paste what the QR code says.")
_STATUS_CODES: dict[type[SohoaError], int] = {
    NoFile: 422,
    NotAPaper: 415,
    FileTooLarge: 413,
    TooSlow: 408,
    TooManyRequests: 429,
    Busy: 503,
}
_Field = Literal["photo", "file", "code"]


def verification_router(
    desk: Desk,
    *,
    agency: str = "",
    limits: Limits = Limits(),  # noqa: B008  a frozen value
) -> APIRouter:
    """The page's routes, below ``/v``, for any FastAPI application.

    Args:
        desk: who checks.
        agency: whose page it is, as it is to be shown.
        limits: see :class:`warehouse.web.limits.Limits`. Addresses are those the server sees:
            behind a proxy it must be told to believe that (uvicorn: ``forwarded_allow_ips``).
    """
    counter = _Counter(desk, agency, limits)
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    add = router.add_api_route
    add("", counter.start, methods=["GET", "HEAD"], name="verification_start")
    add("/", counter.to_start, methods=["GET", "HEAD"])
    add("/static/{name:path}", counter.static, methods=["GET", "HEAD"], name="verification_static")
    for name, take in (
        ("code", counter.take_code),
        ("photo", counter.take_photo),
        ("file", counter.take_file),
    ):
        add(f"/check/{name}", take, methods=["POST"], name=f"verification_{name}")
        add(f"/check/{name}", counter.to_start, methods=["GET", "HEAD"])
    add("/{code:path}", counter.look_up, methods=["GET", "HEAD"], name="verification_code")
    return router


class _Counter:
    """One page's desk, and how much each visitor may ask of it."""

    def __init__(self, desk: Desk, agency: str, limits: Limits) -> None:
        self._desk, self._agency, self._limits = desk, agency, limits
        self._files, self._codes = Quota(limits.files_a_minute), Quota(limits.codes_a_minute)
        self._visitors = Visitors(limits.files_of_one, limits.wait_seconds)
        self._waiting = Lane(limits.files_waiting, limits.wait_seconds)
        self._file_lane = Lane(limits.files_at_once, limits.wait_seconds)
        self._code_lane = Lane(limits.codes_at_once, limits.wait_seconds)

    async def start(self, request: Request) -> Response:
        """The page with its three ways to ask."""
        speak(request)
        return self._start(request)

    async def to_start(self, request: Request) -> Response:
        """Somebody reloads an answer whose question is gone."""
        return _redirect(request, request.url_for("verification_start").path)

    async def static(self, request: Request, name: str) -> Response:
        """The style sheet and the icon."""
        speak(request)
        if name not in _FILES:
            return self._start(request, status_code=404)
        return guarded(FileResponse(STATIC / name, media_type=_FILES[name]), keep=True)

    async def look_up(self, request: Request, code: str) -> Response:
        """The address in a QR code."""
        speak(request)
        return await self._answer_code(request, code, kept=True)

    async def take_code(self, request: Request) -> Response:
        """A code typed in or pasted. Sent in the form's body, as it may hold a number."""
        speak(request)
        try:
            async with request.form(max_files=0, max_fields=4, max_part_size=20_000) as form:
                code = str(form.get("code", "")).strip()
        except (HTTPException, MultiPartException, ClientDisconnect):
            code = ""
        if not code or len(code) > _MOST_LETTERS:
            return self._start(request, "code", _(_NO_CODE), 422)
        return await self._answer_code(request, code)

    async def take_photo(self, request: Request) -> Response:
        """A picture just taken."""
        return await self._take(request, "photo")

    async def take_file(self, request: Request) -> Response:
        """A file chosen."""
        return await self._take(request, "file")

    async def _answer_code(self, request: Request, code: str, *, kept: bool = False) -> Response:
        try:
            self._codes.take(_address(request))
            async with self._code_lane.turn():
                finding = await run_in_threadpool(self._desk.status, code)
        except SohoaError as error:
            return self._refused(request, "code", error)
        names_nobody = finding.outcome in ("known", "unknown", "gone")
        if names_nobody and not kept and len(code) <= _IN_ADDRESS:
            start = request.url_for("verification_start").path
            return _redirect(request, f"{start}/{quote(code, safe='')}")
        return self._answer(request, finding, kept=kept)

    async def _take(self, request: Request, field: _Field) -> Response:
        speak(request)
        try:
            self._files.take(_address(request))
            async with self._visitors.turn(_address(request)), self._waiting.turn():
                finding = await self._judged(request)
        except SohoaError as error:
            return self._refused(request, field, error)
        return self._answer(request, finding)

    async def _judged(self, request: Request) -> Finding:
        async with received(request, self._limits) as upload:
            check = self._desk.check_pdf if upload.kind == "pdf" else self._desk.check_picture
            async with self._file_lane.turn():
                return await run_in_threadpool(check, upload.path)

    def _answer(self, request: Request, finding: Finding, *, kept: bool = False) -> Response:
        """``kept``: the address alone gives this page again, also in the other language."""
        kept = kept and finding.outcome != "withheld"  # which has a number in its address
        status_code = 404 if finding.outcome == "unknown" and kept else 200
        here = request.url.path if kept else request.url_for("verification_start").path
        return self._page(request, "answer.html", status_code, here=here, answer=answer(finding))

    def _refused(self, request: Request, field: _Field, error: SohoaError) -> Response:
        code = _STATUS_CODES.get(type(error))
        if code is None:
            _LOG.error("a check failed: %s", mask_text(str(error)))
            code, text = 503, _("Papers cannot be checked just now. Try again later.")
        else:
            text = str(error)
        response = self._start(request, field, text, code)
        if code in (429, 503):
            response.headers["Retry-After"] = "60"
        return response

    def _start(
        self, request: Request, field: _Field | None = None, fault: str = "", status_code: int = 200
    ) -> Response:
        here = request.url_for("verification_start").path
        return self._page(request, "start.html", status_code, here=here, wrong=field, fault=fault)

    def _page(self, request: Request, template: str, status_code: int, **facts: Any) -> Response:
        usual = {"agency": self._agency, "most": self._limits.most_bytes >> 20}
        usual |= {"wrong": None, "fault": ""}
        return page(request, template, status_code, **(usual | facts))


def _redirect(request: Request, path: str) -> Response:
    return guarded(RedirectResponse(path + chosen(request), 303))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
