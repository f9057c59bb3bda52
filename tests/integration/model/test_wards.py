"""Wards and homes on the first day."""

import numpy as np
import pytest

from icsim.agents.local_authority import LocalAuthority
from icsim.care.services import Setting
from icsim.population.columns import Status
from icsim.running import release

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def first_day(make_model):
    model = make_model(population__sample=0.25)
    yield model
    release(model)


def test_wards_are_as_full_on_the_first_day_as_expected_and_of_long_stays_too(first_day):
    people, run_in = first_day.people, first_day.run_in
    here = people[(people["status"] == Status.RESIDENT) & (people["setting"] > Setting.BOARDING)]
    assert len(here) == pytest.approx(first_day.demand.bed_days / 365.25, rel=0.25)
    assert np.count_nonzero(here["admitted"] < -run_in) >= 2  # began before anything was lived


def test_the_last_care_home_places_are_kept_for_people_in_hospital(first_day):
    council = first_day.of(LocalAuthority)[0]
    social, k = first_day.world.social, council.index
    places, used = int(social.care_home_places[k]), int(social.care_home_used[k])
    kept = first_day.catalogue.value("care_home_kept_for_hospital") * places
    assert kept >= 1
    social.care_home_used[k] = places - int(kept)
    assert council.room_for(52.0)[1] == 0
    social.care_home_used[k] = 0
    assert council.room_for(52.0)[1] > 0
    social.care_home_used[k] = used
    weekly = council.capacity["care_home_placements_per_week"]
    share = first_day.catalogue.value("care_home_hospital_share")
    assert social.care_home_starts[k] == pytest.approx(weekly * share / 5)
