"""A signer's laboratory: certificates of every kind, files signed by other programs' rules.

Unlike the rehearsal it knows no token and no network but a list of revoked certificates, so
that thousands of files can be made and judged.
"""

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

DAY = timedelta(days=1)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey


@dataclass(frozen=True)
class Identity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def asn1(self) -> asn1_x509.Certificate:
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return asn1_x509.Certificate.load(der)

    @property
    def asn1_key(self) -> asn1_keys.PrivateKeyInfo:
        der = self.key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return asn1_keys.PrivateKeyInfo.load(der)


class Laboratory:
    """A root, an issuing CA, a timestamp service, and whoever is needed."""

    def __init__(self, folder: Path, crl_url: str) -> None:
        self._rsa = rsa.generate_private_key(65537, 2048)  # one for all: making them is slow
        self.crl_url = crl_url
        self.root = self._make("GỐC THỬ NGHIỆM", None, ca=True)
        self.issuing = self._make("CẤP THỬ NGHIỆM", self.root, ca=True)
        self.stamper = self.holder("Dấu thời gian", eku=ExtendedKeyUsageOID.TIME_STAMPING)
        self.signer = self.holder("Lò Thị Hạnh")
        self.revoked_at: dict[int, datetime] = {}
        self.root_pem = folder / "root.pem"
        self.root_pem.write_bytes(self.root.certificate.public_bytes(serialization.Encoding.PEM))

    def holder(self, name: str, **how: Any) -> Identity:
        """Somebody with a certificate of the issuing CA."""
        return self._make(name, how.pop("issuer", self.issuing), **how)

    def stranger(self, name: str) -> Identity:
        """Somebody with a certificate of their own making."""
        return self._make(name, None)

    def crl(self) -> bytes:
        """The list of what the issuing CA revoked."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder()
        builder = builder.issuer_name(self.issuing.certificate.subject)
        builder = builder.last_update(now - DAY).next_update(now + DAY)
        for serial, when in self.revoked_at.items():
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            builder = builder.add_revoked_certificate(one.build())
        signed = builder.sign(self.issuing.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)

    def sign(
        self,
        data: bytes,
        by: Identity | None = None,
        *,
        field: str = "Signature1",
        stamped: bool = False,
        pss: bool = False,
        spec: fields.SigFieldSpec | None = None,
        at: datetime | None = None,
        also: Sequence[Identity] = (),
        **metadata: Any,
    ) -> bytes:
        """Sign as pyHanko does, with its own updates of the metadata.

        Args:
            at: the clock's time.
            also: whose certificates go into the signature beside the issuing CA's.
        """
        by = by or self.signer
        values = {"md_algorithm": "sha256", "subfilter": fields.SigSeedSubFilter.PADES} | metadata
        signer = signers.SimpleSigner(
            signing_cert=by.asn1,
            signing_key=by.asn1_key,
            cert_registry=SimpleCertificateStore.from_certs(
                [one.asn1 for one in (self.issuing, *also)]
            ),
            prefer_pss=pss,
        )
        writer = _writer(data)
        tool = signers.PdfSigner(
            signers.PdfSignatureMetadata(field_name=field, **values),
            signer,
            timestamper=self.timestamper() if stamped else None,
            new_field_spec=spec,
        )
        if at is not None:
            begin = tool.init_signing_session

            def begin_then(*args: Any, **kwargs: Any) -> Any:
                session = begin(*args, **kwargs)
                session.system_time = at
                return session

            tool.init_signing_session = begin_then  # type: ignore[method-assign]
        return bytes(tool.sign_pdf(writer).getvalue())

    def timestamper(self, at: datetime | None = None) -> DummyTimeStamper:
        """The timestamp service; ``at`` sets its clock."""
        certificates = SimpleCertificateStore.from_certs([self.issuing.asn1])
        return DummyTimeStamper(
            self.stamper.asn1, self.stamper.asn1_key, certs_to_embed=certificates, fixed_dt=at
        )

    def archive(
        self, data: bytes, *, field: str | None = None, change: "Change | None" = None
    ) -> bytes:
        """Add a document timestamp, and with it what ``change`` does."""
        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        if change:
            change(writer)
        stamper = signers.PdfTimeStamper(self.timestamper(), field_name=field)
        out = stamper.timestamp_pdf(writer, "sha256", _lab_context(self))
        return bytes(out.getvalue())

    def _make(
        self,
        name: str,
        issuer: Identity | None,
        *,
        ca: bool = False,
        curve: ec.EllipticCurve | None = None,
        edwards: bool = False,
        bits: int = 2048,
        below: int | None = None,
        bound: x509.ExtensionType | None = None,
        eku: x509.ObjectIdentifier | None = None,
        usage: tuple[str, ...] = ("digital_signature", "content_commitment"),
        starts: timedelta = -365 * DAY,
        ends: timedelta = 3650 * DAY,
        crl: str = "",
    ) -> Identity:
        key: Key = self._rsa if bits == 2048 and not ca else rsa.generate_private_key(65537, bits)
        if curve:
            key = ec.generate_private_key(curve)
        if edwards:
            key = ed448.Ed448PrivateKey.generate()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + starts)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca, below), critical=True)
            .add_extension(_usage(("key_cert_sign", "crl_sign") if ca else usage), critical=True)
        )
        if eku:
            builder = builder.add_extension(x509.ExtendedKeyUsage([eku]), critical=True)
        if bound:
            builder = builder.add_extension(bound, critical=True)
        if crl:
            places = [x509.UniformResourceIdentifier(crl)]
            point = x509.DistributionPoint(places, None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        signing_key = issuer.key if issuer else key
        return Identity(builder.sign(signing_key, hashes.SHA256()), key)


def _lab_context(lab: Laboratory) -> Any:
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(trust_roots=[lab.root.asn1], allow_fetching=False)


def _usage(named: tuple[str, ...]) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in named for name in names})


@contextmanager
def laboratory(folder: Path) -> Iterator[Laboratory]:
    """A laboratory whose list of revoked certificates is served on loopback for the block."""
    lab: list[Laboratory] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = lab[0].crl()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        lab.append(Laboratory(folder, f"http://127.0.0.1:{server.server_port}/crl"))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield lab[0]
        finally:
            server.shutdown()


Change = Callable[[IncrementalPdfFileWriter], None]


def _writer(data: bytes) -> IncrementalPdfFileWriter:
    """A writer that takes what is not quite a PDF, and what opens without a password."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    if writer.security_handler is not None:
        writer.encrypt("")
    return writer


def append(data: bytes, change: Change) -> bytes:
    """The file with one more revision, as an attacker or a careless program adds it."""
    writer = _writer(data)
    writer._update_meta = lambda: None  # type: ignore[method-assign]
    writer._force_write_when_empty = True
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    assert len(out.getvalue()) > len(data)
    return out.getvalue()
