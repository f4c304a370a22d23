"""Tokens and PINs: what is shown, what is asked, what is tried once and never again."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.util.rsa import encode_rsa_public_key
from pkcs11.util.x509 import decode_x509_certificate

from foundation.errors import ExitCode
from profiles.schema import Signer
from signing import drivers, errors
from signing.drivers import driver, known_modules
from signing.pades import SigningRequest, SignJob, sign_file, sign_files
from signing.pins import Pin, PinFromDescriptor, PinPrompt
from signing.rehearsal import Rehearsal
from signing.tokens import TokenInfo, list_tokens, open_token

RequestFor = Callable[..., SigningRequest]
_SPY = Path("/usr/lib/x86_64-linux-gnu/pkcs11-spy.so")


def _token(**changes: object) -> TokenInfo:
    values: dict[str, object] = {
        "module": "m", "slot": 0, "label": "Thẻ ký", "manufacturer": "x", "model": "y",
        "serial": "0001", "initialised": True, "pin_set": True, "pin_count_low": False,
        "pin_final_try": False, "pin_locked": False, "protected_path": False,
    }  # fmt: skip
    return TokenInfo(**(values | changes))  # type: ignore[arg-type]


def _add_key(
    pki: Rehearsal,
    key_id: str,
    *,
    foreign_key: bool = False,
    days: int = 1,
    sign: bool = True,
    each_time: bool = False,
) -> Signer:
    """A further RSA key on the clerk's token, with a certificate of the given kind."""
    signer = pki.signers["clerk"].model_copy(update={"key_id": key_id})
    with driver(pki.module) as library:
        token = library.get_token(token_serial=signer.token_serial.encode())
        with token.open(rw=True, user_pin=pki.pin_for("clerk").reveal()) as session:
            public, _private = session.generate_keypair(
                KeyType.RSA,
                2048,
                id=bytes.fromhex(key_id),
                label="more",
                store=True,
                private_template={Attribute.ALWAYS_AUTHENTICATE: each_time},
            )
            own = serialization.load_der_public_key(encode_rsa_public_key(public))
            keys = pki.certificates.parent / "keys"
            other = serialization.load_pem_public_key((keys / "clerk.pub.pem").read_bytes())
            issuer_key = serialization.load_pem_private_key(
                (keys / "issuing.pem").read_bytes(), None
            )
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vàng A Páo")])
            end = datetime.now(UTC) + timedelta(days=days)
            certificate = (
                x509.CertificateBuilder(name, name, other if foreign_key else own, 7)
                .not_valid_before(end - timedelta(days=30))
                .not_valid_after(end)
                .add_extension(x509.KeyUsage(sign, sign, not sign, *[False] * 6), critical=True)
                .sign(issuer_key, hashes.SHA256())
            )
            attributes = decode_x509_certificate(
                certificate.public_bytes(serialization.Encoding.DER)
            )
            session.create_object(
                attributes
                | {
                    Attribute.CLASS: ObjectClass.CERTIFICATE,
                    Attribute.TOKEN: True,
                    Attribute.LABEL: "a label that says nothing",
                    Attribute.ID: bytes.fromhex(key_id),
                }
            )
    return signer


def test_tokens_are_listed_without_a_pin(pki: Rehearsal) -> None:
    found = {token.serial: token for token in list_tokens([pki.module])}
    assert set(found) == {signer.token_serial for signer in pki.signers.values()}
    clerk = found[pki.signers["clerk"].token_serial]
    (certificate,) = (one for one in clerk.certificates if one.key_id == "01")
    assert (certificate.subject, certificate.has_key, certificate.may_sign) == (
        "Lò Thị Hạnh",
        True,
        True,
    )
    assert certificate.usages == {"digital_signature", "non_repudiation"}
    assert clerk.initialised
    assert clerk.pin_set
    assert not clerk.pin_locked


def test_the_drivers_of_this_machine_are_found_and_each_token_once(pki: Rehearsal) -> None:
    modules = known_modules()
    assert any("softhsm" in module for module in modules)
    assert not any("p11-kit" in module for module in modules)
    serials = [token.serial for token in list_tokens()]
    assert len(serials) == len(set(serials))
    assert pki.signers["agency"].token_serial in serials


