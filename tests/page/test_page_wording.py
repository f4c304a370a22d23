"""What the page says: something for every finding, in both languages, and never too much."""

from datetime import UTC, date, datetime
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from foundation.messages import set_language
from warehouse.values import Status
from warehouse.web import Finding, Outcome, Signed
from warehouse.web.wording import answer

OUTCOMES = get_args(Outcome)
findings = st.builds(
    Finding,
    st.sampled_from(OUTCOMES),
    status=st.none() | st.sampled_from(get_args(Status)),
    paper=st.just("Quyết định"),
    since=st.none() | st.just(date(2026, 11, 24)),
    signed=st.just((Signed("UBND xã Hòa An", datetime(2026, 11, 24, 18, 0, tzinfo=UTC), True),)),
    reason=st.sampled_from(["", "Vì sao."]),
)


@given(findings)
def test_only_a_paper_in_force_whose_proof_holds_is_called_good(finding: Finding) -> None:
    said = answer(finding)
    if said.tone == "good":
        assert finding.status == "active"
        assert not finding.reason
        assert finding.outcome in ("known", "same", "copy", "paper-matches", "seal-genuine")
    if finding.status in ("revoked", "expired"):
        assert said.tone == "bad"


@given(findings)
def test_everything_is_said_in_both_languages(finding: Finding) -> None:
    said = {}
    for language in ("vi", "en"):
        set_language(language)  # type: ignore[arg-type]
        said[language] = answer(finding)
    vietnamese, english = said["vi"], said["en"]
    assert vietnamese.title != english.title
    assert vietnamese.text != english.text
    assert bool(vietnamese.advice) == bool(english.advice)
    assert vietnamese.tone == english.tone
    assert "25/11/2026 01:00:00 +07:00" in str(vietnamese.facts)  # the day in Vietnam
    set_language("en")
