"""``package.json``: what a package holds, whose it is, who packed it and what for.

The same in every form of package. It names each file with its size and SHA-256, so that
whoever signs it answers for all of them. Its JSON Schema is ``docs/schemas/package.schema.json``.
"""

import json
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from warehouse.values import Owner, Record, Release, is_id

#: Name of the manifest, and of the signature over it in forms that have no place of their own.
MANIFEST = "package.json"
SIGNATURE = "package.json.p7s"
#: A package is for dossiers, not for a whole store.
MOST_COMPONENTS = 1000

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Identifier = Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
Text = Annotated[str, Field(max_length=2000)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Said):
    """A file of the package. ``size`` in bytes."""

    name: FileName
    size: int = Field(ge=1)
    sha256: Digest


class Holder(_Said):
    """A person or organisation whose paper it is; without a number while that is not known."""

    identifier: Annotated[str, Field(max_length=40)] = Field(repr=False)
    name: Text = Field(default="", repr=False)
    kind: Literal["person", "organisation"] = "person"


class Component(_Said):
    """One record: what the store it comes from says of it, and its files.

    ``national`` is the record in the form of the national database, ``receipt`` the signed
    release receipt.
    """

    record: Identifier
    version: int = Field(ge=1)
    code: Text = Field(repr=False)
    paper: Annotated[str, Field(max_length=100)]
    type_code: Text
    title: Text
    number: Text = Field(default="", repr=False)
    owner: Holder
    co_owners: tuple[Holder, ...] = ()
    valid_until: date | None = None
    fields: dict[str, Text] = Field(default={}, repr=False)
    procedure: Text = ""
    dossier_code: Text = ""
    deposited_at: AwareDatetime
    office: Text
    release: Identifier
    basis: Text
    document: Part
    national: Part
    receipt: Part

    @field_validator("code")
    @classmethod
    def _is_no_id(cls, code: str) -> str:
        if not code.strip() or is_id(code.strip().upper()):
            raise ValueError("a code must not look like a record's id")
        return code

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its files."""
        return self.document, self.national, self.receipt


class Sender(_Said):
    """Which office packed it, with which system, and who there."""

    code: Text
    office: Text
    agency: Text
    system: Text
    operator: Text


class Package(_Said):
    """The manifest of a package."""

    format: Literal["sohoa-package"] = "sohoa-package"
    version: Literal[1] = 1
    id: Identifier
    packed_at: AwareDatetime
    packed_by: Sender
    procedure: Text
    components: tuple[Component, ...] = Field(min_length=1, max_length=MOST_COMPONENTS)

    @model_validator(mode="after")
    def _each_file_once(self) -> Self:
        names = [part.name.lower() for part in self.parts] + [MANIFEST, SIGNATURE]
        if len(set(names)) < len(names):
            raise ValueError("a file is named twice")
        records = [one.record for one in self.components]
        if len(set(records)) < len(records):
            raise ValueError("a record is named twice")
        return self

    @property
    def parts(self) -> tuple[Part, ...]:
        """The files of all components."""
        return tuple(part for one in self.components for part in one.parts)

    def to_json(self) -> bytes:
        """As it stands in the package."""
        return as_json(self.model_dump(mode="json"))


def component_of(release: Release, document: Part, national: Part, receipt: Part) -> Component:
    """What a package says of a record that was released."""
    record = release.record
    return Component(
        record=record.id,
        version=record.version,
        code=record.code,
        paper=record.paper_type,
        type_code=record.type_code,
        title=record.title,
        number=record.number,
        owner=_holder(record.owner),
        co_owners=tuple(map(_holder, record.co_owners)),
        valid_until=record.valid_until,
        fields=record.fields,
        procedure=record.procedure,
        dossier_code=record.dossier_code,
        deposited_at=record.deposited_at,
        office=record.office,
        release=release.id,
        basis=release.basis,
        document=document,
        national=national,
        receipt=receipt,
    )


def owner_of(holder: Holder) -> Owner:
    """A holder as the store knows owners."""
    return Owner(holder.identifier, holder.name, holder.kind)


def file_name(record: Record, ending: str) -> str:
    """Name of a record's file in a package: nothing of its owner is in it."""
    return f"{record.id}-v{record.version}.{ending}"


def as_json(value: Any) -> bytes:
    """JSON for a file: readable Vietnamese, a line end at the end."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=_plain).encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _holder(owner: Owner) -> Holder:
    return Holder(identifier=owner.identifier, name=owner.name, kind=owner.kind)
