"""Signed files lifted to a higher level later, and only when there is something to do."""

from pathlib import Path

import pytest

from foundation.errors import ExitCode
from profiles.schema import ServiceRules
from signing import timestamps
from signing.errors import AlreadySigned, NoTimestampService, NotLifted, NotSigned, PdfUnreadable
from signing.lifting import Lift, lift_files
from signing.pades import SignJob, sign_file, sign_files
from signing.rehearsal import Rehearsal
from signing.verify import verify_file


@pytest.fixture
def signed(page: Path, tmp_path: Path, pki: Rehearsal, request_for) -> Path:
    """Signed by the clerk and then by the agency without a network: B-B."""
    first, second = tmp_path / "first.pdf", tmp_path / "signed.pdf"
    sign_file(SignJob(page, first), request_for("clerk", "b-b"), pki.pin_source("clerk"))
    sign_file(SignJob(first, second), request_for("agency", "b-b"), pki.pin_source("agency"))
    return second


def lift(pki: Rehearsal, level: str, **changes: object) -> Lift:
    return Lift(level, (pki.timestamp_url,), (pki.root_pem,), **changes)  # type: ignore[arg-type]


def levels(path: Path, pki: Rehearsal) -> list[str]:
    verdict = verify_file(path, [pki.root_pem])
    assert verdict.verdict == "valid"
    return [one.level for one in verdict.signatures if one.level != "timestamp"]


@pytest.mark.parametrize("level", ["b-t", "b-lt", "b-lta"])
def test_a_level_is_reached_step_by_step_and_then_nothing_is_to_be_done(
    signed: Path, tmp_path: Path, pki: Rehearsal, level: str
) -> None:
    target = tmp_path / "lifted.pdf"
    (result,) = lift_files([SignJob(signed, target)], lift(pki, level))
    assert (result.outcome, result.error) == ("signed", None)
    assert levels(target, pki) == [level, level]
    assert target.read_bytes().startswith(signed.read_bytes())
    before, made = target.read_bytes(), target.stat().st_mtime_ns
    for source in (target, signed):  # where it lies, and into the same folder once more
        (again,) = lift_files([SignJob(source, target)], lift(pki, level))
        assert again.outcome == "kept"
    assert (target.read_bytes(), target.stat().st_mtime_ns) == (before, made)


def test_an_archive_timestamp_is_renewed_before_its_certificate_ends(
    signed: Path, tmp_path: Path, pki: Rehearsal
) -> None:
    target = tmp_path / "lifted.pdf"
    lift_files([SignJob(signed, target)], lift(pki, "b-lta"))
    before = target.read_bytes()
    ages = lift(pki, "b-lta", services=ServiceRules(renew_days=50 * 365))
    (renewed,) = lift_files([SignJob(signed, target)], ages)  # its older proof is kept
    assert renewed.outcome == "signed"
    assert target.read_bytes().startswith(before)
    assert levels(target, pki) == ["b-lta", "b-lta"]


def test_without_a_network_files_stay_as_they_are_and_the_rest_waits(
    signed: Path, pki: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamps, "PAUSE", 0)
    before = signed.read_bytes()
    dead = Lift("b-t", ("http://127.0.0.1:9/tsa",), (pki.root_pem,))
    results = lift_files([SignJob(signed, signed), SignJob(signed, signed)], dead)
    assert [one.outcome for one in results] == ["failed", "skipped"]
    assert results[0].error is not None
    assert results[0].error.exit_code == ExitCode.SERVICE
    assert signed.read_bytes() == before
    with pytest.raises(NoTimestampService):
        lift_files([SignJob(signed, signed)], Lift("b-t", (), ()))


def test_a_file_that_does_not_hold_or_is_not_signed_is_not_lifted(
    signed: Path, page: Path, pki: Rehearsal
) -> None:
    data = bytearray(signed.read_bytes())
    data[len(data) // 3] ^= 1
    signed.write_bytes(data)
    text, cut = page.with_name("text.pdf"), page.with_name("cut.pdf")
    text.write_text("no PDF")
    cut.write_bytes(page.read_bytes()[:400])
    jobs = [SignJob(path, path) for path in (signed, page, text, cut)]
    results = lift_files(jobs, lift(pki, "b-t"))
    assert [type(one.error) for one in results] == [NotLifted, NotSigned, *[PdfUnreadable] * 2]
    assert "changed after it was signed" in str(results[0].error)
    assert "no PDF" in str(results[2].error)
    assert signed.read_bytes() == bytes(data)


def test_a_batch_run_again_signs_only_what_is_missing(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for
) -> None:
    jobs = [SignJob(page, tmp_path / "out" / f"{n}.pdf") for n in range(3)]
    sign_files(jobs[:2], request_for("agency", "b-b"), pki.pin_source("agency"))
    before = [job.target.read_bytes() for job in jobs[:2]]
    jobs[1].target.write_bytes(before[1][:-20])  # not what signing leaves
    results = sign_files(jobs, request_for("agency", "b-b"), pki.pin_source("agency"))
    assert [one.outcome for one in results] == ["kept", "signed", "signed"]
    assert jobs[0].target.read_bytes() == before[0]
    assert {verify_file(job.target, [pki.root_pem]).verdict for job in jobs} == {"valid"}


def test_a_batch_that_signs_where_the_files_lie_is_resumed_as_well(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for
) -> None:
    files = [tmp_path / f"{n}.pdf" for n in range(3)]
    for file in files:
        file.write_bytes(page.read_bytes())
    jobs, request = [SignJob(file, file) for file in files], request_for("agency", "b-b")
    sign_files(jobs[:2], request, pki.pin_source("agency"))
    before = [file.read_bytes() for file in files[:2]]
    jobs[1] = SignJob(
        files[1], tmp_path / ".." / tmp_path.name / "1.pdf"
    )  # the same, said otherwise
    results = sign_files(jobs, request, pki.pin_source("agency"))
    assert [one.outcome for one in results] == ["kept", "kept", "signed"]
    assert [file.read_bytes() for file in files[:2]] == before
    (higher,) = sign_files(jobs[:1], request_for("agency", "b-t"), pki.pin_source("agency"))
    assert isinstance(higher.error, AlreadySigned)  # it is lifted, not signed twice
