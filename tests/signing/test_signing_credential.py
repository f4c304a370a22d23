"""A seal is checked without a network; whatever is changed in it is found."""

import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import base45
import cbor2
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signing.credential import (
    PREFIX,
    SealClaims,
    SealKey,
    SealKeyUnusable,
    check,
    issue,
    load_seal_key,
)
from signing.rehearsal import Rehearsal

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FIELDS = {
    "record_code": "001087000084.KQ.G15.000031.000123",
    "dossier_code": "H99.01-20261122-0000123",
    "procedure_code": "1.004222",
    "owner": "001*******84",
    "paper_name": "Giấy chứng nhận quyền sử dụng đất",
    "paper_type": "KQ.G15.000031",
    "system": "sohoa",
}
CLAIMS = SealClaims(FIELDS, NOW, bytes(range(32)), bytes(range(113)), "H99.01")


@pytest.fixture(scope="module")
def key(pki: Rehearsal) -> SealKey:
    return load_seal_key(pki.seal_key, pki.seal_pem)


def test_a_seal_says_what_was_sealed_and_by_whom(pki: Rehearsal, key: SealKey) -> None:
    verdict = check(issue(CLAIMS, key), [pki.root_pem], NOW, known=[pki.certificates])
    assert (verdict.verdict, verdict.cause) == ("valid", "")
    assert (verdict.claims, verdict.signer) == (CLAIMS, "DẤU QR XÃ HÒA AN")


def test_the_fullest_seal_fits_version_20_at_level_m(key: SealKey) -> None:
    code = segno.make_qr(issue(CLAIMS, key), error="m", boost_error=False)
    assert code.mode == "alphanumeric"
    assert int(code.version) <= 20


def test_trust_is_only_what_is_named(pki: Rehearsal, key: SealKey) -> None:
    text = issue(CLAIMS, key)

    def cause(trust: list[Path], known: list[Path]) -> tuple[str, str]:
        verdict = check(text, trust, NOW, known=known)
        return verdict.verdict, verdict.cause

    assert cause([pki.seal_pem], []) == ("valid", "")
    assert cause([pki.root_pem], []) == ("indeterminate", "unknown-key")
    assert cause([], [pki.certificates]) == ("indeterminate", "untrusted")
    assert cause([pki.root_pem], [pki.seal_pem]) == ("indeterminate", "untrusted")  # a gap


def test_a_seal_from_the_future_or_before_its_certificate_does_not_hold(
    pki: Rehearsal, key: SealKey
) -> None:
    ahead = issue(CLAIMS, key)
    early = check(ahead, [pki.certificates], NOW - timedelta(hours=1))
    assert (early.verdict, early.cause) == ("invalid", "future")
    ancient = SealClaims(FIELDS, datetime(2024, 1, 1, tzinfo=UTC), b"", b"")
    verdict = check(issue(ancient, key), [pki.root_pem], NOW, known=[pki.certificates])
    assert (verdict.verdict, verdict.cause) == ("indeterminate", "out-of-date")


def test_another_owner_under_an_old_signature_is_found_out(pki: Rehearsal, key: SealKey) -> None:
    signed = zlib.decompress(base45.b45decode(issue(CLAIMS, key).removeprefix(PREFIX)))
    message = cbor2.loads(signed)
    token = cbor2.loads(message.value[2])
    token[-70001][4] = "002*******85"
    message.value[2] = cbor2.dumps(token)
    forged = PREFIX + base45.b45encode(zlib.compress(cbor2.dumps(message))).decode()
    verdict = check(forged, [pki.certificates], NOW)
    assert (verdict.verdict, verdict.cause) == ("invalid", "forged")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 2000), letter=st.sampled_from("0123456789ABCXYZ $%*+-./:"))
def test_no_changed_letter_passes(pki: Rehearsal, key: SealKey, place: int, letter: str) -> None:
    text = issue(CLAIMS, key)
    place %= len(text)
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        assert check(changed, [pki.certificates], NOW).verdict != "valid"


