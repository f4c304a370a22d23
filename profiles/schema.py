"""What a profile may say. Every key is declared here; a key nobody declared is refused.

Rules of the land change, so they live in dated TOML files (``valid_from``,
``valid_to``) and never in code. Rule numbers quoted in the files name their source.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from foundation.messages import N_
from profiles.base import Dated, Name, Rules
from profiles.exchange import Webhook
from profiles.serving import ServeRules
from profiles.work import BatchRules, Limits, MasterRules, QualityRules, Staff, TargetRules

Place = Literal["top-right", "top-left", "bottom-right", "bottom-left"]
SealField = Literal[
    "record_code",
    "dossier_code",
    "procedure_code",
    "owner",
    "paper_name",
    "paper_type",
    "system",
    "issued_at",
]


class LegalBasis(Dated):
    """On what ground a paper is kept or handed out: a law, or the owner's consent."""

    kind: Literal["law", "consent"]
    #: The articles, as they are quoted in receipts and in the audit.
    rule: str = Field(min_length=1)


class Notice(Dated):
    """What an owner is told before they agree, in both languages."""

    text: str = Field(min_length=1)
    text_en: str = Field(min_length=1)
    #: Age in full years below which a parent or guardian agrees in the owner's place.
    adult_age: int = Field(default=16, ge=0, le=30)


class PageRules(Rules):
    """How the pages of a paper are made and how good they must be."""

    layers: Literal["faithful", "compact"] = "faithful"
    jpeg_quality: int = Field(default=80, ge=50, le=100)
    ocr_language: str = "vie"
    #: Where the recognised text has its tone marks: ``old`` hòa, ``new`` hoà, as printed. State
    #: documents mostly print hòa.
    tone_marks: Literal["old", "new", "as-printed"] = "old"
    #: NĐ 30/2020 Phụ lục I: a digitised copy has at least 200 dpi.
    min_dpi: int = Field(default=200, ge=72, le=1200)
    #: Mean Tesseract word confidence, 0-100, below which a written page is doubtful.
    min_confidence: float = Field(default=55.0, ge=0, le=100)
    #: Standard deviation, millimetres, by which edges of print may be smeared: sharp sheets
    #: come to 0.20-0.24; at 0.43 (4 pixels at 300 dpi) one word in seven is misread.
    max_blur: float = Field(default=0.36, ge=0.2, le=2)
    #: How much darker than the paper print must be, 0-1 (faded print on good sheets: 0.48).
    min_contrast: float = Field(default=0.28, ge=0, le=1)
    #: Brightness of the paper's brightest colour, 0-1 of white (tinted, shaded paper: 0.83).
    min_brightness: float = Field(default=0.5, ge=0, le=1)
    #: Share of its light a shadow may take from the paper (good sheets: none).
    max_shadow: float = Field(default=0.25, ge=0, le=1)
    #: How much darker than beside it a streak through the sheet may be (worn rollers: 0.4).
    max_streak: float = Field(default=0.5, ge=0, le=1)
    #: Pages a whole document of this kind has, blanks aside; None: any number.
    page_count: int | None = Field(default=None, ge=1)
    scan_dpi: int = Field(default=300, ge=100, le=1200)
    scan_mode: Literal["color", "gray"] = "color"


class SealRules(Rules):
    """The QR code on page 1 (TT 01/2023 Điều 26: ISO/IEC 18004, top left)."""

    #: ``fields`` in plain text, ``signed`` by the office's seal key so that it can be checked
    #: off-line, or the ``url`` of a page that knows the record.
    form: Literal["fields", "signed", "url"] = "fields"
    #: Address for the ``url`` form, of the verification page: https://host/v/{check_code}. The
    #: check code stands for the record code and tells nobody the number in it; {record_code}
    #: and the other fields are filled in too, as long as no owner's number gets into the address.
    url: str = ""
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
        has_code = "{check_code}" in self.url or "{record_code}" in self.url
        if self.form == "url" and not has_code:
            raise ValueError(N_("the form “url” needs a url with {check_code} or {record_code}"))
        return self


class SignatureRules(Rules):
    """One signature: whose, visible or not, and how it reads (NĐ 30/2020 Phụ lục I)."""

    role: Literal["clerk", "agency"]
    #: Whose signature must stand there already; empty: anybody may be first.
    after: Literal["", "clerk", "agency"] = ""
    visible: bool = True
    place: Place = "top-right"
    #: Where else the text may stand when something is printed there, in this order.
    also: tuple[Place, ...] = ("top-left", "bottom-right", "bottom-left")
    width_mm: float = Field(default=70.0, ge=30, le=120)
    font_size_pt: float = Field(default=10.0, ge=6, le=16)
    #: Lines of the visible text; {kind}, {agency}, {signer}, {time} are filled in.
    text: str = "{kind}\n{agency}\n{time}"
    #: PNG beside the text, only where the rules want one: an officer's own signature (blue) or
    #: the agency's seal (red), transparent. Empty for digitised copies: NĐ 30/2020 wants none.
    image: str = ""
    image_height_mm: float = Field(default=20.0, ge=5, le=50)
    level: Literal["b-b", "b-t", "b-lt", "b-lta"] = "b-t"


