"""Trust files, the rehearsal itself."""

import hashlib
import os
import sys
from pathlib import Path

import pytest
from asn1crypto import pem

from foundation.errors import ExitCode
from signing import errors
from signing.rehearsal import Rehearsal, rehearsal_pki
from signing.tokens import list_tokens
from signing.trust import load_anchors


def test_roots_come_from_pem_der_bundles_and_folders(pki: Rehearsal, tmp_path: Path) -> None:
    armoured = pki.root_pem.read_bytes()
    _kind, _headers, der = pem.unarmor(armoured)
    (tmp_path / "root.der").write_bytes(der)
    (tmp_path / "bundle.pem").write_bytes(armoured + b"\n" + armoured)
    (tmp_path / "notes.txt").write_text("not a certificate")
    (anchor,) = load_anchors([tmp_path, pki.root_pem])
    assert anchor.name == "CA GỐC TẬP DƯỢT - KHÔNG DÙNG THẬT"
    assert anchor.fingerprint.replace(":", "").lower() == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_bad_trust_file_is_named(content: bytes, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_bytes(content)
    with pytest.raises(errors.BadTrustFile, match=r"bad\.pem") as named:
        load_anchors([bad])
    assert named.value.exit_code == ExitCode.INPUT


def test_a_missing_trust_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path):
        with pytest.raises(errors.BadTrustFile, match=path.name):
            load_anchors([path])


def test_the_rehearsal_shows_no_pin_and_puts_the_process_back(tmp_path: Path) -> None:
    before = os.environ.get("SOFTHSM2_CONF")
    with rehearsal_pki(tmp_path) as own:
        pins = {own.pin_for(role).reveal() for role in own.signers}
        assert len(pins) == 2
        assert not any(pin in repr(own) for pin in pins)
        assert os.environ["SOFTHSM2_CONF"] == own.environ["SOFTHSM2_CONF"]
        written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        assert not any(pin.encode() in written for pin in pins)
        pin = own.pin_for("clerk")
    assert os.environ.get("SOFTHSM2_CONF") == before
    assert not pin
    assert own.root_pem.is_file()  # what was signed can still be verified


def test_without_certomancer_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "certomancer.integrations.animator", None)
    with (
        pytest.raises(errors.RehearsalMissing, match=r"sohoa\[training\]") as missing,
        rehearsal_pki(tmp_path),
    ):
        pass
    assert missing.value.exit_code == ExitCode.SETUP


def test_a_rehearsal_may_be_repeated_in_the_same_folder(tmp_path: Path) -> None:
    serials = set()
    for _ in range(2):
        with rehearsal_pki(tmp_path) as own:
            assert own.signers["clerk"].token_serial in {
                token.serial for token in list_tokens([own.module])
            }
            serials.add(own.signers["clerk"].token_serial)
    assert len(serials) == 2
