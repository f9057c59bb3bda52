"""What rests on assumptions: shares of variance, what stands out from chance, and what is drawn."""

import numpy as np
import pytest

from icsim import evidence
from icsim.analysis.doubt import drawn, parameters_of, ranking, rows_to_draw, shares_of

pytestmark = pytest.mark.unit
LUCK = np.random.default_rng(7)


def test_shares_come_out_as_they_were_put_in():
    draws, pairs = 4000, 3
    values = 5 + 2.0 * LUCK.normal(size=(draws, 1)) + 1.0 * LUCK.normal(size=(draws, pairs))
    found = shares_of(values)
    assert found.mean == pytest.approx(5, abs=0.2)
    assert found.between == pytest.approx(2, rel=0.05)
    assert found.luck == pytest.approx(1, rel=0.05)
    assert found.share_low < 0.8 < found.share_high
    assert found.share_high - found.share_low < 0.05


def test_the_interval_of_the_share_holds_the_truth_as_often_as_it_says():
    inside = 0
    for _ in range(400):
        values = LUCK.normal(size=(15, 1)) + LUCK.normal(size=(15, 2))
        found = shares_of(values)
        inside += found.share_low <= 0.5 <= found.share_high
    assert 0.91 < inside / 400 < 0.985


def test_luck_alone_is_not_laid_on_assumptions():
    found = shares_of(LUCK.normal(size=(200, 2)))
    assert found.share < 0.2
    assert found.share_low < 0.05


def test_too_little_says_nothing():
    for shape in ((2, 2), (5, 1), (0, 0)):
        assert np.isnan(shares_of(np.zeros(shape)).share)
    same = shares_of(np.full((5, 2), 3.0))
    assert (same.mean, same.between, same.luck) == (3.0, 0.0, 0.0)
    assert np.isnan(same.share)


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
