"""A dossier by script: one call from the reuse check to the receipt, or on from a stop."""

import json
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf

OWNER = "001087000084"
ORDER = ("intake", "-p", "hai-giay", "--owner", OWNER, "--level", "b-b", "--json")


def sheets(papers: dict[str, Path], *names: str) -> list[str]:
    return [word for name in names for word in ("--sheets", f"{name}={papers[name]}")]


def stages(answer: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    assert answer.returncode == 0, answer.stderr
    return {part["paper"]: part["stage"] for part in json.loads(answer.stdout)["parts"]}


def signatures(path: Path) -> int:
    with pikepdf.open(path) as pdf:
        return len(pdf.Root.AcroForm.Fields) if "/AcroForm" in pdf.Root else 0


def records(counter) -> list[dict[str, str]]:
    return json.loads(counter.run("find", "--owner", OWNER, "--json").stdout)


def dossiers(counter) -> list[Path]:
    return sorted((counter.home / "dossiers").iterdir())


def test_files_become_a_dossier_and_what_is_held_is_not_asked_for_again(counter, papers) -> None:
    both = sheets(papers, "quyet-dinh", "khai-sinh")
    first = counter.run(*ORDER, *both, "--agreed", "--pin-fd")
    assert stages(first) == {"quyet-dinh": "deposited", "khai-sinh": "deposited"}
    assert OWNER not in first.stdout + first.stderr
    answer = json.loads(first.stdout)
    for name in [answer["receipt"], *(part["file"] for part in answer["parts"])]:
        assert signatures(Path(name)) == (1 if name == answer["receipt"] else 2)
    folder = Path(answer["folder"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not (folder / "sheets").exists()
    for path in folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        assert OWNER not in path.name
    assert not counter.leftovers()

    second = counter.run(*ORDER, "--agreed", "--pin-fd")  # no sheets are needed now
    assert stages(second) == {"quyet-dinh": "reused", "khai-sinh": "reused"}
    assert len(records(counter)) == 2

    verdict = counter.run("verify", Path(answer["parts"][0]["file"]), "--json")
    assert verdict.returncode == 0
    (one,) = json.loads(verdict.stdout)
    assert (one["verdict"], one["seal"]["owner"]) == ("valid", "001*******84")


def test_after_a_failed_signature_nothing_is_scanned_signed_or_deposited_twice(
    counter, complains, papers
) -> None:
    both = sheets(papers, "quyet-dinh", "khai-sinh")
    pins = f"{counter.pins['clerk']}\n00000000\n".encode()
    failed = counter.run(*ORDER, *both, "--agreed", "--quiet", "--pin-fd", pins=pins)
    complains(failed, 7, "tried once")
    (folder,) = dossiers(counter)
    assert [signatures(part) for part in sorted(folder.glob("parts/*"))] == [1, 1]
    assert records(counter) == []
    assert not (folder / "receipt.pdf").exists()

    done = counter.run(*ORDER, "--agreed", "--pin-fd")  # no sheets named: they are there
    assert stages(done) == {"quyet-dinh": "deposited", "khai-sinh": "deposited"}
    assert dossiers(counter) == [folder]
    assert [signatures(part) for part in sorted(folder.glob("parts/*"))] == [2, 2]
    assert len(records(counter)) == 2


def test_a_counter_without_a_network_takes_the_dossier_and_its_files_wait(
    counter, papers, pki
) -> None:
    office = counter.office.read_text()
    away = office.replace(pki.timestamp_url, "http://127.0.0.1:9/tsa")
    counter.office.write_text(away + '\n[services]\noffline = "queue"\nrounds = 1\n')
    order = [word for word in ORDER if word not in ("--level", "b-b")]
    both = sheets(papers, "quyet-dinh", "khai-sinh")
    done = counter.run(*order, *both, "--agreed", "--pin-fd")
    assert stages(done) == {"quyet-dinh": "deposited", "khai-sinh": "deposited"}
    (folder,) = dossiers(counter)
    files = [*folder.glob("parts/*.pdf"), folder / "receipt.pdf"]
    waiting = json.loads(counter.run("queue", "--json").stdout)
    assert {one["file"] for one in waiting} == set(map(str, files))
    counter.office.write_text(office)
    assert counter.run("sign", "--upgrade").returncode == 0
    trusted = ("--trust", pki.root_pem, "--json")
    verdicts = json.loads(counter.run("verify", *files, *trusted).stdout)
    assert {one["verdict"] for one in verdicts} == {"valid"}
    assert {s["level"] for one in verdicts for s in one["signatures"]} == {"b-t", "timestamp"}
    in_store = counter.run("sign", "--upgrade", "--warehouse", "--level", "b-t", "--json")
    assert in_store.returncode == 0, in_store.stderr
    assert set(json.loads(in_store.stdout)["lifted"]) == {one["id"] for one in records(counter)}


def test_what_will_sign_is_looked_for_before_anything_is_scanned(
    counter, complains, papers, pki
) -> None:
    office = counter.office.read_text()
    agency, clerk = pki.signers["agency"], pki.signers["clerk"]
    both = sheets(papers, "quyet-dinh", "khai-sinh")
    cases = (
        ('[signers.agency]\nrole = "agency"', '[signers.agency]\nrole = "clerk"', 6, "“agency”"),
        (agency.module, "/usr/lib/no-such.so", 6, "/usr/lib/no-such.so"),
        (agency.token_serial, "ffffffffffffffff", 7, "ffffffffffffffff"),
    )
    for there, instead, code, says in cases:
        assert there in office
        counter.office.write_text(office.replace(there, instead))
        complains(counter.run(*ORDER, *both, "--quiet", "--pin-fd"), code, says)
        assert not list(counter.home.glob("dossiers/*/parts"))
    same = office.replace(agency.token_serial, clerk.token_serial)
    counter.office.write_text(
        same.replace(f'key_id = "{agency.key_id}"', f'key_id = "{clerk.key_id}"')
    )
    complains(counter.run(*ORDER, *both, "--quiet", "--pin-fd"), 6, "same key")
    counter.office.write_text(office.replace(pki.timestamp_url, "").replace("['']", "[]"))
    without = [word for word in ORDER if word not in ("--level", "b-b")]
    complains(counter.run(*without, *both, "--quiet", "--pin-fd"), 6, "timestamp_urls")


def test_a_paper_marked_secret_is_neither_sealed_nor_signed_nor_kept(
    counter, complains, papers, draw
) -> None:
    marked = papers | {"quyet-dinh": draw("secret", "TỐI MẬT")}
    both = sheets(marked, "khai-sinh", "quyet-dinh")
    complains(counter.run(*ORDER, *both, "--agreed", "--quiet", "--pin-fd"), 11, "secrecy")
    (folder,) = dossiers(counter)
    assert [path.name for path in folder.glob("parts/*")] == ["khai-sinh.pdf"]
    assert not list(folder.glob("sheets/*/*"))
    assert records(counter) == []


def test_a_procedure_not_in_force_is_refused(counter, complains, papers) -> None:
    (rules,) = counter.folder.rglob("hai-giay.toml")
    there = rules.read_text()
    for changed in (
        there.replace("valid_from = 2026-01-01", "valid_from = 2126-01-01"),
        there.replace("valid_from =", "valid_to = 2026-01-02\nvalid_from ="),
    ):
        assert changed != there
        rules.write_text(changed)
        both = sheets(papers, "quyet-dinh", "khai-sinh")
        complains(counter.run(*ORDER, *both, "--agreed", "--quiet", "--pin-fd"), 2, "in force")


def test_a_file_that_is_another_paper_than_was_said_is_not_signed(
    counter, complains, papers
) -> None:
    wrong = [f"--sheets=khai-sinh={papers['quyet-dinh']}"]
    right = sheets(papers, "quyet-dinh")
    complains(
        counter.run(*ORDER, *right, *wrong, "--agreed", "--quiet", "--pin-fd"), 3, "looks like"
    )
    assert records(counter) == []


def test_the_whole_stack_is_parted_by_headings_and_gone_on_with_after_a_jam(
    counter, complains, papers, scanner
) -> None:
    stack = [
        papers[name] for name in ("quyet-dinh", "blank", "more", "blank", "khai-sinh", "blank")
    ]
    scanner.load(stack)
    scanner.jam(after=3)
    order = (*ORDER, "--scanner", scanner.device_name, "--agreed")
    jammed = counter.run(*order, "--quiet", "--pin-fd")
    complains(jammed, 5, "jammed", "page 3")
    (folder,) = dossiers(counter)
    assert not list(folder.glob("parts/*"))
    scanner.load(stack[2:])
    done = counter.run(*order, "--pin-fd")
    assert "2 sides were scanned before" in done.stderr or not done.stderr
    assert stages(done) == {"quyet-dinh": "deposited", "khai-sinh": "deposited"}
    parts = {part["paper"]: part["pages"] for part in json.loads(done.stdout)["parts"]}
    assert parts == {"quyet-dinh": 2, "khai-sinh": 1}
    assert dossiers(counter) == [folder]
    assert not (folder / "sheets").exists()


def test_a_paper_missing_in_the_stack_is_named_and_may_be_brought_later(
    counter, complains, papers, scanner
) -> None:
    scanner.load([papers["quyet-dinh"]])
    order = (*ORDER, "--scanner", scanner.device_name, "--source", "adf", "--agreed")
    lacking = counter.run(*order, "--quiet", "--pin-fd")
    complains(lacking, 3, "Not found in the stack", "Giấy khai sinh")
    (folder,) = dossiers(counter)
    assert not list(folder.glob("sheets/stack"))
    assert [path.name for path in folder.glob("parts/*")] == ["quyet-dinh.pdf"]
    later = counter.run(*ORDER, "--agreed", *sheets(papers, "khai-sinh"), "--pin-fd")
    assert stages(later) == {"quyet-dinh": "deposited", "khai-sinh": "deposited"}
    assert dossiers(counter) == [folder]


def test_poor_or_blank_papers_stop_a_script(counter, complains, papers) -> None:
    def with_decision(path: Path) -> "subprocess.CompletedProcess[str]":
        return counter.run(*ORDER, "--sheets", f"quyet-dinh={path}", "--quiet", "--pin-fd")

    complains(with_decision(papers["coarse"]), 4, "page 1", "200 dpi", "scan them again")
    complains(with_decision(papers["blank"]), 4, "Quyết định", "only blank sides")
    assert not list(counter.home.glob("dossiers/*/sheets/*/*"))


def test_without_agreement_nothing_is_deposited_and_two_at_once_do_not_meet(
    counter, papers
) -> None:
    order = (*ORDER, *sheets(papers, "quyet-dinh", "khai-sinh"), "--pin-fd")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _n: counter.run(*order), range(2)))
    assert [stages(one) for one in answers] == [{"quyet-dinh": "kept", "khai-sinh": "kept"}] * 2
    assert len(dossiers(counter)) == 2
    assert records(counter) == []
