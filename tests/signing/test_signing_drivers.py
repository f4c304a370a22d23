"""Drivers that refuse, lie, hang and crash, and tokens that are pulled out.

SoftHSM2 does the cryptography; a stub in front of it does what no token can be made to do.
"""

import resource
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pkcs11 import Mechanism, TokenFlag

from foundation.errors import ExitCode, SohoaError
from profiles.schema import Signer
from signing import driver_process, errors, tokens
from signing.driver_process import driver_process as start
from signing.pades import SigningRequest, SignJob, sign_file, sign_files
from signing.pins import Pin, PinInMemory
from signing.rehearsal import Rehearsal, Role
from signing.tokens import TokenInfo, list_tokens, look_for_tokens, open_token
from signing.verify import verify_file
from terminal.reports import signed_answer

MakePdf = Callable[..., Path]
RequestFor = Callable[..., SigningRequest]
_SOURCE = Path(__file__).with_name("stub_pkcs11.c")
_KEYPAD = TokenFlag.PROTECTED_AUTHENTICATION_PATH


@dataclass(frozen=True)
class Stub:
    """The stub module in front of SoftHSM2, and a signer who uses it."""

    module: Path
    control: Path
    log: Path
    pki: Rehearsal

    def does(self, **orders: object) -> None:
        """What it does from the next call on; without orders it is SoftHSM2."""
        values = {name: int(v) if isinstance(v, int) else v for name, v in orders.items()}
        self.control.write_text("".join(f"{name} {value}\n" for name, value in values.items()))

    def calls(self, name: str) -> list[str]:
        """The details of each call of a function."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.partition(" ")[2].strip() for line in lines if line.startswith(f"{name} ")]

    def signer(self, role: Role = "clerk") -> Signer:
        return self.pki.signers[role].model_copy(update={"module": str(self.module)})

    def pin_source(self, role: Role = "clerk") -> "CountedPin":
        return CountedPin(self.pki.pin_for(role))


class CountedPin(PinInMemory):
    """The right PIN, counting how often it is asked for."""

    asked = 0

    def pin_for(self, token: TokenInfo) -> Pin:
        self.asked += 1
        return super().pin_for(token)


@pytest.fixture(scope="session")
def stub_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = tmp_path_factory.mktemp("stub") / "stub_pkcs11.so"
    subprocess.run(
        ["gcc", "-Wall", "-Werror", "-shared", "-fPIC", _SOURCE, "-o", module, "-ldl"], check=True
    )
    return module


@pytest.fixture
def stub(
    stub_module: Path, tmp_path: Path, pki: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> Stub:
    made = Stub(stub_module, tmp_path / "control", tmp_path / "calls", pki)
    monkeypatch.setenv("STUB_REAL", pki.module)
    monkeypatch.setenv("STUB_CONTROL", str(made.control))
    monkeypatch.setenv("STUB_LOG", str(made.log))
    made.does()
    return made


def _sign_once(stub: Stub, role: Role = "clerk", *, last_try: bool = False) -> bytes:
    """A signature, proven to be the certificate's by the session itself."""
    from asn1crypto.algos import SignedDigestAlgorithm

    name = {"clerk": "sha256_rsa", "agency": "sha256_ecdsa"}[role]
    signer, pins = stub.signer(role), stub.pin_source(role)
    with open_token(signer, pins, allow_last_try=last_try) as session:
        return session.sign(b"content", SignedDigestAlgorithm({"algorithm": name}))


@pytest.mark.parametrize(
    ("flags_on", "flags_off", "last_try", "error"),
    [
        (TokenFlag.USER_PIN_LOCKED, 0, False, errors.TokenLocked),
        (TokenFlag.USER_PIN_LOCKED, 0, True, errors.TokenLocked),
        (TokenFlag.USER_PIN_FINAL_TRY, 0, False, errors.PinLastTry),
        (0, TokenFlag.USER_PIN_INITIALIZED, False, errors.PinNotSet),
    ],
)
def test_what_the_tokens_flags_forbid_is_not_tried_and_not_asked_for(
    stub: Stub, flags_on: int, flags_off: int, last_try: bool, error: type[SohoaError]
) -> None:
    stub.does(flags_on=flags_on, flags_off=flags_off)
    pins = stub.pin_source()
    with (
        pytest.raises(error, match="sohoa clerk") as refused,
        open_token(stub.signer(), pins, allow_last_try=last_try),
    ):
        pass
    assert refused.value.exit_code == ExitCode.TOKEN
    assert (pins.asked, stub.calls("C_Login")) == (0, [])


