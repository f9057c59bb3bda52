"""What the nation does to organisations in a run, and that each effect goes with its cause."""

import numpy as np
import pytest

from icsim.system.nation import BEYOND_HEALTH

pytestmark = pytest.mark.integration
CALM = {"effort_noise": 0.0}
NOTHING = {
    "support": 0.0, "community_of_practice": 0.0, "reporting": 0.0, "metric_focus": 0.0, "mixed_signals": 0.0,
}  # fmt: skip
NARROW = NOTHING | {"metric_focus": 1.0, "reporting": 1.0}


def lived(make_model, **keys):
    keys["parameters"] = CALM | keys.get("parameters", {})
    model = make_model(years=1.5, relationships={"leader_turnover": 0.0}, **keys)
    while model.running:
        model.step()
    return model


def effort(model, beyond=True):
    who = np.isin(model.strategy.parties.kinds, BEYOND_HEALTH)
    return float(model.strategy.effort[who if beyond else ~who & model.strategy.parties.taking_part].mean())


def test_narrowing_to_activity_disengages_partners_beyond_health(make_model):
    none, narrow = lived(make_model), lived(make_model, nation=NARROW)
    assert effort(narrow) < 0.9 * effort(none)
    assert effort(narrow) / effort(none) < effort(narrow, beyond=False) / effort(none, beyond=False)


def test_where_reporting_costs_nothing_and_measures_put_nobody_off_that_vanishes(make_model):
    free = {"nation_reporting_pressure": 0.0, "nation_focus_ethos": 0.0}
    none, narrow = lived(make_model, parameters=free), lived(make_model, nation=NARROW, parameters=free)
    assert (narrow.strategy.effort == none.strategy.effort).all()
    assert (narrow.people == none.people).all()


def test_special_measures_press_the_trust_and_are_told(make_model):
    shock = {"kind": "special_measures", "date": "2016-01-12", "organisation": "acute_trust"}
    model = lived(make_model, shocks=[shock])
    assert "special measures begin" in model.recorder.events.columns["event"]
    trust = model.strategy.parties.kinds == "acute_trust"
    assert model.strategy.effort[trust].sum() < lived(make_model).strategy.effort[trust].sum()


SERVICES = {"name": "p", "services": [{"use": "health-coaching", "size": 3.0}]}


def taken_up(make_model, **keys):
    """The share of practices that have a service after a year."""
    model = make_model(years=1, programme=SERVICES, **keys)
    while model.running:
        model.step()
    (one,) = model.services.deliveries
    return float(one.joined.mean())


def test_services_spread_from_practice_to_practice_and_hardly_by_themselves(make_model):
    alone = taken_up(make_model, spread={"dissemination": 0.0, "imitation": 0.0})
    visited = taken_up(make_model, spread={"dissemination": 3.0})
    at_once = taken_up(make_model)
    assert alone < 0.1 < visited <= at_once
    assert alone < at_once


def test_nobody_goes_round_without_a_team(make_model):
    alone = {"imitation": 0.0, "dissemination": 3.0}
    model = make_model(years=1, programme=SERVICES | {"engine_room": {"team_per_100_000": 0.0}}, spread=alone)
    while model.running:
        model.step()
    (one,) = model.services.deliveries
    assert one.joined.mean() < 0.1 < taken_up(make_model, spread=alone)


def first_ones(make_model, energy):
    """The practices that take a service up first and their effort then, with a programme that goes round."""
    programme = SERVICES | {"follow_energy": energy}
    model = make_model(years=1, programme=programme, spread={"imitation": 0.0, "dissemination": 3.0})
    while model.running:
        model.step()
    told = model.recorder.events.columns
    joined = [
        (who, float(cause.split()[-1]))
        for who, what, cause in zip(told["organisation"], told["event"], told["cause"], strict=True)
        if what.startswith("site joins")
    ]
    return [who for who, _ in joined], [effort for _, effort in joined[:4]]


def test_with_spread_a_programme_goes_to_the_willing_first_as_far_as_it_follows_the_energy(make_model):
    (who, willing), (others, any_order) = (first_ones(make_model, energy) for energy in (1.0, 0.0))
    assert who != others
    assert np.mean(willing) > np.mean(any_order)
