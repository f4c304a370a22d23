"""A file somebody sends: streamed into a private folder, bounded, gone when it has been judged.

Nothing of it is looked at here but its first bytes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from foundation.errors import ExitCode, SohoaError
from foundation.files import scratch_folder
from foundation.messages import N_
from foundation.places import fast_storage
from warehouse.web.limits import Limits

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

#: How the kinds of file that are looked at begin, and what they are called here: readers go by
#: the name's end. A PDF may begin with something else (ISO 32000-2, Annex I).
_BEGINNINGS = {
    b"\xff\xd8\xff": "upload.jpg",
    b"\x89PNG\r\n\x1a\n": "upload.png",
    b"RIFF": "upload.webp",
    b"II*\x00": "upload.tif",
    b"MM\x00*": "upload.tif",
}
_PDF_WITHIN = 1024
#: Bytes of a form beside the file; and how often the limit is read on and thrown away, so that
#: the browser, which listens only when it has sent all, gets to show why it was refused.
_FORM_BYTES, _READ_ON = 16_384, 4


class NoFile(SohoaError):
    """The form came without a file."""

    exit_code = ExitCode.USAGE
    message = N_("No file was chosen.")


class FileTooLarge(SohoaError):
    """A file beyond the limit."""

    exit_code = ExitCode.INPUT
    message = N_("The file is larger than {most} MB.")


class NotAPaper(SohoaError):
    """Neither a PDF nor a picture."""

    exit_code = ExitCode.INPUT
    message = N_("The file is neither a PDF nor a picture (JPEG, PNG).")


class TooSlow(SohoaError):
    """The file did not arrive in time, or not whole."""

    exit_code = ExitCode.INPUT
    message = N_("The file did not arrive. Check your connection, then try again.")


@dataclass(frozen=True)
class Upload:
    """A file that was sent: where it lies for now, and which kind it claims to be."""

    path: Path
    kind: Literal["pdf", "picture"]


@asynccontextmanager
async def received(request: Request, limits: Limits) -> AsyncIterator[Upload]:
    """The form's one file, on memory-backed storage where there is some, for the block.

    Raises:
        NoFile, FileTooLarge, NotAPaper, TooSlow: nothing is left of it.
    """
    with scratch_folder(fast_storage()) as folder:
        path = folder / "upload"
        try:
            async with asyncio.timeout(limits.receive_seconds):
                with path.open("wb") as out:
                    await _receive(request, out, limits.most_bytes)
        except (TimeoutError, ClientDisconnect) as error:
            raise TooSlow() from error
        name = _name_for(path)
        yield Upload(path.rename(folder / name), "pdf" if name == "upload.pdf" else "picture")


async def _receive(request: Request, out: BinaryIO, most: int) -> None:
    reader = _Reader(out)
    parser = MultipartParser(_boundary(request), reader.callbacks())
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
        if count > most * _READ_ON:
            break
        if count <= most + _FORM_BYTES:
            try:
                parser.write(chunk)
            except FormParserError as error:
                raise TooSlow() from error
    if count > most + _FORM_BYTES or out.tell() > most:
        raise FileTooLarge(most=most >> 20)
    if not reader.whole:
        raise TooSlow()
    if not out.tell():
        raise NoFile()


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 256:
        raise NoFile()
    return boundary


@dataclass
class _Reader:
    """Writes the part named ``file`` down, once, and passes over the others."""

    out: BinaryIO
    whole: bool = False
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _name: bytes = b""
    _value: bytes = b""
    _writing: bool = False

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._writing = options.get(b"name") == b"file" and not self.out.tell()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._writing:
            self.out.write(data[start:end])

    def _end(self) -> None:
        self.whole = True


def _name_for(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(_PDF_WITHIN)
    for beginning, name in _BEGINNINGS.items():
        if start.startswith(beginning):
            return name
    if b"%PDF-" in start:
        return "upload.pdf"
    raise NotAPaper()
