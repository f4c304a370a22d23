"""Pages as HTML: language, templates, and the headers that keep a browser from harm."""

from functools import cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from foundation.messages import LANGUAGES, Language, _, current_language, set_language
from foundation.times import utc_now, vietnam_time

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
#: Nothing but our own style sheet, icon and forms; nobody may frame the page.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), interest-cohort=()",
    "X-Robots-Tag": "noindex, nofollow",
}


def guarded(response: Response, *, keep: bool = False) -> Response:
    """The response with the headers; ``keep``: the browser may keep it for a day."""
    response.headers.update(_HEADERS)
    response.headers["Cache-Control"] = "public, max-age=86400" if keep else "no-store"
    return response


def speak(request: Request) -> Language:
    """Set this request's language: ``?lang=``, then the browser's wish, else Vietnamese."""
    asked = request.query_params.get("lang", "")
    language = asked if asked in LANGUAGES else _wished(request)
    set_language(language)
    return language


def _wished(request: Request) -> Language:
    """Accept-Language (RFC 9110 12.5.4): of the languages we have, the most wanted."""
    best, weight = "vi", 0.0
    for wish in request.headers.get("accept-language", "")[:500].split(","):
        name, _semicolon, quality = wish.partition(";")
        language = name.strip()[:2].lower()
        try:
            wanted = float(quality.partition("=")[2] or 1)
        except ValueError:
            continue
        if language in LANGUAGES and wanted > weight:
            best, weight = language, wanted
    return cast(Language, best)


def page(request: Request, template: str, status_code: int = 200, **facts: Any) -> Response:
    """A page in the language that was set for this request."""
    words = {
        "language": current_language(),
        "chosen": chosen(request),
        "start": request.url_for("verification_start").path,
        "now": vietnam_time(utc_now()).strftime("%d/%m/%Y %H:%M +07:00"),
        "static": request.url_for("verification_static", name="").path,
    }
    html = _templates().get_template(template).render(words | facts)
    response = HTMLResponse(html, status_code, {"Vary": "Accept-Language"})
    response.headers["Content-Language"] = current_language()
    return guarded(response)


def chosen(request: Request) -> str:
    """The end of every address that keeps the language somebody chose."""
    asked = request.query_params.get("lang", "")
    return f"?lang={asked}" if asked in LANGUAGES else ""


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = _  # asks for this request's language each time
    return environment