def test_a_last_try_is_used_when_it_was_confirmed(stub: Stub) -> None:
    stub.does(flags_on=TokenFlag.USER_PIN_FINAL_TRY)
    assert _sign_once(stub, last_try=True)
    assert stub.calls("C_Login") == ["user pin"]


def test_flags_are_read_again_after_the_pin_was_typed(stub: Stub) -> None:
    class SlowPin(CountedPin):
        def pin_for(self, token: TokenInfo) -> Pin:
            stub.does(flags_on=TokenFlag.USER_PIN_FINAL_TRY)  # somebody else tried meanwhile
            return super().pin_for(token)

    with (
        pytest.raises(errors.PinLastTry),
        open_token(stub.signer(), SlowPin(stub.pki.pin_for("clerk"))),
    ):
        pass
    assert stub.calls("C_Login") == []


def test_a_low_count_and_a_pin_to_be_changed_are_told_to_whoever_asks_for_it(stub: Stub) -> None:
    stub.does(flags_on=TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.USER_PIN_TO_BE_CHANGED)
    token = next(t for t in list_tokens([str(stub.module)]) if "clerk" in t.label)
    assert token.pin_count_low
    assert token.pin_to_be_changed
    assert _sign_once(stub)  # a warning, not a refusal


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (0xA0, errors.WrongPin),  # CKR_PIN_INCORRECT
        (0xA1, errors.WrongPin),  # CKR_PIN_INVALID
        (0xA2, errors.PinLengthWrong),  # CKR_PIN_LEN_RANGE
        (0xA3, errors.PinExpired),  # CKR_PIN_EXPIRED
        (0xA4, errors.TokenLocked),  # CKR_PIN_LOCKED
        (0x102, errors.PinNotSet),  # CKR_USER_PIN_NOT_INITIALIZED
        (0x50, errors.PinNotTyped),  # CKR_FUNCTION_CANCELED
        (0x32, errors.TokenGone),  # CKR_DEVICE_REMOVED
        (0x30, errors.TokenGone),  # CKR_DEVICE_ERROR
        (0xE0, errors.TokenGone),  # CKR_TOKEN_NOT_PRESENT
        (0xE1, errors.TokenGone),  # CKR_TOKEN_NOT_RECOGNIZED
        (0xB3, errors.TokenGone),  # CKR_SESSION_HANDLE_INVALID
        (0x05, errors.TokenFault),  # CKR_GENERAL_ERROR
        (0x06, errors.TokenFault),  # CKR_FUNCTION_FAILED
        (0x104, errors.TokenFault),  # CKR_USER_ANOTHER_ALREADY_LOGGED_IN
        (0x80000001, errors.TokenFault),  # CKR_VENDOR_DEFINED and above
    ],
)
def test_whatever_a_login_answers_it_is_made_once_and_stops_the_batch(
    stub: Stub,
    request_for: RequestFor,
    make_pdf: MakePdf,
    tmp_path: Path,
    answer: int,
    error: type[SohoaError],
) -> None:
    stub.does(login=answer)
    pins = stub.pin_source()
    jobs = [SignJob(make_pdf(tmp_path / f"{n}.pdf"), tmp_path / "out" / f"{n}") for n in "ab"]
    with pytest.raises(error) as refused:
        sign_files(jobs, request_for("clerk", "b-b", signer=stub.signer()), pins)
    assert refused.value.exit_code == ExitCode.TOKEN
    assert pins.asked == 1
    assert stub.calls("C_Login") == ["user pin"]
    assert not (tmp_path / "out").exists()


