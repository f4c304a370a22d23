"""Consent, plan, receipts and the owner's account, as scripts and clerks use them."""

import json
from pathlib import Path

import pikepdf
import pytest

OWNER = "001087000084"


@pytest.fixture
def paper(counter):
    def write(name: str) -> Path:
        path = counter.folder / f"{name}.pdf"
        with pikepdf.new() as pdf:
            pdf.add_blank_page(page_size=(420, 595))
            pdf.Root.Name = pikepdf.String(name)
            pdf.save(path)
        return path

    return write


@pytest.fixture
def said(counter):
    def run(*words, **given):
        done = counter.run(*words, "--json", **given)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)

    return run


def test_what_no_law_keeps_is_kept_only_once_its_owner_agreed(
    counter, complains, paper, said
) -> None:
    deposit = ("deposit", paper("a"), "--owner", OWNER, "--type", "giay-to")
    complains(counter.run(*deposit), 11, "--agreed")
    record = said(*deposit, "--agreed", "--witness", "Lê Thị Cúc")
    (consent,) = said("consent", "show", "--owner", "-", "--check", stdin=OWNER + "\n")
    assert (consent["state"], consent["papers"]) == ("in-force", ["giay-to"])
    (checked,) = consent["checked"]
    assert checked["known"]
    assert checked["said"]["evidence"]["reference"] == "Lê Thị Cúc"
    assert OWNER not in json.dumps(consent)

    withdraw = ("consent", "withdraw", consent["consent"])
    complains(counter.run(*withdraw), 11, "--witness")
    form = paper("form")
    done = said(*withdraw, "--form", form, "-o", "withdrawal.jws")
    assert done["ended"] == [record["id"]]
    assert (counter.folder / "withdrawal.jws").read_text().strip() == done["withdrawal"]
    assert said("find", "--owner", OWNER) == []
    complains(counter.run(*deposit), 11, "--agreed")


def test_a_consent_is_granted_for_papers_procedures_and_a_time(
    counter, complains, paper, said
) -> None:
    grant = ("consent", "grant", "--owner", OWNER, "--paper", "giay-to")
    complains(counter.run(*grant), 11, "--witness")
    form = paper("form")
    narrow = ("--for", "hai-giay", "--until", "31/12/2099", "--once", "--form", form)
    consent = said(*grant, *narrow, "--told", "vi", "-o", "consent.jws")
    assert consent["procedures"] == ["9.000001"]
    assert (consent["until"], consent["once"]) == ("2099-12-31", True)
    assert (counter.folder / "consent.jws").stat().st_mode & 0o777 == 0o600
    child = ("consent", "grant", "--owner", "001225000084", "--witness", "Lê Thị Cúc")
    complains(counter.run(*child), 11, "--guardian")
    complains(counter.run(*child, "--guardian", "Trần Văn Hải"), 11, "--authority")
    said(*child, "--guardian", "Trần Văn Hải", "--authority", form)
    complains(counter.run("consent", "show"), 2, "--owner")


def test_the_plan_says_what_to_scan_and_why_and_reuse_gives_receipt_and_fields(
    counter, complains, paper, said
) -> None:
    plan = ("plan", "--owner", OWNER, "--for", "hai-giay")
    assert [one["causes"] for one in said(*plan)] == [["not-held"], ["not-held"]]
    assert not (counter.home / "warehouse").exists()
    record = said("deposit", paper("a"), "--owner", OWNER, "--type", "khai-sinh")
    planned = said(*plan)
    assert [one["decision"] for one in planned] == ["scan", "reuse"]
    assert planned[1]["record"]["id"] == record["id"]
    assert record["id"] in counter.run(*plan, lang="vi").stdout

    reuse = ("reuse", record["id"], "-o", "out.pdf", "--for")
    complains(counter.run(*reuse, "nowhere"), 2, "--reason")
    complains(counter.run(*reuse, "chi-quyet-dinh"), 2, "--reason")
    release = said(*reuse, "hai-giay", "--receipt", "r.jws", "--fields", "fields.json")
    fields = json.loads((counter.folder / "fields.json").read_text())
    assert (fields["record"], fields["sha256"]) == (record["id"], release["sha256"])
    assert (counter.folder / "r.jws").read_text().strip() == release["receipt"]
    assert said("audit", "verify", "--witness", "r.jws")["ok"] is True


