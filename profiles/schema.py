"""What a profile may say. Every key is declared here; a key nobody declared is refused.

Rules of the land change, so they live in dated TOML files (``valid_from``,
``valid_to``) and never in code. Rule numbers quoted in the files name their source.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foundation.messages import N_

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
SealField = Literal[
    "record_code", "dossier_code", "procedure_code", "owner", "paper_name", "system", "issued_at"
]


class Rules(BaseModel):
    """Base of all profile tables: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Rules):
    """A profile that holds from one day to another (both included)."""

    schema_version: Literal[1]
    name: Name
    title: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(N_("valid_to is before valid_from"))
        return self

    def holds_on(self, day: date) -> bool:
        """Whether the profile is in force on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class PageRules(Rules):
    """How the pages of a paper are made and how good they must be."""

    layers: Literal["faithful", "compact"] = "faithful"
    jpeg_quality: int = Field(default=80, ge=50, le=100)
    ocr_language: str = "vie"
    #: NĐ 30/2020 Phụ lục I: a digitised copy has at least 200 dpi.
    min_dpi: int = Field(default=200, ge=72, le=1200)
    #: Mean Tesseract word confidence, 0-100, below which a written page is doubtful.
    min_confidence: float = Field(default=55.0, ge=0, le=100)
    scan_dpi: int = Field(default=300, ge=100, le=1200)
    scan_mode: Literal["color", "gray"] = "color"


class SealRules(Rules):
    """The QR code on page 1 (TT 01/2023 Điều 26: ISO/IEC 18004, top left)."""

    place: Literal["top-left", "top-right"] = "top-left"
    size_mm: float = Field(default=22.0, ge=10, le=60)
    margin_mm: float = Field(default=6.0, ge=2, le=30)
    error_correction: Literal["L", "M", "Q", "H"] = "M"
    fields: tuple[SealField, ...] = (
        "record_code",
        "dossier_code",
        "procedure_code",
        "owner",
        "paper_name",
        "system",
        "issued_at",
    )

    @model_validator(mode="after")
    def _has_code(self) -> Self:
        if "record_code" not in self.fields:
            raise ValueError(N_("the seal must carry record_code"))
        return self


class SignatureRules(Rules):
    """One signature: whose, visible or not, and how it reads (NĐ 30/2020 Phụ lục I)."""

    role: Literal["clerk", "agency"]
    visible: bool = True
    place: Literal["top-right", "top-left"] = "top-right"
    width_mm: float = Field(default=70.0, ge=30, le=120)
    font_size_pt: float = Field(default=10.0, ge=6, le=16)
    #: Lines of the visible text; {kind}, {agency}, {signer}, {time} are filled in.
    text: str = "{kind}\n{agency}\n{time}"
    level: Literal["b-b", "b-t", "b-lt", "b-lta"] = "b-t"


class FieldRules(Rules):
    """One fact to be read off the paper: where it stands and how it must look."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    label: str
    anchors: tuple[str, ...] = ()
    kind: Literal["text", "name", "date", "year", "sex", "personal_number", "decision_number"] = (
        "text"
    )
    required: bool = False


class Paper(Dated):
    """A kind of paper: what it is, what is read from it, what the rules ask of it."""

    code: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    #: Titles printed on page 1, by which the paper is known in a stack.
    headings: tuple[str, ...] = ()
    #: Kind of copy named in the agency's signature (NĐ 30/2020): SAO Y, SAO LỤC, TRÍCH SAO.
    copy_kind: Literal["SAO Y", "SAO LỤC", "TRÍCH SAO"] = "SAO Y"
    sensitive: bool = False
    #: False for papers only to be read, never kept (an ID card is sensitive: NĐ 356/2025).
    keep: bool = True
    identifies_owner: bool = False
    valid_years: int | None = Field(default=None, ge=1)
    pages: PageRules = PageRules()
    fields: tuple[FieldRules, ...] = ()
    seal: SealRules | None = None
    signatures: tuple[SignatureRules, ...] | None = None


class Component(Rules):
    """One paper a procedure asks for."""

    paper: Name
    required: bool = True
    reusable: bool = True
    note: str = ""
    note_en: str = ""


class Procedure(Dated):
    """An administrative procedure and the papers it needs."""

    code: str = Field(min_length=1)
    components: tuple[Component, ...] = Field(min_length=1)


class Signer(Rules):
    """A signing key: the module that drives the token, the token, the key in it."""

    role: Literal["clerk", "agency"]
    module: str
    token_serial: str
    #: CKA_ID of key and certificate, hexadecimal. Never the label: tokens label them differently.
    key_id: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})+$")]
    display_name: str = ""


class Office(Dated):
    """How an office works: its name, its services, its signers, its way with codes."""

    code: str = Field(min_length=1)
    agency: str = Field(min_length=1)
    system: str = "sohoa"
    #: TT 01/2023 Điều 10 leaves separators and serial open, hence a template.
    record_code: str = "{owner}.{type}.{serial:06d}"
    dossier_code: str = "{office}-{date:%Y%m%d}-{serial:07d}"
    #: SANE name of the counter's scanner; empty: the only one there is.
    scanner: str = ""
    scan_source: Literal["adf", "adf-duplex", "flatbed"] = "adf-duplex"
    timestamp_urls: tuple[str, ...] = ()
    #: Files or folders with root certificates this office trusts; none is trusted by default.
    trust: tuple[str, ...] = ()
    #: Files with issuing certificates, for tokens that do not hold them.
    chain: tuple[str, ...] = ()
    seal: SealRules = SealRules()
    signatures: tuple[SignatureRules, ...] = (SignatureRules(role="agency"),)
    signers: dict[str, Signer] = {}

    @model_validator(mode="after")
    def _templates_work(self) -> Self:
        today = date(2026, 1, 1)
        try:
            self.record_code.format(owner="0", type="T", serial=1, office="O", date=today)
            self.dossier_code.format(office="O", serial=1, date=today)
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"code template: unknown or malformed placeholder {error}") from None
        return self
