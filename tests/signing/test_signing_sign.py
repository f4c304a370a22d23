"""Signing files: levels, order, batches, and what must never happen."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest

from foundation import aside
from foundation.errors import ExitCode, SohoaError
from foundation.times import utc_now
from signing import appearance, beside, errors, stages, timestamps
from signing.pades import SigningRequest, SignJob, SignResult, sign_file, sign_files
from signing.pins import Pin
from signing.rehearsal import Rehearsal, rehearsal_pki
from signing.tokens import TokenInfo
from signing.turns import TargetTaken
from signing.verify import verify_file

MakePdf = Callable[..., Path]
RequestFor = Callable[..., SigningRequest]


class CountedPin:
    """The right PIN, counting how often it is asked for."""

    def __init__(self, pin: Pin) -> None:
        self._pin, self.asked = pin, 0

    def pin_for(self, token: TokenInfo) -> Pin:
        self.asked += 1
        return Pin(self._pin.reveal())


def test_clerk_then_agency_are_both_valid_and_the_first_stays_byte_for_byte(
    signed: Path, pki: Rehearsal
) -> None:
    verdict = verify_file(signed, [pki.root_pem])
    assert verdict.verdict == "valid"
    assert [s.signer for s in verdict.signatures] == ["Lò Thị Hạnh", "ỦY BAN NHÂN DÂN XÃ HÒA AN"]
    assert [s.level for s in verdict.signatures] == ["b-t", "b-t"]
    assert [s.changes for s in verdict.signatures] == ["signatures", "none"]
    whole = signed.read_bytes()
    for earlier in ("source.pdf", "once.pdf"):
        assert whole.startswith(signed.with_name(earlier).read_bytes())


def test_pyhanko_itself_trusts_the_signed_file(signed: Path, pki: Rehearsal) -> None:
    program = Path(sys.executable).with_name("pyhanko")
    options = ["--trust", pki.root_pem, "--trust-replace", "--no-revocation-check"]
    done = subprocess.run(
        [program, "sign", "validate", *options, "--pretty-print", signed],
        capture_output=True,
        text=True,
        check=False,
        cwd=signed.parent,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("The signature is judged VALID.") == 2


@pytest.mark.parametrize("level", ["b-b", "b-t", "b-lt", "b-lta"])
def test_each_level_is_reached_and_nothing_but_evidence_stands_behind_the_signature(
    level: str, page: Path, tmp_path: Path, pki: Rehearsal, request_for: RequestFor
) -> None:
    target = tmp_path / "signed.pdf"
    sign_file(SignJob(page, target), request_for("agency", level), pki.pin_source("agency"))
    verdict = verify_file(target, [pki.root_pem])
    assert verdict.verdict == "valid", verdict
    assert verdict.signatures[0].level == level
    assert verdict.signatures[-1].changes == ("validation-data" if level == "b-lt" else "none")
    assert verdict.signatures[0].revocation == "good"


def test_the_metadata_stay_as_the_digitiser_wrote_them(signed: Path) -> None:
    with pikepdf.open(signed) as after, pikepdf.open(signed.with_name("source.pdf")) as before:
        assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()


def test_the_same_signer_signs_once_unless_asked(
    signed: Path, tmp_path: Path, pki: Rehearsal, request_for: RequestFor
) -> None:
    job = SignJob(signed, tmp_path / "again.pdf")
    with pytest.raises(errors.AlreadySigned) as refused:
        sign_file(job, request_for("clerk"), pki.pin_source("clerk"))
    assert refused.value.exit_code == ExitCode.INPUT
    assert not job.target.exists()
    sign_file(job, request_for("clerk", again=True), pki.pin_source("clerk"))
    assert len(verify_file(job.target, [pki.root_pem]).signatures) == 3


def test_a_file_may_be_signed_in_place(page: Path, pki: Rehearsal, request_for: RequestFor) -> None:
    sign_file(SignJob(page, page), request_for("clerk", "b-b"), pki.pin_source("clerk"))
    assert verify_file(page, [pki.root_pem]).valid


def test_a_batch_asks_once_and_goes_on_after_a_bad_file(
    tmp_path: Path, make_pdf: MakePdf, pki: Rehearsal, request_for: RequestFor
) -> None:
    good = [make_pdf(tmp_path / f"{name}.pdf") for name in "ab"]
    text = tmp_path / "text.pdf"
    text.write_text("no PDF")
    jobs = [SignJob(file, tmp_path / "out" / file.name) for file in (good[0], text, good[1])]
    pin, seen = CountedPin(pki.pin_for("clerk")), []
    results = sign_files(
        jobs,
        request_for("clerk", "b-b"),
        pin,
        on_progress=lambda done, total, job: seen.append((done, total, job.source.name)),
    )
    assert [result.outcome for result in results] == ["signed", "failed", "signed"]
    assert isinstance(results[1].error, errors.PdfUnreadable)
    assert pin.asked == 1
    assert seen == [(1, 3, "a.pdf"), (2, 3, "text.pdf"), (3, 3, "b.pdf")]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.pdf", "b.pdf"]


def test_a_token_that_goes_away_stops_the_batch_and_keeps_what_was_signed(
    tmp_path: Path, make_pdf: MakePdf, request_for: RequestFor
) -> None:
    files = [make_pdf(tmp_path / f"{number}.pdf") for number in range(4)]
    jobs = [SignJob(file, tmp_path / "out" / file.name) for file in files]
    with rehearsal_pki(tmp_path / "pki") as own:
        request = request_for("clerk", "b-b", signer=own.signers["clerk"])
        source = own.pin_source("clerk")

        def pull_the_token(done: int, _total: int, _job: SignJob) -> None:
            if done == 2:
                shutil.rmtree(tmp_path / "pki" / "tokens")

        results = sign_files(jobs, request, source, on_progress=pull_the_token)
    assert [result.outcome for result in results] == ["signed", "signed", "failed", "skipped"]
    assert isinstance(results[2].error, errors.TokenError)
    assert results[3].error is results[2].error
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_of_two_who_sign_the_same_file_at_once_the_second_keeps_what_the_first_made(
    tmp_path: Path,
    make_pdf: MakePdf,
    pki: Rehearsal,
    request_for: RequestFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = stages.append_signature
    job = SignJob(make_pdf(tmp_path / "a.pdf"), tmp_path / "out" / "a.pdf")
    first: list[bytes] = []

    def sign() -> SignResult:
        return sign_files([job], request_for("clerk", "b-b"), pki.pin_source("clerk"))[0]

    async def overtaken(source: Path, part: Path, tools: stages.Tools) -> None:
        await right(source, part, tools)
        monkeypatch.setattr("signing.batch.append_signature", right)
        with ThreadPoolExecutor(1) as other:
            assert other.submit(sign).result().outcome == "signed"
        first.append(job.target.read_bytes())

    monkeypatch.setattr("signing.batch.append_signature", overtaken)
    assert sign().outcome == "kept"
    assert job.target.read_bytes() == first[0]
    assert [file.name for file in job.target.parent.iterdir()] == ["a.pdf"]


def test_a_file_that_another_program_wrote_meanwhile_is_left(
    tmp_path: Path,
    make_pdf: MakePdf,
    pki: Rehearsal,
    request_for: RequestFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = stages.append_signature
    job = SignJob(make_pdf(tmp_path / "a.pdf"), tmp_path / "out" / "a.pdf")

    async def overtaken(source: Path, part: Path, tools: stages.Tools) -> None:
        await right(source, part, tools)
        job.target.write_bytes(b"another's")

    monkeypatch.setattr("signing.batch.append_signature", overtaken)
    (result,) = sign_files([job], request_for("clerk", "b-b"), pki.pin_source("clerk"))
    assert isinstance(result.error, TargetTaken)
    assert result.error.exit_code == ExitCode.NOT_ALLOWED
    assert job.target.read_bytes() == b"another's"


@pytest.mark.parametrize("killed", [False, True])
def test_many_files_are_verified_in_a_second_process_and_none_is_named_before(
    tmp_path: Path,
    make_pdf: MakePdf,
    pki: Rehearsal,
    request_for: RequestFor,
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    monkeypatch.setattr(beside, "_MANY", 4)
    started: list[subprocess.Popen[bytes]] = []

    class Seen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, command: list[str], **options: object) -> None:
            super().__init__(command, **options)
            if "foundation.aside" in command:
                started.append(self)

    monkeypatch.setattr(aside.subprocess, "Popen", Seen)
    right = stages.append_signature

    async def spoiled(source: Path, part: Path, tools: stages.Tools) -> None:
        await right(source, part, tools)
        if source.name == "2.pdf":
            part.write_bytes(part.read_bytes() + b"\n")  # noqa: ASYNC240  alone in its loop

    monkeypatch.setattr("signing.batch.append_signature", spoiled)

    def kill(done: int, _total: int, _job: SignJob) -> None:
        if killed and done == 1:
            started[0].kill()

    files = [make_pdf(tmp_path / f"{number}.pdf") for number in range(6)]
    jobs = [SignJob(file, tmp_path / "out" / file.name) for file in files]
    results = sign_files(
        jobs, request_for("clerk", "b-b"), pki.pin_source("clerk"), on_progress=kill
    )
    assert len(started) == 1
    outcomes = ["signed", "signed", "failed", "signed", "signed", "signed"]
    assert [one.outcome for one in results] == outcomes
    assert isinstance(results[2].error, errors.OutputNotSound)
    out = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in out] == ["0.pdf", "1.pdf", "3.pdf", "4.pdf", "5.pdf"]
    assert all(verify_file(file, [pki.root_pem]).valid for file in out)


def test_a_full_disk_stops_the_batch_and_the_finished_files_are_whole(
    tmp_path: Path, make_pdf: MakePdf, pki: Rehearsal, request_for: RequestFor
) -> None:
    files = [make_pdf(tmp_path / f"{number}.pdf") for number in range(6)]
    small = tmp_path / "small"
    small.mkdir()
    room = 3.5 * (files[0].stat().st_size + 16_000)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={room:.0f}", "none", small],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    jobs = [SignJob(file, small / file.name) for file in files]
    request = request_for("clerk", "b-b")
    try:
        results = sign_files(jobs, request, pki.pin_source("clerk"))
        whole = [one.job.target for one in results if one.outcome == "signed"]
        assert 1 <= len(whole) <= 4
        failed = results[len(whole)]
        assert failed.error is not None
        assert (type(failed.error), failed.error.exit_code) == (errors.NoSpace, ExitCode.SETUP)
        assert {one.outcome for one in results[len(whole) + 1 :]} == {"skipped"}
        assert sorted(small.iterdir()) == whole
        assert all(verify_file(file, [pki.root_pem]).valid for file in whole)
        subprocess.run(["mount", "-o", "remount,size=10m", small], check=True)
        again = sign_files(jobs, request, pki.pin_source("clerk"))
        assert [one.outcome for one in again[: len(whole)]] == ["kept"] * len(whole)
        assert {one.outcome for one in again[len(whole) :]} == {"signed"}
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", errors.PdfUnreadable),
        (b"hello", errors.PdfUnreadable),
        (b"%PDF-1.7\n%%EOF\n", errors.PdfUnreadable),
        (None, errors.PdfUnreadable),
    ],
)
def test_what_is_no_pdf_is_refused_and_leaves_nothing(
    content: bytes | None,
    error: type[SohoaError],
    tmp_path: Path,
    pki: Rehearsal,
    request_for: RequestFor,
) -> None:
    source = tmp_path / "in.pdf"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(error) as refused:
        sign_file(
            SignJob(source, tmp_path / "out.pdf"),
            request_for("clerk", "b-b"),
            pki.pin_source("clerk"),
        )
    assert refused.value.exit_code == ExitCode.INPUT
    assert {file.name for file in tmp_path.iterdir()} <= {"in.pdf"}


def test_a_target_that_cannot_be_written_is_named_and_the_batch_goes_on(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for: RequestFor
) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    jobs = [SignJob(page, tmp_path / "file" / "a.pdf"), SignJob(page, tmp_path / "b.pdf")]
    results = sign_files(jobs, request_for("clerk", "b-b"), pki.pin_source("clerk"))
    assert [result.outcome for result in results] == ["failed", "signed"]
    assert isinstance(results[0].error, errors.NotWritable)


def test_a_password_is_named_as_the_reason(
    tmp_path: Path, make_pdf: MakePdf, pki: Rehearsal, request_for: RequestFor
) -> None:
    lock = pikepdf.Encryption(owner="owner", user="user")
    locked = make_pdf(tmp_path / "locked.pdf", save={"encryption": lock})
    job = SignJob(locked, tmp_path / "out.pdf")
    with pytest.raises(errors.PdfEncrypted):
        sign_file(job, request_for("clerk", "b-b"), pki.pin_source("clerk"))
    assert not job.target.exists()


def _ring(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Pages.Kids.append(pdf.Root.Pages)


def _askew(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Rotate = 45


def _own_parent(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Parent = pdf.pages[0].obj


def _no_pages(pdf: pikepdf.Pdf) -> None:
    empty = pikepdf.Dictionary(Type=pikepdf.Name.Pages, Kids=pikepdf.Array(), Count=0)
    pdf.Root.Pages.Kids = pikepdf.Array([pdf.make_indirect(empty)])


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_ring, "leads back to itself"),
        (_askew, "page 1 is turned askew"),
        (_own_parent, "damaged"),
        (_no_pages, "it has no pages"),
    ],
)
def test_pages_that_every_viewer_shows_otherwise_are_not_signed(
    spoil: Callable[[pikepdf.Pdf], None],
    says: str,
    page: Path,
    tmp_path: Path,
    pki: Rehearsal,
    request_for: RequestFor,
) -> None:
    odd = tmp_path / "odd.pdf"
    with pikepdf.open(page) as pdf:
        spoil(pdf)
        pdf.save(odd)
    job = SignJob(odd, tmp_path / "out.pdf")
    with pytest.raises(errors.PdfUnreadable, match=says):
        sign_file(job, request_for("clerk", "b-b"), pki.pin_source("clerk"))
    assert not job.target.exists()


def test_nobody_signs_on_top_of_a_broken_signature(
    signed: Path, tmp_path: Path, pki: Rehearsal, request_for: RequestFor
) -> None:
    altered = bytearray(signed.with_name("once.pdf").read_bytes())
    altered[altered.index(b"stream") + 40] ^= 1
    source = tmp_path / "altered.pdf"
    source.write_bytes(altered)
    with pytest.raises(errors.EarlierSignatureBroken, match="changed after it was signed"):
        sign_file(
            SignJob(source, tmp_path / "out.pdf"), request_for("agency"), pki.pin_source("agency")
        )
    assert not (tmp_path / "out.pdf").exists()


def test_a_dead_timestamp_service_gives_exit_9_and_no_file(
    page: Path,
    tmp_path: Path,
    pki: Rehearsal,
    request_for: RequestFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timestamps, "PAUSE", 0)
    jobs = [SignJob(page, tmp_path / "out" / name) for name in ("a.pdf", "b.pdf")]
    request = request_for("clerk", timestamp_urls=("http://127.0.0.1:9/tsa",))
    results = sign_files(jobs, request, pki.pin_source("clerk"))
    assert [result.outcome for result in results] == ["failed", "skipped"]
    assert results[0].error is not None
    assert results[0].error.exit_code == ExitCode.SERVICE
    assert not list(tmp_path.rglob("out/*"))


def test_the_next_timestamp_service_is_asked(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for: RequestFor
) -> None:
    urls = ("http://127.0.0.1:9/tsa", pki.timestamp_url)
    facts = sign_file(
        SignJob(page, tmp_path / "out.pdf"),
        request_for("clerk", timestamp_urls=urls),
        pki.pin_source("clerk"),
    )
    assert facts.timestamp is not None
    assert abs(facts.timestamp.time - utc_now()) < timedelta(minutes=2)


def test_a_level_with_timestamp_needs_a_service_before_the_pin_is_asked_for(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for: RequestFor
) -> None:
    pin = CountedPin(pki.pin_for("clerk"))
    with pytest.raises(errors.NoTimestampService):
        sign_file(SignJob(page, tmp_path / "out.pdf"), request_for("clerk", timestamp_urls=()), pin)
    assert pin.asked == 0


def test_revocation_data_that_cannot_be_had_is_told_apart(
    page: Path, tmp_path: Path, pki: Rehearsal, request_for: RequestFor
) -> None:
    job = SignJob(page, tmp_path / "out.pdf")
    with pytest.raises(errors.ChainNotProven) as failed:
        sign_file(job, request_for("clerk", "b-lt", trust=()), pki.pin_source("clerk"))
    assert failed.value.exit_code == ExitCode.SERVICE
    assert not job.target.exists()


def test_a_missing_font_is_named_before_the_pin_is_asked_for(
    page: Path,
    tmp_path: Path,
    pki: Rehearsal,
    request_for: RequestFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(appearance, "_TINOS", tmp_path / "none.ttf")
    monkeypatch.setenv("PATH", os.devnull)
    appearance._advances.cache_clear()
    pin = CountedPin(pki.pin_for("agency"))
    with pytest.raises(errors.FontMissing, match="fonts-croscore") as missing:
        sign_file(SignJob(page, tmp_path / "out.pdf"), request_for("agency"), pin)
    assert (missing.value.exit_code, pin.asked) == (ExitCode.SETUP, 0)


def test_an_output_that_fails_its_check_never_gets_its_name(
    page: Path,
    tmp_path: Path,
    pki: Rehearsal,
    request_for: RequestFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = stages.append_signature

    async def spoiled(source: Path, part: Path, tools: stages.Tools) -> None:
        await right(source, part, tools)
        part.write_bytes(part.read_bytes() + b"\n")  # noqa: ASYNC240  alone in its loop

    monkeypatch.setattr("signing.batch.append_signature", spoiled)
    with pytest.raises(errors.OutputNotSound):
        sign_file(
            SignJob(page, tmp_path / "out.pdf"),
            request_for("clerk", "b-b"),
            pki.pin_source("clerk"),
        )
    assert [file.name for file in tmp_path.iterdir()] == ["page.pdf"]


def test_the_report_has_the_agreed_shape(signed: Path, pki: Rehearsal) -> None:
    report = json.loads(json.dumps(verify_file(signed, [pki.root_pem]).as_dict()))
    assert tuple(report)[:4] == ("file", "verdict", "signatures", "seal")
    keys = (
        "signer level signed_at timestamp covers_whole_file changes trusted revocation "
        "verdict reason"
    )
    assert all(list(one)[:10] == keys.split() for one in report["signatures"])
    assert all(one["timestamp"].endswith("Z") for one in report["signatures"])
