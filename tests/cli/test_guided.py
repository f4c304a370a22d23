"""The guided counter on a terminal: questions, incidents, stopping and going on."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pikepdf
import pytest

OWNER = "001087000084"
SOHOA = str(Path(sys.executable).with_name("sohoa"))
Start = Callable[..., pexpect.spawn]
pytestmark = pytest.mark.timeout(300)  # long talks, on a machine that does other things too


@pytest.fixture
def start(counter) -> Iterator[Start]:
    """Sit down at the terminal; whoever is still there at the end is sent home."""
    sessions = []

    def begin(*arguments: str) -> pexpect.spawn:
        environ = counter.environ | {"SOHOA_LANG": "en", "TERM": "dumb", "COLUMNS": "250"}
        words = ["intake", "--level", "b-b", *arguments]
        session = pexpect.spawn(
            SOHOA, words, env=environ, cwd=counter.folder, encoding="utf-8", timeout=60,
            dimensions=(50, 250),
        )  # fmt: skip
        sessions.append(session)
        return session

    yield begin
    for session in sessions:
        session.close(force=True)


def answer(session: pexpect.spawn, question: str, text: str) -> None:
    session.expect_exact(question)
    session.sendline(text)


def ended(session: pexpect.spawn) -> int:
    session.expect(pexpect.EOF)
    session.wait()
    return session.exitstatus


def to_the_first_paper(session: pexpect.spawn, procedure: str = "1") -> None:
    answer(session, "Which procedure?", procedure)
    answer(session, "Whose dossier is it?", "2")
    answer(session, "Identification number", OWNER)
    answer(session, "Full name", "Trần Văn Hải")
    answer(session, "May your papers be kept", "1")


def test_the_whole_walk_with_all_that_goes_wrong_at_a_counter(
    counter, start, papers, scanner
) -> None:
    session = start()
    answer(session, "Which procedure?", "9")
    session.expect_exact("Please type a number from 1 to 2")
    session.sendline("1")
    answer(session, "Whose dossier is it?", "1")
    scanner.load([papers["more"], papers["blank"]])
    answer(session, "Lay “Căn cước công dân” in the feeder", "")
    session.expect_exact("QR code could not be read")
    answer(session, "What now?", "2")
    answer(session, "Identification number", "00108700008")
    session.expect_exact("That is not an identification number")
    session.sendline(OWNER)
    answer(session, "Full name", "Trần Văn Hải")
    answer(session, "May your papers be kept", "1")

    session.expect_exact("Paper 1 of 2: Quyết định")
    scanner.load([papers["khai-sinh"], papers["blank"]])
    answer(session, "Enter: scan", "")
    session.expect_exact("page 1: this looks like “Giấy khai sinh”")
    answer(session, "What now?", "1")
    answer(session, "Enter: scan", str(papers["coarse"]))
    session.expect_exact("page 1: below 200 dpi")
    answer(session, "What now?", "1")
    answer(session, "Enter: scan", "no-such.png")
    session.expect_exact("no-such.png")
    scanner.load([papers["blank"], papers["blank"]])
    answer(session, "Enter: scan", "")
    session.expect_exact("Only blank sides came")
    stack = [papers[name] for name in ("quyet-dinh", "blank", "more", "blank")]
    scanner.load(stack)
    scanner.jam(after=3)
    answer(session, "Enter: scan", "")
    session.expect_exact("lay the sheets in again from page 3")
    scanner.load(stack[2:])
    answer(session, "Enter: scan", "")

    session.expect_exact("Paper 2 of 2: Giấy khai sinh")
    answer(session, "type a file's name", f"'{papers['khai-sinh']}'")
    answer(session, "Now sign", "")
    answer(session, "PIN of token sohoa clerk", "00000000")
    session.expect_exact("tried once")
    answer(session, "Now sign", "")
    for role in ("clerk", "agency"):  # each once, though three documents are signed
        answer(session, f"PIN of token sohoa {role}", counter.pins[role])
    session.expect_exact("Done: 0 reused, 2 deposited, 0 kept")
    assert ended(session) == 0
    assert "PIN" not in session.before
    (receipt,) = counter.home.glob("dossiers/*/receipt.pdf")
    with pikepdf.open(receipt.with_name("parts") / "quyet-dinh.pdf") as pdf:
        assert len(pdf.pages) == 2
    assert not (receipt.parent / "sheets").exists()
    assert not counter.leftovers()


def test_the_card_names_the_owner_and_is_not_asked_for_again(
    counter, start, papers, scanner
) -> None:
    session = start()
    answer(session, "Which procedure?", "2")
    answer(session, "Whose dossier is it?", "1")
    scanner.load([papers["can-cuoc"], papers["blank"]])
    answer(session, "Lay “Căn cước công dân” in the feeder", "")
    session.expect_exact("Trần Văn Hải  001*******84")
    answer(session, "May your papers be kept", "1")
    session.expect_exact("Căn cước công dân: scanned a moment ago")
    session.expect_exact("Paper 1 of 3: Giấy khai sinh")
    scanner.load([papers["khai-sinh"], papers["blank"], papers["more"], papers["blank"]])
    scanner.slow(1.0)
    answer(session, "Enter: scan", "")
    session.expect_exact("page 2 came")
    session.sendintr()
    assert ended(session) == 130
    lines = session.before.replace("^C", "").strip().splitlines()
    assert [line for line in lines if line] == [
        "sohoa: Stopped. Everything so far is kept; “sohoa intake” goes on with it."
    ]

    scanner.slow(0.0)
    scanner.load([papers["more"], papers["blank"]])
    session = start()
    answer(session, "left unfinished: Đăng ký thường trú cho con theo cha, mẹ, Trần Văn Hải", "1")
    session.expect_exact("Paper 1 of 3: Giấy khai sinh")
    session.expect_exact("2 sides of “Giấy khai sinh” were scanned before")
    answer(session, "Number", "1")
    answer(session, "Enter: scan", "")
    session.expect_exact("Paper 2 of 3")
    answer(session, "Enter: scan", "q")
    assert ended(session) == 130
    (folder,) = (counter.home / "dossiers").iterdir()
    assert sorted(path.name for path in folder.glob("parts/*")) == ["can-cuoc.pdf", "khai-sinh.pdf"]
    with pikepdf.open(folder / "parts" / "khai-sinh.pdf") as pdf:
        assert len(pdf.pages) == 2
    assert not counter.leftovers()

    session = start()
    answer(session, "left unfinished", "3")
    session.expect_exact("Given up. Its scanned sheets are deleted")
    answer(session, "Which procedure?", "b")
    assert ended(session) == 130
    assert [path.name for path in folder.glob("parts/*")] == ["khai-sinh.pdf"]
    assert not (folder / "sheets").exists()


def test_nobody_at_the_terminal_is_a_stop(counter, complains) -> None:
    result = counter.run("intake", "--json")
    assert result.returncode == 130
    assert result.stderr.splitlines()[-1].startswith("sohoa: Stopped.")
    assert "Which procedure?" in result.stderr
    assert '"finished": false' in result.stdout


def test_the_counter_can_be_practised(counter, complains, tmp_path: Path) -> None:
    result = counter.run("demo", "--guided", "--out", tmp_path / "practice", stdin="2\nq\n")
    assert result.returncode == 130
    assert "Whose dossier is it?" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("sohoa: Stopped.")
    assert not counter.home.exists()  # practice has a home of its own


def test_without_a_signing_key_it_says_so_before_anybody_scans(counter, start) -> None:
    counter.office.write_text(counter.office.read_text().partition("\n[signers.")[0])
    session = start()
    answer(session, "Which procedure?", "1")
    session.expect_exact("names no signing key for “clerk”")
    assert ended(session) == 6


def test_a_terminal_that_closes_keeps_everything(counter, start, papers) -> None:
    session = start()
    to_the_first_paper(session)
    answer(session, "Enter: scan", str(papers["quyet-dinh"]))
    session.expect_exact("Paper 2 of 2")
    session.kill(signal.SIGHUP)
    assert ended(session) == 130
    session = start()
    answer(session, "left unfinished", "1")
    session.expect_exact("Paper 2 of 2: Giấy khai sinh")
