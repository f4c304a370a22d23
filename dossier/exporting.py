"""``sohoa export``: records leave the store in a package for another office or system.

Exporting is a release like any other: each record is asked for on a ground, is put on record
with a signed receipt before it leaves, and does not leave if it is not in force.
"""

import errno
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dossier.desk import NoSigner, signing_request
from dossier.grounds import asked_for
from dossier.people import actor_at, owner_of
from dossier.shelf import keep_out_of_store, open_store, require_store
from dossier.signing_desk import pin_source
from foundation.errors import ExitCode, SohoaError
from foundation.files import scratch_folder
from foundation.messages import N_
from foundation.privacy import mask_text
from foundation.reasons import reason_of
from foundation.times import utc_now
from profiles import Office, SignatureRules, load_form, load_office
from warehouse import Actor
from warehouse.errors import CannotWrite
from warehouse.values import is_id, new_id

if TYPE_CHECKING:
    from profiles import ComponentForm
    from warehouse import Record, Release, Warehouse
    from warehouse.exchange import Form, Package
    from warehouse.exchange.manifest import Component
    from warehouse.exchange.package import Seal
    from warehouse.exchange.packing import Content


#: Bytes for a record's receipt, national record and entries in the lists: two to ten thousand.
_BESIDE = 64 << 10


class SignedAlways(SohoaError):
    """A form of package that is nothing without a signature was to be left unsigned."""

    exit_code = ExitCode.USAGE
    message = N_("An ASiC-E package is always signed. Choose another form, or drop --unsigned.")


class TooManyRecords(SohoaError):
    """More was asked for than a package holds."""

    exit_code = ExitCode.USAGE
    message = N_(
        "{count} records of {size} MB are too much for one package. Export them in several."
    )


@dataclass(frozen=True)
class Packing:
    """How a package is made.

    Attributes:
        signer: which key of the office profile signs it; empty: it is left unsigned.
        offline: sign without a timestamp.
        pin_fd: where the PIN is read from; None: from the person at the terminal.
    """

    form: "Form" = "asic"
    signer: str = "agency"
    offline: bool = False
    pin_fd: int | None = None


@dataclass(frozen=True)
class Exported:
    """A package that was written."""

    file: Path
    form: "Form"
    package: "Package"
    signed: bool


def export_records(
    names: Sequence[str],
    out: Path,
    procedure: str,
    packing: Packing,
    reason: str = "",
    operator: str = "",
    owner: str = "",
) -> Exported:
    """Write a package of records: all of them, or nothing leaves and nothing is written.

    The documents lie where the package is to be, and the room it takes is reserved there,
    before anything is put on record.

    Args:
        names: records' ids or codes, or codes of dossiers, of which all that is in force goes.
        reason: why, in the operator's words; as in :func:`dossier.shelf.reuse_record`.
        owner: number of the owner for whose matter, as there.

    Raises:
        SignedAlways, TooManyRecords, NoSigner, PlaceTaken, CannotWrite: before anything is
            released; so is IsADirectoryError, where a file was to be named.
        NotReusable, TooOften, ...: see :meth:`warehouse.Warehouse.reuse`.
        TokenError, TimestampUnavailable: signing; the release stays on record, nobody got it.
    """
    from warehouse.exchange import write_package

    office = load_office()
    _require_place(out, packing)
    code, why, terms = asked_for(procedure, reason, office)
    actor, form = actor_at(office, operator), load_form(office.component_form)
    require_store()
    whom = owner_of(owner).identifier if owner else ""
    with open_store() as store, ExitStack() as place:
        asked = _asked(store, names)
        _require_measure(asked)
        with _sealer(office, packing) as seal:
            room = _Room(store, out)
            releases = store.exports.release(
                [one.code for one in asked],
                procedure=code, reason=why, actor=actor, form=packing.form, terms=terms,
                owner=whom, before=lambda records: place.enter_context(room.taken_for(records)),
            )  # fmt: skip
            parts: dict[str, bytes | Path] = {}
            components = [
                _packed(one, form, room.documents[one.record_id], parts) for one in releases
            ]
            package = _package(office, actor, code, components)
            room.give_back()
            write_package(out, packing.form, package, parts, seal)
    return Exported(out, packing.form, package, seal is not None)