def test_an_edited_driver_list_takes_the_place_of_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    monkeypatch.setattr(drivers, "_P11_KIT", ())
    (tmp_path / "drivers.toml").write_text(f'modules = ["{_SPY}", "/no/such.so"]')
    assert known_modules() == [str(_SPY.resolve())]
    (tmp_path / "drivers.toml").write_text("modules = 3")
    with pytest.raises(errors.BadDriverList, match=r"drivers\.toml"):
        known_modules()


def test_a_user_may_hide_one_of_the_drivers_p11_kit_is_configured_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pki: Rehearsal
) -> None:
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    (tmp_path / "drivers.toml").write_text("modules = []")
    system, own = tmp_path / "system", tmp_path / "own"
    for folder, module in ((system, pki.module), (own, _SPY)):
        folder.mkdir()
        (folder / "token.module").write_text(f"# a comment\nmodule: {module}\n")
    monkeypatch.setattr(drivers, "_P11_KIT", (system,))
    assert known_modules() == [str(Path(pki.module).resolve())]
    monkeypatch.setattr(drivers, "_P11_KIT", (own, system))
    assert known_modules() == [str(_SPY.resolve())]


def test_a_missing_driver_is_a_matter_of_setup() -> None:
    with pytest.raises(errors.DriverMissing) as missing:
        list_tokens(["/usr/lib/no-such-driver.so"])
    assert missing.value.exit_code == ExitCode.SETUP
    with pytest.raises(errors.DriverFault):
        list_tokens(["/usr/lib/x86_64-linux-gnu/libc.so.6"])


def test_a_token_that_is_not_there_is_named(pki: Rehearsal) -> None:
    absent = pki.signers["clerk"].model_copy(update={"token_serial": "ffff"})
    with (
        pytest.raises(errors.TokenNotFound, match="ffff"),
        open_token(absent, pki.pin_source("clerk")),
    ):
        pass


def test_a_key_that_is_not_there_is_named(pki: Rehearsal) -> None:
    absent = pki.signers["clerk"].model_copy(update={"key_id": "7f"})
    with pytest.raises(errors.KeyNotFound, match="7f"), open_token(absent, pki.pin_source("clerk")):
        pass
    with open_token(pki.signers["clerk"], pki.pin_source("clerk")) as session:  # still usable
        assert session.certificate.subject.native["common_name"] == "Lò Thị Hạnh"


def test_a_certificate_that_does_not_match_its_key_never_yields_a_file(
    pki: Rehearsal, request_for: RequestFor, page: Path, tmp_path: Path
) -> None:
    signer = _add_key(pki, "a1", foreign_key=True)
    job = SignJob(page, tmp_path / "out.pdf")
    with pytest.raises(errors.CertificateMismatch) as refused:
        sign_file(job, request_for("clerk", "b-b", signer=signer), pki.pin_source("clerk"))
    assert refused.value.exit_code == ExitCode.TOKEN
    assert not job.target.exists()


def test_an_expired_certificate_is_refused_with_its_dates(pki: Rehearsal) -> None:
    signer = _add_key(pki, "a2", days=-2)
    with (
        pytest.raises(errors.CertificateExpired, match="Vàng A Páo"),
        open_token(signer, pki.pin_source("clerk")),
    ):
        pass


def test_a_certificate_for_encryption_is_refused(pki: Rehearsal) -> None:
    signer = _add_key(pki, "a3", sign=False)
    with (
        pytest.raises(errors.CertificateNotForSigning),
        open_token(signer, pki.pin_source("clerk")),
    ):
        pass


def test_softhsm_signs_with_a_key_that_wants_the_pin_before_each_signature(
    pki: Rehearsal, request_for: RequestFor, make_pdf: Callable[..., Path], tmp_path: Path
) -> None:
    signer = _add_key(pki, "a4", each_time=True)
    jobs = [SignJob(make_pdf(tmp_path / f"{n}.pdf"), tmp_path / f"out/{n}.pdf") for n in "ab"]
    request = request_for("clerk", "b-b", signer=signer)
    results = sign_files(jobs, request, pki.pin_source("clerk"))
    assert [one.outcome for one in results] == ["signed", "signed"]


