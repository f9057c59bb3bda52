"""What services are sized by: published rates by age and deprivation, over the people of a place."""

import numpy as np
import pytest

from icsim import evidence
from icsim.population.demand import consultations, expected, over_england, referrals

pytestmark = pytest.mark.unit

CATALOGUE = evidence.load()
ENGLAND = np.repeat(CATALOGUE.by_age("england_share")[:, None] / 5, 5, axis=1) * 1e6
"""A million people of England's ages, as many in each fifth."""


def test_england_is_the_measure():
    for rates in (np.add(*consultations(CATALOGUE)), referrals(CATALOGUE)):
        weights = over_england(CATALOGUE, rates)
        assert (weights * ENGLAND).sum() == pytest.approx(ENGLAND.sum())
    demand = expected(ENGLAND, CATALOGUE)
    people = ENGLAND.sum() / 1000
    assert demand.first_outpatients / people == pytest.approx(CATALOGUE.value("first_outpatients_per_1000"))
    listed = demand.elective_inpatients + demand.day_cases
    assert listed / people == pytest.approx(CATALOGUE.value("elective_list_per_1000"))
    assert demand.need_index == pytest.approx(1)


def test_a_deprived_place_of_the_same_ages_gets_more_of_everything():
    deprived = np.zeros_like(ENGLAND)
    deprived[:, 0] = ENGLAND.sum(axis=1)
    here, there = expected(deprived, CATALOGUE), expected(ENGLAND, CATALOGUE)
    assert here.ae_attendances > 1.2 * there.ae_attendances
    assert here.bed_days > 1.1 * there.bed_days
    assert here.first_outpatients > 1.05 * there.first_outpatients
    assert here.elective_inpatients > 1.05 * there.elective_inpatients
    weights = over_england(CATALOGUE, np.add(*consultations(CATALOGUE)))
    assert (weights * deprived).sum() > 1.03 * (weights * ENGLAND).sum()


def test_deaths_never_pass_the_bound_of_their_stream():
    """Season, frailty lost and care homes at their worst together: nothing else moves the rate of death."""
    v = CATALOGUE.value
    worst = CATALOGUE.by_age("rr_death_care_home").max() * (1 + v("season_amplitude_death"))
    worst *= np.exp(v("deconditioning_effect_death") * v("deconditioning_most"))
    assert worst <= v("need_headroom_death")
