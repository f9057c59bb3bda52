"""A model that is given another future in the middle of its run lives as one that had it from the start."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from icsim.branching import future
from icsim.experiment import Experiment, ExperimentError, load
from icsim.model import ICSModel
from icsim.restoring import turn_to
from icsim.running import release

pytestmark = pytest.mark.integration


def turned(model: ICSModel, days: int, keys: dict[str, Any]) -> Experiment:
    """Live so many days and change keys, in which DAY stands for the day about to be lived."""
    for _ in range(days):
        model.step()
    today = model.date.isoformat()
    dated = json.loads(json.dumps(keys).replace("DAY", today))
    after = future(model.experiment, dated, model.date)
    turn_to(model, after)
    return after


def test_a_turned_model_lives_as_the_whole_experiment_does(make_model: Callable[..., ICSModel]) -> None:
    model = make_model(years=0.6)
    turned(model, 40, {"relationships.steps": [
        {"date": "DAY", "trust": {"gp_practice->acute_trust": 0.9}, "leader_turnover": 6.0}]})  # fmt: skip
    step = {"date": "DAY", "payment": "block"}
    turned(model, 9, {"contract.steps": [step], "joint_work": {"start": "DAY"}})
    turned(model, 20, {
        "shocks": [{"date": "DAY", "kind": "flu", "days": 30}, {"date": "DAY", "kind": "staff_loss"}],
        "interventions": [{"name": "x", "start": "DAY", "levers": {"need_frailty": 0.5}}],
    })  # fmt: skip
    whole = make_model(experiment=load(model.experiment.to_dict()))
    untouched = make_model(years=0.6)
    for each in (model, whole, untouched):
        while each.running:
            each.step()
    for kind in model.recorder.measures:
        np.testing.assert_array_equal(model.recorder.block(kind), whole.recorder.block(kind), kind)
    assert model.recorder.money.columns == whole.recorder.money.columns
    assert model.recorder.decisions.columns == whole.recorder.decisions.columns
    assert model.recorder.relationships.columns == whole.recorder.relationships.columns
    assert model.recorder.decisions.columns != untouched.recorder.decisions.columns
    assert len(model.recorder.events.columns["date"]) > len(untouched.recorder.events.columns["date"])
    for each in (model, whole, untouched):
        release(each)


def test_a_step_sets_the_trust_it_names_and_no_other(make_model: Callable[..., ICSModel]) -> None:
    model = make_model(years=0.2)
    before = model.relationships.trust
    turned(model, 3, {"relationships.steps": [{"date": "DAY", "trust": {"gp_practice->acute_trust": 0.9}}]})
    np.testing.assert_array_equal(model.relationships.trust, before)  # from the start of the day, not before
    model.step()
    kinds = np.array(model.relationships.kinds)
    named = np.outer(kinds == "gp_practice", kinds == "acute_trust")
    assert (model.relationships.trust[named] == 0.9).all()
    np.testing.assert_array_equal(model.relationships.trust[~named], before[~named])
    release(model)


def test_organisations_cannot_change_in_a_running_model(make_model: Callable[..., ICSModel]) -> None:
    model = make_model(years=0.2)
    other = load(model.experiment, {"organisations.community_teams.staff_per_1000": 9.0})
    with pytest.raises(ExperimentError, match="organisations: cannot change in a running model"):
        turn_to(model, other)
    release(model)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"date": "2015-06-01"}, "changes nothing"),
        ({"date": "2015-06-01", "trust": 1.4}, "expected a number from 0 to 1"),
        ({"date": "2015-06-01", "trust": {"gp_practise->acute_trust": 0.4}}, "did you mean gp_practice"),
        ({"date": "2012-06-01", "trust": 0.4}, "before the run begins"),
    ],
)
def test_a_wrong_step_is_refused(step: dict[str, Any], said: str) -> None:
    with pytest.raises(ExperimentError, match=said):
        load("isle-of-wight", {"relationships.steps": [step]})


def test_a_step_of_the_past_is_refused() -> None:
    parent = load("isle-of-wight", {"years": 1})
    late = {"relationships.steps": [{"date": "2015-05-01", "trust": 0.4}]}
    with pytest.raises(ExperimentError, match="lies before 2015-06-01"):
        future(parent, late, parent.start.replace(month=6))
