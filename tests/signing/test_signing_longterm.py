"""What is signed to last: proven years later without any service, and renewed in time."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import simulate_future_ades_lta_validation
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from profiles.schema import ServiceRules
from signing import errors, rehearsal
from signing.changes import strict_policy
from signing.lifting import Lift, lift_files
from signing.pades import SignJob, sign_file
from signing.rehearsal import Rehearsal, rehearsal_pki
from signing.trust import load_anchors
from signing.verify import verify_file

#: The clerk's certificate of the rehearsal ends in 2045, the service's in 2050.
AFTER_THE_SIGNER = datetime(2047, 6, 1, tzinfo=UTC)


def pyhanko_says(file: Path, root: Path, at: datetime) -> list[object]:
    """pyHanko's own AdES verdict on each signature at a later moment, from the file alone."""
    (anchor,) = load_anchors([root])
    policy = CertValidationPolicySpec(
        SimpleTrustManager.build([anchor.certificate]), CertRevTrustPolicy(REQUIRE_REVINFO)
    )
    alone = RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY)
    spec = PdfSignatureValidationSpec(
        SignatureValidationSpec(policy, revinfo_gathering_policy=alone), strict_policy()
    )
    with file.open("rb") as stream:
        reader = PdfFileReader(stream)
        return [
            asyncio.run(simulate_future_ades_lta_validation(one, spec, at)).ades_subindic
            for one in reader.embedded_regular_signatures
        ]


def test_years_after_the_certificates_have_ended_the_file_alone_proves_who_signed(
    page: Path, tmp_path: Path, request_for: Callable[..., Any]
) -> None:
    once, late = tmp_path / "once.pdf", tmp_path / "late.pdf"
    signed, lifted = tmp_path / "signed.pdf", tmp_path / "lifted.pdf"
    with rehearsal_pki(tmp_path / "own") as own:

        def sign(source: Path, target: Path, role: rehearsal.Role, level: str) -> None:
            request = request_for(
                role,
                level,
                signer=own.signers[role],
                timestamp_urls=(own.timestamp_url,),
                trust=(own.root_pem,),
            )
            sign_file(SignJob(source, target), request, own.pin_source(role))

        sign(page, once, "clerk", "b-lta")
        sign(once, signed, "agency", "b-lta")
        sign(page, late, "clerk", "b-t")
        lift = Lift("b-lta", (own.timestamp_url,), (own.root_pem,))
        (result,) = lift_files([SignJob(late, lifted)], lift)
        assert result.outcome == "signed", result.error
    # From here on no service answers any more.
    for file, count in ((signed, 2), (lifted, 1)):
        said = pyhanko_says(file, own.root_pem, AFTER_THE_SIGNER)
        assert said == [AdESPassed.OK] * count
    # Without evidence in the file the same is not to be proven.
    without = pyhanko_says(late, own.root_pem, AFTER_THE_SIGNER)
    assert without != [AdESPassed.OK]


@pytest.fixture
def short_lived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """A rehearsal whose clerk's certificate ends some seconds after it was made."""
    read = rehearsal.yaml.safe_load

    def altered(text: str) -> Any:
        settings = read(text)
        ends = (datetime.now(UTC) + timedelta(seconds=9)).strftime("%Y-%m-%dT%H:%M:%S+0000")
        certificates = settings["pki-architectures"]["rehearsal"]["certs"]
        validity = {"valid-from": "2025-01-01T00:00:00+0000", "valid-to": ends}
        certificates["clerk"]["validity"] = validity
        certificates["agency"]["validity"] = {**validity, "valid-to": "2045-01-01T00:00:00+0000"}
        return settings

    monkeypatch.setattr(rehearsal.yaml, "safe_load", altered)
    with rehearsal_pki(tmp_path / "short") as own:
        yield own


def test_an_archive_timestamp_is_renewed_though_the_signers_certificate_has_ended(
    short_lived: Rehearsal, page: Path, tmp_path: Path, request_for: Callable[..., Any]
) -> None:
    own = short_lived
    lasting, late = tmp_path / "lasting.pdf", tmp_path / "late.pdf"
    for level, target in (("b-lta", lasting), ("b-b", late)):
        request = request_for(
            "clerk",
            level,
            signer=own.signers["clerk"],
            timestamp_urls=(own.timestamp_url,),
            trust=(own.root_pem,),
        )
        facts = sign_file(SignJob(page, target), request, own.pin_source("clerk"))
    assert facts.certificate_ends is not None
    time.sleep(max(0, (facts.certificate_ends - datetime.now(UTC)).total_seconds()) + 1)
    before = lasting.read_bytes()
    ages = ServiceRules(renew_days=36500)
    lift = Lift("b-lta", (own.timestamp_url,), (own.root_pem,), services=ages)
    renewed, too_late = lift_files([SignJob(file, file) for file in (lasting, late)], lift)
    assert renewed.outcome == "signed", renewed.error
    assert lasting.read_bytes().startswith(before)
    verdict = verify_file(lasting, [own.root_pem])
    assert [one.level for one in verdict.signatures] == ["b-lta", "timestamp", "timestamp"]
    # Nothing proves that the other was signed while its certificate was good.
    assert isinstance(too_late.error, errors.EarlierSignatureBroken)
    assert verify_file(late, [own.root_pem]).verdict == "indeterminate"
