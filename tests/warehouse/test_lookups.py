"""Papers as a verifier finds them: by check code, by their bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse.conftest import Put
from warehouse import open_warehouse

CODE = "001087000084.KQ.1.000001"


def test_a_check_code_stands_for_the_code_and_shows_nothing_of_it(kho, new_folder) -> None:
    shown = kho.lookups.check_code(CODE)
    assert kho.lookups.check_code(CODE) == shown
    assert kho.lookups.code_of(shown) == CODE
    assert "001087000084" not in shown
    assert shown.replace("-", "").replace("_", "").isalnum()
    assert len(shown) < 70
    with open_warehouse(new_folder("another")) as other:
        assert other.lookups.code_of(shown) is None
        assert other.lookups.check_code(CODE) != shown


@pytest.mark.on_disk
def test_no_check_code_can_be_made_up(tmp_path) -> None:
    with open_warehouse(tmp_path / "kho") as kho:
        real = kho.lookups.check_code(CODE)

        @given(st.text(max_size=90) | st.integers(0, len(real) - 2).map(lambda n: _bent(real, n)))
        def nothing_else_opens(text: str) -> None:
            assert kho.lookups.code_of(text) is None

        nothing_else_opens()


def _bent(real: str, place: int) -> str:
    other = "A" if real[place] != "A" else "B"
    return real[:place] + other + real[place + 1 :]


def test_papers_are_found_by_their_bytes_whosever_they_are(kho, put: Put, pdf, clerk) -> None:
    paper = pdf("one")
    first = put(paper)
    assert [one.id for one in kho.lookups.holding(first.sha256)] == [first.id]
    assert kho.lookups.holding("0" * 64) == []
    kho.revoke(first.id, "sai", clerk)
    assert [one.status for one in kho.lookups.holding(first.sha256)] == ["revoked"]
    kho.erase(first.id, "theo yêu cầu", clerk)
    assert kho.lookups.holding(first.sha256) == []
    assert kho.lookups.was_given(first.code)  # and nothing more is said
    assert not kho.lookups.was_given(CODE + "9")
