"""Acceptance sampling by ISO 2859-1, against values others have published."""

import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.sampling import (
    Standing,
    UnknownAql,
    after_lot,
    code_letter,
    draw,
    lot_digest,
    plan_for,
    seed_of,
)
from dossier.sampling_tables import AQLS, LEVELS, MASTER_TABLES

#: Rows of the master tables with their arrows already followed ("letter/size/Ac"), as GB/T
#: 2828.1-2012 (identical with ISO 2859-1:1999) gives them; the columns are the 26 AQLs.
RESOLVED = {
    ("normal", "A"): "Q/1250/0 P/800/0 N/500/0 M/315/0 L/200/0 K/125/0 J/80/0 H/50/0 G/32/0 "
    "F/20/0 E/13/0 D/8/0 C/5/0 B/3/0 A/2/0 C/5/1 B/3/1 A/2/1 A/2/2 A/2/3 A/2/5 A/2/7 A/2/10 "
    "A/2/14 A/2/21 A/2/30",
    ("normal", "E"): "Q/1250/0 P/800/0 N/500/0 M/315/0 L/200/0 K/125/0 J/80/0 H/50/0 G/32/0 "
    "F/20/0 E/13/0 D/8/0 F/20/1 E/13/1 E/13/2 E/13/3 E/13/5 E/13/7 E/13/10 E/13/14 E/13/21 "
    "E/13/30 E/13/44 D/8/44 C/5/44 B/3/44",
    ("normal", "R"): "Q/1250/0 P/800/0 R/2000/1 R/2000/2 R/2000/3 R/2000/5 R/2000/7 R/2000/10 "
    "R/2000/14 R/2000/21 Q/1250/21 P/800/21 N/500/21 M/315/21 L/200/21 K/125/21 J/80/21 "
    "H/50/21 G/32/21 F/20/21 E/13/21 E/13/30 E/13/44 D/8/44 C/5/44 B/3/44",
    ("tightened", "A"): "R/2000/0 Q/1250/0 P/800/0 N/500/0 M/315/0 L/200/0 K/125/0 J/80/0 "
    "H/50/0 G/32/0 F/20/0 E/13/0 D/8/0 C/5/0 B/3/0 A/2/0 C/5/1 B/3/1 A/2/1 A/2/2 A/2/3 A/2/5 "
    "A/2/8 A/2/12 A/2/18 A/2/27",
    ("tightened", "J"): "R/2000/0 Q/1250/0 P/800/0 N/500/0 M/315/0 L/200/0 K/125/0 J/80/0 "
    "L/200/1 K/125/1 J/80/1 J/80/2 J/80/3 J/80/5 J/80/8 J/80/12 J/80/18 H/50/18 G/32/18 "
    "F/20/18 E/13/18 E/13/27 E/13/41 D/8/41 C/5/41 B/3/41",
    ("tightened", "R"): "R/2000/0 Q/1250/0 S/3150/1 R/2000/1 R/2000/2 R/2000/3 R/2000/5 "
    "R/2000/8 R/2000/12 R/2000/18 Q/1250/18 P/800/18 N/500/18 M/315/18 L/200/18 K/125/18 "
    "J/80/18 H/50/18 G/32/18 F/20/18 E/13/18 E/13/27 E/13/41 D/8/41 C/5/41 B/3/41",
    ("reduced", "A"): "Q/500/0 P/315/0 N/200/0 M/125/0 L/80/0 K/50/0 J/32/0 H/20/0 G/13/0 "
    "F/8/0 E/5/0 D/3/0 C/2/0 B/2/0 A/2/0 D/3/1 C/2/1 A/2/1 A/2/2 A/2/3 A/2/5 A/2/7 A/2/10 "
    "A/2/14 A/2/21 A/2/30",
    ("reduced", "C"): "Q/500/0 P/315/0 N/200/0 M/125/0 L/80/0 K/50/0 J/32/0 H/20/0 G/13/0 "
    "F/8/0 E/5/0 D/3/0 C/2/0 B/2/0 E/5/1 D/3/1 C/2/1 C/2/2 C/2/3 C/2/5 C/2/6 C/2/8 C/2/10 "
    "C/2/14 C/2/21 B/2/30",
    ("reduced", "Q"): "Q/500/0 P/315/0 N/200/0 R/800/1 Q/500/1 Q/500/2 Q/500/3 Q/500/5 Q/500/6 "
    "Q/500/8 Q/500/10 P/315/10 N/200/10 M/125/10 L/80/10 K/50/10 J/32/10 H/20/10 G/13/10 "
    "F/8/10 E/5/10 E/5/14 E/5/21 D/3/21 C/2/21 B/2/30",
}  # fmt: skip
#: A lot size whose letter at level II (for A: at S-1) is the row's.
LOT_OF = {
    "A": (8, "II"), "C": (25, "II"), "E": (90, "II"), "J": (1200, "II"),
    "Q": (600_000, "II"), "R": (600_000, "III"),
}  # fmt: skip


