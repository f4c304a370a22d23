"""Papers leave one office's store in a package and arrive in another's; events are told."""

import base64
import json
import secrets
import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import bagit
import pikepdf
import pytest

OWNER = "001087000084"


def said(result: "subprocess.CompletedProcess[str]", code: int = 0) -> dict:
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def record(counter, paper) -> str:
    deposit = ("deposit", paper, "--owner", OWNER, "--type", "khai-sinh", "--number", "12/2020")
    return said(counter.run(*deposit, "--json"))["id"]


def elsewhere(counter) -> dict[str, str]:
    """Another office's store, on the same machine."""
    return {"SOHOA_WAREHOUSE": str(counter.folder / "other")}


@pytest.mark.parametrize(
    ("form", "name"), [("asic", "p.asice"), ("bagit", "bag"), ("bagit", "b.zip"), ("json", "j")]
)
def test_a_paper_leaves_one_store_and_arrives_in_another(
    counter, paper, record, form, name
) -> None:
    out = counter.folder / name
    export = ("export", record, "--for", "hai-giay", "-o", out, "--form", form, "--json")
    packed = said(counter.run(*export, "--pin-fd", pins=agency(counter)))
    assert (packed["signed"], packed["records"][0]["owner"]) == (True, "001*******84")
    if name == "bag":
        bagit.Bag(str(out)).validate()
    checked = said(counter.run("import", out, "--check", "--json", **elsewhere(counter)))
    assert [one["outcome"] for one in checked["components"]] == ["sound"]
    assert not (counter.folder / "other").exists()
    first = said(counter.run("import", out, "--json", **elsewhere(counter)))
    again = said(counter.run("import", out, "--json", **elsewhere(counter)))
    assert first["signer"] == "ỦY BAN NHÂN DÂN XÃ HÒA AN"
    assert [one["outcome"] for one in first["components"]] == ["stored"]
    assert [one["outcome"] for one in again["components"]] == ["known"]
    assert first["components"][0]["record"] == again["components"][0]["record"] != record
    (held,) = json.loads(
        counter.run("find", "--owner", OWNER, "--json", **elsewhere(counter)).stdout
    )
    assert held["sha256"] == packed["records"][0]["sha256"]
    assert held["number"] == "12/2020"
    assert (held["origin"]["record"], held["origin"]["office"]) == (record, "H99.01")
    assert held["origin"]["package_id"] == packed["package"]
    assert OWNER not in str(held)
    check = counter.run("warehouse", "check", **elsewhere(counter))
    assert check.returncode == 0, check.stdout
    rebuilt = counter.run("warehouse", "rebuild", **elsewhere(counter))
    assert rebuilt.returncode == 0
    (same,) = json.loads(
        counter.run("find", "--owner", OWNER, "--json", **elsewhere(counter)).stdout
    )
    assert same == held


def agency(counter) -> bytes:
    return counter.pins["agency"].encode() + b"\n"


def test_leaving_is_a_release_with_receipt_and_audit_and_needs_a_reason(
    counter, record, complains
) -> None:
    out = counter.folder / "p.asice"
    unknown = ("export", record, "--for", "không có", "-o", out, "--pin-fd")
    complains(counter.run(*unknown, pins=agency(counter)), 2, "--reason")
    assert not out.exists()
    export = ("export", record, "--for", "hai-giay", "-o", out, "--pin-fd")
    assert record in counter.run(*export, pins=agency(counter)).stdout
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as archive:
        receipt = archive.read(f"{record}-v1.receipt.jws").decode()
        national = json.loads(archive.read(f"{record}-v1.json"))
        assert OWNER not in "".join(archive.namelist())
    claims = json.loads(base64.urlsafe_b64decode(receipt.split(".")[1] + "=="))
    assert (claims["record"], claims["procedure"]) == (record, "9.000001")
    assert national["HashTepTin"] == claims["sha256"]
    assert national["MaKetQua"].startswith(OWNER)
    account = counter.run("audit", "show", "--owner", OWNER).stdout
    assert "handed out" in account
    assert counter.run("audit", "verify").returncode == 0
    reason = ("warehouse", "revoke", record, "--reason", "cấp sai")
    assert counter.run(*reason).returncode == 0
    complains(counter.run(*export, pins=agency(counter)), 11, "revoked")


@pytest.mark.parametrize("form", ["asic", "bagit", "json"])
def test_where_the_package_cannot_be_written_nothing_is_on_record(
    counter, record, complains, form
) -> None:
    (counter.folder / "file").touch()
    for place in (counter.folder / "file" / "p", "/proc/nowhere/p"):
        export = ("export", record, "--for", "hai-giay", "--form", form, "-o", place, "--pin-fd")
        complains(counter.run(*export, pins=agency(counter)), 3, "cannot be written")
    assert "handed out" not in counter.run("audit", "show", "--owner", OWNER).stdout


def test_a_wrong_pin_releases_nothing(counter, record, complains) -> None:
    out = counter.folder / "p.asice"
    export = ("export", record, "--for", "hai-giay", "-o", out, "--pin-fd")
    complains(counter.run(*export, pins=b"00000000\n"), 7)
    assert not out.exists()
    assert "handed out" not in counter.run("audit", "show", "--owner", OWNER).stdout