Kind = Literal[
    "text", "name", "date", "year", "sex", "personal_number", "id_number", "number",
    "decision_number", "tax_code", "money", "area",
]  # fmt: skip


class FieldRules(Rules):
    """One fact to be read off the paper: where it stands and how it must look.

    Labels are compared letter by letter without marks, case and punctuation, and some
    letters may be misread; ``Họ và tên`` finds ``HỌ VÀ TÊN :`` and ``Ho va tẽn``.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    label: str
    #: The printed label in all its spellings; for a signature the signer's titles.
    anchors: tuple[str, ...] = ()
    kind: Kind = "text"
    required: bool = False
    #: ``label``: after its label, in its column or below it. ``sentence``: after a phrase in
    #: running text. ``signature``: the printed name of who signed. ``date-line``: where the paper
    #: is dated, place and day, never the date of what it cites. ``anywhere``: no label, the
    #: first that looks like it.
    place: Literal["label", "sentence", "signature", "date-line", "anywhere"] = "label"
    #: It stands below one of these labels (the mother's name), and above these others.
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    #: Rows of print the value may take at most.
    lines: int = Field(default=1, ge=1, le=6)
    #: Regular expression the value contains; its first group, if any, is the value.
    pattern: str = ""
    #: Looked for without its label where that cannot be read: only for kinds that no other
    #: print looks like, such as a number of 12 digits.
    unlabelled: bool = False
    #: What of an identity card's QR code says the same.
    qr: Literal["", "number", "full_name", "birth_date", "sex", "residence", "issued"] = ""
    #: Names of fields it must not contradict: a number sex and birth, a date the one in words.
    agrees_with: tuple[str, ...] = ()

    @field_validator("pattern")
    @classmethod
    def _pattern_works(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(N_("it is no regular expression")) from error
        return pattern


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
    #: Name of the legal basis it is kept on when it is deposited by itself; as a component of a
    #: dossier it is kept only with the owner's consent (NĐ 45/2020 Điều 16).
    basis: Name = "dong-y"
    valid_years: int | None = Field(default=None, ge=1)
    pages: PageRules = PageRules()
    #: Sides such a paper has at most; what follows in a stack is another paper.
    most_sides: int | None = Field(default=None, ge=1)
    fields: tuple[FieldRules, ...] = ()
    #: Labels printed on the paper at which a field's value ends, beside those of the fields.
    labels: tuple[str, ...] = ()
    seal: SealRules | None = None
    signatures: tuple[SignatureRules, ...] | None = None
    #: What becomes of a backlog's scans of such papers.
    masters: MasterRules = MasterRules()

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        names = [one.name for one in self.fields]
        unknown = {other for one in self.fields for other in one.agrees_with} - set(names)
        if unknown:
            raise ValueError(N_("agrees_with names a field that this paper does not have"))
        if len(set(names)) < len(names):
            raise ValueError(N_("two fields have the same name"))
        return self


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
    #: Whether it ends in a written result, which indicator 4.1 of QĐ 766 counts.
    gives_result: bool = True
    #: Name of the legal basis on which papers held by law are used in it.
    basis: Name = "tai-su-dung"


class Signer(Rules):
    """A signing key: the module that drives the token, the token, the key in it."""

    kind: Literal["token"] = "token"
    role: Literal["clerk", "agency"]
    module: str
    token_serial: str
    #: CKA_ID of key and certificate, hexadecimal. Never the label: tokens label them differently.
    key_id: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})+$")]
    display_name: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells this key from every other."""
        return self.token_serial, self.key_id.lower()


