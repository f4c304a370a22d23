"""Receipts are checked by anybody's tools, and hold no byte that could be changed unseen."""

import base64
import json
import subprocess
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation import ExitCode
from warehouse import open_warehouse
from warehouse.receipts import (
    KeyUnusable,
    ReceiptInvalid,
    Signer,
    check,
    issue,
    known_keys,
    load_key,
    store_signer,
)

SAID = {"what": "Giấy khai sinh", "number": 7, "list": ["a", "b"]}


@pytest.fixture(scope="module")
def signer(tmp_path_factory) -> Signer:
    folder = tmp_path_factory.mktemp("keys")
    return store_signer(folder)


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_receipt_says_what_it_was_given(signer) -> None:
    receipt = check(issue("test", SAID, signer), {signer.id: signer.public}, "test")
    assert (receipt.said, receipt.kind, receipt.key) == (SAID, "test", signer.id)
    assert receipt.known
    assert not check(issue("test", SAID, signer), {}).known


def test_openssl_agrees_with_the_signature(signer, tmp_path) -> None:
    header, body, signature = issue("test", SAID, signer).split(".")
    assert json.loads(unpacked(header))["alg"] == "ES256"
    raw = unpacked(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    (tmp_path / "signature").write_bytes(utils.encode_dss_signature(r, s))
    (tmp_path / "signed").write_text(f"{header}.{body}")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = signer.public.public_bytes(serialization.Encoding.PEM, form)
    (tmp_path / "key.pem").write_bytes(public)
    command = "openssl dgst -sha256 -verify key.pem -signature signature signed"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == b"Verified OK\n"


def test_a_key_is_named_by_its_thumbprint() -> None:
    """The example key of RFC 7515, A.3; its thumbprint by RFC 7638 from openssl's SHA-256."""
    x = unpacked("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
    y = unpacked("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
    numbers = (int.from_bytes(part, "big") for part in (x, y))
    key = ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1()).public_key()
    assert Signer(key, lambda _: b"").id == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_character_of_a_receipt_can_be_changed(signer, data) -> None:
    text = issue("test", SAID, signer)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != text[place]))
    with suppress(ReceiptInvalid):
        receipt = check(text[:place] + other + text[place + 1 :], {signer.id: signer.public})
        assert receipt.said == SAID  # base64url ignores what is left of its last character


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200) | st.binary(max_size=60).map(lambda b: f"{b.hex()}.e30.e30"))
def test_what_is_no_receipt_is_refused(text) -> None:
    with pytest.raises(ReceiptInvalid) as caught:
        check(text, {})
    assert caught.value.exit_code == ExitCode.SIGNATURE


def test_a_receipt_of_another_kind_is_refused(signer) -> None:
    with pytest.raises(ReceiptInvalid):
        check(issue("release-receipt", SAID, signer), {}, "consent-receipt")


def test_the_stores_key_is_made_once_and_private(folder, kho) -> None:
    key = folder / "keys" / "receipts.key"
    before = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    with open_warehouse(folder):
        pass
    assert key.read_bytes() == before
    assert list(known_keys(folder)) == [store_signer(folder).id]


def test_what_an_earlier_key_signed_stays_good_under_a_new_one(folder, put, pdf, kho) -> None:
    put(pdf("a"))
    key = ec.generate_private_key(ec.SECP256R1())
    other = Signer(key.public_key(), lambda data: key.sign(data, ec.ECDSA(_sha256())))
    with open_warehouse(folder, signer=other) as again:
        again.new_code("{serial}", "1", "K", "H99", _day())
        assert again.account.verify().ok
    assert set(known_keys(folder)) == {store_signer(folder).id, other.id}


def test_a_file_without_such_a_key_is_named(tmp_path) -> None:
    path = tmp_path / "key.pem"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = rsa.generate_private_key(65537, 2048).public_key()
    for data in (b"nothing", public.public_bytes(serialization.Encoding.PEM, form)):
        path.write_bytes(data)
        with pytest.raises(KeyUnusable, match=r"key\.pem"):
            load_key(path)


def _sha256():
    from cryptography.hazmat.primitives.hashes import SHA256

    return SHA256()


def _day():
    from foundation.times import today

    return today()
