"""Slope and relative index against figures worked by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsim.analysis.inequality import gradient, slope

pytestmark = pytest.mark.unit


def test_a_straight_gradient_is_told_exactly():
    # ranks 0.1, 0.3, ... 0.9; rates 118, 114, 110, 106, 102 fall by 20 from rank 0 to rank 1
    found = slope(np.array([118.0, 114, 110, 106, 102]), np.full(5, 1000.0))
    assert found == pytest.approx((20, 20 / 110))


def test_unequal_fifths_count_by_their_people():
    # two groups of 1 and 3: ranks 1/8 and 5/8, rates 30 and 10: slope 20 over half a rank, mean 15
    assert slope(np.array([30.0, 10]), np.array([1.0, 3])) == pytest.approx((40, 40 / 15))


def test_a_difference_that_age_explains_is_no_gradient():
    rows = [
        (band, fifth, days, days * rate / 365_250)
        for band, rate, people in (("0-4", 10.0, (90, 70, 50, 30, 10)), ("85+", 400.0, (10, 30, 50, 70, 90)))
        for fifth, days in zip(range(1, 6), np.array(people) * 365.25, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["age_band", "imd_fifth", "person_days", "emergency_admissions"])
    crude: Any = table.groupby("imd_fifth")["emergency_admissions"].sum()
    assert crude[5] > 3 * crude[1]
    assert gradient(table, "emergency_admissions") == pytest.approx((0, 0), abs=1e-9)


def test_one_fifth_has_no_gradient():
    table = pd.DataFrame(
        {"age_band": ["0-4"], "imd_fifth": [1], "person_days": [100.0], "emergency_admissions": [3.0]}
    )
    assert np.isnan(gradient(table, "emergency_admissions")).all()
