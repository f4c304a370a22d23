"""The papers in the store are lifted there; one that cannot be does not keep the rest."""

import json
from typing import Any

import pikepdf
import pytest

from signing.rehearsal import Rehearsal
from signing.verify import verify_file

OWNERS = ("001087000084", "001187000085")
LIFT = ("sign", "--upgrade", "--warehouse")


@pytest.fixture
def stored(counter: Any) -> list[str]:
    """Ids of a signed paper and of one without a signature."""
    file = counter.folder / "in.pdf"
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(420, 595))
    pdf.save(file)
    counter.run("sign", file, "-o", "signed.pdf", "--level", "b-b", "--pin-fd")
    ids = []
    for name, owner in (("signed.pdf", OWNERS[0]), ("in.pdf", OWNERS[1])):
        words = ("deposit", name, "--owner", owner, "--type", "khai-sinh", "--json")
        done = counter.run(*words)
        assert done.returncode == 0, done.stderr
        ids.append(json.loads(done.stdout)["id"])
    return ids


def lifted(counter: Any) -> dict[str, Any]:
    done = counter.run(*LIFT, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_signed_papers_reach_the_level_and_the_next_day_there_is_nothing_to_do(
    counter: Any, complains: Any, stored: list[str], pki: Rehearsal
) -> None:
    office = counter.office.read_text()
    counter.office.write_text(office.replace(pki.timestamp_url, "http://127.0.0.1:9/tsa"))
    complains(counter.run(*LIFT), 9, "No timestamp")
    counter.office.write_text(office)
    assert lifted(counter) == {
        "records": 2, "lifted": stored[:1], "failed": [], "stopped": False
    }  # fmt: skip
    assert lifted(counter)["lifted"] == []
    out = counter.folder / "out.pdf"
    reused = counter.run("reuse", stored[0], "--for", "hai-giay", "-o", out)
    assert reused.returncode == 0, reused.stderr
    verdict = verify_file(out, [pki.root_pem])
    assert (verdict.verdict, verdict.signatures[0].level) == ("valid", "b-lta")
    assert out.read_bytes().startswith((counter.folder / "signed.pdf").read_bytes())
    assert json.loads(counter.run("warehouse", "check", "--json").stdout)["ok"] is True
    complains(counter.run(*LIFT, "signed.pdf"), 2, "--warehouse")
    complains(counter.run("sign", "--warehouse"), 2, "--upgrade")


def test_a_damaged_paper_is_told_and_the_rest_is_lifted(
    counter: Any, complains: Any, stored: list[str], damaged: Any
) -> None:
    (paper,) = (counter.home / "warehouse" / "objects").rglob(f"{stored[1]}/v1/content/*-paper.pdf")
    paper.chmod(0o600)
    paper.write_bytes(damaged(paper.read_bytes()))
    done = counter.run(*LIFT, "--json")
    complains(done, 12, stored[1])
    said = json.loads(done.stdout)
    assert said["lifted"] == stored[:1]
    assert [one["record"] for one in said["failed"]] == stored[1:]