def test_an_owner_takes_home_who_saw_their_papers_and_can_check_it_without_the_store(
    counter, complains, paper, said
) -> None:
    said("deposit", paper("a"), "--owner", OWNER, "--type", "khai-sinh")
    said("deposit", paper("b"), "--owner", "001187000085", "--type", "khai-sinh")
    said("find", "--owner", OWNER)
    account = said("audit", "show", "--owner", "-", stdin=OWNER + "\n")
    assert [one["action"] for one in account] == ["deposit", "look-up", "account"]
    assert "Giấy khai sinh" in counter.run("audit", "show", "--owner", OWNER).stdout
    written = said("audit", "excerpt", "--owner", OWNER, "-o", "excerpt.json")
    assert written["entries"] == 5
    away = {"SOHOA_HOME": str(counter.folder / "elsewhere")}
    seal = counter.run("profile", "show", "office", "--json").stdout
    certificate = json.loads(seal)["credential"]["certificate"]
    held = said("audit", "verify", "excerpt.json", "--key", certificate, **away)
    assert (held["ok"], held["entries"]) == (True, 5)
    complains(counter.run("audit", "verify", "excerpt.json", **away), 8, "--key")
    forged = (counter.folder / "excerpt.json").read_text().replace("look-up", "nothing")
    (counter.folder / "forged.json").write_text(forged)
    complains(counter.run("audit", "verify", "forged.json", "--quiet"), 8, "altered")
    complains(counter.run("audit", "verify", paper("c")), 8, "not valid")


def test_a_checkpoint_is_timestamped_and_its_stamp_is_checked(counter, paper, said) -> None:
    said("deposit", paper("a"), "--owner", OWNER, "--type", "khai-sinh")
    made = said("audit", "checkpoint", "-o", "checkpoint.jws")
    assert made["stamped"] is True
    verified = said("audit", "verify", "--witness", "checkpoint.jws")
    assert (verified["ok"], verified["stamped"]) == (True, 1)
    assert verified["stamped_at"].endswith("Z")


def test_a_stranger_s_office_cannot_be_emptied_in_an_hour(counter, complains, paper, said) -> None:
    office = counter.office.read_text()
    counter.office.write_text(office + "\n[limits]\nrecord_a_day = 1\n")
    record = said("deposit", paper("a"), "--owner", OWNER, "--type", "khai-sinh")
    said("reuse", record["id"], "--for", "hai-giay", "-o", "out.pdf")
    again = ("reuse", record["id"], "--for", "hai-giay", "-o", "more.pdf")
    complains(counter.run(*again), 11, "record_a_day")
    assert not (counter.folder / "more.pdf").exists()


def test_consents_that_have_run_out_are_looked_for(counter, complains, paper, said) -> None:
    complains(counter.run("consent", "expire"), 10, "no store")
    said("deposit", paper("a"), "--owner", OWNER, "--type", "giay-to", "--agreed")
    assert said("consent", "expire") == {"past": 0, "erased": 0}
    assert len(said("find", "--owner", OWNER)) == 1


def test_a_paper_of_two_leaves_for_the_one_who_agreed(counter, complains, paper, said) -> None:
    spouse = "079199000012"
    numbers = {"stdin": f"{OWNER}\n{spouse}\n"}
    deposit = ("deposit", paper("a"), "--owner", "-", "--co-owner", "-", "--type", "giay-to")
    record = said(*deposit, "--agreed", **numbers)
    assert (record["owner"], record["co_owners"]) == ("001*******84", ["079*******12"])
    assert said("find", "--owner", "-", stdin=spouse + "\n") == []
    reuse = ("reuse", record["id"], "--for", "hai-giay", "--reason", "đơn của vợ chồng", "-o")
    out = counter.folder / "copy.pdf"
    complains(counter.run(*reuse, out), 11, "--owner")
    complains(counter.run(*reuse, out, "--owner", "-", stdin=spouse + "\n"), 11, "not agreed")
    complains(counter.run(*reuse, out, "--owner", "-", stdin="001087000099\n"), 11, "not a paper")
    assert not out.exists()
    said(*reuse, out, "--owner", "-", stdin=OWNER + "\n")
    assert out.exists()
    shown = counter.run("audit", "show", "--owner", "-", stdin=spouse + "\n").stdout
    assert "handed out (a paper of several owners)" in shown