@settings(max_examples=150)
@given(st.text(max_size=300) | st.binary(max_size=300))
def test_anything_gets_a_verdict(rubbish: str | bytes) -> None:
    packed = rubbish if isinstance(rubbish, str) else base45.b45encode(zlib.compress(rubbish))
    text = packed if isinstance(packed, str) else packed.decode()
    assert check(PREFIX + text, [], NOW).verdict == "invalid"


def test_a_token_that_inflates_without_end_is_malformed() -> None:
    bomb = PREFIX + base45.b45encode(zlib.compress(bytes(5_000_000), 9)).decode()
    assert check(bomb, [], NOW).cause == "malformed"


@pytest.mark.parametrize("head", [b"\x81", b"\xa1\x01", b"\xd2", b"\x9f", b"\x5f"])
def test_a_token_nested_without_end_is_malformed(head: bytes) -> None:
    deep = head * (16_000 // len(head))
    for payload in (deep, b"\xd2\x84\x40\xa0\x59\x3a\x98" + deep[:15_000] + b"\x40"):
        text = PREFIX + base45.b45encode(zlib.compress(payload, 9)).decode()
        assert check(text, [], NOW).cause == "malformed"


@pytest.mark.parametrize(
    "odd",
    [
        cbor2.CBORTag(4, [9_999_999, 1]),  # ten million digits, once it is counted out
        cbor2.CBORTag(5, [99_999_999, 1]),
        cbor2.CBORTag(35, "(a*)*b"),
        float("nan"),
        10**4000,
    ],
    ids=["decimal", "binary", "pattern", "no-number", "huge"],
)
def test_claims_of_other_kinds_are_malformed(odd: object) -> None:
    honest = {1: "H99.01", 6: 1_764_000_000, -70001: {}, -70002: b"", -70003: b""}
    for claim in (6, 1):
        payload = cbor2.dumps(honest | {claim: odd})
        head = cbor2.dumps({1: -7, 4: bytes(8)})
        message = cbor2.dumps(cbor2.CBORTag(18, [head, {}, payload, bytes(64)]))
        text = PREFIX + base45.b45encode(zlib.compress(message)).decode()
        assert check(text, [], NOW).cause == "malformed"


def test_a_seal_by_another_offices_key_under_the_right_name_is_forged(
    pki: Rehearsal, key: SealKey
) -> None:
    stranger = SealKey(key.certificate, ec.generate_private_key(ec.SECP256R1()))
    verdict = check(issue(CLAIMS, stranger), [pki.root_pem], NOW, known=[pki.certificates])
    assert (verdict.verdict, verdict.cause) == ("invalid", "forged")


def test_a_seal_made_after_its_certificate_ran_out_is_not_relied_on(
    pki: Rehearsal, key: SealKey
) -> None:
    late = datetime(2046, 1, 1, tzinfo=UTC)
    text = issue(SealClaims(FIELDS, late, b"", b""), key)
    verdict = check(text, [pki.root_pem], late, known=[pki.certificates])
    assert (verdict.verdict, verdict.cause) == ("indeterminate", "out-of-date")


def test_a_key_open_to_others_or_of_another_certificate_is_refused(
    pki: Rehearsal, tmp_path: Path
) -> None:
    copy = tmp_path / "seal.key.pem"
    copy.write_bytes(pki.seal_key.read_bytes())
    copy.chmod(0o644)
    with pytest.raises(SealKeyUnusable, match="chmod 600"):
        load_seal_key(copy, pki.seal_pem)
    copy.chmod(0o600)
    assert load_seal_key(copy, pki.seal_pem).id
    for key, certificate in (
        (copy, pki.root_pem),
        (copy, copy),
        (pki.seal_pem, pki.seal_pem),
        (tmp_path / "none.pem", pki.seal_pem),
    ):
        if key == pki.seal_pem:
            key.chmod(0o600)
        with pytest.raises(SealKeyUnusable):
            load_seal_key(key, certificate)


def test_the_key_does_not_show_in_print(key: SealKey) -> None:
    assert "PRIVATE" not in repr(key)
    assert "_key" not in repr(key)
