"""What rests on assumptions: shares of variance, what stands out from chance, and what is drawn."""

import numpy as np
import pytest

from icsim import evidence
from icsim.analysis.doubt import drawn, numbered, parameters_of, ranking, rows_to_draw, spread_of
from icsim.analysis.outcomes import KNOWN

pytestmark = pytest.mark.unit
LUCK = np.random.default_rng(7)


def test_what_was_put_in_comes_out():
    draws, pairs = 4000, 3
    values = 5 + 2.0 * LUCK.normal(size=(draws, 1)) + 1.0 * LUCK.normal(size=(draws, pairs))
    found = spread_of(values)
    assert found.mean == pytest.approx(5, abs=0.2)
    assert found.variance == pytest.approx(4, rel=0.1)
    assert found.luck == pytest.approx(1, rel=0.05)
    assert found.variance_low < 4 < found.variance_high
    # luck of few pairs is not taken for what else the change might be
    assert found.low == pytest.approx(5 - 1.96 * 2, abs=0.2)
    assert found.high == pytest.approx(5 + 1.96 * 2, abs=0.2)


def test_the_interval_of_the_variance_holds_the_truth_as_often_as_it_says():
    inside = 0
    for _ in range(400):
        values = LUCK.normal(size=(15, 1)) + LUCK.normal(size=(15, 2))
        found = spread_of(values)
        inside += found.variance_low <= 1 <= found.variance_high
    assert 0.91 < inside / 400 < 0.985


def test_luck_alone_is_not_laid_on_assumptions():
    found = spread_of(LUCK.normal(size=(200, 2)))
    assert found.variance < 0.2
    assert found.variance_low < 0.05
    assert found.high - found.low < 2  # of single pairs it is 3.9


def test_too_little_says_nothing():
    for shape in ((2, 2), (5, 1), (0, 0)):
        assert np.isnan(spread_of(np.zeros(shape)).variance)
    same = spread_of(np.full((5, 2), 3.0))
    assert (same.mean, same.low, same.high, same.variance, same.luck) == (3.0, 3.0, 3.0, 0.0, 0.0)


def test_a_sample_is_told_at_the_size_of_the_whole():
    of_a_tenth = spread_of(1 + LUCK.normal(size=(50, 1)) + LUCK.normal(size=(50, 2)))
    counts, rate = of_a_tenth.times(10, 10), of_a_tenth.times(1, 0.1)
    assert counts.mean == pytest.approx(10 * of_a_tenth.mean)
    assert counts.variance == pytest.approx(100 * of_a_tenth.variance)
    assert counts.luck == pytest.approx(10 * of_a_tenth.luck)  # of ten times as many people
    assert (rate.mean, rate.variance) == (of_a_tenth.mean, of_a_tenth.variance)
    assert KNOWN["emergency_admissions"].extensive
    assert KNOWN["care_cost_gbp"].extensive
    assert not KNOWN["four_hours"].extensive
    assert not KNOWN["slope_index"].extensive


def test_what_matters_stands_out_and_chance_does_not():
    keys = [f"k{k}" for k in range(300)]
    values = LUCK.normal(size=(40, 300))
    found = ranking(keys, values, 3 * values[:, 17] + 0.5 * LUCK.normal(size=40))
    assert found.first[0].key == "k17"
    assert [one.key for one in found.sure] == ["k17"]
    assert 0.35 < found.chance < 0.75
    assert found.first[0].low < found.first[0].correlation < found.first[0].high
    by_chance = [ranking(keys, values, LUCK.normal(size=40)).sure for _ in range(40)]
    assert sum(map(bool, by_chance)) <= 6


def test_only_assumed_values_with_a_range_that_nobody_sets_are_drawn():
    catalogue = evidence.load()
    read = [row.key for row in catalogue]
    rows = rows_to_draw(catalogue, read, ["effort_*"], ["effort_base"])
    keys = {row.key for row in rows}
    assert "effort_incentive" in keys
    assert "effort_base" not in keys
    assert all(row.kind == "assumed" for row in rows_to_draw(catalogue, read))
    measured = [row.key for row in catalogue if row.kind != "assumed"]
    assert not rows_to_draw(catalogue, measured)
    sets = drawn(rows, 50)
    for row in rows:
        assert isinstance(row.value, float)
        assert row.low is not None
        assert row.high is not None
        values = np.array([one[row.key] for one in sets])
        assert row.low <= values.min() < values.max() <= row.high
        mean = (row.low + min(max(row.value, row.low), row.high) + row.high) / 3
        assert values.mean() == pytest.approx(mean, abs=0.03 * (row.high - row.low))
    assert drawn(rows, 50) == sets
    assert parameters_of({"a": 1.0, "b": 2.0}, {"b": 3.0}) == {"a": 1.0, "b": 3.0}


def test_a_number_says_all_of_a_draw_whatever_else_is_drawn():
    catalogue = evidence.load()
    rows = rows_to_draw(catalogue, [row.key for row in catalogue], ["effort_*"])
    sets = numbered(rows, range(400))
    assert numbered(rows[3:], [17])[0] == {row.key: sets[17][row.key] for row in rows[3:]}
    places = np.array([[(one[row.key] - row.low) / (row.high - row.low) for row in rows] for one in sets])  # type: ignore[operator]
    assert places.min() >= 0
    assert places.max() <= 1
    assert np.ptp(places, axis=0).min() > 0.7  # no corner of a range is left out
    correlations = np.corrcoef(places.T) - np.eye(len(rows))
    assert np.abs(correlations).max() < 0.25  # nor do values go together
    assert numbered([], [1, 2]) == [{}, {}]
