"""The counter where the walk happens: office, store, signers, and how papers are made there."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

from dossier.grounds import receipt_signer
from dossier.people import station as this_station
from dossier.shelf import store_folder
from dossier.waiting import put_on_list
from foundation.errors import ExitCode, SohoaError
from foundation.messages import N_
from foundation.times import utc_now
from profiles import AnySigner, Office, Paper, SealRules, SignatureRules, Signer
from warehouse import Actor

if TYPE_CHECKING:
    from digitize import Provenance
    from signing import PinSource, SigningRequest
    from signing.credential import SealKey
    from signing.jobs import Level
    from warehouse import Warehouse


Role = Literal["clerk", "agency"]


class NoSigner(SohoaError):
    """The office profile names no key for a role."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The office profile names no signing key for “{role}”. See the tokens with: sohoa devices, "
        "then write [signers.{role}] into the office profile."
    )


class SameKey(SohoaError):
    """Two roles would sign with the same key, so the second signature would say nothing."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The office profile names the same key for “clerk” and for “agency”. "
        "Each needs a key of its own; see them with: sohoa devices"
    )


class NoSealKey(SohoaError):
    """The profile wants signed seals and the office has no key for them."""

    exit_code = ExitCode.SETUP
    message = N_(
        "The seal is to be signed, and the office profile has no [credential]. "
        'Name its key and certificate there, or set form = "fields" under [seal].'
    )


class Tell(Protocol):
    """Hears of each step: its name and what came of it."""

    def __call__(self, step: str, detail: str = "") -> None: ...  # noqa: D102


def _nothing() -> None:
    """There are no PINs to forget."""


def _silent(step: str, detail: str = "") -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Desk:
    """Everything the walk needs that is not the dossier itself.

    Attributes:
        pins: where the PIN of a role's token comes from.
        forget_pins: called when a token or PIN failed, so that no PIN is tried twice.
        tell: hears of each step as it is done.
        station: which desk it is; stands, as the operator does, in documents and signatures.
    """

    office: Office
    actor: Actor
    pins: Callable[[Role], "PinSource"]
    forget_pins: Callable[[], None] = _nothing
    store_folder: Path = field(default_factory=store_folder)
    jobs: int = 0
    level: str = ""
    tell: Tell = _silent
    station: str = field(default_factory=this_station)

    @contextmanager
    def store(self) -> "Iterator[Warehouse]":
        """The personal store, open for the block."""
        from warehouse import open_warehouse

        with open_warehouse(self.store_folder, signer=receipt_signer(self.office)) as warehouse:
            yield warehouse

    def signatures(self, paper: Paper) -> tuple[SignatureRules, ...]:
        """The signatures a paper gets, in order: its own profile's, else the office's."""
        return self.office.signatures if paper.signatures is None else paper.signatures

    def signer(self, role: str) -> AnySigner:
        """The office's key for a role. Raises :class:`NoSigner`."""
        for signer in self.office.signers.values():
            if signer.role == role:
                return signer
        raise NoSigner(role=role)

    def receipt_rules(self) -> SignatureRules:
        """How receipts are signed: by the clerk, where the office has one; never visibly."""
        clerk = (rules for rules in self.office.signatures if rules.role == "clerk")
        rules = next(clerk, next(iter(self.office.signatures), SignatureRules(role="clerk")))
        return rules.model_copy(update={"visible": False})

    def seal_rules(self, paper: Paper) -> SealRules:
        """How a paper is sealed: by its own profile's rules, else the office's."""
        return paper.seal or self.office.seal

    def seal_key(self) -> "SealKey":
        """The office's seal key. Raises :class:`NoSealKey`, SealKeyUnusable."""
        from signing.credential import load_seal_key

        credential = self.office.credential
        if credential is None:
            raise NoSealKey()
        return load_seal_key(Path(credential.key), Path(credential.certificate))

    def require_signers(self, papers: Iterable[Paper]) -> None:
        """See, before anything is scanned, that all that will sign has been set up.

        Raises:
            NoSigner, SameKey, NoTimestampService, NoSealKey: what the office profile lacks.
            SealKeyUnusable: the office's seal key is missing or open to others.
            DriverMissing: the driver of a token is not installed.
        """
        from signing.drivers import find_module
        from signing.errors import NoTimestampService

        papers = list(papers)
        if any(self.seal_rules(paper).form == "signed" for paper in papers):
            self.seal_key()
        asked = self._rules_for(papers)
        signers = {rules.role: self.signer(rules.role) for rules in asked}
        keys = {signer.key for signer in signers.values()}
        if len(keys) < len(signers):
            raise SameKey()
        for signer in signers.values():
            if isinstance(signer, Signer):
                find_module(signer.module)
        for rules in asked:
            level = self.level or rules.level
            if level != "b-b" and not self.office.timestamp_urls:
                raise NoTimestampService(level=level)

    def require_tokens(self, papers: Iterable[Paper]) -> None:
        """See that every token that will sign is plugged in. Raises TokenNotFound."""
        from signing import list_tokens
        from signing.errors import TokenNotFound

        for role in {rules.role for rules in self._rules_for(papers)}:
            signer = self.signer(role)
            if not isinstance(signer, Signer):
                continue  # a remote key is always plugged in; whether it answers is seen later
            if signer.token_serial not in {one.serial for one in list_tokens([signer.module])}:
                raise TokenNotFound(token=signer.token_serial)

    def _rules_for(self, papers: Iterable[Paper]) -> list[SignatureRules]:
        """Under which rules a dossier with these papers, and its receipt, will be signed."""
        return [
            *(rules for paper in papers for rules in self.signatures(paper)),
            self.receipt_rules(),
        ]

    @contextmanager
    def one_try(self) -> Iterator[None]:
        """A block that uses PINs; an error forgets them all, so that none is tried twice."""
        try:
            yield
        except SohoaError:
            self.forget_pins()
            raise

    def request(self, rules: SignatureRules, copy_kind: str) -> "SigningRequest":
        """How files are signed under one of the profile's signature rules."""
        asked = signing_request(self.office, self.signer(rules.role), rules, copy_kind, self.level)
        return signed_by(asked, self.actor, self.station)


