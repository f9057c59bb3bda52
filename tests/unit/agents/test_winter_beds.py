"""Beds follow the published winters, and stand still where nothing is published."""

from datetime import date

import pytest

from icsim import evidence
from icsim.agents.winter_beds import of_england, of_trust

pytestmark = pytest.mark.unit

CATALOGUE = evidence.load()
SALFORD = "RM3"


def test_a_trust_has_its_own_beds_of_each_winter():
    beds = of_trust(SALFORD, CATALOGUE)
    assert beds is not None
    assert [round(one, 1) for one in beds.open] == [645.8, 722.1, 770.1]
    excess = CATALOGUE.value("winter_occupancy_excess")
    assert beds.used[0] == pytest.approx(645.8 * (0.976 - excess))
    assert beds.open_over_first(date(2016, 3, 31)) == 1
    assert beds.open_over_first(date(2016, 4, 1)) == pytest.approx(722.1 / 645.8)
    assert beds.more_used(date(2017, 4, 1)) == pytest.approx(beds.used[2] - beds.used[0])


def test_before_and_after_what_is_published_beds_stand_still():
    beds = of_england(CATALOGUE)
    assert beds.open_over_first(date(2012, 4, 1)) == 1
    assert beds.open_over_first(date(2025, 4, 1)) == beds.open_over_first(date(2018, 3, 31)) < 1


def test_of_other_trusts_nothing_is_known():
    assert of_trust("", CATALOGUE) is None
    assert of_trust("RXX", CATALOGUE) is None


def test_beds_can_be_held_still():
    held = CATALOGUE.with_values({"trust_beds_by_year": 0.0})
    assert of_england(held).open_over_first(date(2017, 6, 1)) == 1
    beds = of_trust(SALFORD, held)
    assert beds is not None
    assert beds.more_used(date(2017, 6, 1)) == 0
