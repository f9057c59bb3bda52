"""The nation around a place: what it adds to pressure and will, for whom and when."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from icsim import evidence
from icsim.experiment import load
from icsim.experiment.elsewhere import begun
from icsim.experiment.services import Level
from icsim.system.nation import NationAround

pytestmark = pytest.mark.unit
NAMES = ["Trust", "Council", "Charity", "CCG", "Practice"]
KINDS = np.array(["acute_trust", "local_authority", "voluntary_sector", "commissioner", "gp_practice"])
PRESSURE, ETHOS = np.full(5, 0.4), np.zeros(5)
DAY = date(2016, 6, 30)
NOTHING = {
    "support": 0.0, "community_of_practice": 0.0, "reporting": 0.0, "metric_focus": 0.0, "mixed_signals": 0.0,
}  # fmt: skip


def nation(given: Any = "none", shocks: Any = (), **parameters: Any) -> NationAround:
    experiment = load({"place": "salford", "nation": given, "shocks": list(shocks)})
    return NationAround(experiment, evidence.load().with_values(parameters))


def test_without_a_nation_everything_stays_as_it_was():
    none = nation()
    assert none.pressed(PRESSURE, NAMES, KINDS, DAY) is PRESSURE
    assert none.willing(ETHOS, KINDS, DAY) is ETHOS
    assert none.learning("neighbourhood-mdt", "C", DAY) == 1


def test_a_nation_that_does_nothing_is_no_nation():
    idle = nation(NOTHING)
    assert (idle.pressed(PRESSURE, NAMES, KINDS, DAY) == PRESSURE).all()
    assert (idle.willing(ETHOS, KINDS, DAY) == ETHOS).all()
    assert idle.learning("neighbourhood-mdt", "C", DAY) == 1


def test_metrics_of_hospital_activity_put_off_partners_beyond_health_alone():
    narrow = nation(NOTHING | {"metric_focus": {"2016/17": 1.0}})
    change = narrow.willing(ETHOS, KINDS, DAY)
    assert (change[1:3] < 0).all()
    assert (change[[0, 3, 4]] == 0).all()
    assert (narrow.willing(ETHOS, KINDS, date(2015, 6, 30)) == 0).all()  # a year that is left out has none


def test_mixed_signals_put_off_those_whom_regulators_hold_to_their_own_result():
    change = nation(NOTHING | {"mixed_signals": 1.0}).willing(ETHOS, KINDS, DAY)
    assert (change[[0, 3]] < 0).all()
    assert (change[[1, 2, 4]] == 0).all()


def test_reporting_presses_and_support_relieves():
    assert (nation(NOTHING | {"reporting": 1.0}).pressed(PRESSURE, NAMES, KINDS, DAY) > PRESSURE).all()
    assert (nation(NOTHING | {"support": 1.0}).pressed(PRESSURE, NAMES, KINDS, DAY) < PRESSURE).all()


def test_where_reporting_costs_nothing_the_burden_of_it_is_not_felt():
    free = nation({"reporting": 1.0, "metric_focus": 1.0, "support": 0.0, "mixed_signals": 0.0},
                  nation_reporting_pressure=0.0, nation_focus_ethos=0.0)  # fmt: skip
    assert (free.pressed(PRESSURE, NAMES, KINDS, DAY) == PRESSURE).all()
    assert (free.willing(ETHOS, KINDS, DAY) == ETHOS).all()


def test_it_ends_on_its_day():
    given = {"support": 1.0, "community_of_practice": 1.0, "end": "2016-06-29"}
    assert nation(given).learning("neighbourhood-mdt", "C", date(2016, 6, 29)) > 1
    assert nation(given).learning("neighbourhood-mdt", "C", DAY) == 1


def test_places_pass_on_what_they_do_and_from_when_they_do_it():
    around = nation({"community_of_practice": 0.5}, nation_community_same=1.0)
    others = {place: services for place, services in begun().items() if place != around.place}
    assert len(others) == 8
    many, none = "neighbourhood-mdt", "video-links-to-the-moon"
    did = sum(services.get(many, date.max) <= DAY for services in others.values())
    assert 0 < did < len(others)
    assert around.passed_on(many, "C", DAY) == pytest.approx(0.5 * did / len(others))
    assert around.passed_on(many, "C", date(2018, 3, 31)) > around.passed_on(many, "C", date(2015, 3, 31))
    assert around.passed_on(none, "C", DAY) == 0
    assert nation({"community_of_practice": 0.0}).passed_on(many, "C", DAY) == 0


@pytest.mark.parametrize("place", ["salford", "wirral"])
def test_what_the_others_read_of_a_place_is_what_its_experiment_does(place: str):
    programme = load(place).programme
    assert not isinstance(programme, str)
    first: dict[str, date] = {}
    for use in programme.services:
        first[use.use] = min(first.get(use.use, date.max), use.start or date.min)
    found = begun()[place]
    assert {name: found[name] for name in found if name not in set(Level)} == first


def test_part_of_what_is_passed_on_is_of_the_level_of_care():
    given = {"community_of_practice": 1.0}
    alike, akin, half = (nation(given, nation_community_same=part) for part in (1.0, 0.0, 0.5))
    service, level = "neighbourhood-mdt", "C"
    found = [one.passed_on(service, level, DAY) for one in (alike, akin, half)]
    assert found[0] < found[1]
    assert found[2] == pytest.approx(np.mean(found[:2]))
    assert akin.passed_on("one-of-my-own", level, DAY) == found[1]


@pytest.mark.parametrize(("kind", "struck"), [("special_measures", [0]), ("deficit", [0, 3])])
def test_regulators_press_those_they_strike_while_it_lasts(kind, struck):
    shock = {"kind": kind, "date": "2016-04-12", "end": "2016-12-31", "size": 0.5}
    after = nation(shocks=[shock]).pressed(PRESSURE, NAMES, KINDS, DAY)
    assert np.flatnonzero(after > PRESSURE).tolist() == struck
    assert (nation(shocks=[shock]).pressed(PRESSURE, NAMES, KINDS, date(2017, 1, 31)) == PRESSURE).all()
