"""The address in a QR seal leads to the paper and shows nobody the owner's number."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from dossier.seals import Filing, NumberInAddress, text_of_seal
from foundation.errors import ExitCode
from profiles import SealRules, load_paper

OWNER = "001087000084"
CODE = f"{OWNER}.KQ.1.000001"


def address(desk, tmp_path, url: str) -> str:
    rules = SealRules(form="url", url=url)
    office = desk.office.model_copy(update={"seal": rules})
    paper = load_paper("quyet-dinh").model_copy(update={"seal": None})
    return text_of_seal(replace(desk, office=office), paper, Filing(CODE, OWNER), tmp_path, [])


def test_a_check_code_leads_back_to_the_record(desk, tmp_path) -> None:
    text = address(desk, tmp_path, "https://tra-cuu.example.vn/v/{check_code}")
    assert OWNER not in text
    with desk.store() as store:
        assert store.lookups.code_of(urlsplit(text).path.removeprefix("/v/")) == CODE


@pytest.mark.parametrize("end", ["{record_code}", "{check_code}?o={owner}"])
def test_an_address_with_the_owners_number_is_not_sealed(desk, tmp_path, end) -> None:
    with pytest.raises(NumberInAddress) as caught:
        address(desk, tmp_path, f"https://tra-cuu.example.vn/v/{end}")
    assert caught.value.exit_code is ExitCode.SETUP
    assert OWNER not in str(caught.value)
    assert "{check_code}" in str(caught.value)
