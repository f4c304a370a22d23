"""Deposit, find, reuse, check; profiles, devices and the doctor: said in words and as JSON."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pikepdf
import pytest

OWNER = "001087000084"


def said(result: "subprocess.CompletedProcess[str]") -> object:
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return json.loads(result.stdout)


def test_a_paper_is_deposited_found_reused_and_accounted_for(
    counter, complains, paper, damaged
) -> None:
    deposit = ("deposit", paper, "--owner", OWNER, "--type", "khai-sinh", "--number", "12/2020")
    record = said(counter.run(*deposit, "--json"))
    assert (record["owner"], record["status"]) == ("001*******84", "active")
    assert said(counter.run(*deposit, "--json"))["id"] == record["id"]  # once is enough
    found = said(counter.run("find", "--owner", OWNER, "--type", "G15-KQ004389", "--json"))
    assert [one["id"] for one in found] == [record["id"]]
    assert said(counter.run("find", "--owner", OWNER, "--type", "ket-hon", "--json")) == []
    in_words = counter.run("find", "--owner", OWNER, lang="vi").stdout
    assert record["id"] in in_words
    assert "Giấy khai sinh" in in_words

    out = counter.folder / "out" / "copy.pdf"
    release = said(counter.run("reuse", record["id"], "--for", "hai-giay", "-o", out, "--json"))
    assert release["procedure"] == "9.000001"
    assert out.read_bytes() == paper.read_bytes()
    complains(counter.run("reuse", record["id"], "--for", "hai-giay", "-o", counter.folder), 3)

    check = said(counter.run("warehouse", "check", "--json"))
    assert (check["ok"], check["records"]) == (True, 1)
    assert said(counter.run("audit", "verify", "--json"))["ok"] is True
    (stored,) = (counter.home / "warehouse" / "objects").rglob("*-paper.pdf")
    stored.chmod(0o600)
    stored.write_bytes(damaged(stored.read_bytes()))
    broken = counter.run("warehouse", "check", "--json")
    complains(broken, 10, "1 fault")
    assert [one["cause"] for one in json.loads(broken.stdout)["faults"]] == ["object-damaged"]
    again = ("reuse", record["id"], "--for", "hai-giay", "-o", "again.pdf")
    complains(counter.run(*again), 10, "damaged")
    assert not (counter.folder / "again.pdf").exists()


def test_another_paper_under_the_same_number_is_a_conflict(counter, complains, paper) -> None:
    deposit = ("deposit", paper, "--owner", OWNER, "--type", "khai-sinh", "--number", "12/2020")
    said(counter.run(*deposit, "--json"))
    with pikepdf.open(paper, allow_overwriting_input=True) as pdf:
        pdf.add_blank_page()
        pdf.save(paper)
    complains(counter.run(*deposit), 11, "--supersede")
    assert said(counter.run(*deposit, "--supersede", "--json"))["version"] == 2


def test_a_result_is_deposited_with_the_code_of_its_dossier(counter, paper) -> None:
    code = "H99.01-20261128-0000007"
    deposit = ("deposit", paper, "--owner", OWNER, "--type", "khai-sinh", "--dossier", code)
    assert said(counter.run(*deposit, "--json"))["dossier_code"] == code
    (found,) = said(counter.run("find", "--owner", OWNER, "--json"))
    assert found["dossier_code"] == code
    assert code in counter.run("find", "--owner", OWNER).stdout


def test_profiles_are_listed_shown_and_checked(counter) -> None:
    listed = said(counter.run("profile", "list", "--json"))
    assert "hai-giay" in [one["name"] for one in listed["procedure"]]
    shown = said(counter.run("profile", "show", "KQ.G15.000031", "--json"))
    assert shown["name"] == "khai-sinh"
    checked = said(counter.run("profile", "check", counter.office, "--json"))
    assert checked == {str(counter.office): "office"}
    assert "agency: ỦY BAN NHÂN DÂN" in counter.run("profile", "show", "office").stdout


def test_devices_and_doctor_say_what_is_there(counter, scanner, pki) -> None:
    found = said(counter.run("devices", "--json"))
    assert [one["name"] for one in found["scanners"]] == [scanner.device_name]
    serials = {token["serial"] for token in found["tokens"]}
    assert {signer.token_serial for signer in pki.signers.values()} <= serials
    checks = said(counter.run("doctor", "--json"))
    assert all(check["ok"] for check in checks)
    names = [check["name"] for check in checks if check["mend"]]
    assert names == []


def test_a_scan_goes_on_after_the_last_page_in_the_folder(
    counter, complains, scanner, papers
) -> None:
    scanner.load([papers["quyet-dinh"], papers["blank"], papers["more"], papers["blank"]])
    scanner.jam(after=3)
    scan = ("scan", "-o", "pages", "--source", "adf-duplex", "--dpi", "100", "--json")
    complains(counter.run(*scan), 5, "page 3")
    names = sorted(path.name for path in (counter.folder / "pages").iterdir())
    assert names == ["page-0001.jpg", "page-0002.jpg", "page-0003.jpg"]
    scanner.load([papers["more"], papers["blank"]])
    pages = said(counter.run(*scan))
    assert [page["number"] for page in pages] == [3, 4]
    (counter.folder / "pages" / "page-0002.jpg").unlink()
    scanner.load([papers["more"]])
    more = said(counter.run("scan", "-o", "pages", "--dpi", "100", "--json"))
    assert [page["number"] for page in more] == [5]  # never onto a page that is there


def test_scanned_sheets_are_kept_where_digitising_them_fails(
    counter, complains, scanner, papers
) -> None:
    scanner.load([papers["quyet-dinh"], papers["more"]])
    scanner.jam(after=1)
    line = complains(counter.run("digitize", "scanner:", "-o", "out.pdf"), 5, "jammed", "are in")
    folder = Path(line.rpartition(" are in ")[2].rstrip("."))
    assert [path.name for path in folder.iterdir()] == ["page-0001.jpg"]
    assert folder.stat().st_mode & 0o077 == 0
    assert not (counter.folder / "out.pdf").exists()
    scanner.load([papers["more"]])
    done = counter.run("digitize", folder, "-o", "out.pdf", "--json")
    assert done.returncode == 0
    whole = counter.run("digitize", "scanner:", "-o", "all.pdf", "--text", "all.txt", "--json")
    assert whole.returncode == 0, whole.stderr
    assert "người nhận" in (counter.folder / "all.txt").read_text()
    assert list((counter.home / "work").iterdir()) == [folder]


def test_a_scanners_blank_side_is_kept_beside_the_document_and_missing_pages_are_told(
    counter, complains, scanner, papers
) -> None:
    scanner.load([papers["more"], papers["blank"]])
    command = ("digitize", "scanner:", "-o", "out.pdf", "--expect")
    done = counter.run(*command, "1", "--json")
    assert done.returncode == 0, done.stderr
    aside = counter.folder / "out.blank"
    assert [path.name for path in aside.iterdir()] == ["page-0002.jpg"]
    assert aside.stat().st_mode & 0o077 == 0
    scanner.load([papers["more"]])
    complains(counter.run(*command, "2"), 4, "two sheets at once", "1 of 2 pages")


def test_ctrl_c_while_scanning_tells_where_the_sheets_are(counter, scanner, papers) -> None:
    scanner.load([papers["quyet-dinh"], papers["more"], papers["more"]])
    scanner.slow(2.0)
    command = [Path(sys.executable).with_name("sohoa"), "digitize", "scanner:", "-o", "out.pdf"]
    process = subprocess.Popen(
        [*command, "--lang", "en"],
        env=counter.environ, cwd=counter.folder, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and not list(counter.home.glob("work/sheets-*/page-0001.jpg")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    (kept,) = counter.home.glob("work/sheets-*")
    assert (process.returncode, err) == (
        130,
        f"sohoa: Stopped. The sheets that came are in {kept}.\n",
    )
    assert not (counter.folder / "out.pdf").exists()


def test_help_loads_nothing_heavy() -> None:
    heavy = ("cv2", "numpy", "pikepdf", "pyhanko", "pydantic", "sqlalchemy", "sane", "PIL", "rich")
    program = f"import sys, cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("lang", "word"), [("vi", "Tùy chọn"), ("en", "Options")])
def test_help_speaks_the_user_s_language(counter, lang: str, word: str) -> None:
    done = counter.run("intake", "--help", lang=lang)
    assert done.returncode == 0
    assert word in done.stdout
    assert ("<str>" in done.stdout) == (lang == "en")
    nothing = counter.run(lang=lang)
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert word in nothing.stderr


def test_nothing_is_written_into_the_store_but_by_the_store(counter, complains, paper) -> None:
    deposit = ("deposit", paper, "--owner", OWNER, "--type", "khai-sinh", "--json")
    record = said(counter.run(*deposit))["id"]
    store = counter.home / "warehouse"
    before = (store / "catalogue.sqlite").read_bytes()
    for order in (
        ("reuse", record, "--for", "hai-giay", "-o", store / "catalogue.sqlite"),
        ("digitize", paper, "-o", store / "objects" / "x.pdf"),
        ("scan", "-o", store),
    ):
        complains(counter.run(*order, "--quiet"), 11, "lies in the store")
    assert (store / "catalogue.sqlite").read_bytes() == before
    assert said(counter.run("warehouse", "check", "--json"))["ok"] is True


def test_a_paper_only_to_be_shown_or_with_a_broken_signature_is_not_stored(
    counter, complains, paper
) -> None:
    card = ("deposit", paper, "--owner", OWNER, "--type", "can-cuoc", "--quiet")
    complains(counter.run(*card), 11, "only shown")
    signed = counter.folder / "signed.pdf"
    done = counter.run(
        "sign", paper, "-o", signed, "--signer", "clerk", "--level", "b-b", "--pin-fd"
    )
    assert done.returncode == 0, done.stderr
    data = bytearray(signed.read_bytes())
    data[data.index(b"%PDF-") + 5] ^= 1
    signed.write_bytes(data)
    complains(
        counter.run("deposit", signed, "--owner", OWNER, "--type", "khai-sinh"), 8, "not stored"
    )
    assert said(counter.run("find", "--owner", OWNER, "--all", "--json")) == []


def test_the_store_is_mended_made_anew_and_its_key_changed(counter, complains, paper) -> None:
    deposit = ("deposit", paper, "--owner", OWNER, "--type", "khai-sinh", "--master", paper)
    record = said(counter.run(*deposit, "--json"))["id"]
    store, copy = counter.home / "warehouse", counter.folder / "copy"
    shutil.copytree(store, copy)
    (stored,) = (store / "objects").rglob("*-paper.pdf")
    stored.unlink()
    for file in store.glob("catalogue.sqlite*"):
        file.unlink()
    complains(counter.run("find", "--owner", OWNER), 10, "warehouse rebuild")
    assert said(counter.run("warehouse", "rebuild", "--json"))["records"] == 1
    complains(counter.run("warehouse", "check"), 10, "warehouse repair")
    mended = said(counter.run("warehouse", "repair", "--from", copy, "--json"))
    assert [Path(path).name for path in mended["mended"]] == ["1-paper.pdf"]
    assert said(counter.run("warehouse", "rotate-key", "--json"))["keys"] == 2
    assert said(counter.run("warehouse", "recover", "--json"))["cleared"] == 0
    gone = said(counter.run("warehouse", "erase", record, "--reason", "theo yêu cầu", "--json"))
    assert gone["status"] == "erased"
    complains(counter.run("reuse", record, "--for", "9.000001", "-o", "out.pdf"), 11, "erased")
    assert said(counter.run("warehouse", "check", "--since", "1", "--json"))["ok"] is True