class RemoteSigner(Rules):
    """A key held by a remote service (Cloud Signature Consortium API)."""

    kind: Literal["remote"]
    role: Literal["clerk", "agency"]
    #: Address of the service, without ``/csc/v1``.
    url: str
    #: ``v1``: version 1.0.4; ``v2``: version 2.0, which names some parameters otherwise.
    api: Literal["v1", "v2"] = "v1"
    #: The credential's id at the service; ``sohoa devices`` lists them.
    credential: Annotated[str, Field(min_length=1, max_length=256)]
    #: How the office is let in: with a ready OAuth 2 access ``token``, by name and password
    #: (``login``: auth/login), by an OAuth 2 ``client`` secret, or not at all.
    access: Literal["token", "login", "client", "none"] = "token"
    #: File (mode 0600) with token, password or secret; without one it is asked for.
    access_file: str = ""
    #: Name for ``login``, client id for ``client``.
    account: str = ""
    #: Where a ``client`` gets its token (RFC 6749 4.4).
    token_url: str = ""
    #: Certificates (PEM) by which the service's TLS is known, where its issuer is no public one.
    tls_trust: str = ""
    display_name: str = ""

    @field_validator("url", "token_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        parts = urlsplit(url)
        loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if url and not (parts.hostname and parts.scheme in ("https", "http")):
            raise ValueError(N_("it is no address of the kind https://…"))
        if url and parts.scheme == "http" and not loopback:
            raise ValueError(
                N_("it must begin with https://: codes would go over the net in clear")
            )
        if parts.username or parts.password:
            raise ValueError(N_("no name or password in an address: use account and access_file"))
        return url.rstrip("/")

    @model_validator(mode="after")
    def _has_what_access_needs(self) -> Self:
        if self.access in ("login", "client") and not self.account:
            raise ValueError(N_("this kind of access needs an account"))
        if self.access == "client" and not self.token_url:
            raise ValueError(N_("access = “client” needs a token_url"))
        return self

    @property
    def key(self) -> tuple[str, str]:
        """What tells this key from every other."""
        return self.url, self.credential


def _kind_of(signer: Any) -> str:
    kind = signer.get("kind", "token") if isinstance(signer, dict) else getattr(signer, "kind", "")
    return str(kind)


#: A key of either kind; ``kind`` may be left out for a token's.
AnySigner = Annotated[
    Annotated[Signer, Tag("token")] | Annotated[RemoteSigner, Tag("remote")],
    Discriminator(_kind_of),
]


class Credential(Rules):
    """The key that signs the office's seals: PEM files, ECDSA P-256, the key with mode 0600."""

    key: str
    certificate: str


class ServiceRules(Rules):
    """How long services on the network are waited for, and what is taken from them."""

    #: Seconds one answer may take. Public time-stamping services were seen to take 2 to 131.
    timeout: float = Field(default=30.0, ge=1, le=300)
    #: Rounds through the list of time-stamping services before giving up.
    rounds: int = Field(default=2, ge=1, le=10)
    #: Accepted policies of timestamps (RFC 3161 2.4.2), as dotted numbers; empty: any.
    timestamp_policies: tuple[Annotated[str, Field(pattern=r"^[0-2](\.\d+)+$")], ...] = ()
    #: ``queue``: where no service answers, files are signed at B-B, put on a list, and lifted
    #: with ``sohoa sign --upgrade`` when the network is back. ``stop``: nothing is signed then.
    offline: Literal["stop", "queue"] = "stop"
    #: Archive timestamps are renewed, and people warned, this many days before the end.
    renew_days: int = Field(default=90, ge=1, le=36500)


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
    services: ServiceRules = ServiceRules()
    #: Files or folders with root certificates this office trusts; none is trusted by default.
    trust: tuple[str, ...] = ()
    #: Files with issuing certificates, for tokens that do not hold them.
    chain: tuple[str, ...] = ()
    seal: SealRules = SealRules()
    credential: Credential | None = None
    limits: Limits = Limits()
    serve: ServeRules = ServeRules()
    batch: BatchRules = BatchRules()
    #: Name of the notice read to owners before they are asked to agree.
    notice: Name = "luu-kho"
    #: Name of the form in which records leave for other systems.
    component_form: Name = "thanh-phan-2026"
    #: SHA-256 of the certificates whose packages are taken in; empty: any that is trusted.
    senders: tuple[Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}:?){32}$")], ...] = ()
    #: Who is told of events in the store, by names of the office's choice.
    webhooks: dict[Name, Webhook] = Field(default={})
    signatures: tuple[SignatureRules, ...] = (SignatureRules(role="agency"),)
    signers: dict[str, AnySigner] = Field(default_factory=dict)
    quality: QualityRules = QualityRules()
    targets: TargetRules = TargetRules()
    #: By a short name of our own: who works here, and who may accept what others made.
    staff: dict[Name, Staff] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _templates_work(self) -> Self:
        today = date(2026, 1, 1)
        try:
            self.record_code.format(owner="0", type="T", serial=1, office="O", date=today)
            self.dossier_code.format(office="O", serial=1, date=today)
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"code template: unknown or malformed placeholder {error}") from None
        return self