def test_unsigned_packages_and_those_of_strangers_are_refused(
    counter, record, complains, tmp_path
) -> None:
    out = counter.folder / "j"
    export = ("export", record, "--for", "hai-giay", "-o", out)
    complains(counter.run(*export, "--unsigned"), 2, "ASiC-E")
    assert counter.run(*export, "--unsigned", "--form", "json").returncode == 0
    complains(counter.run("import", out, **elsewhere(counter)), 8, "not signed")
    complains(counter.run(*export, "--unsigned", "--form", "json"), 3, "already")
    signed = counter.folder / "p.asice"
    counter.run(
        "export", record, "--for", "hai-giay", "-o", signed, "--pin-fd", pins=agency(counter)
    )
    text = counter.office.read_text("utf-8")
    listed = text.replace("\n[seal]", f'\nsenders = ["{"00" * 32}"]\n[seal]', 1)
    counter.office.write_text(listed, "utf-8")
    complains(counter.run("import", signed, **elsewhere(counter)), 11, "senders")
    lines = [line for line in text.splitlines() if not line.startswith("trust =")]
    counter.office.write_text("\n".join(lines), "utf-8")
    complains(counter.run("import", signed, **elsewhere(counter)), 8, "trusted root")
    assert not (counter.folder / "other").exists()


def test_another_paper_of_the_same_number_is_a_conflict_for_a_person(
    counter, paper, record, complains
) -> None:
    out = counter.folder / "p.asice"
    counter.run("export", record, "--for", "hai-giay", "-o", out, "--pin-fd", pins=agency(counter))
    with pikepdf.open(paper, allow_overwriting_input=True) as pdf:
        pdf.add_blank_page()
        pdf.save(paper)
    deposit = ("deposit", paper, "--owner", OWNER, "--type", "khai-sinh", "--number", "12/2020")
    held = said(counter.run(*deposit, "--json", **elsewhere(counter)))["id"]
    result = counter.run("import", out, "--json", **elsewhere(counter))
    complains(result, 11, held)
    (one,) = json.loads(result.stdout)["components"]
    assert (one["outcome"], one["error"]) == ("refused", "record-conflict")
    assert said(counter.run("warehouse", "check", "--json", **elsewhere(counter)))["records"] == 1


def test_a_dossier_leaves_as_a_whole_or_not_at_all(counter, papers, complains) -> None:
    taken = counter.run(
        "intake", "--profile", "hai-giay", "--owner", OWNER, "--agreed", "--json", "--level", "b-b",
        "--sheets", f"quyet-dinh={papers['quyet-dinh']}",
        "--sheets", f"khai-sinh={papers['khai-sinh']}", "--pin-fd",
    )  # fmt: skip
    assert taken.returncode == 0, taken.stderr
    held = json.loads(counter.run("find", "--owner", OWNER, "--json").stdout)
    (code,) = {one["dossier_code"] for one in held}
    out = counter.folder / "p.asice"
    export = ("export", code, "--for", "hai-giay", "-o", out, "--json", "--pin-fd")
    packed = said(counter.run(*export, pins=agency(counter)))
    assert {one["record"] for one in packed["records"]} == {one["id"] for one in held}
    assert len(held) == 2
    result = counter.run("import", out, "--json", **elsewhere(counter))
    outcomes = {one["type"]: one["outcome"] for one in json.loads(result.stdout)["components"]}
    # Both are results, which the profiles keep by law, though they came in with consent.
    assert set(outcomes.values()) == {"stored"}, result.stdout


def test_what_happens_is_told_with_a_signature(counter, record, complains) -> None:
    heard: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204 if len(heard) > 1 else 503)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    complains(counter.run("outbox", "deliver"), 6, "webhooks.NAME")
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        secret = counter.folder / "secret"
        secret.write_text("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
        secret.chmod(0o600)
        with counter.office.open("a", encoding="utf-8") as office:
            office.write(
                f'\n[webhooks.tinh]\nurl = "http://127.0.0.1:{server.server_port}/"\n'
                f'secret_file = "{secret}"\nloopback = true\n'
            )
        complains(counter.run("outbox", "deliver"), 9, "503")
        status = said(counter.run("outbox", "status", "--json"))
        assert status["subscribers"][0]["pending"] == 1
        assert "503" in counter.run("outbox", "status", lang="vi").stdout
        complains(counter.run("outbox", "retry", "NOPE"), 3, "NOPE", "sohoa outbox status")
        assert said(counter.run("outbox", "retry", "--json")) == {"again": 1}
        assert said(counter.run("outbox", "deliver", "--json"))["arrived"] == 1
        assert said(counter.run("outbox", "deliver", "--json"))["arrived"] == 0
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert {(one["type"], one["data"]["record"]) for one in heard} == {("record.deposited", record)}
    complains(counter.run("outbox", "forget", "ai"), 3, "ai")
    assert counter.run("outbox", "forget", "tinh").returncode == 0
