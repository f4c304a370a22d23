"""A signature beside what it signs: made with a token, judged like those in PDF files."""

import random

import pytest
from asn1crypto import cms, core

from signing.detached import open_sealer, verify_detached
from signing.errors import TimestampUnavailable, WrongPin
from signing.pins import Pin, PinInMemory

DATA = "<danh-mục/>".encode()


@pytest.fixture(scope="module")
def sealed(pki, request_for) -> bytes:
    with open_sealer(request_for("agency"), pki.pin_source("agency")) as seal:
        return seal(DATA)


def test_it_is_valid_under_the_roots_relied_on_and_names_signer_and_time(pki, sealed) -> None:
    verdict = verify_detached(sealed, DATA, [pki.root_pem])
    assert (verdict.verdict, verdict.level, verdict.trusted) == ("valid", "b-t", True), verdict
    assert verdict.signer == "ỦY BAN NHÂN DÂN XÃ HÒA AN"
    assert verdict.timestamp is not None
    held = cms.ContentInfo.load(sealed)["content"]["signer_infos"][0]["signed_attrs"]
    names = {one["type"].native for one in held}
    assert {"content_type", "message_digest", "signing_time", "signing_certificate_v2"} <= names


def test_without_a_root_it_is_undecided_and_over_other_bytes_invalid(pki, sealed) -> None:
    assert verify_detached(sealed, DATA, []).cause == "no-roots"
    assert verify_detached(sealed, DATA, [pki.seal_pem]).cause == "no-roots"
    verdict = verify_detached(sealed, DATA + b" ", [pki.root_pem])
    assert (verdict.verdict, verdict.cause) == ("invalid", "altered")


def test_whatever_bit_is_flipped_it_is_not_valid(pki, sealed) -> None:
    chance = random.Random(7)  # noqa: S311  which bits, no secret
    for place in chance.sample(range(len(sealed)), 60):
        bent = bytearray(sealed)
        bent[place] ^= 1 << chance.randrange(8)
        assert verify_detached(bytes(bent), DATA, [pki.root_pem]).verdict != "valid", place


@pytest.mark.parametrize(
    "garbage", [b"", b"0", b"\x30\x80", b"PK\x03\x04", b"\x30\x03\x02\x01\x01"]
)
def test_what_is_no_signature_gets_a_verdict_too(pki, garbage) -> None:
    assert verify_detached(garbage, DATA, [pki.root_pem]).verdict == "invalid"


def test_a_signature_that_holds_its_content_is_not_taken_for_one_beside_it(pki, sealed) -> None:
    info = cms.ContentInfo.load(sealed)
    info["content"]["encap_content_info"]["content"] = core.OctetString(b"another")
    verdict = verify_detached(info.dump(), DATA, [pki.root_pem])
    assert (verdict.verdict, verdict.cause) == ("invalid", "container")


def test_a_wrong_pin_and_a_dead_service_sign_nothing(pki, request_for) -> None:
    wrong = PinInMemory(Pin("00000"))
    with pytest.raises(WrongPin), open_sealer(request_for("agency"), wrong):
        pass
    dead = request_for("agency", timestamp_urls=("http://127.0.0.1:9/tsa",))
    with (
        pytest.raises(TimestampUnavailable),
        open_sealer(dead, pki.pin_source("agency")) as seal,
    ):
        seal(DATA)
    offline = request_for("agency", level="b-b")
    with open_sealer(offline, pki.pin_source("agency")) as seal:
        assert verify_detached(seal(DATA), DATA, [pki.root_pem]).level == "b-b"
