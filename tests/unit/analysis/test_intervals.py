"""Intervals, numbers of pairs and ratios against figures worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim.analysis.intervals import (
    BOOTSTRAP,
    LOOK_AHEAD,
    ONE,
    SAME,
    T,
    bootstrap,
    half_width,
    needed,
    of_ratio,
    paired,
    precise_after,
)

pytestmark = pytest.mark.unit
T2, T4 = 4.302653, 2.776445  # Student's t at 97.5% with 2 and 4 degrees of freedom, from a printed table


def test_a_paired_interval_is_the_one_worked_by_hand():
    # 4, 6, 11: mean 7, deviations -3, -1, 4, variance (9 + 1 + 16) / 2 = 13
    found = paired(np.array([[4.0, 6.0, 11.0]]))
    half = T2 * math.sqrt(13 / 3)
    assert (found.mean[0], found.sd[0], found.pairs[0], found.method[0]) == (7, math.sqrt(13), 3, T)
    assert found.low[0] == pytest.approx(7 - half, rel=1e-6)
    assert found.high[0] == pytest.approx(7 + half, rel=1e-6)


def test_one_pair_has_no_interval_and_equal_pairs_have_one_without_width():
    found = paired(np.array([[3.0], [math.nan]]))
    assert found.mean[0] == 3
    assert np.isnan(found.low).all()
    assert list(found.method) == [ONE, "unknown"]
    same = paired(np.zeros((1, 9)))
    assert (same.mean[0], same.low[0], same.high[0], same.method[0]) == (0, 0, 0, SAME)
    ones = [paired(np.ones((1, n))) for n in (3, 8)]  # three alike may be chance, and no interval says so
    assert math.isnan(ones[0].low[0])
    assert (ones[1].low[0], ones[1].high[0]) == (1, 1)


def test_a_replicate_without_a_figure_is_left_out():
    found = paired(np.array([[4.0, math.nan, 6.0, 11.0]]))
    assert found.pairs[0] == 3
    assert found.low[0] == pytest.approx(paired(np.array([[4.0, 6.0, 11.0]])).low[0])


def test_skewed_differences_take_the_bootstrap_and_normal_ones_do_not():
    skewed = np.array([0.0] * 11 + [50.0])
    found = paired(np.stack([skewed, np.arange(12.0)]))
    assert list(found.method) == [BOOTSTRAP, T]
    assert 0 <= found.low[0] < skewed.mean() < found.high[0] <= 50
    student = skewed.mean() - half_width(np.array(skewed.std(ddof=1)), np.array(12))
    assert student < 0  # which no mean of these can be


def test_the_bootstrap_of_a_normal_sample_is_about_students_interval():
    values = np.random.default_rng(3).normal(10, 2, 15)
    low, high = bootstrap(values, 20_000)
    half = float(half_width(values.std(ddof=1), np.array(15)))
    assert (high - low) / 2 == pytest.approx(half, rel=0.05)
    assert bootstrap(values) == bootstrap(values)


def test_the_number_of_pairs_needed_is_the_least():
    # sd 1, target 1.25: with n = 5, 2.776445 / sqrt 5 = 1.2417; with n = 4, 3.182446 / 2 = 1.591
    assert list(needed(np.array([1.0, 0.0, 1.0, math.nan]), np.array([1.25, 0.0, 0.0, 1.0]))[:3]) == [
        5,
        2,
        math.inf,
    ]
    assert np.isnan(needed(np.array([math.nan]), np.array([1.0])))


@given(st.floats(0.01, 100), st.floats(0.05, 100))
def test_one_pair_fewer_is_too_few(sd, target):
    n = float(needed(np.array([sd]), np.array([target]))[0])
    if math.isfinite(n):
        assert half_width(sd, np.array(n)) <= target
        assert n == 2 or half_width(sd, np.array(n - 1)) > target


def test_the_sequential_rule_waits_until_it_stays_precise():
    # 9, 10, 11: mean 10, sd 1, half-width 4.302653 / sqrt 3 = 2.484, just within a quarter of the mean
    steady = [9.0, 10.0, 11.0, 10.0, 10.0, 10.0, 10.0, 10.0]
    assert precise_after(steady, share=0.25) == 3
    assert precise_after(steady[: 3 + LOOK_AHEAD - 1], share=0.25) is None  # five more must be seen
    assert precise_after(steady, share=0.24) is None  # at four it is, but only four more follow
    thrown = [9.0, 10.0, 11.0, 10.0, 40.0, 10.0, 10.0, 10.0]
    assert precise_after(thrown, share=0.25) is None
    assert precise_after(steady, half=2.49) == 3
    assert precise_after([0.0] * 8, half=1.0) == 3


def test_a_ratio_has_fiellers_interval():
    # costs 10, 12, 14 over 2, 2, 2: the lower mean is certain, so the interval is the upper one's over 2
    ratio, low, high = of_ratio(np.array([10.0, 12, 14]), np.array([2.0, 2, 2]))
    half = T2 * 2 / math.sqrt(3) / 2
    assert (ratio, low, high) == pytest.approx((6, 6 - half, 6 + half), rel=1e-6)
    _, low, high = of_ratio(np.array([10.0, 12, 14]), np.array([1.0, -1, 0.5]))
    assert math.isnan(low)
    assert math.isnan(high)


def test_fiellers_ends_solve_his_equation():
    a, b = np.array([10.0, 13, 12, 9, 11]), np.array([5.0, 6, 5, 4.5, 6])
    for end in of_ratio(a, b)[1:]:
        rest = a - end * b
        assert rest.mean() ** 2 == pytest.approx(T4**2 * rest.var(ddof=1) / 5, rel=1e-5)
