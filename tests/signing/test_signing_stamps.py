"""A timestamp over a digest holds for that digest, by that service, and for nothing else."""

from hashlib import sha256

import pytest

from foundation.times import utc_now
from profiles.schema import ServiceRules
from signing.errors import TimestampUnavailable
from signing.stamps import stamp, stamped_at

DIGEST = sha256(b"what is on record").digest()


def test_a_stamp_says_when_a_digest_was_there(pki) -> None:
    before = utc_now()
    token = stamp(DIGEST, [pki.timestamp_url], ServiceRules())
    moment = stamped_at(token, DIGEST, [pki.root_pem], [pki.certificates])
    assert moment is not None
    assert abs((moment - before).total_seconds()) < 60


def test_a_stamp_over_something_else_or_by_nobody_known_does_not_hold(pki) -> None:
    token = stamp(DIGEST, [pki.timestamp_url], ServiceRules())
    assert stamped_at(token, sha256(b"else").digest(), [pki.root_pem], [pki.certificates]) is None
    assert stamped_at(token, DIGEST, [pki.seal_pem]) is None


@pytest.mark.parametrize("place", [10, 200, 600, -40])
def test_a_stamp_with_a_changed_byte_does_not_hold(pki, place) -> None:
    token = bytearray(stamp(DIGEST, [pki.timestamp_url], ServiceRules()))
    token[place] ^= 1
    assert stamped_at(bytes(token), DIGEST, [pki.root_pem], [pki.certificates]) is None


@pytest.mark.parametrize("token", [b"", b"0", b"no token at all", bytes(1000)])
def test_what_is_no_token_does_not_hold(pki, token) -> None:
    assert stamped_at(token, DIGEST, [pki.root_pem]) is None


def test_a_service_that_does_not_answer_is_named() -> None:
    with pytest.raises(TimestampUnavailable, match=r"127\.0\.0\.1:9"):
        stamp(DIGEST, ["http://127.0.0.1:9"], ServiceRules(rounds=1))
