"""A stack is parted into documents, and every side of it is accounted for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitize.separators import Separator
from digitize.sheet import Finding, FinishedPage, Sheet
from digitize.slips import Slip
from dossier.separation import (
    DOUBTS,
    Expected,
    Separation,
    Side,
    by_headings,
    by_page_counts,
    by_separators,
    side_of,
)
from ocr.words import Word
from profiles import load_paper

A, B, C = Slip("1/2005", 2), Slip("2/2005", 3), Slip("3/2005")


def stack(text: str, *, duplex: bool = False) -> list[Side]:
    """``p`` written, ``.`` blank, ``A`` to ``C`` separators, ``T`` bars alone, ``k`` a heading."""
    slips = {"A": A, "B": B, "C": C, "T": None}
    return [
        Side(
            place,
            "back" if duplex and place % 2 else "front",
            Separator(slips[sign], "code" if slips[sign] else "patch") if sign in slips else None,
            blank=sign == ".",
            begins="khai-sinh" if sign == "k" else "",
        )
        for place, sign in enumerate(text.replace(" ", ""))
    ]


def parted(separation: Separation) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.slip.number if one.slip else "", one.sides) for one in separation.documents]


def doubts(separation: Separation) -> list[tuple[str, int]]:
    return [(doubt.kind, doubt.index) for doubt in separation.all_doubts()]


def test_documents_begin_after_their_separators():
    found = by_separators(stack("A pp B p T pp"))
    assert parted(found) == [("1/2005", (1, 2)), ("2/2005", (4,)), ("", (6, 7))]
    assert found.separators == (0, 3, 5)
    assert not doubts(found)


def test_the_backs_of_separators_are_dropped_in_duplex():
    found = by_separators(stack("A. pp p. B. pp", duplex=True))
    assert parted(found) == [("1/2005", (2, 3, 4, 5)), ("2/2005", (8, 9))]
    assert found.backs == (1, 7)


def test_a_separator_laid_in_face_down_is_one_too():
    found = by_separators(stack(".A pp", duplex=True))
    assert (parted(found), found.backs) == ([("1/2005", (2, 3))], (0,))


def test_what_is_written_on_a_separator_s_back_is_set_aside_for_a_person():
    found = by_separators(stack("Ap p.", duplex=True))
    assert (found.set_aside, parted(found)) == ((1,), [("1/2005", (2, 3))])
    assert doubts(found) == [("written-back", 1)]


def test_two_separators_in_a_row():
    assert doubts(by_separators(stack("AA p TB p"))) == []
    assert parted(by_separators(stack("A T p"))) == [("1/2005", (2,))]
    found = by_separators(stack("A B p C"))
    assert parted(found) == [("2/2005", (2,))]
    assert doubts(found) == [("no-paper", 0), ("no-paper", 3)]


def test_a_separator_without_a_paper_is_said_even_when_blank_sheets_follow():
    found = by_separators(stack("A.. B p"))
    assert doubts(found) == [("no-paper", 1)]
    assert parted(found) == [("1/2005", (1, 2)), ("2/2005", (4,))]


def test_pages_before_the_first_separator_and_one_that_comes_again_are_doubted():
    found = by_separators(stack("pp A p B p A p"))
    assert doubts(found) == [("before-separator", 0), ("separator-again", 6)]
    assert parted(found)[0] == ("", (0, 1))


def test_too_many_pages_hint_at_a_missing_separator():
    pages = {A: 2, B: 3}
    found = by_separators(stack("A ppp. B pp C p"), pages.get)
    assert doubts(found) == [("too-many-pages", 1), ("too-few-pages", 6)]


def test_pages_are_counted_off_for_the_rows_of_the_register():
    rows = [Expected(5, 2), Expected(6, 1), Expected(7, 2)]
    found = by_page_counts(stack("p. p. p. pp p.", duplex=True), rows)
    assert [(one.line, one.sides) for one in found.documents] == [
        (5, (0, 1, 2, 3)), (6, (4, 5)), (7, (6, 7)), (None, (8, 9))
    ]  # fmt: skip
    assert doubts(found) == [("left-over", 8)]


def test_counting_stops_where_the_register_does_not_say_how_many():
    found = by_page_counts(stack("p pp pppp"), [Expected(5, 1), Expected(6, None), Expected(7, 1)])
    assert [(one.line, len(one.sides)) for one in found.documents] == [(5, 1), (6, 6)]
    assert doubts(found) == [("no-page-count", 1)]


def test_a_count_that_ends_on_a_front_with_a_written_back_is_doubted():
    found = by_page_counts(stack("pp p.", duplex=True), [Expected(5, 1), Expected(6, 3)])
    assert doubts(found) == [("split-leaf", 1), ("too-few-pages", 1)]


def test_documents_begin_at_headings():
    found = by_headings(stack("p kp kpp A k"))
    assert [one.sides for one in found.documents] == [(0,), (1, 2), (3, 4, 5), (7,)]
    assert found.separators == (6,)
    assert doubts(found) == [("no-heading", 0)]
    turned = by_headings(stack("kk", duplex=True))
    assert doubts(turned) == [("begins-on-back", 1)]


def places(separation: Separation) -> list[int]:
    inside = [index for one in separation.documents for index in one.sides]
    return sorted([*inside, *separation.separators, *separation.backs, *separation.set_aside])


SIGNS = st.text("ppp..ABCTk", max_size=40)
COUNTS = st.lists(st.one_of(st.none(), st.integers(1, 5)), max_size=12)


@given(text=SIGNS, duplex=st.booleans(), counts=COUNTS)
def test_every_side_goes_to_exactly_one_place_and_no_separator_into_a_document(
    text: str, duplex: bool, counts: Sequence[int | None]
):
    sides = stack(text, duplex=duplex)
    marks = {side.index for side in sides if side.separator}
    rows = [Expected(line, pages) for line, pages in enumerate(counts)]
    for found in (by_separators(sides), by_page_counts(sides, rows), by_headings(sides)):
        assert places(found) == list(range(len(sides)))
        assert set(found.separators) == marks
        assert not marks & {index for one in found.documents for index in one.sides}
        assert all(one.sides for one in found.documents)
        assert all(not sides[index].blank for index in found.set_aside)
        assert all(sides[index].blank for index in found.backs)


def test_what_is_known_of_a_side_comes_from_its_sheet_and_its_page():
    sheet = Sheet(3, Path("x.jpg"), 0, "image", "x.jpg", "", side="back")
    words = tuple(Word(text, 150 * n, 60, 140, 30, 90.0, (0,)) for n, text in enumerate(HEADING))
    page = FinishedPage(
        sheet, Finding(3, "x.jpg"), None, 210, 297, text=" ".join(HEADING), words=words
    )
    papers = [load_paper("khai-sinh"), load_paper("quyet-dinh")]
    assert side_of(sheet, None, page, papers) == Side(3, "back", begins="khai-sinh")
    blank = replace(page, finding=Finding(3, "x.jpg", blank=True))
    assert side_of(sheet, None, blank, papers) == Side(3, "back", blank=True)
    mark = Separator(A, "code")
    assert side_of(sheet, mark, None, papers) == Side(3, "back", mark)


HEADING = ("GIẤY", "KHAI", "SINH")


@pytest.mark.parametrize("kind", sorted(DOUBTS))
def test_every_doubt_names_the_side(kind: str):
    assert "{number}" in DOUBTS[kind]
