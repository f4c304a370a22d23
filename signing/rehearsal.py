"""A rehearsal PKI: tokens, CAs, timestamps, OCSP and CRLs, all on this machine.

For ``sohoa demo``, for training clerks and for the tests: signing takes the same
path as with a real token, and nothing it makes is worth anything afterwards.

    with rehearsal_pki(Path("rehearsal")) as pki:
        sign_file(job, request_with(pki.signers["clerk"]), pki.pin_source("clerk"))
"""

import ctypes
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Literal
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import yaml
from asn1crypto import pem, x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11 import Attribute, KeyType, ObjectClass, TokenFlag
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key
from pkcs11.util.x509 import decode_x509_certificate

from profiles.schema import Signer
from signing.drivers import driver, find_module
from signing.errors import DriverMissing, RehearsalMissing
from signing.pins import Pin, PinInMemory

if TYPE_CHECKING:
    from certomancer.registry.pki_arch import PKIArchitecture
    from pkcs11.types import Session

Role = Literal["clerk", "agency"]
_SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
_ARCHITECTURE = "rehearsal"
#: RSA 2048 as the state's tokens have it, and ECDSA P-256: both kinds are rehearsed.
_KEYS: dict[Role, tuple[KeyType, str]] = {
    "clerk": (KeyType.RSA, "01"),
    "agency": (KeyType.EC, "02"),
}


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal offers while it lasts. Its PINs are held in memory only.

    ``certificates`` is a folder with the root's, the issuing CA's and the seal key's.
    """

    module: str
    signers: Mapping[Role, Signer]
    timestamp_url: str
    root_pem: Path
    certificates: Path
    seal_key: Path
    seal_pem: Path
    environ: Mapping[str, str]
    _pins: Mapping[Role, Pin] = field(repr=False)

    def pin_for(self, role: Role) -> Pin:
        """The PIN of the token of ``role``."""
        return self._pins[role]

    def pin_source(self, role: Role) -> PinInMemory:
        """The PIN of ``role`` as :func:`signing.sign_files` asks for it."""
        return PinInMemory(self._pins[role])


@contextmanager
def rehearsal_pki(folder: Path) -> Iterator[Rehearsal]:
    """Set up two tokens and their PKI in ``folder`` and serve it for the block.

    While the block runs, ``SOFTHSM2_CONF`` of this process names the tokens. The
    certificates stay in ``folder`` afterwards, so that what was signed can
    still be verified.

    Raises:
        RehearsalMissing: certomancer or SoftHSM2 is not installed; the message names
            the command that installs it.
    """
    _require_parts()
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    with _softhsm(folder) as environ:
        pins = {role: Pin(f"{secrets.randbelow(10**8):08d}") for role in _KEYS}
        serials = {role: _make_token(role, pins[role], keys) for role in _KEYS}
        _make_ca_keys(keys)
        with _serve(keys) as (url, pki):
            _deliver_certificates(pki, serials, pins)
            certificates = folder / "certificates"
            certificates.mkdir(exist_ok=True)
            root, _issuing, seal = (
                _certificate(pki, name, certificates) for name in ("root", "issuing", "seal")
            )
            signers = {
                role: Signer(
                    role=role, module=_SOFTHSM, token_serial=serials[role], key_id=_KEYS[role][1]
                )
                for role in _KEYS
            }
            try:
                yield Rehearsal(
                    module=_SOFTHSM,
                    signers=signers,
                    timestamp_url=f"{url}/{_ARCHITECTURE}/tsa/tsa",
                    root_pem=root,
                    certificates=certificates,
                    seal_key=keys / "seal.key.pem",
                    seal_pem=seal,
                    environ=environ,
                    _pins=pins,
                )
            finally:
                for pin in pins.values():
                    pin.forget()


def _require_parts() -> None:
    try:
        find_module(_SOFTHSM)
    except DriverMissing as error:
        raise RehearsalMissing(part="SoftHSM2", command="sudo apt-get install softhsm2") from error
    try:
        import certomancer.integrations.animator  # noqa: F401  asked for, not used yet
    except ImportError as error:
        command = 'pip install "sohoa[training]"'
        raise RehearsalMissing(part="certomancer", command=command) from error


@contextmanager
def _softhsm(folder: Path) -> Iterator[Mapping[str, str]]:
    """A token store of its own; the process' setting is put back afterwards."""
    store = (folder / "tokens").resolve()
    store.mkdir(parents=True, exist_ok=True)
    config = folder.resolve() / "softhsm2.conf"
    config.write_text(
        f"directories.tokendir = {store}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(config)
    try:
        yield {"SOFTHSM2_CONF": str(config)}
    finally:
        if before is None:
            os.environ.pop("SOFTHSM2_CONF", None)
        else:
            os.environ["SOFTHSM2_CONF"] = before


def _make_token(role: Role, pin: Pin, keys: Path) -> str:
    """A fresh token with a key made inside it; the public key goes to ``keys``. Its serial."""
    label = f"sohoa {role} {secrets.token_hex(3)}"
    security_officer = Pin(secrets.token_hex(8))
    with driver(_SOFTHSM) as library:
        free = next(
            slot
            for slot in library.get_slots()
            if not slot.get_token().flags & TokenFlag.TOKEN_INITIALIZED
        )
        _initialise(free.slot_id, label, security_officer)
    with driver(_SOFTHSM) as library:  # SoftHSM numbers its slots anew when it starts
        token = library.get_token(token_label=label)
        with token.open(rw=True, so_pin=security_officer.reveal()) as session:
            session.init_pin(pin.reveal())
        with token.open(rw=True, user_pin=pin.reveal()) as session:
            public = _generate_key(session, *_KEYS[role], label=label)
        (keys / f"{role}.pub.pem").write_bytes(pem.armor("PUBLIC KEY", public))
        return bytes(token.serial).decode().strip()


def _initialise(slot: int, label: str, pin: Pin) -> None:
    """C_InitToken, the one call python-pkcs11 does not wrap (PKCS#11 2.40, 5.5).

    Called in this process, and not through ``softhsm2-util``, to keep PINs out of
    command lines.
    """
    secret = pin.reveal().encode()
    result = ctypes.CDLL(_SOFTHSM).C_InitToken(
        ctypes.c_ulong(slot), secret, ctypes.c_ulong(len(secret)), label.encode().ljust(32)
    )
    if result != 0:
        detail = f"SoftHSM2 (C_InitToken: {result:#x})"
        raise RehearsalMissing(part=detail, command="sudo apt-get install --reinstall softhsm2")


def _generate_key(session: "Session", kind: KeyType, key_id: str, *, label: str) -> bytes:
    """Make a key pair in the token; its public key as DER (SubjectPublicKeyInfo)."""
    named: dict[str, Any] = {"id": bytes.fromhex(key_id), "label": label, "store": True}
    if kind == KeyType.RSA:
        public, _private = session.generate_keypair(KeyType.RSA, 2048, **named)
        inner = encode_rsa_public_key(public)
        wrapped: bytes = x509.PublicKeyInfo.wrap(inner, "rsa").dump()
        return wrapped
    curve = encode_named_curve_parameters("secp256r1")
    parameters = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: curve}, local=True
    )
    public, _private = parameters.generate_keypair(**named)
    return bytes(encode_ec_public_key(public))


