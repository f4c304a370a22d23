"""``sohoa demo``: the whole walk as a stranger sees it, and what is left for them to open."""

import json
import stat
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from dossier.sample_people import invent_family

pytestmark = pytest.mark.timeout(300)  # a minute's walk, on a machine that does other things too


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The demo, run once for all tests here."""
    out = tmp_path_factory.mktemp("walk") / "out"
    command = [str(Path(sys.executable).with_name("sohoa")), "demo", "--json", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return out, json.loads(done.stdout)


def parts(answer: dict[str, Any], visit: int) -> dict[str, dict[str, Any]]:
    return {part["paper"]: part for part in answer["dossiers"][visit]["parts"]}


def test_the_first_visit_deposits_and_the_second_reuses(walked) -> None:
    _out, answer = walked
    stages = [{name: part["stage"] for name, part in parts(answer, n).items()} for n in (0, 1)]
    assert stages == [
        {"khai-sinh": "deposited", "ket-hon": "deposited", "can-cuoc": "kept"},
        {"khai-sinh": "reused", "ket-hon": "reused", "can-cuoc": "kept"},
    ]
    assert sum(part["pages"] for part in parts(answer, 0).values()) >= 6
    first, second = parts(answer, 0), parts(answer, 1)
    assert first["khai-sinh"]["sha256"] == second["khai-sinh"]["sha256"]
    assert {verdict["verdict"] for verdict in answer["verdicts"]} == {"valid"}
    receipts = [one for one in answer["verdicts"] if Path(one["file"]).name == "receipt.pdf"]
    assert [len(one["signatures"]) for one in receipts] == [1, 1]


def test_the_signed_paper_verifies_until_one_byte_is_changed(counter, complains, walked) -> None:
    _out, answer = walked
    paper, root = Path(parts(answer, 0)["khai-sinh"]["file"]), answer["trust"]
    good = counter.run("verify", paper, "--trust", root)
    assert good.returncode == 0, good.stdout
    assert counter.run("verify", paper).returncode == 8  # nobody here trusts the demo's root
    data = bytearray(paper.read_bytes())
    data[len(data) // 3] ^= 1
    changed = counter.folder / "changed.pdf"
    changed.write_bytes(data)
    complains(counter.run("verify", changed, "--trust", root, "--json"), 8, "changed.pdf")


def test_pdftotext_finds_the_words_with_their_marks(walked) -> None:
    _out, answer = walked
    for paper, words in (("khai-sinh", "giấy khai sinh"), ("ket-hon", "chứng nhận kết hôn")):
        command = ["pdftotext", parts(answer, 0)[paper]["file"], "-"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert words in unicodedata.normalize("NFC", said).casefold()


def test_the_seal_names_the_paper_and_hides_the_owner_in_answers(walked) -> None:
    _out, answer = walked
    number = invent_family(1).father.number
    seals = {v["seal"]["paper_name"]: v["seal"] for v in answer["verdicts"] if v["seal"]}
    assert set(seals) == {"Giấy khai sinh", "Giấy chứng nhận kết hôn", "Căn cước công dân"}
    assert number not in json.dumps(answer)


def test_no_number_in_a_name_and_nothing_anybody_else_can_read(walked) -> None:
    out, _answer = walked
    number = invent_family(1).father.number
    for path in out.rglob("*"):
        assert number not in path.name
    for folder in (out / "dossiers", out / "warehouse", out / "rehearsal", out / "sheets-1"):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
        for path in folder.rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for dossier in (out / "dossiers").iterdir():
        assert not (dossier / "sheets").exists()
    assert not list((out / "work").glob("*"))


def test_the_store_it_leaves_is_sound(counter, walked) -> None:
    out, answer = walked
    record = parts(answer, 0)["khai-sinh"]["record"]
    store = {"SOHOA_HOME": str(out)}
    checked = counter.run("warehouse", "check", "--json", **store)
    assert json.loads(checked.stdout)["ok"] is True
    copy = counter.folder / "copy.pdf"
    released = counter.run("reuse", record, "--for", "1.004222", "-o", copy, "--json", **store)
    assert json.loads(released.stdout)["file"] == str(copy)
    with pikepdf.open(copy) as pdf:
        assert "/AcroForm" in pdf.Root


def test_a_second_demo_goes_beside_the_first(walked) -> None:
    from terminal.reports import demo_folder

    out, _answer = walked
    before = sorted(out.rglob("*"))
    beside = demo_folder(out)
    assert beside == out.with_name("out-2")
    assert sorted(out.rglob("*")) == before
