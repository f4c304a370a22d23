"""What is signed to last: proven years later without any service, and renewed in time."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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

from foundation.errors import ExitCode
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
    assert isinstance(too_late.error, errors.NotLifted)
    assert verify_file(late, [own.root_pem]).verdict == "indeterminate"


@contextmanager
def stub_that_hangs(url: str) -> Iterator[None]:
    """A stub in place of the OCSP and CRL services at ``url``: it takes requests and is silent."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ended.wait()

        do_POST = do_GET  # noqa: N815  http.server's name

        def log_message(self, *_arguments: object) -> None:
            pass

    port = urlsplit(url).port or 0
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def test_without_ocsp_and_crl_nothing_is_lifted_and_the_reason_is_told(
    pki: Rehearsal, page: Path, tmp_path: Path, request_for: Callable[..., Any]
) -> None:
    signed = tmp_path / "signed.pdf"
    with rehearsal_pki(tmp_path / "own") as own:
        request = request_for("clerk", "b-b", signer=own.signers["clerk"])
        sign_file(SignJob(page, signed), request, own.pin_source("clerk"))
    before = signed.read_bytes()
    # Timestamps come from a service that lives; the signer's own CA has gone.
    lift = Lift(
        "b-lt",
        (pki.timestamp_url,),
        (pki.root_pem, own.root_pem),
        services=ServiceRules(timeout=1),
    )

    def refused() -> errors.RevocationUnavailable:
        (result,) = lift_files([SignJob(signed, signed)], lift)
        assert isinstance(result.error, errors.RevocationUnavailable), result
        assert result.error.exit_code == ExitCode.SERVICE
        return result.error

    refused()
    with stub_that_hangs(own.timestamp_url):
        assert "signed.pdf" in str(refused())
    assert signed.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_a_revoked_certificate_is_told_apart_from_a_service_that_fails(
    tmp_path: Path,
    page: Path,
    request_for: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = rehearsal.yaml.safe_load

    def altered(text: str) -> Any:
        settings = read(text)
        certificates = settings["pki-architectures"]["rehearsal"]["certs"]
        certificates["clerk"]["revocation"] = {
            "revoked-since": "2026-01-01T00:00:00+0000",
            "reason": "key_compromise",
        }
        return settings

    monkeypatch.setattr(rehearsal.yaml, "safe_load", altered)
    waiting: list[SignJob] = []
    target = tmp_path / "signed.pdf"
    with rehearsal_pki(tmp_path / "own") as own:
        request = request_for(
            "clerk",
            "b-lt",
            signer=own.signers["clerk"],
            timestamp_urls=(own.timestamp_url,),
            trust=(own.root_pem,),
            on_waiting=lambda job, _facts: waiting.append(job),
        )
        with pytest.raises(errors.CertificateRevoked) as told:
            sign_file(SignJob(page, target), request, own.pin_source("clerk"))
    assert told.value.exit_code == ExitCode.TOKEN
    assert (target.exists(), waiting) == (False, [])
