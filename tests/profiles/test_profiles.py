"""Profiles: the shipped ones are right, a bad one is named with file, key and what was expected."""

from datetime import date
from pathlib import Path

import pytest

import profiles
from foundation.errors import ExitCode
from foundation.messages import set_language
from profiles import (
    BadProfile,
    Office,
    Paper,
    Procedure,
    UnknownProfile,
    all_of,
    check_file,
    load_any,
    load_office,
    load_paper,
    load_procedure,
)

SHIPPED = Path(profiles.__file__).parent
KHAI_SINH, OFFICE = "papers/khai-sinh.toml", "offices/office.toml"
PROCEDURE = "procedures/thuong-tru-cho-con.toml"


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of profiles."""
    monkeypatch.setenv("SOHOA_PROFILES", str(tmp_path))
    monkeypatch.delenv("SOHOA_OFFICE", raising=False)
    for kind in ("papers", "procedures", "offices"):
        (tmp_path / kind).mkdir()
    return tmp_path


def change(mine: Path, name: str, there: str, instead: str) -> Path:
    """A copy of a shipped profile with one thing changed."""
    text = (SHIPPED / name).read_text(encoding="utf-8")
    assert there in text
    path = mine / name
    path.write_text(text.replace(there, instead), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/*.toml")), ids=lambda path: path.stem)
def test_every_shipped_profile_is_right(path: Path) -> None:
    assert check_file(path).name == path.stem


def test_the_first_papers_and_their_procedure_are_there(mine: Path) -> None:
    assert {"khai-sinh", "ket-hon", "can-cuoc", "quyet-dinh"} <= {p.name for p in all_of(Paper)}
    (procedure,) = all_of(Procedure)
    assert len(procedure.components) == 3
    for component in procedure.components:
        load_paper(component.paper)
    assert [rules.role for rules in load_office().signatures] == ["clerk", "agency"]


def test_a_paper_is_found_by_name_code_and_alias(mine: Path) -> None:
    for name in ("khai-sinh", "KQ.G15.000031", "G15-KQ004389"):
        assert load_paper(name).name == "khai-sinh"
    assert load_procedure("1.004222").name == "thuong-tru-cho-con"
    assert isinstance(load_any("office"), Office)


@pytest.mark.parametrize("name", ["no-such", "", "../papers/khai-sinh", "/etc/passwd", "."])
def test_an_unknown_name_tells_those_that_are_known(mine: Path, name: str) -> None:
    with pytest.raises(UnknownProfile, match="khai-sinh") as unknown:
        load_paper(name)
    assert unknown.value.exit_code == ExitCode.USAGE


def test_an_office_overrides_a_shipped_paper_by_a_file_of_the_same_name(mine: Path) -> None:
    change(mine, "papers/khai-sinh.toml", 'title = "Giấy khai sinh"', 'title = "Khai sinh"')
    assert load_paper("khai-sinh").title == "Khai sinh"
    assert [p.name for p in all_of(Paper)].count("khai-sinh") == 1


@pytest.mark.parametrize(
    ("name", "there", "instead", "key", "says"),
    [
        (KHAI_SINH, "schema_version = 1", "schema_version = 2", "schema_version", "1"),
        (KHAI_SINH, 'code = "KQ', 'kode = "KQ', "kode", "no such entry"),
        (KHAI_SINH, 'copy_kind = "SAO Y"', 'copy_kind = "SAO"', "copy_kind", "SAO Y"),
        (KHAI_SINH, 'kind = "date"', 'kind = "day"', "fields.2.kind", "date"),
        (KHAI_SINH, "copy_kind", "colour = 1\ncopy_kind", "colour", "no such entry"),
        (KHAI_SINH, 'name = "dan_toc"', 'name = "ho_ten"', "file", "same name"),
        (KHAI_SINH, 'agrees_with = ["gioi_tinh"', 'agrees_with = ["gioi"', "file", "agrees_with"),
        (KHAI_SINH, "pattern = '", "pattern = '(", "fields.0.pattern", "regular expression"),
        (KHAI_SINH, "valid_from = 2020-01-01", "valid_from = 1", "valid_from", "date"),
        (KHAI_SINH, "valid_from", "valid_to = 2019-01-01\nvalid_from", "file", "before"),
        (KHAI_SINH, 'name = "khai-sinh"', 'name = "khaisinh"', "name", "khai-sinh"),
        (KHAI_SINH, "schema_version = 1", "schema_version =", "TOML", "line 2"),
        (OFFICE, "size_mm = 24.0", "size_mm = 2.0", "seal.size_mm", "10"),
        (OFFICE, "{serial:06d}", "{serie}", "file", "serie"),
        (OFFICE, 'role = "agency"', 'role = "boss"', "signatures.1.role", "clerk"),
        (PROCEDURE, '"ket-hon"', '"none"', "components.1.paper", "none"),
    ],
)
def test_a_bad_profile_names_file_key_and_what_was_expected(
    mine: Path, name: str, there: str, instead: str, key: str, says: str
) -> None:
    path = change(mine, name, there, instead)
    with pytest.raises(BadProfile) as bad:
        check_file(path)
    assert bad.value.exit_code == ExitCode.SETUP
    assert bad.value.facts["key"] == key
    for word in (str(path), says, f"sohoa profile check {path}"):
        assert word in str(bad.value)


def test_bytes_that_are_no_text_and_files_that_are_not_there(mine: Path) -> None:
    path = mine / "papers" / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadProfile, match="TOML"):
        check_file(path)
    with pytest.raises(FileNotFoundError):
        check_file(mine / "papers" / "no-such.toml")


def test_a_profile_holds_from_its_first_day_to_its_last(mine: Path) -> None:
    change(mine, "papers/quyet-dinh.toml", "valid_from", "valid_to = 2026-12-31\nvalid_from")
    paper = load_paper("quyet-dinh")
    days = {date(2020, 3, 4): False, date(2020, 3, 5): True, date(2026, 12, 31): True}
    for day, holds in (days | {date(2027, 1, 1): False}).items():
        assert paper.holds_on(day) is holds
    assert load_paper("khai-sinh").holds_on(date(2100, 1, 1))