def signed_by(request: "SigningRequest", actor: Actor, station: str) -> "SigningRequest":
    """The request with who made the documents, where and at which station, in each signature."""
    return replace(
        request,
        # In the language of the record, whatever that of the screen is.
        reason=f"Người số hóa: {actor.name}",
        location=actor.office,
        contact=station,
    )


def signing_request(
    office: Office, signer: AnySigner, rules: SignatureRules, copy_kind: str, level: str = ""
) -> "SigningRequest":
    """A signing request out of what the office's profile says."""
    from signing import SigningRequest

    wanted = cast("Level", level or rules.level)  # checked where it comes from
    return SigningRequest(
        signer=signer,
        rules=rules,
        kind=copy_kind,
        agency=office.agency,
        level=wanted,
        timestamp_urls=office.timestamp_urls,
        services=office.services,
        on_waiting=put_on_list(wanted) if office.services.offline == "queue" else None,
        trust=tuple(Path(path) for path in office.trust),
        chain=tuple(Path(path) for path in office.chain),
    )


@cache
def versions() -> Mapping[str, str]:
    """Versions of sohoa and of what reads and writes the pages."""
    from ocr.engine import version as tesseract_version

    names = ("sohoa", "pikepdf", "opencv-python-headless")
    return {name: version(name) for name in names} | {"tesseract": tesseract_version()}


def provenance(
    paper: Paper,
    actor: Actor,
    *,
    device: str = "",
    record_code: str = "",
    title: str = "",
    station: str = "",
) -> "Provenance":
    """Who made a document now, where, on which device, with which profile and versions."""
    from digitize import Provenance

    return Provenance(
        operator=actor.name,
        office=actor.office,
        at=utc_now(),
        device=device,
        profile=paper.name,
        profile_code=paper.code,
        versions=versions(),
        title=title or paper.title,
        record_code=record_code,
        station=station or this_station(),
    )
