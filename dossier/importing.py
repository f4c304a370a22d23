"""``sohoa import``: a package is checked as a whole, then taken in record by record.

Nothing is stored before everything is checked: the container, every digest, who signed it, each
paper's own signatures. Each record is then stored or not, whole; what was not is told with its
reason. What is here already stays as it is.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dossier.checking import Reliance
from dossier.confined import Start, confined
from dossier.grounds import law_of
from dossier.people import actor_at, owner_of
from dossier.shelf import judge, open_store
from foundation.errors import ExitCode, SohoaError
from foundation.files import scratch_folder
from foundation.messages import N_
from foundation.privacy import mask_text
from foundation.times import iso_utc
from profiles import Office, Paper, UnknownProfile, load_office, load_paper
from warehouse.ground_errors import require_kept

if TYPE_CHECKING:
    from signing.detached import DetachedVerdict
    from warehouse import Actor, Judgement, Record, Warehouse
    from warehouse.exchange import Component, Opened, Package

#: Seconds one paper's signatures may take to judge.
_SECONDS = 180.0


class PackageUnsigned(SohoaError):
    """Nobody answers for a package."""

    exit_code = ExitCode.SIGNATURE
    message = N_("{file}: the package is not signed. Ask the office that made it to sign it.")


class PackageNotTrusted(SohoaError):
    """A package's signature does not hold, or leads to nobody relied on here."""

    exit_code = ExitCode.SIGNATURE
    message = N_("{file}: the package's signature ({signer}) is not accepted: {detail}")


class SenderNotListed(SohoaError):
    """A trusted signature of somebody whose packages are not taken in here."""

    exit_code = ExitCode.NOT_ALLOWED
    message = N_(
        "{file}: “{signer}” is not among the senders of the office profile. If its packages are "
        "to be taken in, add the SHA-256 of its certificate to senders: {certificate}"
    )


class ReceiptDiffers(SohoaError):
    """The release receipt is about something else, or is none."""

    exit_code = ExitCode.SIGNATURE
    message = N_("Record {record}: its release receipt is not one of this paper.")


class NationalDiffers(SohoaError):
    """The national record is about another file, or is none."""

    exit_code = ExitCode.INPUT
    message = N_("Record {record}: its national record is not one of this paper.")


@dataclass(frozen=True)
class Arrival:
    """What became of one component.

    Attributes:
        outcome: ``stored``; ``known``, where it was here already; ``sound``, where it was only
            checked; ``refused``, with its error.
        record: here; None where it was refused or only checked.
    """

    component: "Component"
    outcome: Literal["stored", "known", "sound", "refused"]
    record: "Record | None" = None
    error: SohoaError | None = None


@dataclass(frozen=True)
class Imported:
    """A package that was taken in, as far as it could be. ``signer`` answers for it."""

    file: Path
    form: str
    package: "Package"
    signer: str
    signed_at: str
    arrivals: tuple[Arrival, ...]


def import_package(
    file: Path,
    relied: Reliance,
    operator: str = "",
    *,
    only_check: bool = False,
    supersede: bool = False,
) -> Imported:
    """Take a package in.

    Args:
        file: an ASiC-E container, a bag, or a folder or ZIP file of records.
        relied: whose signatures are accepted.
        only_check: store nothing.
        supersede: let its papers replace those held under the same type and number: a person
            has compared them.

    Raises:
        PackageRefused: it is damaged, altered or unsafe; nothing of it is stored.
        PackageUnsigned, PackageNotTrusted, SenderNotListed: so is one nobody answers for.
    """
    from warehouse.exchange import open_package

    office = load_office()
    with scratch_folder() as scratch:
        opened = open_package(file, scratch)
        verdict = _require_trusted(file, opened, relied, office)
        judged = _judged(opened)
        arrivals = tuple(
            Arrival(component, "refused", error=found)
            if isinstance(found, SohoaError)
            else Arrival(component, "sound")
            for component, found in zip(opened.package.components, judged, strict=True)
        )
        if not only_check and any(one.outcome == "sound" for one in arrivals):
            with open_store() as store:
                origin = _origin(opened, verdict)
                desk = _Desk(store, office, actor_at(office, operator), origin, supersede)
                arrivals = tuple(
                    arrival
                    if isinstance(found, SohoaError)
                    else _stored(desk, opened, arrival.component, found)
                    for arrival, found in zip(arrivals, judged, strict=True)
                )
    signed_at = iso_utc(verdict.signed_at) if verdict.signed_at else ""
    return Imported(file, opened.form, opened.package, verdict.signer, signed_at, arrivals)


def _require_trusted(
    file: Path, opened: "Opened", relied: Reliance, office: Office
) -> "DetachedVerdict":
    from signing.detached import verify_detached

    shown = mask_text(str(file))
    if not opened.signature:
        raise PackageUnsigned(file=shown)
    verdict = verify_detached(
        opened.signature, opened.signed, relied.trust, policy=relied.policy, known=relied.known
    )
    if verdict.verdict != "valid":
        raise PackageNotTrusted(file=shown, signer=verdict.signer or "?", detail=verdict.reason)
    listed = {one.replace(":", "").lower() for one in office.senders}
    if listed and verdict.certificate not in listed:
        raise SenderNotListed(file=shown, signer=verdict.signer, certificate=verdict.certificate)
    return verdict


@dataclass(frozen=True)
class _Sound:
    """A component that may be stored."""

    paper: Paper
    judgement: "Judgement"


