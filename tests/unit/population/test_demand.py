"""What services are sized by: published rates by age and deprivation, over the people of a place."""

import numpy as np
import pytest

from icsim import evidence
from icsim.evidence import published
from icsim.evidence.places import resolve
from icsim.population.demand import consultations, expected, over_england, referrals
from icsim.population.risk import deprivation_gradient

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


def test_deprivation_makes_as_much_of_a_difference_as_published():
    people = published.england_by_age_and_fifth()
    admitted = CATALOGUE.by_age("emerg_rate")[:, None] * deprivation_gradient(CATALOGUE) * people
    older = admitted[8:].sum(axis=0) / people[8:].sum(axis=0)
    most, least = (CATALOGUE.value(f"emerg_adm_rate_age67+_imdq{q}") for q in (5, 1))
    assert older[0] / older[4] == pytest.approx(most / least, rel=0.01)
    young = admitted[:2].sum(axis=0) / people[:2].sum(axis=0)  # the published band is 0-19
    most, least = (CATALOGUE.value(f"emerg_adm_rate_age0-19_imdq{q}") for q in (5, 1))
    assert young[0] / young[4] == pytest.approx(most / least, rel=0.03)


def test_englands_people_by_age_and_fifth_are_those_of_its_areas():
    areas = resolve("england").lsoas
    fifth = (areas["imd_decile"].to_numpy() - 1) // 2
    small = areas[[f"age_{age}" for age in range(5)]].to_numpy().sum(axis=1)
    people = published.england_by_age_and_fifth()
    assert people[0] == pytest.approx(np.bincount(fifth, weights=small))
    assert people.sum() == resolve("england").population
