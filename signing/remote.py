"""A key at a remote service, as one session that signs a batch.

Documents are made ready side by side; when all of a group wait for their signature, one
authorisation is asked for their hashes and no others, the service signs them together, and
every signature is checked against the certificate before it goes into its file. A PIN serves
the batch, a one-time code one authorisation; both are forgotten at the end and at any error.
"""

import asyncio
import hashlib
import stat
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import algos, x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from foundation.errors import SohoaError
from foundation.interrupts import run_async
from foundation.messages import _
from foundation.reasons import reason_of
from foundation.times import utc_now
from profiles.schema import RemoteSigner
from signing import remote_errors
from signing.certificates import chain_of, display_name, may_sign, signed_with, valid_at
from signing.csc import Credential, CscService
from signing.errors import CertificateExpired, CertificateNotForSigning
from signing.jobs import Outcome, Progress, SignJob, SignResult
from signing.pins import Pin, PinSource

#: Longest token or password read from a file, in bytes.
_LONGEST = 16_384


@contextmanager
def open_remote(signer: RemoteSigner, pins: PinSource) -> "Iterator[RemoteSession]":
    """Let the office in and give a session that signs with the credential of ``signer``.

    Raises:
        AccessFileUnusable, NoSecret, RemoteAccessRefused: the office is not let in.
        CredentialMissing, CredentialUnusable, CertificateExpired, CertificateNotForSigning.
        RemoteUnavailable, RemoteBusy, RemoteAnswerWrong: the service.
    """
    with office_access(signer, pins) as service:
        credential = run_async(service.credential())
        _check(credential.certificate)
        session = RemoteSession(service, credential, pins)
        try:
            yield session
        finally:
            session.forget()


@contextmanager
def office_access(signer: RemoteSigner, pins: PinSource | None) -> Iterator[CscService]:
    """The service with the office's access to it, which is forgotten after the block.

    Args:
        pins: who is asked where the profile names no file; None: nobody.
    """
    access = Pin("") if signer.access == "none" else _access_secret(signer, pins)
    try:
        if signer.access in ("login", "client"):
            asking = CscService(signer, Pin(""))
            log_in = asking.log_in if signer.access == "login" else asking.log_in_client
            token = run_async(log_in(signer.account, access))
            access.forget()
            access = token
        yield CscService(signer, access)
    finally:
        access.forget()


def list_credentials(signer: RemoteSigner) -> list[str]:
    """The ids of the office's credentials at a service, without asking anybody anything.

    Raises:
        NoSecret: the profile names no file with the office's access.
        SohoaError: as :func:`open_remote`.
    """
    with office_access(signer, None) as service:
        return run_async(service.credential_ids())


@dataclass
class _Group:
    """The hashes of documents that are signed together, while they gather."""

    expected: int
    waiting: "list[tuple[bytes, asyncio.Future[bytes]]]"


