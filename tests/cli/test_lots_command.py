"""Lots and reports by command: nothing goes to the store before somebody else accepted it."""

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pikepdf
import pytest

OWNER = "001087000084"
HANH, CHAU, LAN = "Lò Thị Hạnh", "Vũ Minh Châu", "Đỗ Lan"
RUN = ("batch", "run", "--level", "b-b", "--jobs", "1", "--json", "--operator", HANH)


@pytest.fixture(autouse=True)
def _at_once(counter) -> None:
    with counter.office.open("a") as office:
        office.write("\n[batch]\nniceness = 0\n")


def test_a_lot_goes_to_the_store_when_a_second_person_and_a_supervisor_agreed(
    counter, papers, draw, complains
) -> None:
    scans = counter.folder / "scans"
    scans.mkdir()
    shutil.copy(papers["quyet-dinh"], scans / "a.png")
    shutil.copy(draw("c", "QUYẾT ĐỊNH", lines=4), scans / "b.png")
    plan = ("batch", "plan", scans, "--profile", "quyet-dinh", "--lot", "A", "--operator", CHAU)
    assert counter.run(*plan).returncode == 0
    complains(counter.run("batch", "sample", "A"), 11, "2 documents are not signed")
    # Scanned at one station, signed at another: both by Hạnh, but the station named is the first.
    first = counter.run(*RUN, "--no-sign", "--station", "Trạm 3")
    assert first.returncode == 0, first.stderr
    made = counter.run(*RUN, "--station", "Trạm 1", "--pin-fd")
    assert json.loads(made.stdout).get("deposited", 0) == 0, made.stderr

    drawn = json.loads(counter.run("batch", "sample", "A", "--json", "--operator", CHAU).stdout)
    assert (drawn["makers"], drawn["stations"], drawn["plan"]["size"]) == (
        [HANH],
        ["Trạm 1", "Trạm 3"],
        2,
    )
    for file in drawn["files"].values():
        with pikepdf.open(file) as pdf:
            facts = json.loads(str(pdf.open_metadata()["dc:source"]))
            assert (facts["operator"], facts["station"]) == (HANH, "Trạm 3")
            signatures = [field.V for field in pdf.Root.AcroForm.Fields]
            assert [(str(one.Reason), str(one.ContactInfo)) for one in signatures] == [
                (f"Người số hóa: {HANH}", "Trạm 3")
            ] * 2

    listed = json.loads(counter.run("batch", "status", "--json", "--all").stdout)
    assert listed["states"] == {"signed": 2}
    entries = json.dumps([{"document": one, "fields": {}} for one in drawn["drawn"][:1]])
    own = ("batch", "check", "A", "--entries", "-", "--operator", "LO THI HANH")
    complains(counter.run(*own, stdin=entries), 11, "may not judge it")
    complains(counter.run("batch", "accept", "A", "--operator", CHAU), 11, "not checked yet")
    second = ("batch", "check", "A", "--json", "--operator", LAN)
    one = json.loads(counter.run(*second, "--entries", "-", stdin=entries).stdout)
    assert (one["lot"]["checked"], one["lot"]["wrong"]) == (1, 0)
    asked = counter.run(*second, stdin="1\n")  # nothing else is wrong with the other one
    assert json.loads(asked.stdout)["lot"]["checked"] == 2, asked.stderr
    assert drawn["files"][drawn["drawn"][1]] in asked.stderr
    complains(counter.run("batch", "accept", "A", "--operator", "hanh lo thi"), 11, "not judge")
    accepted = counter.run("batch", "accept", "A", "--operator", CHAU)
    assert accepted.returncode == 0, accepted.stderr
    assert json.loads(counter.run(*RUN, "--pin-fd").stdout)["deposited"] == 2
    assert "2 in the store; accepted" in counter.run("batch", "lots").stdout
    assert counter.run("audit", "verify").returncode == 0

    _reports_are_written(counter)
    dry = json.loads(counter.run("batch", "retention", "--dry-run", "--json").stdout)
    assert (dry["documents"], dry["kept"]) == (0, {"profile-keeps": 2})


