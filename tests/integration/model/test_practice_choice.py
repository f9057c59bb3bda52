"""Patients who may choose their practice: who moves, where to, and what practices make of it."""

import numpy as np
import pytest

from icsim.model import ICSModel
from icsim.population.columns import Status
from icsim.system.practice_choice import choose, trust_by_practice

pytestmark = pytest.mark.integration
MANY = {"looking": 0.6}


def lived(make_model, **keys):
    model = make_model(years=0.5, **keys)
    while model.running:
        model.step()
    return model


def practices(model):
    """Of those who were there from the start and still are."""
    stayed = (model.people["status"] == Status.RESIDENT) & (model.people["arrival_day"] <= 0)
    return np.where(stayed, model.people["practice"], 0)


def test_nobody_moves_unless_asked_and_money_and_lists_follow_those_who_do(make_model):
    fixed, free = lived(make_model), lived(make_model, choice_of_practice=MANY)
    assert fixed.practice_choice.moves == 0
    assert free.practice_choice.moves > 20
    assert (practices(fixed) != practices(free)).any()
    here = free.people["status"] == Status.RESIDENT
    counted = np.bincount(free.people["practice"][here], minlength=len(free.seen.lists))
    assert abs(counted.sum() - free.seen.lists.sum()) == 0
    assert (free.seen.lists != fixed.seen.lists).any()


def test_people_go_where_patients_trust_and_stay_while_they_are_in_care(make_model):
    model = make_model(years=0.5)
    people = model.people.copy()
    count = len(model.population.practices)
    at = model.population.practices["neighbourhood"].to_numpy(dtype=np.int64)
    offers, said = np.zeros(count), np.full(count, 0.5)
    offers[1] = 8.0
    rows, slope = np.empty(len(people), np.int64), np.zeros(count)
    arguments = (0.0, 0.0, -1.5, at, said, rows, slope)
    assert choose(people, 0, 0.0, offers, *arguments) == 0
    ill = (people["status"] == Status.RESIDENT) & (people["setting"] != 0)
    before = people["practice"].copy()
    found = choose(people, 0, 1.0, offers, *arguments)
    moved = rows[:found]
    assert found > 0
    assert not ill[moved].any()
    assert (people["practice"][ill] == before[ill]).all()
    assert (people["practice"][moved] == 1).mean() > 0.8
    assert (people["trust_gp"][moved] == np.float32(0.5)).all()
    assert (slope > 0).all()


def test_trust_is_the_mean_of_a_practice_s_residents(make_model):
    model = make_model(years=0.5)
    here = model.people["status"] == Status.RESIDENT
    mine = here & (model.people["practice"] == 2)
    found = trust_by_practice(model.people, len(model.population.practices))
    assert found[2] == pytest.approx(float(model.people["trust_gp"][mine].astype(float).mean()))


def test_practices_put_more_into_joint_work_where_patients_choose_by_it(make_model):
    calm = {"effort_noise": 0.0}
    fixed = lived(make_model, parameters=calm)
    free = lived(make_model, parameters=calm, choice_of_practice=MANY)
    deaf = lived(make_model, parameters=calm | {"practice_choice_joint": 0.0}, choice_of_practice=MANY)
    mine = fixed.strategy.parties.kinds == "gp_practice"
    effort = [float(one.strategy.effort[mine].mean()) for one in (fixed, free, deaf)]
    assert effort[1] > effort[0] + 0.01
    assert abs(effort[2] - effort[0]) < 0.01


def test_a_checkpoint_keeps_who_is_where(make_model, tmp_path):
    model = make_model(years=0.5, choice_of_practice=MANY, programme={
        "name": "p", "services": [{"use": "health-coaching", "size": 3.0}]})  # fmt: skip
    for _ in range(70):
        model.step()
    kept = ICSModel.restore(model.checkpoint(tmp_path / "c.icsim"))
    for one in (model, kept):
        while one.running:
            one.step()
    assert (model.people == kept.people).all()
    assert model.practice_choice.moves == kept.practice_choice.moves > 0