class _Room:
    """The documents of a package and the room it takes, on the disk where it is to be."""

    def __init__(self, store: "Warehouse", out: Path) -> None:
        self._store, self._out = store, out
        self._reserved: Path | None = None
        self.documents: dict[str, Path] = {}

    @contextmanager
    def taken_for(self, records: "Sequence[Record]") -> Iterator[None]:
        """Hold it for the block. Raises CannotWrite."""
        try:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            held = ExitStack()
            folder = held.enter_context(scratch_folder(self._out.parent))
        except OSError as error:
            raise self._cannot(error) from error
        with held:
            for record in records:
                self.documents[record.id] = folder / f"{record.id}.pdf"
                self._store.copy_out(record, self.documents[record.id])
            size = sum(one.size + _BESIDE for one in records)
            try:
                with (folder / "room").open("wb") as stream:
                    os.posix_fallocate(stream.fileno(), 0, size)
            except OSError as error:
                raise self._cannot(error) from error
            self._reserved = folder / "room"
            yield

    def give_back(self) -> None:
        """Let go of what was reserved, to be written to now."""
        if self._reserved is not None:
            self._reserved.unlink()

    def _cannot(self, error: OSError) -> CannotWrite:
        return CannotWrite(file=mask_text(str(self._out)), detail=reason_of(error))


def _require_place(out: Path, packing: Packing) -> None:
    from warehouse.exchange.errors import PlaceTaken

    keep_out_of_store(out)
    if packing.form == "asic" and not packing.signer:
        raise SignedAlways
    folder = packing.form != "asic" and out.suffix.lower() != ".zip"
    if folder and out.exists():
        raise PlaceTaken(file=mask_text(str(out)))
    if out.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(out))


def _asked(store: "Warehouse", names: Sequence[str]) -> "list[Record]":
    """The records meant, each once; a code may be a dossier's. Raises RecordNotFound."""
    found: dict[str, Record] = {}
    for name in names:
        of_dossier = [] if is_id(name.strip().upper()) else store.exports.in_dossier(name)
        for record in of_dossier or [store.get(name)]:
            found.setdefault(record.id, record)
    return list(found.values())


def _require_measure(records: "Sequence[Record]") -> None:
    from warehouse.exchange.manifest import MOST_COMPONENTS
    from warehouse.exchange.unpacking import Bounds

    size = sum(one.size for one in records)
    if len(records) > MOST_COMPONENTS or size > Bounds().all * 9 // 10:
        raise TooManyRecords(count=len(records), size=size >> 20)


@contextmanager
def _sealer(office: Office, packing: Packing) -> "Iterator[Seal | None]":
    """What signs the package. The PIN is asked for before anything is released."""
    if not packing.signer:
        yield None
        return
    from signing.detached import open_sealer

    signer = office.signers.get(packing.signer)
    if signer is None:
        raise NoSigner(role=packing.signer)
    rules = next(
        (rules for rules in office.signatures if rules.role == signer.role),
        SignatureRules(role=signer.role),
    )
    request = signing_request(office, signer, rules, "", "b-b" if packing.offline else "")
    with open_sealer(replace(request, on_waiting=None), pin_source(packing.pin_fd)) as seal:
        yield seal


def _packed(
    release: "Release", form: "ComponentForm", document: Path, parts: "dict[str, bytes | Path]"
) -> "Component":
    """Put a released record's files among the parts; what the package says of it."""
    from warehouse.exchange import Part, component_of
    from warehouse.exchange.manifest import as_json, file_name
    from warehouse.exchange.national import national_record
    from warehouse.exchange.packing import digest, size_of

    names = {kind: file_name(release.record, kind) for kind in ("pdf", "json", "receipt.jws")}
    files: Content = {
        names["pdf"]: document,
        names["json"]: as_json(national_record(release.record, form, names["pdf"])),
        names["receipt.jws"]: release.receipt.encode() + b"\n",
    }
    parts |= files
    listed = [
        Part(name=name, size=size_of(data), sha256=digest(data, "sha256"))
        for name, data in files.items()
    ]
    return component_of(release, *listed)


def _package(
    office: Office, actor: Actor, procedure: str, components: "Sequence[Component]"
) -> "Package":
    from warehouse.exchange import Package, Sender

    sender = Sender(
        code=office.code,
        office=office.title,
        agency=office.agency,
        system=office.system,
        operator=actor.name,
    )
    return Package(
        id=new_id(),
        packed_at=utc_now(),
        packed_by=sender,
        procedure=procedure,
        components=tuple(components),
    )


def schema_of_packages() -> str:
    """JSON Schema of ``package.json``, as it is published."""
    from warehouse.exchange import Package

    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= Package.model_json_schema(mode="serialization")
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
