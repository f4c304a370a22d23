"""A deposit's body, taken in as it comes: one part of words, one PDF, and the images behind it."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from warehouse.serve.asked import DepositIn

#: Master images one paper comes with at most.
_MOST_MASTERS = 50
_MOST_WORDS = 256 * 1024
#: Endings of master images by the kind their part names.
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif", "image/jp2": ".jp2"}


class PartsMissing(SohoaError):
    """A deposit came without its words or its PDF."""

    exit_code = ExitCode.USAGE
    message = N_("A deposit has two parts: “paper” says what it is, “file” is the PDF.")


class MasterUnfit(SohoaError):
    """A master image is of a kind that is not kept."""

    exit_code = ExitCode.USAGE
    message = N_("Master images are JPEG, PNG, TIFF or JPEG 2000, and name their kind.")


@dataclass(frozen=True)
class Upload:
    """A deposit as it came, on disk; its files are called after their parts."""

    said: DepositIn
    file: Path
    masters: tuple[Path, ...]


class _Parser(MultiPartParser):
    #: Larger parts go to disk at once: many uploads at a time must not fill the memory.
    spool_max_size = 64 * 1024


async def receive_upload(request: Request, folder: Path) -> Upload:
    """Take a deposit's body in, into files in ``folder``.

    Raises:
        HTTPException: it is no multipart form (415), malformed (400), too large or too slow.
        PartsMissing, MasterUnfit: it lacks something.
        RequestValidationError: what it says of the paper is not as expected.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise HTTPException(415)
    parser = _Parser(
        request.headers,
        request.stream(),
        max_files=_MOST_MASTERS + 1,
        max_fields=1,
        max_part_size=_MOST_WORDS,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, ClientDisconnect) as error:
        raise HTTPException(400) from error
    try:
        return await run_in_threadpool(_stored, form.multi_items(), folder)
    finally:
        await form.close()


def _stored(parts: list[tuple[str, UploadFile | str]], folder: Path) -> Upload:
    said: DepositIn | None = None
    file: Path | None = None
    masters: list[Path] = []
    for name, value in parts:
        if name == "paper":
            said = _said(value)
        elif name == "file" and isinstance(value, UploadFile) and file is None:
            file = _copied(value, folder / "paper.pdf")
        elif name == "master" and isinstance(value, UploadFile):
            masters.append(_copied(value, folder / f"{len(masters):04d}{_ending(value)}"))
        else:
            raise PartsMissing
    if said is None or file is None:
        raise PartsMissing
    return Upload(said, file, tuple(masters))


def _said(value: UploadFile | str) -> DepositIn:
    text: Any = value if isinstance(value, str) else value.file.read(_MOST_WORDS + 1)
    try:
        return DepositIn.model_validate_json(text)
    except ValidationError as error:
        found: list[Mapping[str, Any]] = [
            {**one, "loc": ("body", "paper", *one["loc"])}
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise RequestValidationError(found) from error


def _ending(value: UploadFile) -> str:
    kind = (value.content_type or "").partition(";")[0].strip().lower()
    if kind not in _ENDINGS:
        raise MasterUnfit
    return _ENDINGS[kind]


def _copied(value: UploadFile, target: Path) -> Path:
    value.file.seek(0)
    with target.open("xb") as stream:
        shutil.copyfileobj(value.file, stream, 1 << 20)
    return target