@pytest.mark.parametrize(("severity", "letter"), RESOLVED)
def test_the_master_tables_give_the_published_plans_with_their_arrows_followed(
    severity: str, letter: str
) -> None:
    lot, level = LOT_OF[letter]
    for aql, cell in zip(AQLS, RESOLVED[severity, letter].split(), strict=True):
        plan = plan_for(1_000_000 if lot > 1200 else lot, aql, level, severity)
        row, size, accept = cell.split("/")
        drawn = min(int(size), plan.lot_size)
        assert (plan.letter, plan.size, plan.accept) == (row, drawn, int(accept)), aql


@pytest.mark.parametrize(
    ("lot", "level", "severity", "aql", "size", "accept"),
    [
        # Montgomery, Introduction to Statistical Quality Control: N = 2,000, level II, AQL
        # 0.65 %: letter K; normal 125 with 2/3, tightened 125 with 1/2.
        (2000, "II", "normal", "0.65", 125, 2),
        (2000, "II", "tightened", "0.65", 125, 1),
        # AQLSchemes (CRAN), after MIL-STD-105E: lot 91-150, level II, AQL 1.5: 32 with 1. Some
        # calculators on the web keep the 20 of letter F here: they forget the arrow's new size.
        (150, "II", "normal", "1.5", 32, 1),
        # Planesmuestra (CRAN), its example: N = 11,000, level II, AQL 15, normal: M goes up to J.
        (11_000, "II", "normal", "15", 80, 21),
        # Inspection companies' charts: 4,000 pieces, level II, AQL 2.5 and 4.0: 200 with 10 and 14.
        (4000, "II", "normal", "2.5", 200, 10),
        (4000, "II", "normal", "4.0", 200, 14),
        # An arrow down takes a larger sample: letter F at AQL 0.40 goes to G, 32 with 0.
        (100, "II", "normal", "0.40", 32, 0),
        # An arrow up a smaller one: letter F at AQL 1.0 goes to E, 13 with 0.
        (100, "II", "normal", "1.0", 13, 0),
        # A sample as large as the lot is the whole lot.
        (10, "II", "normal", "1.0", 10, 0),
        (1, "II", "normal", "1.0", 1, 0),
    ],
)
def test_worked_examples_of_others_come_out(
    lot: int, level: str, severity: str, aql: str, size: int, accept: int
) -> None:
    plan = plan_for(lot, aql, level, severity)
    assert (plan.size, plan.accept, plan.reject) == (size, accept, accept + 1)


@pytest.mark.parametrize(
    ("lot", "letters"),
    [(2, "AAAAAAB"), (8, "AAAAAAB"), (9, "AAAAABC"), (280, "BCDEEGH"), (281, "BCDEFHJ"),
     (3200, "CDEGHKL"), (35_001, "DEGJLNP"), (500_001, "DEHKNQR")],
)  # fmt: skip
def test_code_letters_change_at_the_ends_of_the_ranges(lot: int, letters: str) -> None:
    assert "".join(code_letter(lot, level) for level in LEVELS) == letters


def test_an_aql_the_tables_do_not_have_is_refused() -> None:
    with pytest.raises(UnknownAql, match="no AQL of 3"):
        plan_for(100, "3")


@given(
    st.integers(1, 2_000_000),
    st.sampled_from(AQLS),
    st.sampled_from(LEVELS),
    st.sampled_from(list(MASTER_TABLES)),
)
def test_every_lot_has_a_plan_and_none_draws_more_than_the_lot(
    lot: int, aql: str, level: str, severity: str
) -> None:
    plan = plan_for(lot, aql, level, severity)
    assert 1 <= plan.size <= lot
    assert plan.accept >= 0


