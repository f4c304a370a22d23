"""The desk behind the verification page: what a code, a file or a photographed paper comes to.

The page asks, this room knows whom to ask: the store what it holds, the verifier what a file's
signatures are worth, the reader what the QR seal on a picture says. Files of strangers are only
ever opened in processes of their own (:mod:`dossier.confined`).

Who knows a personal number could guess the code of a paper and so learn what papers another
person has. So a code that may hold one is not answered by itself; who has the paper has more:
the file, the seal word for word, or the check code in its address.

    with open_store() as store:
        app.include_router(verification_router(Verification.of(store, load_office())))
"""

import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from digitize.workers import prepare
from dossier.checking import (
    SEAL_TEXT,
    NoSeal,
    Reliance,
    judge_paper,
    judge_seal,
    reliance,
)
from dossier.confined import TooMuch, confined
from dossier.judging import JudgedFile, compared, look, one_begins_with_the_other
from foundation.errors import ExitCode, SohoaError
from foundation.files import scratch_folder, sha256_file
from foundation.messages import N_, _
from foundation.places import fast_storage
from foundation.privacy import mask_number, mask_text
from foundation.times import vietnam_time
from profiles import Office
from warehouse.errors import RecordNotFound
from warehouse.values import Record, is_id
from warehouse.web import Finding, Outcome, Signed

if TYPE_CHECKING:
    from warehouse import Warehouse

#: Loaded once for all files instead of once a file: 0.3 s instead of 2.2 s for a PDF of one page.
_PRELOAD = ["dossier.readied"]
_OWNER = N_("the owner of the paper")
#: Seconds of wall time a file may take: a paper photographed takes 5 to 20 on a busy machine.
_SECONDS = 60.0
#: Verdicts on stored papers that are remembered, and for how many seconds: a certificate may be
#: revoked meanwhile.
_REMEMBERED, _FRESH = 1000, 600.0