def test_a_user_who_is_logged_in_already_signs(stub: Stub) -> None:
    """Some drivers share the login of the maker's own program, which has seen the PIN."""
    with start(str(stub.module)) as process:
        process.ask({"do": "find", "serial": stub.signer().token_serial})
        process.ask({"do": "log_in"}, pin=stub.pin_source().pin_for(_any_token()))
        stub.does(login=0x100)  # CKR_USER_ALREADY_LOGGED_IN
        process.ask({"do": "log_in"}, pin=Pin("not looked at"))
        assert process.ask({"do": "choose", "id": "01"})["certificate"]


def _any_token() -> TokenInfo:
    return TokenInfo("m", 0, "t", "x", "y", "1", True, True, False, False, False, False)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (0x32, errors.TokenGone),
        (0x30, errors.TokenGone),
        (0xB3, errors.TokenGone),
        (0x101, errors.TokenGone),
        (0x06, errors.TokenFault),
        (0x70, errors.TokenFault),
    ],
)
def test_a_token_that_fails_between_two_documents_leaves_the_first_and_the_run_goes_on_later(
    stub: Stub,
    request_for: RequestFor,
    make_pdf: MakePdf,
    tmp_path: Path,
    answer: int,
    error: type[SohoaError],
) -> None:
    jobs = [SignJob(make_pdf(tmp_path / f"{n}.pdf"), tmp_path / f"out/{n}.pdf") for n in range(4)]
    request = request_for("clerk", "b-b", signer=stub.signer())
    stub.does(sign=answer, sign_after=2)
    results = sign_files(jobs, request, stub.pin_source())
    assert [one.outcome for one in results] == ["signed", "signed", "failed", "skipped"]
    assert isinstance(results[2].error, error)
    assert len(stub.calls("C_Sign")) == 3
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["0.pdf", "1.pdf"]
    stub.does()
    again = sign_files(jobs, request, stub.pin_source())
    assert [one.outcome for one in again] == ["kept", "kept", "signed", "signed"]
    assert stub.calls("C_Login") == ["user pin"] * 2


def test_a_token_pulled_out_after_document_7_of_20_loses_nothing_and_is_gone_on_with_at_8(
    stub: Stub, request_for: RequestFor, make_pdf: MakePdf, tmp_path: Path
) -> None:
    source = make_pdf(tmp_path / "source.pdf")
    jobs = []
    for number in range(1, 21):
        (tmp_path / f"{number:02}.pdf").write_bytes(source.read_bytes())
        jobs.append(SignJob(tmp_path / f"{number:02}.pdf", tmp_path / f"out/{number:02}.pdf"))
    request = request_for("clerk", "b-b", signer=stub.signer())

    def pull(done: int, _total: int, _job: SignJob) -> None:
        if done == 7:
            stub.does(gone=1)

    results = sign_files(jobs, request, stub.pin_source(), on_progress=pull)
    assert [one.outcome for one in results] == ["signed"] * 7 + ["failed"] + ["skipped"] * 12
    assert isinstance(results[7].error, errors.TokenGone)
    assert signed_answer(results).code == ExitCode.PARTIAL
    out = sorted((tmp_path / "out").iterdir())
    assert out == [job.target for job in jobs[:7]]
    assert all(verify_file(file, [stub.pki.root_pem]).valid for file in out)
    with pytest.raises(errors.TokenNotFound):
        sign_files(jobs, request, stub.pin_source())
    stub.does()  # plugged in again
    again = sign_files(jobs, request, stub.pin_source())
    assert [one.outcome for one in again] == ["kept"] * 7 + ["signed"] * 13
    assert stub.calls("C_Login") == ["user pin"] * 2


@pytest.mark.parametrize("role", ["clerk", "agency"])
def test_a_keypad_takes_the_pin_and_nobody_is_asked(
    stub: Stub, role: Role, capsys: pytest.CaptureFixture[str]
) -> None:
    pin = stub.pki.pin_for(role).reveal()
    stub.does(flags_on=_KEYPAD, keypad_pin=pin)
    pins = stub.pin_source(role)
    with open_token(stub.signer(role), pins):
        pass
    assert (pins.asked, stub.calls("C_Login")) == (0, ["user keypad"])
    said = capsys.readouterr().err
    assert "Type the PIN on the keypad of token sohoa" in said
    assert pin not in said


