"""The list of files that wait to be lifted, as the counter keeps it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dossier.waiting import drop, put_on_list, standings
from foundation.errors import ExitCode
from foundation.messages import set_language
from profiles import load_office
from signing.errors import NotWritable
from signing.facts import SignatureFacts
from signing.jobs import SignJob
from signing.waiting import EntryDamaged

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    set_language("en")
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def signed_until(days: int) -> SignatureFacts:
    return SignatureFacts("f", "signature", certificate_ends=NOW + timedelta(days=days))


def test_the_first_certificate_to_end_sets_the_time_and_urgent_files_come_first(
    tmp_path: Path,
) -> None:
    once, twice, other = (tmp_path / name for name in ("once.pdf", "twice.pdf", "other.pdf"))
    note = put_on_list("b-t")
    note(SignJob(other, other), signed_until(400))
    note(SignJob(tmp_path / "plain.pdf", once), signed_until(30))  # the clerk
    note(SignJob(once, twice), signed_until(900))  # then the agency, into another file
    found = standings(load_office("office"))
    assert [one.entry.file.name for one in found] == ["once.pdf", "twice.pdf", "other.pdf"]
    assert [one.urgent for one in found] == [True, True, False]
    assert found[1].entry.lift_before == NOW + timedelta(days=30)
    drop([once, twice])
    assert [one.entry.file for one in standings(load_office("office"))] == [other]


def test_an_entry_that_cannot_be_read_or_written_is_named(tmp_path: Path, home: Path) -> None:
    file = tmp_path / "a.pdf"
    put_on_list("b-t")(SignJob(file, file), signed_until(30))
    (entry,) = (home / "waiting").iterdir()
    assert entry.stat().st_mode & 0o077 == 0
    entry.write_text('{"file": ')
    with pytest.raises(EntryDamaged, match=entry.name):
        standings(load_office("office"))
    entry.unlink()
    entry.parent.rmdir()
    entry.parent.write_text("in the way")
    with pytest.raises(NotWritable, match="waiting") as told:
        put_on_list("b-t")(SignJob(file, file), signed_until(30))
    assert told.value.exit_code == ExitCode.INPUT