_WRONG_PIN = """
import os, sys
from pathlib import Path
from foundation.errors import SohoaError
from foundation.messages import set_language
from profiles.schema import SignatureRules, Signer
from signing import PinFromDescriptor, SigningRequest, SignJob, sign_files
set_language("en")
module, serial, page, out, fd = sys.argv[1:]
signer = Signer(role="clerk", module=module, token_serial=serial, key_id="01")
rules = SignatureRules(role="clerk", visible=False)
request = SigningRequest(signer, rules, "SAO Y", "X", "b-b")
jobs = [SignJob(Path(page), Path(out) / name) for name in ("1.pdf", "2.pdf")]
try:
    sign_files(jobs, request, PinFromDescriptor(int(fd)))
except SohoaError as error:
    print(error, repr(error), error.as_dict(), file=sys.stderr)
    print(Path("/proc/self/cmdline").read_bytes(), Path("/proc/self/environ").read_bytes())
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize(("right", "logins"), [(False, 1), (True, 1)])
def test_the_pin_is_tried_once_for_a_batch_and_is_seen_nowhere(
    right: bool, logins: int, pki: Rehearsal, page: Path, tmp_path: Path
) -> None:
    pin = pki.pin_for("clerk").reveal() if right else "77007700"
    log, out = tmp_path / "spy.log", tmp_path / "out"
    reading, writing = os.pipe()
    os.write(writing, f"{pin}\n".encode())
    os.close(writing)
    serial = pki.signers["clerk"].token_serial
    done = subprocess.run(
        [sys.executable, "-c", _WRONG_PIN, str(_SPY), serial, str(page), str(out), str(reading)],
        pass_fds=[reading],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PKCS11SPY": pki.module, "PKCS11SPY_OUTPUT": str(log)},
    )
    os.close(reading)
    calls = [line.split(": ")[-1].strip() for line in log.read_text().splitlines()]
    assert calls.count("C_Login") == logins
    assert pin not in done.stdout + done.stderr
    if right:
        assert (done.returncode, len(list(out.iterdir()))) == (0, 2)
    else:
        assert done.returncode == ExitCode.TOKEN
        assert "tried once" in done.stderr
        assert "Traceback" not in done.stderr
        assert not out.exists()
        (clerk,) = (t for t in list_tokens([pki.module]) if t.serial == serial)
        assert clerk.pin_count_low  # the token says so, and the next question warns
        with open_token(pki.signers["clerk"], pki.pin_source("clerk")):
            pass  # a right PIN sets the count back


def test_a_pin_does_not_print_pickle_or_outlive_its_use() -> None:
    pin = Pin("24681357")
    assert "24681357" not in f"{pin} {pin!r} {[pin]}"
    with pytest.raises(TypeError):
        pickle.dumps(pin)
    pin.forget()
    assert not pin
    assert pin.reveal() == ""


def test_two_tokens_take_two_lines_from_one_descriptor() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"1111\r\n2222\n")
    os.close(writing)
    source = PinFromDescriptor(reading)
    assert [source.pin_for(_token()).reveal() for _ in range(2)] == ["1111", "2222"]
    with pytest.raises(errors.NoPin):
        source.pin_for(_token())
    os.close(reading)


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nobody:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(errors.NoPin, match="--pin-fd"):
            PinPrompt().pin_for(_token())


def test_the_question_names_the_token_and_warns_after_a_wrong_pin(tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    program = (
        "from foundation.messages import set_language; set_language('vi')\n"
        "from signing.pins import PinPrompt; from signing.tokens import TokenInfo\n"
        "t = TokenInfo('m', 0, 'Thẻ ký', 'x', 'y', '0001', True, True, True, False, False, False)\n"
        "print('length', len(PinPrompt().pin_for(t).reveal()))\n"
    )
    child = pexpect.spawn(
        sys.executable, ["-c", program], cwd=str(Path(__file__).parents[2]), encoding="utf-8"
    )
    child.expect("Mã PIN .*Thẻ ký.*0001.*: ")
    warning = child.before
    child.sendline("135790")
    child.expect(pexpect.EOF)
    assert "sai" in warning
    assert "135790" not in child.before
    assert "length 6" in child.before
