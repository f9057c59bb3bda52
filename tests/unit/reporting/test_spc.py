"""Limits and rules of XmR charts against examples worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim.reporting.spc import ENOUGH, sign, xmr

pytestmark = pytest.mark.unit

NAN = float("nan")


def at(rule: np.ndarray) -> dict[int, int]:
    """Which points a rule marks, and upwards (1) or downwards (-1)."""
    return {int(point): int(rule[point]) for point in np.flatnonzero(rule)}


def test_mean_and_limits_of_an_example_worked_by_hand():
    # Sum 132 over 12: mean 11. Ranges 2 1 2 4 3 2 4 3 1 2 4, sum 28 over 11: 2.54545; times 2.66: 6.7709.
    chart = xmr([10, 12, 11, 13, 9, 12, 10, 14, 11, 10, 12, 8])
    assert chart.mean == pytest.approx(11.0)
    assert chart.upper == pytest.approx(17.7709, abs=1e-4)
    assert chart.lower == pytest.approx(4.2291, abs=1e-4)
    assert set(chart.signs) == {"common"}
    assert chart.last == ("common", 0)


def test_a_point_outside_the_limits():
    # Mean 35/18 = 1.944; ranges 1 1 1 8 9 and twelve of 1, sum 32 over 17; limits 1.944 +- 5.007.
    chart = xmr([1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1], "low")
    assert chart.upper == pytest.approx(6.951, abs=1e-3)
    assert at(chart.outside) == {4: 1}
    assert at(chart.directions) == {4: 1}
    assert chart.signs[4] == "concern"
    assert chart.reasons(4) == ("above the upper limit",)
    assert chart.reasons(0) == ()


@pytest.mark.parametrize(("many", "found"), [(6, {}), (7, dict.fromkeys(range(7, 14), 1))])
def test_a_shift_is_seven_on_one_side_of_the_mean(many, found):
    chart = xmr([0, 8, 0, 8, 0, 8, 0, *[5, 6, 5, 6, 5, 6, 5][:many]])
    assert 4 < chart.mean < 5  # so fives and sixes lie above
    assert at(chart.shift) == found
    assert at(chart.directions) == found


def test_a_shift_downwards_ends_where_the_side_changes():
    chart = xmr([10, 2, 10, 2, 4, 5, 4, 5, 4, 5, 4, 10, 10, 10])
    assert chart.mean > 5
    assert at(chart.shift) == dict.fromkeys(range(3, 11), -1)
    assert chart.directions[11] == 0


def test_a_point_on_the_mean_ends_a_run():
    values = [4, 6] * 4 + [6, 6, 6, 5, 6, 6, 6] + [4] * 3 + [4, 4, 4]
    chart = xmr(values)
    assert chart.mean == pytest.approx(5.0)
    assert at(chart.shift) == {}


@pytest.mark.parametrize(("rise", "found"), [(4, {}), (5, dict.fromkeys(range(5, 11), 1))])
def test_a_trend_is_six_points_each_above_the_one_before(rise, found):
    values = [4, 0, 4, 0, 4, 0, *range(1, rise + 1), 0, 4, 0, 4]
    assert at(xmr(values).trend) == found
    assert at(xmr([-value for value in values]).trend) == dict.fromkeys(found, -1)


def test_a_trend_is_told_by_its_slope_and_not_by_its_side():
    values = [9, 1, 9, 1, 9, 1, 9, 0, 1, 2, 3, 4, 3, 9, 1, 9]
    chart = xmr(values, "high")
    assert chart.mean > 4
    assert at(chart.trend) == {}  # five points
    chart = xmr([*values[:12], 4.5, *values[12:]], "high")
    assert at(chart.trend) == dict.fromkeys(range(7, 13), 1)
    assert chart.signs[8] == "improvement"  # rising, though below the mean


def test_two_of_three_near_a_limit():
    usual = [9, 11] * 8
    # With 15.0 twice: mean about 10.6, ranges mostly 2, so limits about 10.6 +- 6 and near from about 14.6.
    chart = xmr([*usual, 15, 11, 15, *usual])
    assert chart.mean + (chart.upper - chart.mean) * 2 / 3 < 15 < chart.upper
    assert at(chart.near) == {16: 1, 18: 1}  # and not the point between, which is not near
    assert at(chart.directions) == {16: 1, 18: 1}


def test_two_near_with_one_on_the_other_side_between_are_no_signal():
    usual = [9, 11] * 8
    chart = xmr([*usual, 15, 9, 15, *usual])
    assert chart.mean + (chart.upper - chart.mean) * 2 / 3 < 15 < chart.upper
    assert at(chart.near) == {}


def test_a_missing_point_has_no_range_and_ends_a_run():
    chart = xmr([0, 8, 0, 8, 0, 8, 0, 5, 6, 5, NAN, 6, 5, 6, 5])
    whole = xmr([0, 8, 0, 8, 0, 8, 0, 5, 6, 5])
    assert at(chart.shift) == {}
    assert chart.signs[10] == "common"
    assert chart.mean == pytest.approx(62 / 14)
    # ranges 8 six times, 5, 1, 1, then 1, 1, 1
    assert chart.upper - chart.mean == pytest.approx(2.66 * (48 + 5 + 2 + 3) / 12)
    assert np.isnan(whole.upper)  # ten points are too few


def test_too_few_points_have_a_mean_and_no_limits():
    chart = xmr([5.0] * 5 + [50.0] * (ENOUGH - 6))
    assert np.isnan(chart.upper)
    assert np.isnan(chart.lower)
    assert set(chart.signs) == {"common"}
    assert xmr([NAN] * 3).last == ("common", 0)


def test_nothing_stands_out_of_a_constant():
    chart = xmr([3.0] * 20)
    assert (chart.lower, chart.mean, chart.upper) == (3.0, 3.0, 3.0)
    assert set(chart.signs) == {"common"}


@pytest.mark.parametrize(
    ("direction", "better", "expected"),
    [
        (0, "high", "common"),
        (1, "high", "improvement"),
        (-1, "high", "concern"),
        (1, "low", "concern"),
        (-1, "low", "improvement"),
        (1, "neither", "special"),
        (-1, "neither", "special"),
    ],
)
def test_what_a_direction_means_depends_on_what_is_wanted(direction, better, expected):
    assert sign(direction, better) == expected


@given(st.lists(st.integers(-50, 50), min_size=ENOUGH, max_size=60))
def test_a_mirrored_series_has_mirrored_signals(values):
    chart, mirrored = xmr(values), xmr([-value for value in values])
    for rule in ("outside", "shift", "trend", "near"):
        np.testing.assert_array_equal(getattr(mirrored, rule), -getattr(chart, rule))
    assert mirrored.upper == pytest.approx(-chart.lower, abs=1e-9)
