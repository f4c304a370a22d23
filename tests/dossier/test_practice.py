"""An office to practise in: its profile, its register and its scans go together."""

import threading
from pathlib import Path

import pytest

from dossier.practice import PracticeOffice, serve_practice_office
from dossier.register import read_register
from foundation.messages import set_language
from profiles import load_office
from signing import list_tokens


@pytest.mark.timeout(120)
def test_a_practice_office_has_tokens_scans_and_a_register_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_language("en")
    monkeypatch.setenv("SOHOA_HOME", str(tmp_path))
    monkeypatch.delenv("SOHOA_PROFILES", raising=False)
    stop, seen = threading.Event(), list[PracticeOffice]()

    def started(office: PracticeOffice) -> None:
        seen.append(office)
        stop.set()
        signers = load_office().signers
        serials = {one.serial for one in list_tokens([signers["clerk"].module])}
        assert {one.token_serial for one in signers.values()} <= serials
        assert len(office.pins.read_text().split()) == 2
        assert office.pins.stat().st_mode & 0o077 == 0
        assert str(tmp_path) in office.settings.read_text()

    serve_practice_office(tmp_path, started, stop)
    (office,) = seen
    register = read_register(office.register)
    assert not register.problems
    assert sorted(row.file for row in register.rows) == sorted(
        one.name for one in office.scans.iterdir()
    )
    before = office.register.read_bytes()
    serve_practice_office(tmp_path, lambda _office: None, stop)
    assert office.register.read_bytes() == before