def _reports_are_written(counter) -> None:
    files = [counter.folder / f"report.{form}" for form in ("html", "xlsx", "csv", "json")]
    outs = [word for file in files for word in ("-o", file)]
    done = counter.run("batch", "report", *outs)
    assert done.returncode == 0, done.stderr
    assert "Dossiers: 2" in done.stdout
    data = json.loads(files[3].read_text())
    (row,) = data["tables"]["operators"]["rows"]
    assert row[:5] == [HANH, 1, 2, 2, 2]
    for file in files:
        assert OWNER.encode() not in file.read_bytes()
    table = list(csv.reader(io.StringIO(files[2].read_text("utf-8-sig"))))
    assert ["stations", "1", "Name", "Trạm 3"] in table


def test_a_report_says_what_is_wrong_with_what_was_asked(counter, complains) -> None:
    out = counter.folder / "report.pdf"
    complains(counter.run("report", "-o", out), 2, "report.pdf", ".html")
    assert not out.exists()
    turned = ("--since", "28/11/2026", "--until", "2026-11-01")
    complains(counter.run("batch", "report", *turned), 2, "28/11/2026", "01/11/2026")
    complains(counter.run("report", *turned), 2, "28/11/2026")
    mistaken = counter.run("report", "--since", "001087000084")
    complains(mistaken, 2, "is no day")
    assert "001087000084" not in mistaken.stderr
    for day in ("31/11/2026", "11.2026", "28/11/26"):
        wrong = complains(counter.run("report", "--since", day, lang="vi"), 2, day, "2026-11-28")
        assert "không phải là ngày" in wrong
    assert "NGÀY/THÁNG/NĂM" in counter.run("report", "--help", lang="vi").stdout
    complains(counter.run("report", "--since", "28.11.2026"), 10, "no store")
    complains(counter.run("batch", "report"), 3, "no ledger")
    complains(counter.run("batch", "lots"), 3, "no ledger")


def test_the_counter_s_report_counts_dossiers_reuse_and_time(counter, papers) -> None:
    order = ("intake", "-p", "hai-giay", "--owner", OWNER, "--owner-name", "Trần Văn Hải",
             "--level", "b-b", "--jobs", "1", "--agreed", "--operator", HANH)  # fmt: skip
    sheets = [
        word
        for paper in ("quyet-dinh", "khai-sinh")
        for word in ("--sheets", f"{paper}={papers[paper]}")
    ]
    for more in (sheets, []):  # the second dossier needs no paper any more
        done = counter.run(*order, *more, "--pin-fd", SOHOA_STATION="Quầy 1")
        assert done.returncode == 0, done.stderr
    folder = Path(os.path.commonpath([*counter.home.glob("dossiers/*/parts/*.pdf")][:1]))
    with pikepdf.open(folder) as pdf:
        field = pdf.Root.AcroForm.Fields[0].V
        assert (str(field.Reason), str(field.ContactInfo)) == (
            f"Người số hóa: {HANH}",
            "Quầy 1",
        )
        assert "Hòa An" in str(field.Location)

    out = counter.folder / "counter.json"
    report = counter.run("report", "-o", out, "--lang", "vi")
    assert report.returncode == 0, report.stderr
    tables = json.loads(counter.run("report", "--json").stdout)["tables"]
    (operator,) = tables["operators"]["rows"]
    assert operator[:5] == [HANH, 1, 2, 2, 2]
    (station,) = tables["stations"]["rows"]
    assert station[0] == "Quầy 1"
    assert [row[1] for row in tables["reuse"]["rows"]] == [4, 2, 2]
    # 4.3: one of two dossiers reused a component; 4.4: the same one came from the store.
    assert [row[:1] + row[2:5] for row in tables["indicators"]["rows"]] == [
        ["4.1", 0, 2, 0.0], ["4.2", 0, 2, 0.0], ["4.3", 1, 2, 0.5], ["4.4", 1, 2, 0.5],
    ]  # fmt: skip
    assert OWNER not in out.read_text()