def _judged(opened: "Opened") -> list[_Sound | SohoaError]:
    """For each component, that it may be stored, or why not; papers are read in a cage."""
    components = opened.package.components
    with confined(len(components), _SECONDS) as start:
        begun = [_begun(opened, component, start) for component in components]
        return [_settled(component, one) for component, one in zip(components, begun, strict=True)]


def _begun(
    opened: "Opened", component: "Component", start: Start
) -> tuple[Paper, Callable[[], Any]] | SohoaError:
    """What needs no reading of the paper is checked here; the rest is begun."""
    try:
        paper = _paper_of(component)
        if component.owner.identifier:
            for holder in (component.owner, *component.co_owners):
                owner_of(holder.identifier, holder.name)
        _require_own_receipt(opened, component)
        _require_own_record(opened, component)
    except SohoaError as error:
        return error
    return paper, start(judge, opened.files[component.document.name], paper)


def _settled(
    component: "Component", begun: tuple[Paper, Callable[[], Any]] | SohoaError
) -> _Sound | SohoaError:
    from warehouse.deposits import require_fit

    if isinstance(begun, SohoaError):
        return begun
    paper, wait = begun
    try:
        judgement = wait()
        require_fit(Path(component.document.name), judgement)
    except SohoaError as error:
        if "file" in error.facts:  # the copy is gone when this is read
            error.facts["file"] = component.document.name
        return error
    return _Sound(paper, judgement)


def _paper_of(component: "Component") -> Paper:
    """The paper's profile here. Raises UnknownProfile, NotKept."""
    try:
        paper = load_paper(component.type_code)
    except UnknownProfile:
        paper = load_paper(component.paper)
    require_kept(paper)
    return paper


def _require_own_receipt(opened: "Opened", component: "Component") -> None:
    """The receipt is whole and is one of this very paper; who signed it the package says."""
    from warehouse.receipts import ReceiptInvalid, check
    from warehouse.reuse import RELEASED

    text = opened.files[component.receipt.name].read_text("utf-8", errors="replace")
    try:
        said = check(text, {}, RELEASED).said
    except ReceiptInvalid as error:
        raise ReceiptDiffers(record=component.record) from error
    told = {name: said.get(name) for name in ("record", "version", "sha256", "release")}
    if told != {
        "record": component.record,
        "version": component.version,
        "sha256": component.document.sha256,
        "release": component.release,
    }:
        raise ReceiptDiffers(record=component.record)


def _require_own_record(opened: "Opened", component: "Component") -> None:
    """The national record, whatever its entries are called, names this very file's digest."""
    try:
        said = json.loads(opened.files[component.national.name].read_bytes())
    except (ValueError, RecursionError) as error:
        raise NationalDiffers(record=component.record) from error
    if not isinstance(said, dict) or component.document.sha256 not in said.values():
        raise NationalDiffers(record=component.record)


def _origin(opened: "Opened", verdict: "DetachedVerdict") -> dict[str, str]:
    """Where a package comes from: what stays with each of its records."""
    package, sender = opened.package, opened.package.packed_by
    return {
        "package": opened.sha256,
        "package_id": package.id,
        "form": opened.form,
        "packed_at": iso_utc(package.packed_at),
        "office": sender.code,
        "office_title": sender.office,
        "agency": sender.agency,
        "system": sender.system,
        "operator": sender.operator,
        "signer": verdict.signer,
        "certificate": verdict.certificate,
    }


@dataclass(frozen=True)
class _Desk:
    """Where a package is taken in, and by whom."""

    store: "Warehouse"
    office: Office
    actor: "Actor"
    origin: Mapping[str, str]
    supersede: bool


def _stored(desk: _Desk, opened: "Opened", component: "Component", sound: _Sound) -> Arrival:
    from warehouse.errors import WarehouseUnreachable
    from warehouse.exchange.manifest import owner_of as owner_in

    own = {
        "record": component.record,
        "version": str(component.version),
        "code": component.code,
        "release": component.release,
        "deposited_at": iso_utc(component.deposited_at),
    }
    try:
        record = desk.store.deposit(
            opened.files[component.document.name],
            owner=owner_in(component.owner),
            co_owners=tuple(map(owner_in, component.co_owners)),
            owner_unknown=not component.owner.identifier,
            paper_type=sound.paper.name,
            type_code=sound.paper.code,
            title=component.title,
            code=_code_for(desk, component, sound.paper),
            actor=desk.actor,
            number=component.number,
            fields=component.fields,
            valid_until=component.valid_until,
            procedure=component.procedure,
            dossier_code=component.dossier_code,
            basis=law_of(sound.paper),
            supersede=desk.supersede,
            judgement=sound.judgement,
            origin={**desk.origin, **own},
        )
    except WarehouseUnreachable:
        raise
    except SohoaError as error:
        return Arrival(component, "refused", error=error)
    again = desk.store.history(record.id)[-1].action == "deposit-again"
    return Arrival(component, "known" if again else "stored", record)


def _code_for(desk: _Desk, component: "Component", paper: Paper) -> str:
    """The code it has, which stands in its seal; a new one where another paper here has that."""
    from warehouse.errors import RecordNotFound

    try:
        held = desk.store.get(component.code)
    except RecordNotFound:
        return component.code
    if held.sha256 == component.document.sha256:
        return component.code
    return desk.store.new_code(
        desk.office.record_code, component.owner.identifier, paper.code, desk.office.code
    )
