"""``sohoa sign``: one PIN, tried once; where the files go; what is missing is named."""

import json
import re
from pathlib import Path

import pikepdf
import pytest

from signing.rehearsal import Rehearsal

PDF = "out.pdf"


@pytest.fixture
def unsigned(tmp_path: Path) -> Path:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(420, 595))
    path = tmp_path / "unsigned.pdf"
    pdf.save(path)
    return path


def test_a_signed_pdf_is_not_digitised_again(counter, complains, unsigned: Path) -> None:
    signed = counter.run("sign", unsigned, "-o", "signed.pdf", "--signer", "clerk", "--pin-fd")
    assert signed.returncode == 0, signed.stderr
    complains(counter.run("digitize", "signed.pdf", "-o", PDF), 3, "signed already", "sohoa verify")
    assert not (counter.folder / PDF).exists()
    again = counter.run("sign", "signed.pdf", "-o", "twice.pdf", "--signer", "clerk", "--pin-fd")
    complains(again, 3, "already signed")
    assert not (counter.folder / "twice.pdf").exists()
    assert not counter.leftovers()


_SPY = Path("/usr/lib/x86_64-linux-gnu/pkcs11-spy.so")


def test_a_wrong_pin_is_tried_once(counter, complains, unsigned: Path, pki: Rehearsal) -> None:
    log = counter.folder / "spy.log"
    counter.office.write_text(counter.office.read_text().replace(pki.module, str(_SPY)))
    spying = {"PKCS11SPY": pki.module, "PKCS11SPY_OUTPUT": str(log)}
    wrong = b"00000000\n00000001\n00000002\n"
    second = counter.folder / "second.pdf"
    second.write_bytes(unsigned.read_bytes())
    result = counter.run(
        "sign", unsigned, second, "-o", "signed", "--signer", "agency", "--json", "--pin-fd",
        pins=wrong, **spying,
    )  # fmt: skip
    complains(result, 7, "tried once")
    assert json.loads(result.stdout)["error"] == "wrong-pin"
    assert len(re.findall(r"^\d+: C_Login$", log.read_text(errors="replace"), re.M)) == 1
    assert "00000000" not in result.stdout + result.stderr
    assert not list(counter.folder.glob("signed/*"))
    nothing = counter.run("sign", unsigned, "-o", PDF, "--pin-fd", pins=b"", **spying)
    complains(nothing, 7, "No PIN")
    nobody = counter.run("sign", unsigned, "-o", PDF, **spying)  # not at a terminal
    complains(nobody, 7, "--pin-fd")
    assert not counter.leftovers()


def test_a_token_a_driver_and_a_timestamp_service_that_are_missing(
    counter, complains, unsigned: Path, pki: Rehearsal
) -> None:
    office = counter.office.read_text()
    serial = pki.signers["agency"].token_serial
    cases = (
        (serial, "ffffffffffffffff", 7, "ffffffffffffffff"),
        (pki.module, "/usr/lib/no-such.so", 6, "/usr/lib/no-such.so"),
        (pki.timestamp_url, "http://127.0.0.1:9/tsa", 9, "No timestamp"),
        (f"timestamp_urls = ['{pki.timestamp_url}']", "", 6, "timestamp_urls"),
    )
    for there, instead, code, says in cases:
        assert there in office
        counter.office.write_text(office.replace(there, instead))
        complains(counter.run("sign", unsigned, "-o", PDF, "--pin-fd"), code, says)
        assert not (counter.folder / PDF).exists()
        assert not counter.leftovers()


def test_where_signed_files_go(counter, complains, unsigned: Path) -> None:
    second = counter.folder / "second.pdf"
    second.write_bytes(unsigned.read_bytes())
    twin = counter.folder / "other" / unsigned.name
    twin.parent.mkdir()
    twin.write_bytes(unsigned.read_bytes())
    complains(counter.run("sign", unsigned, second, "-o", PDF, "--pin-fd"), 2, "name a folder")
    complains(counter.run("sign", unsigned, twin, "-o", "all", "--pin-fd"), 2, "unsigned.pdf")

    def signed(*arguments: object) -> list[str]:
        result = counter.run("sign", *arguments, "--level", "b-b", "--json", "--pin-fd")
        assert result.returncode == 0, result.stderr
        return [one["signed"] for one in json.loads(result.stdout)]

    assert signed(unsigned, "-o", "one.pdf") == ["one.pdf"]
    assert signed(unsigned, "-o", "folder") == [f"folder/{unsigned.name}"]
    assert signed(unsigned, second, "-o", "many") == [f"many/{unsigned.name}", "many/second.pdf"]
    text = counter.folder / "text.pdf"
    text.write_text("no PDF")
    result = counter.run("sign", text, twin, "-o", "some", "--level", "b-b", "--json", "--pin-fd")
    complains(result, 12, "1 of 2 files", "text.pdf")
    assert [one["outcome"] for one in json.loads(result.stdout)] == ["failed", "signed"]


def test_an_empty_file_is_told_to_be_no_pdf_in_the_clerks_words(counter) -> None:
    (counter.folder / "empty.pdf").touch()
    result = counter.run("sign", "empty.pdf", "-o", PDF, "--pin-fd", lang="vi")
    assert result.returncode == 3
    assert "không phải PDF" in result.stderr
    assert "Illegal" not in result.stderr


def test_the_report_names_timestamps_and_no_library_speaks_up(
    counter, unsigned: Path, pki: Rehearsal
) -> None:
    level = ("--level", "b-lta", "--pin-fd")
    signed = counter.run("sign", unsigned, "-o", PDF, *level)
    assert signed.returncode == 0, signed.stderr
    report = counter.run("verify", "--trust", pki.certificates, PDF, lang="vi").stdout
    assert "dấu thời gian của cả văn bản" in report
    with pikepdf.open(counter.folder / PDF) as pdf:
        pdf.Root.AcroForm.XFA = pdf.make_stream(b"<xdp/>")
        pdf.save(counter.folder / "xfa.pdf")
    told = counter.run("verify", "--trust", pki.certificates, "xfa.pdf")
    assert told.returncode == 8
    assert "init_forms" not in told.stderr


def test_the_name_of_a_file_writes_nothing_of_its_own(counter, unsigned: Path) -> None:
    """With a line break it would write a verdict, with an escape sequence over what stands."""
    odd = counter.folder / "a\nVALID  b.pdf\x1b[2J\x9b\u202e.pdf"
    odd.write_bytes(unsigned.read_bytes())
    told = counter.run("verify", odd, unsigned)
    assert told.returncode == 8
    for text in (told.stdout, told.stderr):
        assert not {"\x1b", "\x9b", "\u202e"} & set(text)
    assert [line[:5] for line in told.stdout.splitlines()].count("VALID") == 0
    as_data = counter.run("verify", odd, "--json").stdout
    assert not {"\x1b", "\x9b", "\u202e"} & set(as_data)
    assert json.loads(as_data)[0]["file"] == str(odd)
    lifted = counter.run("sign", "--upgrade", odd)
    assert (lifted.returncode, len(lifted.stderr.splitlines())) == (3, 1)
    assert "not signed" in lifted.stderr