def test_a_stricter_limit_never_lets_more_pass_in_a_sample_of_the_same_size() -> None:
    for severity in MASTER_TABLES:
        for lot in (50, 1000, 100_000):
            plans = [plan_for(lot, aql, "II", severity) for aql in AQLS]
            for strict, lax in pairwise(plans):
                assert strict.size != lax.size or strict.accept <= lax.accept


DOCUMENTS = {f"doc-{number:03}": f"{number:064x}" for number in range(200)}


def test_anybody_can_draw_the_sample_again_with_sha256sum_and_sort() -> None:
    lot = "01JABCDEFGHJKMNPQRSTVWXYZ0"
    lines = "".join(f"{name} {digest}\n" for name, digest in sorted(DOCUMENTS.items()))
    script = """
        set -eu
        digest=$(printf '%s' "$LINES_" | LC_ALL=C sort | sha256sum | cut -c1-64)
        seed=$(printf 'sohoa lot sample 1 %s %s' "$LOT" "$digest" | sha256sum | cut -c1-64)
        printf '%s' "$LINES_" | while read -r name _; do
            printf '%s %s\\n' "$(printf '%s %s' "$seed" "$name" | sha256sum | cut -c1-64)" "$name"
        done | LC_ALL=C sort | head -n 32 | cut -d' ' -f2
    """
    by_hand = subprocess.run(
        ["bash", "-c", script], env={"LINES_": lines, "LOT": lot, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    drawn = draw(seed_of(lot, lot_digest(DOCUMENTS)), reversed(DOCUMENTS), 32)
    assert list(drawn) == by_hand


def test_another_lot_id_or_another_document_gives_another_sample() -> None:
    digest = lot_digest(DOCUMENTS)
    changed = lot_digest(DOCUMENTS | {"doc-007": "f" * 64})
    samples = {
        draw(seed_of(lot, one), DOCUMENTS, 20) for lot in ("L1", "L2") for one in (digest, changed)
    }
    assert len(samples) == 4


def test_all_documents_are_drawn_about_equally_often() -> None:
    drawn = [0] * 50
    for lot in range(2000):
        for name in draw(seed_of(str(lot), "d"), map(str, range(50)), 10):
            drawn[int(name)] += 1
    # 400 each by chance, standard deviation 17.9: five of them either way.
    assert all(310 < count < 490 for count in drawn)


def _run(standing: Standing, lots: str, aql: str = "1.0", *, reduce: bool = True) -> Standing:
    """What comes after lots of 500: digits are nonconforming documents, x a refused lot."""
    for one in lots:
        plan = plan_for(500, aql, "II", standing.severity)
        wrong = plan.reject if one == "x" else int(one)
        standing = after_lot(standing, plan, wrong, accepted=one != "x", reduce=reduce)
    return standing


@pytest.mark.parametrize(
    ("lots", "severity"),
    [
        ("x0000", "normal"),
        ("x000x", "tightened"),  # two of five
        ("x0000x", "normal"),  # two of six
        ("xx", "tightened"),  # two of fewer than five
        ("x0x" + "00000", "normal"),  # five accepted in a row under tightened inspection
        ("x0x" + "0000x0000", "tightened"),
        ("0" * 14, "normal"),  # AQL 1.0, H: Ac 1: two points a lot, 28
        ("0" * 15, "reduced"),  # 30
        ("0" * 15 + "0", "reduced"),
        ("0" * 15 + "x", "normal"),  # one refused lot ends reduced inspection
    ],
)
def test_severity_switches_by_the_rules_of_9_3(lots: str, severity: str) -> None:
    assert _run(Standing(), lots).severity == severity


def test_the_switching_score_asks_what_a_stricter_limit_would_have_said() -> None:
    # AQL 2.5, letter H: 50 with 3; one step tighter, 1.5: 50 with 2.
    assert _run(Standing(), "0222", "2.5").score == 12
    assert _run(Standing(), "0223", "2.5").score == 0
    assert _run(Standing(), "0" * 10, "2.5").severity == "reduced"


def test_nobody_gets_reduced_inspection_who_did_not_ask_for_it() -> None:
    assert _run(Standing(), "0" * 40, reduce=False).severity == "normal"


def test_five_refused_lots_under_tightened_inspection_stop_it_until_the_cause_is_mended() -> None:
    stopped = _run(Standing("tightened"), "x0x0x0x0x")
    assert stopped.stopped
    assert stopped.resumed() == Standing("tightened")