def test_a_key_that_wants_the_pin_each_time_gets_it_and_it_is_asked_for_once(
    stub: Stub, request_for: RequestFor, make_pdf: MakePdf, tmp_path: Path
) -> None:
    stub.does(each_time=1)
    pins = stub.pin_source()
    jobs = [SignJob(make_pdf(tmp_path / f"{n}.pdf"), tmp_path / f"out/{n}.pdf") for n in "ab"]
    results = sign_files(jobs, request_for("clerk", "b-b", signer=stub.signer()), pins)
    assert [one.outcome for one in results] == ["signed", "signed"]
    assert pins.asked == 1
    assert stub.calls("C_Login") == ["user pin", "context pin", "context pin"]


def test_a_keypad_is_typed_on_for_each_signature_where_the_key_wants_it(
    stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    pin = stub.pki.pin_for("clerk").reveal()
    stub.does(each_time=1, flags_on=_KEYPAD, keypad_pin=pin)
    assert _sign_once(stub)
    assert stub.calls("C_Login") == ["user keypad", "context keypad"]
    assert capsys.readouterr().err.count("Type the PIN") == 2


@pytest.mark.parametrize(
    ("orders", "error", "logins"),
    [
        ({"context": 0xA0}, errors.WrongPin, ["user pin", "context pin"]),
        ({"flags_on": TokenFlag.USER_PIN_FINAL_TRY}, errors.PinLastTry, ["user pin"]),
        ({"flags_on": TokenFlag.USER_PIN_LOCKED}, errors.TokenLocked, ["user pin"]),
    ],
)
def test_a_pin_refused_for_one_signature_is_not_tried_for_the_next(
    stub: Stub, orders: dict[str, int], error: type[SohoaError], logins: list[str]
) -> None:
    from asn1crypto.algos import SignedDigestAlgorithm

    algorithm = SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
    stub.does(each_time=1)
    with open_token(stub.signer(), stub.pin_source()) as session:
        stub.does(each_time=1, **orders)
        for _ in range(2):
            with pytest.raises(error):
                session.sign(b"content", algorithm)
    assert stub.calls("C_Login") == logins


@pytest.mark.parametrize(
    ("role", "mechanism"),
    [
        ("clerk", Mechanism.SHA256_RSA_PKCS),
        ("clerk", Mechanism.RSA_PKCS),
        ("clerk", Mechanism.RSA_X_509),
        ("agency", Mechanism.ECDSA),
    ],
)
def test_a_token_signs_with_the_one_operation_it_offers(
    stub: Stub, role: Role, mechanism: Mechanism
) -> None:
    stub.does(mechanisms=int(mechanism))
    assert _sign_once(stub, role)  # the session itself holds it against the certificate


def test_a_token_that_offers_no_operation_for_its_key_says_so(stub: Stub) -> None:
    stub.does(mechanisms=int(Mechanism.ECDSA))
    with pytest.raises(errors.NoMechanism, match="sha256_rsa"):
        _sign_once(stub)


@pytest.mark.parametrize("function", ["C_Initialize", "C_GetSlotList", "C_Login", "C_Sign"])
@pytest.mark.parametrize(
    ("how", "error"), [("hang", errors.DriverSilent), ("crash", errors.DriverCrashed)]
)
def test_a_driver_that_hangs_or_crashes_is_an_error_within_its_time(
    stub: Stub,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    function: str,
    error: type[SohoaError],
) -> None:
    monkeypatch.setattr(driver_process, "ANSWER_TIME", 1.5)
    monkeypatch.setattr(driver_process, "_GRACE", 0.2)
    stub.does(**{how: function})
    began = time.monotonic()
    with pytest.raises(error, match="stub_pkcs11") as failed:
        _sign_once(stub)
    assert failed.value.exit_code == ExitCode.TOKEN
    assert time.monotonic() - began < 10
    assert len(stub.calls("C_Login")) <= 1


def test_one_driver_that_hangs_and_one_that_crashes_hide_nobody_elses_tokens(
    stub: Stub, pki: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "LIST_TIME", 3.0)
    stub.does(hang="C_GetSlotList")
    found = look_for_tokens([str(stub.module), pki.module])
    assert {t.serial for t in found.tokens} >= {s.token_serial for s in pki.signers.values()}
    assert [type(fault) for fault in found.faults] == [errors.DriverSilent]
    stub.does(crash="C_GetSlotList")
    found = look_for_tokens([str(stub.module), pki.module])
    assert len(found.tokens) >= 2
    assert [str(fault).count("SIGSEGV") for fault in found.faults] == [1]


def test_no_driver_process_outlives_its_block_even_when_it_hangs(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_process, "_GRACE", 0.2)
    with start(str(stub.module)) as process:
        number = process._process.pid
        assert Path(f"/proc/{number}").exists()
    assert not Path(f"/proc/{number}").exists()


def test_what_holds_a_pin_leaves_no_core_and_shows_it_to_nobody(stub: Stub) -> None:
    pin = stub.pki.pin_for("clerk")
    with start(str(stub.module)) as process:
        process.ask({"do": "find", "serial": stub.signer().token_serial})
        process.ask({"do": "log_in"}, pin=pin.copy())
        proc = Path(f"/proc/{process._process.pid}")
        limits = (proc / "limits").read_text()
        assert "Max core file size        0 " in limits
        secret = pin.reveal().encode()
        for file in ("cmdline", "environ"):
            assert secret not in (proc / file).read_bytes()
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_a_pin_is_overwritten_as_soon_as_it_was_used(stub: Stub) -> None:
    """The driver's process is searched for it: only the key that asks each time leaves it there."""

    def copies() -> int:
        with (proc / "maps").open() as areas, (proc / "mem").open("rb", buffering=0) as memory:
            found = 0
            for area in areas:
                addresses, rights = area.split()[:2]
                start_at, end_at = (int(edge, 16) for edge in addresses.split("-"))
                if rights.startswith("rw"):
                    memory.seek(start_at)
                    found += memory.read(end_at - start_at).count(secret)
            return found

    secret = stub.pki.pin_for("clerk").reveal().encode()
    question = {"do": "choose", "id": stub.signer().key_id}
    with start(str(stub.module)) as process:
        proc = Path(f"/proc/{process._process.pid}")
        process.ask({"do": "find", "serial": stub.signer().token_serial})
        process.ask({"do": "log_in"}, pin=Pin(secret))
        try:
            assert copies() == 1
        except PermissionError:
            return  # nobody but root may look, which is as good
        process.ask(question)
        assert copies() == 0


def test_a_driver_that_talks_on_its_standard_output_disturbs_nobody(
    pki: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Path("/usr/lib/x86_64-linux-gnu/pkcs11-spy.so")
    monkeypatch.setenv("PKCS11SPY", pki.module)
    monkeypatch.delenv("PKCS11SPY_OUTPUT", raising=False)  # then it talks on standard error
    assert len(list_tokens([str(spy)])) >= 2


def test_a_certificate_that_is_not_the_keys_shows_in_the_list(pki: Rehearsal) -> None:
    from tests.signing.test_signing_tokens import _add_key

    _add_key(pki, "b1", foreign_key=True)
    clerk = next(
        t for t in list_tokens([pki.module]) if t.serial == pki.signers["clerk"].token_serial
    )
    known = {one.key_id: one.has_key for one in clerk.certificates}
    assert (known["01"], known["b1"], known["ff"]) == (True, False, None)
    agency = next(
        t for t in list_tokens([pki.module]) if t.serial == pki.signers["agency"].token_serial
    )
    assert {one.key_id: one.has_key for one in agency.certificates}["02"] is True


def test_the_same_command_signs_again_after_a_driver_crashed(
    stub: Stub, request_for: RequestFor, page: Path, tmp_path: Path
) -> None:
    request = request_for("clerk", "b-b", signer=stub.signer())
    job = SignJob(page, tmp_path / "out.pdf")
    stub.does(crash="C_Sign")
    with pytest.raises(errors.DriverCrashed):
        sign_file(job, request, stub.pin_source())
    assert not job.target.exists()
    assert not list(tmp_path.glob(".*.part"))
    stub.does()
    sign_file(job, request, stub.pin_source())
    assert verify_file(job.target, [stub.pki.root_pem]).valid
