"""Errors as problem details (RFC 9457), and which status each cause has."""

import errno
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.responses import Response

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_, _
from foundation.privacy import mask_text
from foundation.reasons import reason_of_check
from warehouse.access import AccessDenied
from warehouse.errors import (
    ContentWithdrawn,
    NotARenewal,
    NotInForce,
    NotReusable,
    OwnerKnown,
    RecordConflict,
    RecordErased,
    RecordNotFound,
)
from warehouse.ground_errors import ConsentNotFound, TooOften
from warehouse.once import KeyReused, StillAtWork

MEDIA_TYPE = "application/problem+json"
#: Kinds of faults that are called otherwise in JSON than in a profile's TOML.
_IN_JSON = {"model_type": "model_attributes_type", "dict_type": "model_attributes_type"}
#: The first class an error belongs to decides.
_BY_CLASS: Sequence[tuple[type[SohoaError], int]] = (
    (AccessDenied, 403),
    (KeyReused, 422),
    (StillAtWork, 409),
    (RecordNotFound, 404),
    (ConsentNotFound, 404),
    (TooOften, 429),
    (RecordErased, 410),
    (ContentWithdrawn, 409),
    (RecordConflict, 409),
    (NotReusable, 409),
    (NotInForce, 409),
    (NotARenewal, 409),
    (OwnerKnown, 409),
)
_BY_EXIT = {
    ExitCode.USAGE: 422,
    ExitCode.INPUT: 422,
    ExitCode.SIGNATURE: 422,
    ExitCode.NOT_ALLOWED: 409,
    ExitCode.SERVICE: 503,
    ExitCode.WAREHOUSE: 503,
}
_TEXTS = {
    400: N_("The request cannot be read."),
    401: N_("Sign in: a valid bearer token is needed."),
    404: N_("There is nothing at this address."),
    405: N_("This address does not know this method."),
    408: N_("The request came too slowly and was cut off. Send it again."),
    413: N_("The request is larger than is taken here."),
    415: N_("The content is not of a kind that is taken here."),
    422: N_("The request does not have the form that is expected."),
    429: N_("Too many requests. Wait a moment, then try again."),
    500: N_("A fault in sohoa. It is noted; try again, and report it if it stays."),
    503: N_("The store cannot be reached just now. Try again later."),
}


class DocumentGone(SohoaError):
    """A paper handed out was fetched too late, or by somebody else."""

    exit_code = ExitCode.INPUT
    message = N_("There is no paper to be fetched under this release. Ask for it anew.")


def problem(
    status: int,
    cause: str = "",
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """An answer that says what is wrong.

    Args:
        cause: stable word for programs.
        detail: for people; a general sentence where there is none.
        more: further members.
    """
    body = {
        "type": f"urn:sohoa:problem:{cause}" if cause else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or _(_TEXTS.get(status, _TEXTS[400 if status < 500 else 500])),
        **more,
    }
    content = json.dumps(body, ensure_ascii=False, default=str).encode()
    return Response(content, status, dict(headers or {}), MEDIA_TYPE)


def of_error(error: SohoaError) -> Response:
    """A refusal of the store's own. Faults of the machine are not described to the caller."""
    status = status_of(error)
    if status >= 500:
        return problem(status, error.message_id)
    headers = {"Retry-After": "1"} if isinstance(error, StillAtWork) else {}
    if isinstance(error, TooOften):
        headers = {"Retry-After": "600"}
    more = {"record": error.facts["record"]} if isinstance(error, RecordConflict) else {}
    return problem(status, error.message_id, _shown(error), headers=headers, **more)


def status_of(error: SohoaError) -> int:
    """The HTTP status of a refusal."""
    if isinstance(error, DocumentGone):
        return 404
    for kind, status in _BY_CLASS:
        if isinstance(error, kind):
            return status
    return _BY_EXIT.get(error.exit_code, 500)


def of_os_error(error: OSError) -> Response:
    """A disk that is full is not a fault of ours; everything else is."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return problem(503, "disk-full") if full else problem(500, "fault")


def of_checks(found: Sequence[Mapping[str, Any]]) -> Response:
    """A request that lacks something, or says it wrongly; never repeats what it said."""
    errors = [
        {
            "pointer": "".join(f"/{part}" for part in _place(one)),
            "in": str(one["loc"][0]) if one["loc"] else "body",
            "reason": mask_text(_reason(one)),
        }
        for one in found
    ]
    return problem(422, "invalid-request", errors=errors)


def _reason(found: Mapping[str, Any]) -> str:
    return reason_of_check({**found, "type": _IN_JSON.get(found["type"], found["type"])})


def _place(found: Mapping[str, Any]) -> Sequence[Any]:
    """The way to what is wrong; FastAPI's of a body that is no JSON is a count of characters."""
    way = found["loc"][1:]
    return [one for one in way if found["type"] != "json_invalid" or isinstance(one, str)]


def _shown(error: SohoaError) -> str:
    """The message, with names of files in place of where they lie on this machine."""
    facts = {
        name: Path(str(value)).name if name in ("file", "folder") else value
        for name, value in error.facts.items()
    }
    return mask_text(str(type(error)(**facts)))
