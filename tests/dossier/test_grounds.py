"""On what terms papers are asked for."""

import pytest

from dossier.grounds import asked_for
from profiles import load_office


@pytest.mark.parametrize(
    ("name", "known"), [("1.004194", True), ("thuong-tru-cho-con", True), ("x", False)]
)
def test_a_procedure_is_known_by_its_profile_or_its_national_code(name: str, known: bool) -> None:
    _code, _why, terms = asked_for(name, "", load_office())
    assert terms.known is known
