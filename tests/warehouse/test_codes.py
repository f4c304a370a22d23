from datetime import date

import pytest

from foundation import ExitCode
from warehouse import open_warehouse
from warehouse.errors import CodeTemplateFaulty

DAY = date(2026, 11, 20)
RECORD = "{owner}.{type}.{serial:06d}"


def test_serials_run_from_one_for_each_owner_and_type(kho) -> None:
    new = lambda owner, kind: kho.new_code(RECORD, owner, kind, "H99", DAY)  # noqa: E731
    assert new("001087000084", "KQ.1") == "001087000084.KQ.1.000001"
    assert new("001 087 000 084", "KQ.1") == "001087000084.KQ.1.000002"
    assert new("001087000084", "KQ.2") == "001087000084.KQ.2.000001"
    assert new("079199000012", "KQ.1") == "079199000012.KQ.1.000001"
    assert new("", "KQ.1") == ".KQ.1.000001"


def test_dossiers_are_counted_by_office_and_day(kho) -> None:
    template = "{office}-{date:%Y%m%d}-{serial:07d}"
    assert kho.new_dossier_code(template, "H99.01", DAY) == "H99.01-20261120-0000001"
    assert kho.new_dossier_code(template, "H99.01", DAY) == "H99.01-20261120-0000002"
    assert kho.new_dossier_code(template, "H99.01", date(2026, 11, 21)).endswith("21-0000001")


def test_a_reserved_code_is_never_given_again_used_or_not(folder) -> None:
    with open_warehouse(folder) as kho:
        first = kho.new_code(RECORD, "0", "T", "O", DAY)
    with open_warehouse(folder) as kho:
        assert kho.new_code(RECORD, "0", "T", "O", DAY) != first


def test_scopes_that_run_together_still_give_no_code_twice(kho) -> None:
    template = "{owner}{serial}"
    given = [kho.new_code(template, owner, "T", "O", DAY) for owner in ["1"] * 12 + ["11"] * 3]
    assert len(set(given)) == len(given)


def test_a_code_that_came_from_elsewhere_is_not_given_out(kho, put, pdf) -> None:
    put(pdf("a"), code="0.T.000001")
    assert kho.new_code(RECORD, "0", "T", "O", DAY) == "0.T.000002"


@pytest.mark.parametrize(
    "template", ["{owner}.{type}", "{owner}.{name}.{serial}", "{serial:q}", "{", "{0}{serial}"]
)
def test_a_template_that_cannot_tell_papers_apart_is_refused(kho, template) -> None:
    with pytest.raises(CodeTemplateFaulty, match=r"Use \{serial\}") as caught:
        kho.new_code(template, "0", "T", "O", DAY)
    assert caught.value.exit_code == ExitCode.SETUP