class _Memory:
    """The verdicts on stored papers that were asked for of late, by digest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, JudgedFile]] = OrderedDict()

    def get(self, digest: str) -> JudgedFile | None:
        with self._lock:
            then, file = self._held.get(digest, (0.0, None))
            return file if time.monotonic() - then < _FRESH else None

    def put(self, digest: str, file: JudgedFile) -> None:
        with self._lock:
            self._held[digest] = time.monotonic(), file
            self._held.move_to_end(digest)
            if len(self._held) > _REMEMBERED:
                self._held.popitem(last=False)


@dataclass(frozen=True)
class Verification:
    """The page's desk (:class:`warehouse.web.Desk`) over an open store.

    Attributes:
        relied: the certificates gone by.
        coded_by_owner: whether this office's codes hold the owner's number.
        seconds: a file may take.
    """

    store: "Warehouse"
    relied: Reliance
    coded_by_owner: bool = True
    seconds: float = _SECONDS
    _memory: _Memory = field(default_factory=_Memory, repr=False)

    @classmethod
    def of(cls, store: "Warehouse", office: Office, seconds: float = _SECONDS) -> "Verification":
        """The desk of an office: it goes by the certificates the office goes by.

        What judging takes is loaded in the background from here on.
        """
        prepare(_PRELOAD)
        return cls(store, reliance(office, (), ()), "{owner" in office.record_code, seconds)

    def status(self, code: str) -> Finding:
        """What becomes of a code, of the address in a QR code, or of a signed seal's text."""
        from signing.credential import is_credential

        text = unicodedata.normalize("NFC", code.strip())
        if is_credential(text):
            return self._seal(_apart(self.seconds, judge_seal, text, self.relied))
        if text.startswith(("https://", "http://")):
            text = unquote(urlsplit(text).path.rpartition("/")[2])
        behind = self.store.lookups.code_of(text)
        names_nobody = behind is not None or is_id(text.upper())
        if not names_nobody and (self.coded_by_owner or mask_text(text) != text):
            return Finding("withheld")
        return self._by_code(behind or text, has_paper=behind is not None)

    def check_pdf(self, path: Path) -> Finding:
        """Whether a PDF is what is held, or else whether its signatures hold."""
        try:
            file = _apart(self.seconds, look, path, self.relied)
        except SohoaError as error:
            return _unreadable(error)
        if held := self.store.lookups.holding(sha256_file(path)):
            return self._held(held[0], "same", file)
        return self._not_the_same(path, file)

    def check_picture(self, path: Path) -> Finding:
        """What the QR seal on a photographed or scanned paper comes to, and the paper itself."""
        try:
            judged = _apart(self.seconds, judge_paper, path, self.relied)
        except NoSeal:
            return Finding("no-seal")
        except SohoaError as error:
            return _unreadable(error)
        return self._seal(judged["seal"], judged["paper"])

    # --- Files ---------------------------------------------------------------------------

    def _not_the_same(self, path: Path, file: JudgedFile) -> Finding:
        """A PDF whose bytes are not held: a copy of what is, another paper, or no good."""
        if file.outcome == "genuine" and (record := self._copied(path, file)):
            return self._held(record, "copy", file)
        told = file.doubt if file.outcome in ("not-valid", "unproven") else ""
        return Finding(file.outcome, signed=file.signed, reason=told)

    def _copied(self, path: Path, file: JudgedFile) -> Record | None:
        """The record a soundly signed file is a copy of, found by the code in its seal.

        Its seal is signed and over this very content, or one of the two files begins with the
        other: evidence and timestamps are only ever put behind.
        """
        if file.seal is None or not (code := _code_in(file.seal)):
            return None
        record = self._record(code)
        if record is None or file.seal["verdict"] == "valid":
            return record
        with self._copy(record) as held:
            return record if one_begins_with_the_other(path, held) else None

    # --- Seals ---------------------------------------------------------------------------

    def _seal(self, seal: dict[str, Any] | None, paper: dict[str, Any] | None = None) -> Finding:
        """A seal off a picture or pasted as text; ``paper``: how what is printed compares."""
        if seal is None:
            return Finding("seal-unproven")
        if seal["form"] == "url":
            return self._address(seal[SEAL_TEXT])
        if seal["form"] == "fields":
            return self._plain_seal(seal)
        if seal["verdict"] != "valid":
            return Finding("seal-false" if seal["verdict"] == "invalid" else "seal-unproven")
        outcome: Outcome = "seal-genuine"
        if paper:
            outcome = compared(paper)
        sealed = Signed(mask_text(seal["signer"]), datetime.fromisoformat(seal["issued_at"]))
        strange = tuple(paper["strange"]) if paper and outcome == "paper-doubtful" else ()
        record = self._record(code := _code_in(seal))
        if record is None or record.status == "erased":
            erased = record is not None or self.store.lookups.was_given(code)
            return Finding(
                outcome,
                status="erased" if erased else None,
                paper=mask_text(seal.get("paper_name", "")),
                seal=sealed,
                owner_hint=seal.get("owner", ""),
                strange=strange,
            )
        return self._held(record, outcome, seal=sealed, strange=strange)

    def _plain_seal(self, seal: dict[str, Any]) -> Finding:
        """A seal that is not signed proves the paper if it is word for word the one held.

        It holds the moment of sealing to the microsecond, which nobody guesses.
        """
        record = self._record(_code_in(seal))
        if record is None or record.status == "erased":
            return Finding("seal-unproven")
        known = self._judged(record).seal
        if known is None or known[SEAL_TEXT] != seal[SEAL_TEXT]:
            return Finding("seal-unproven")
        return self._held(record, "seal-genuine")

    def _address(self, address: str) -> Finding:
        finding = self.status(address)
        return Finding("seal-unproven") if finding.outcome == "unknown" else finding

    # --- Records -------------------------------------------------------------------------

    def _by_code(self, code: str, *, has_paper: bool = False) -> Finding:
        record = self._record(code)
        if record is None:
            return Finding("gone" if self.store.lookups.was_given(code) else "unknown")
        if record.status == "erased":
            return Finding("gone")
        return self._held(record, "known", has_paper=has_paper)

    def _held(
        self,
        record: Record,
        outcome: Outcome,
        file: JudgedFile | None = None,
        *,
        has_paper: bool = True,
        seal: Signed | None = None,
        strange: tuple[str, ...] = (),
    ) -> Finding:
        file = file or self._judged(record)
        return Finding(
            outcome,
            status=record.status,
            paper=mask_text(record.title),
            since=_since(record),
            valid_until=record.valid_until,
            signed=tuple(_nameless(one, record) for one in file.signed),
            seal=seal,
            owner_hint=mask_number(record.owner.identifier) if has_paper else "",
            reason=file.doubt,
            strange=strange,
        )

    def _record(self, code: str) -> Record | None:
        try:
            return self.store.get(code)
        except RecordNotFound:
            return None

    def _judged(self, record: Record) -> JudgedFile:
        """What the stored paper's signatures are worth."""
        known = self._memory.get(record.sha256)
        if known is None:
            with self._copy(record) as copy:
                try:
                    known = _apart(self.seconds, look, copy, self.relied)
                except TooMuch:
                    known = JudgedFile("indeterminate")
            self._memory.put(record.sha256, known)
        return known

    @contextmanager
    def _copy(self, record: Record) -> Iterator[Path]:
        """The stored paper in the clear, on memory-backed storage, for the block."""
        with scratch_folder(fast_storage()) as folder:
            copy = folder / "paper.pdf"
            self.store.copy_out(record, copy)
            yield copy


def _apart(seconds: float, function: Any, *arguments: Any) -> Any:
    """Call a function in a process of its own. Raises TooMuch."""
    with confined(1, seconds) as start:
        return start(function, *arguments)()


def _code_in(seal: dict[str, Any]) -> str:
    """The record code a seal names, which is shown to nobody."""
    from digitize.seal import parse_seal
    from signing.credential import read_claims

    if seal["form"] == "fields":
        return (parse_seal(seal[SEAL_TEXT]) or {}).get("record_code", "")
    claims = read_claims(seal[SEAL_TEXT]) if seal["verdict"] == "valid" else None
    return claims.fields.get("record_code", "") if claims else ""


def _unreadable(error: SohoaError) -> Finding:
    """A file that cannot be judged; errors that are ours go on."""
    from signing.errors import BadTrustFile

    if isinstance(error, BadTrustFile) or error.exit_code not in (
        ExitCode.INPUT,
        ExitCode.SIGNATURE,
    ):
        raise error
    return Finding("unreadable")


def _since(record: Record) -> date | None:
    """The first day of its status; the day after the last of validity, where that is past."""
    if record.status == "expired":
        return None
    return vietnam_time(record.status_at).date()


def _nameless(one: Signed, record: Record) -> Signed:
    """The signature without the name of an owner, who may have signed as well."""
    names = {_folded(owner.name) for owner in record.owners if owner.name}
    return Signed(_(_OWNER), one.at, one.stamped) if _folded(one.signer) in names else one


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFC", name).casefold().split())