def _make_ca_keys(keys: Path) -> None:
    for name in ("root", "issuing", "tsa", "ocsp", "seal.key"):
        encoded = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = keys / f"{name}.pem"
        path.touch(mode=0o600)
        path.write_bytes(encoded)


def _certificate(pki: "PKIArchitecture", name: str, folder: Path) -> Path:
    """Where a certificate of the PKI was written to, in PEM."""
    from certomancer.registry import CertLabel

    path = folder / f"rehearsal-{name}.pem"
    path.write_bytes(pem.armor("CERTIFICATE", pki.get_cert(CertLabel(name)).dump()))
    return path


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: requests are not the user's business."""


@contextmanager
def _serve(keys: Path) -> "Iterator[tuple[str, PKIArchitecture]]":
    """The PKI on a free loopback port, from a thread. Its URL and its architecture."""
    from certomancer.integrations.animator import Animator, AnimatorArchStore
    from certomancer.registry import ArchLabel
    from certomancer.registry.config import CertomancerConfig

    settings = yaml.safe_load(Path(__file__).with_name("rehearsal.yml").read_text("utf-8"))
    with make_server("127.0.0.1", 0, _not_ready, _Server, _QuietHandler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        config = CertomancerConfig(settings, key_search_dir=str(keys), external_url_prefix=url)
        server.set_app(Animator(AnimatorArchStore(config.pki_archs), with_web_ui=False))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield url, config.get_pki_arch(ArchLabel(_ARCHITECTURE))
        finally:
            server.shutdown()
            thread.join()


def _not_ready(_environ: object, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [])
    return []


def _deliver_certificates(
    pki: "PKIArchitecture", serials: Mapping[Role, str], pins: Mapping[Role, Pin]
) -> None:
    """Write each signer's certificate, and that of its CA, onto its token."""
    from certomancer.registry import CertLabel

    with driver(_SOFTHSM) as library:
        for role, serial in serials.items():
            token = library.get_token(token_serial=serial.encode())
            with token.open(rw=True, user_pin=pins[role].reveal()) as session:
                for name, key_id in ((role, _KEYS[role][1]), ("issuing", "ff")):
                    attributes = decode_x509_certificate(pki.get_cert(CertLabel(name)).dump())
                    attributes |= {
                        Attribute.CLASS: ObjectClass.CERTIFICATE,
                        Attribute.TOKEN: True,
                        Attribute.LABEL: name,
                        Attribute.ID: bytes.fromhex(key_id),
                    }
                    session.create_object(attributes)