class RemoteSession:
    """What signing needs of a remote key, see :class:`signing.tokens.TokenSession`."""

    def __init__(self, service: CscService, credential: Credential, pins: PinSource) -> None:
        self.certificate: x509.Certificate = credential.certificate
        self.chain = tuple(chain_of(credential.certificate, credential.chain))
        self._service, self._credential, self._pins = service, credential, pins
        self._kept: dict[str, Pin] = {}
        self._group = _Group(0, [])
        self._signing: asyncio.Task[None] | None = None

    @property
    def most(self) -> int:
        """How many documents one authorisation may cover."""
        return self._credential.most

    def expect(self, count: int) -> None:
        """So many documents are being made ready."""
        self._group = _Group(count, [])

    def without_one(self) -> None:
        """A document of the group will not ask: it failed, or is done."""
        self._group.expected -= 1
        self._sign_when_all_wait()

    async def sign(self, data: bytes, mechanism: algos.SignedDigestAlgorithm) -> bytes:  # noqa: ARG002  follows from the certificate
        """Sign with SHA-256, together with the rest of the group. Raises as open_remote."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._group.waiting.append((data, future))
        self._sign_when_all_wait()
        return await future

    def forget(self) -> None:
        """Overwrite the PIN."""
        for pin in self._kept.values():
            pin.forget()
        self._kept.clear()

    def _sign_when_all_wait(self) -> None:
        group = self._group
        if group.waiting and len(group.waiting) >= group.expected:
            self._group = _Group(0, [])
            self._signing = asyncio.ensure_future(self._sign_group(group.waiting))

    async def _sign_group(self, waiting: "Sequence[tuple[bytes, asyncio.Future[bytes]]]") -> None:
        try:
            signatures = await self._signatures([data for data, _future in waiting])
        except SohoaError as error:
            self.forget()
            for _data, future in waiting:
                future.set_exception(error)
            return
        for (_data, future), signature in zip(waiting, signatures, strict=True):
            future.set_result(signature)

    async def _signatures(self, documents: Sequence[bytes]) -> list[bytes]:
        hashes = [hashlib.sha256(data).digest() for data in documents]
        leave = await self._authorize(hashes)
        try:
            found = await self._service.sign(leave, hashes, self._credential.algorithm)
        finally:
            leave.forget()
        return [self._checked(one, data) for one, data in zip(found, documents, strict=True)]

    async def _authorize(self, hashes: Sequence[bytes]) -> Pin:
        answers: dict[str, Pin | None] = {}
        signer = self._service.signer
        try:
            for ask in self._credential.asks:
                if ask.challenge:
                    await self._service.challenge(ask)
                if ask.kind is None:
                    answers[ask.id] = None
                elif ask.kind == "otp":
                    answers[ask.id] = self._pins.secret_for("otp", signer.url)
                else:
                    if ask.id not in self._kept:
                        self._kept[ask.id] = self._pins.secret_for("pin", signer.url)
                    answers[ask.id] = Pin(self._kept[ask.id].reveal())
            return await self._service.authorize(hashes, answers)
        finally:
            for pin in answers.values():
                if pin is not None:
                    pin.forget()

    def _checked(self, signature: bytes, data: bytes) -> bytes:
        """The signature as CMS wants it, when it is one over ``data`` by the certificate's key."""
        forms = [signature]
        if self.certificate.public_key.algorithm == "ec" and len(signature) % 2 == 0:
            # Some services give ECDSA as r and s one after the other (IEEE P1363).
            half = len(signature) // 2
            r, s = signature[:half], signature[half:]
            forms.append(encode_dss_signature(int.from_bytes(r), int.from_bytes(s)))
        for form in forms:
            if signed_with(self.certificate, form, data):
                return form
        raise remote_errors.RemoteAnswerWrong(
            url=self._service.signer.url,
            detail=_("a signature that is not over this document by this certificate's key"),
        )


async def run_together(
    jobs: Sequence[SignJob],
    do: Callable[[SignJob], Awaitable[Outcome]],
    session: RemoteSession,
    stops_at: tuple[type[SohoaError], ...],
    on_progress: Progress | None,
) -> list[SignResult]:
    """Do the jobs in groups as large as one authorisation allows; see :func:`jobs.run_batch`."""
    results: list[SignResult] = []
    done = 0

    async def one(job: SignJob) -> SignResult:
        nonlocal done
        try:
            outcome = await do(job)
            return outcome if isinstance(outcome, SignResult) else await outcome
        except SohoaError as error:
            return SignResult(job, "failed", error)
        finally:
            session.without_one()
            done += 1
            if on_progress:
                on_progress(done, len(jobs), job)

    for start in range(0, len(jobs), session.most):
        group = jobs[start : start + session.most]
        session.expect(len(group))
        results += await asyncio.gather(*map(one, group))
        fatal = next((one.error for one in results if isinstance(one.error, stops_at)), None)
        if fatal:
            rest = jobs[start + session.most :]
            return results + [SignResult(job, "skipped", fatal) for job in rest]
    return results


def _access_secret(signer: RemoteSigner, pins: PinSource | None) -> Pin:
    if not signer.access_file:
        if pins is None:
            raise remote_errors.NoSecret(secret=_("access token or password"), service=signer.url)
        return pins.secret_for("access", signer.url)
    file = Path(signer.access_file)
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise remote_errors.AccessFileUnusable(file=file, detail=f"chmod 600 {file.name}")
        with file.open("rb") as stream:
            text = stream.read(_LONGEST).decode().strip()
    except OSError as error:
        raise remote_errors.AccessFileUnusable(file=file, detail=reason_of(error)) from error
    except UnicodeDecodeError:
        raise remote_errors.AccessFileUnusable(file=file, detail="UTF-8") from None
    if not text or any(letter.isspace() for letter in text):
        raise remote_errors.AccessFileUnusable(file=file, detail=_("it is not one line of text"))
    return Pin(text)


def _check(certificate: x509.Certificate) -> None:
    if not valid_at(certificate, utc_now()):
        raise CertificateExpired(
            signer=display_name(certificate),
            start=f"{certificate.not_valid_before:%Y-%m-%d}",
            end=f"{certificate.not_valid_after:%Y-%m-%d}",
        )
    if not may_sign(certificate):
        raise CertificateNotForSigning(signer=display_name(certificate))
