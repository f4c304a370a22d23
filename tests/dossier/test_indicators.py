"""Indicators, targets, savings and forecasts, against examples worked by hand."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.indicators import (
    DossierFacts,
    Indicator,
    Ratio,
    Savings,
    Spread,
    forecast,
    indicators,
    pace,
)
from profiles import Cap, TargetRules


def test_the_four_indicators_of_qd_766_on_five_dossiers() -> None:
    dossiers = [
        DossierFacts("1", has_result=True, digitised=True, reused=True, through_store=True),
        DossierFacts("2", has_result=True, digitised=False, through_store=True),
        DossierFacts("3", digitised=True, reused=True),
        DossierFacts("4"),
        DossierFacts("5", gives_result=False, digitised=True),  # ends in no written result
    ]
    found = {one.number: one.ratio for one in indicators(dossiers, {})}
    assert found == {
        "4.1": Ratio(2, 4),  # results of 1 and 2; dossier 5 owes none
        "4.2": Ratio(1, 5),  # only 1 has both
        "4.3": Ratio(2, 5),
        "4.4": Ratio(2, 5),
    }
    assert found["4.1"].share == 0.5


def test_of_no_dossiers_there_is_no_share_and_there_are_no_points() -> None:
    for one in indicators([], {"4.1": Cap(points=6)}):
        assert one.ratio.share is None
        assert one.points is None


@pytest.mark.parametrize(
    ("part", "whole", "cap", "points"),
    [
        (30, 100, Cap(points=6), 1.8),  # 6 x 0.3
        (30, 100, Cap(points=6, full_at=0.6), 3.0),  # 6 x 0.3 / 0.6
        (60, 100, Cap(points=6, full_at=0.6), 6.0),
        (90, 100, Cap(points=6, full_at=0.6), 6.0),  # never more
        (0, 100, Cap(points=6, full_at=0.6), 0.0),
        (30, 100, None, None),
    ],
)
def test_points_follow_the_caps_an_office_sets(
    part: int, whole: int, cap: Cap | None, points: float | None
) -> None:
    assert Indicator("4.3", Ratio(part, whole), cap).points == (
        None if points is None else pytest.approx(points)
    )


def test_times_are_told_by_mean_median_and_ninth_tenth() -> None:
    found = Spread.of([10, 20, 30, 40, 50, 60, 70, 80, 90, 550])
    assert found == Spread(count=10, total=1000, mean=100, median=55, ninth_tenth=90)
    assert Spread.of([]) is None


def test_the_target_of_1600_a_year_is_eight_a_day_in_200_working_days() -> None:
    targets = TargetRules(dossiers_a_year=1600, working_days=200)
    found = pace(36, 5, targets)
    assert (found.due, found.share, found.yearly) == (40, 0.9, 1440)
    assert pace(0, 0, targets).share == 0


def test_savings_are_papers_times_what_one_spares() -> None:
    rates = TargetRules(
        copy_cost=4000, citizen_minutes=30, clerk_minutes=6, citizen_hour=20_000, clerk_hour=50_000
    )
    found = Savings(10, rates)
    # 10 x 4,000 + 5 h x 20,000 + 1 h x 50,000
    assert (found.citizen_hours, found.clerk_hours, found.money) == (5, 1, 190_000)


MONDAY = date(2026, 11, 23)


def test_a_forecast_counts_working_days_at_the_pace_of_the_days_worked() -> None:
    made = {MONDAY - timedelta(days=back): count for back, count in ((4, 40), (3, 60), (0, 50))}
    found = forecast(made, 500, MONDAY)  # 50 a day: ten working days after Monday
    assert (found.pace, found.days, found.left) == (50, 3, 500)
    assert found.done_on == date(2026, 12, 7)
    # The better half: 60 a day, 9 days; the worse: 40 a day, 13 days.
    assert (found.early, found.late) == (date(2026, 12, 4), date(2026, 12, 10))


def test_a_forecast_says_nothing_where_nothing_was_done_and_today_where_all_is() -> None:
    assert forecast({}, 10, MONDAY).done_on is None
    assert forecast({MONDAY: 5}, 0, MONDAY).done_on == MONDAY


@given(
    st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 11, 22)), st.integers(1, 500)),
    st.integers(1, 100_000),
)
def test_a_forecast_ends_on_a_working_day_and_early_is_not_late(
    made: dict[date, int], left: int
) -> None:
    found = forecast(made, left, MONDAY)
    if made:
        assert found.early is not None
        assert found.done_on is not None
        assert found.late is not None
        assert MONDAY < found.early <= found.done_on <= found.late
        assert found.done_on.weekday() < 5
