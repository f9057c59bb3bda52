"""A cohort of a few people, its controls and the three estimates, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from icsim.analysis.cohorts import (
    LEVELS,
    MATCHED,
    NAIVE,
    TRUE,
    Cohort,
    Controls,
    Followed,
    strata,
    usual_cohorts,
)

pytestmark = pytest.mark.unit
YEAR = "2015/16"


def people(before, after, age=None, score=None, decile=None) -> pd.DataFrame:
    n = len(before)
    return pd.DataFrame(
        {
            "sex": [1] * n,
            "imd_decile": decile or [1] * n,
            "index_age": age or [80] * n,
            "index_conditions": [1] * n,
            "index_score": score or [0.0] * n,
            "gp_contacts_2015_16": [0] * n,
            "gp_contacts_2016_17": [0] * n,
            "emergency_admissions_2015_16": before,
            "emergency_admissions_2016_17": after,
        }
    )


def test_members_are_there_old_enough_and_admitted_often_enough():
    here = people([2, 2, 1, 3], [0, 0, 0, 0], age=[65, 64, 80, -1])
    assert list(Cohort("", min_age=65, min_admissions=2).members(here, YEAR)) == [True, False, False, False]


def test_the_top_share_is_of_those_who_are_there():
    here = people([0] * 101, [0] * 101, age=[-1] + [50] * 100, score=[999.0, *range(100)])
    chosen = Cohort("", top_share=0.02).members(here, YEAR)
    assert list(np.flatnonzero(chosen)) == [99, 100]


def test_the_three_estimates():
    # treated: twice before; after 1 and 0 with the policy, 1 and 1 without: naive -1.5, true -0.5
    reference = people([2, 2, 0, 0], [1, 1, 0, 0])
    policy = people([2, 2, 0, 0], [1, 0, 0, 0])
    # elsewhere: three of the same kind, twice before, 2, 1 and 0 after: expected 1 each, so matched -0.5
    elsewhere = strata(people([2, 2, 2, 0], [2, 1, 0, 9]), YEAR)
    followed = Followed.of(Cohort("", min_admissions=2), reference, policy, YEAR)
    found = dict(followed.estimates(Controls.of(elsewhere)))
    assert found == {
        "members": 2, "before": 2, "after": 0.5, "share_matched": 1, NAIVE: -1.5, MATCHED: -0.5, TRUE: -0.5,
    }  # fmt: skip
    assert MATCHED not in dict(followed.estimates(None))


def test_who_has_no_control_alike_in_all_is_matched_on_less_or_not_at_all():
    treated = strata(people([2, 3], [0, 0]), YEAR)
    expected, level = Controls.of(strata(people([2, 2], [1, 3], decile=[9, 10]), YEAR)).matched(treated)
    assert list(expected[:1]) == [2]
    assert list(level) == [1, len(LEVELS)]
    assert np.isnan(expected[1])


def test_the_usual_cohorts_are_those_of_the_catalogue():
    old, risk = usual_cohorts()
    assert (old.min_age, old.min_admissions, risk.top_share) == (65, 2, 0.02)
    assert old.name == "65 and over, 2 or more admissions"


def test_a_cohort_of_nobody_has_no_estimates():
    here = people([0], [0])
    followed = Followed.of(Cohort("", min_admissions=2), here, here, YEAR)
    assert dict(followed.estimates(None)) == {"members": 0}
