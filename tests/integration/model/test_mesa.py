"""The model is a Mesa model: what a Mesa user does with one works."""

import gc
import inspect
import weakref
from typing import Any

import mesa
import numpy as np
import pandas as pd
import pytest

from icsim.agents.acute_trust import AcuteTrust
from icsim.agents.gp_practice import GPPractice
from icsim.agents.organisation import Organisation
from icsim.agents.patient import Patient, Patients
from icsim.experiment import ExperimentError, load
from icsim.model import ICSModel
from icsim.population.columns import Condition
from icsim.running import release

pytestmark = pytest.mark.integration
QUICK: dict[str, Any] = {"population.sample": 0.01, "years": 0.1}


def test_it_is_a_mesa_model(make_model):
    model = make_model(years=0.05)
    assert issubclass(type(model), mesa.Model)
    while model.running:
        model.step()
    assert model.steps == model.day == model.days == 18
    model.step()  # a step too many does nothing
    assert model.day == 18
    model = make_model(years=0.05)
    model.run_model()
    assert model.day == 18


def test_organisations_are_its_agents_and_patients_one_of_its_types(make_model):
    model = make_model(years=0.05)
    assert len(model.agents) == len(model.organisations)
    assert all(isinstance(agent, Organisation) for agent in model.agents)
    assert len({agent.unique_id for agent in model.agents}) == len(model.agents)
    assert len(model.agents_by_type[GPPractice]) == len(model.of(GPPractice)) > 1
    assert model.agents_by_type[Patient] is model.patients
    assert {Patient, AcuteTrust} < set(model.agent_types)
    lists = model.agents.select(agent_type=GPPractice).agg("weighted_list", sum)
    assert 2_000 < lists < 4_000


def test_the_verbs_of_an_agent_set_work_on_real_patients(make_model):
    model = make_model(years=0.05)
    patients = model.patients
    assert len(patients) == 2766
    assert isinstance(patients, Patients)
    old = patients.select(lambda p: (p.age >= 75) & p.has(Condition.DEMENTIA))
    one_by_one = [p for p in patients if p.age >= 75 and p.has(Condition.DEMENTIA)]
    assert old.to_list() == one_by_one
    assert 0 < len(old) < 200
    assert isinstance(one_by_one[0], mesa.Agent)
    assert old.agg("age", min) >= 75
    by_practice = patients.groupby("practice").count()
    assert sum(by_practice.values()) == len(patients)
    old.set("lever_admission", 0.5)
    assert (model.people["lever"][old.rows, 7] == 0.5).all()
    assert patients.agg("lever_admission", np.mean) > 0.9
    first = patients.sort("frailty").select(at_most=3)
    assert first.frailty[0] == patients.agg("frailty", max)
    model.step()
    assert len(model.patients) == model.world.tallies.residents.sum()


def test_levers_that_patients_carry_are_felt(make_model):
    """Set for half the people on the first day, through the verbs, and nothing else."""
    model = make_model(years=0.5, population__sample=0.1)
    half = model.patients.select(lambda p: p.unique_id % 2 == 0)
    half.set("lever_need_acute", 0.2)
    model.run_model()
    admissions = model.person_year[..., 2].sum(axis=1)
    spared = np.zeros(len(model.people), dtype=bool)
    spared[half.rows] = True
    assert admissions[spared].sum() < 0.7 * admissions[~spared].sum()


def test_batch_run():
    parameters = {
        "experiment": "isle-of-wight",
        "population.sample": [0.01, 0.02],
        "contract.payment": "block",
        "years": 0.06,
    }
    newer = "rng" in inspect.signature(mesa.batch_run).parameters  # Mesa 3.4 and later hand out the seeds
    seeds: dict[str, Any] = {"rng": [1, 2]} if newer else {}
    found = mesa.batch_run(
        ICSModel,
        parameters=parameters if newer else {**parameters, "seed": [1, 2]},
        number_processes=1,
        data_collection_period=5,
        display_progress=False,
        **seeds,
    )
    table = pd.DataFrame(found)
    assert len(table.groupby(["population.sample", "seed"])) == 4
    assert (table["beds_occupied"].to_numpy() > 0).any()
    last = {(row["population.sample"], row["seed"]): row["population"] for row in found}
    assert last[0.02, 1] > 1.7 * last[0.01, 1]
    assert last[0.02, 1] != last[0.02, 2]
    assert max(row["Step"] for row in found) >= 20


def test_batch_run_on_an_experiment_of_ones_own():
    experiment = load({"extends": "isle-of-wight", "years": 0.05, "population": {"sample": 0.01}})
    found = mesa.batch_run(
        ICSModel, parameters={"experiment": [experiment], "replicate": range(2)}, display_progress=False
    )
    assert len({row["population"] for row in found}) == 2
    assert {row["days_to_come"] for row in found} == {0}
    cut = mesa.batch_run(
        ICSModel, parameters={"experiment": [experiment]}, max_steps=10, display_progress=False
    )
    assert cut[-1]["days_to_come"] > 0  # Mesa stopped it: the last row shows it
    with pytest.raises(ExperimentError, match=r"population\.sampel: unknown key"):
        mesa.batch_run(ICSModel, parameters={"population.sampel": 0.1}, display_progress=False)


def test_a_scenario_of_newer_mesa_gives_what_is_not_given_beside_it():
    told = [*QUICK.items(), ("place", "isle-of-wight"), ("rng", 5)]  # a Scenario is iterated as pairs
    model = ICSModel(scenario=told, replicate=1, years=0.05)
    assert (model.experiment.place, model.luck, model.days) == ("isle-of-wight", 6, 18)
    assert model.experiment.population.sample == 0.01
    assert ICSModel(scenario=told, seed=8).luck == 8
    assert ICSModel(scenario=[("rng", None), *told[:3]]).luck == load("salford").seed
    with pytest.raises(ExperimentError, match="crowding: unknown key"):
        ICSModel(scenario=[("crowding", 2)])


def test_settings_of_any_type_reach_the_experiment():
    shock = {"kind": "flu", "date": "2015-04-10"}
    luck: Any = np.int64(4)
    model = ICSModel(
        {"extends": "isle-of-wight"},
        **QUICK,
        seed=luck,
        **{"record.people": False, "shocks": [shock], "organisations.acute_trusts": None},
    )
    assert model.experiment.record.people is False
    assert model.experiment.shocks[0].kind == "flu"
    assert model.of(AcuteTrust)[0].code == ""
    assert model.luck == 4
    release(model)


def test_a_data_collector_of_ones_own(make_model):
    model = make_model(years=0.1)
    model.datacollector = mesa.DataCollector(
        model_reporters={"Delayed": lambda m: int(m.world.hospitals.delayed.sum())},
        agent_reporters={"Balance": "money"},
        agenttype_reporters={
            GPPractice: {"Morale": "morale"},
            AcuteTrust: {"Beds": lambda trust: trust.capacity["core_beds"]},
        },
    )
    model.run_model()
    whole = model.datacollector.get_model_vars_dataframe()
    assert len(whole) == model.days
    money = model.datacollector.get_agent_vars_dataframe()
    assert len(money) == model.days * len(model.agents)
    assert np.count_nonzero(money["Balance"]) > 0.9 * len(money)
    morale = model.datacollector.get_agenttype_vars_dataframe(GPPractice)
    assert 0 < morale["Morale"].to_numpy().min() <= morale["Morale"].to_numpy().max() < 1
    assert len(model.datacollector.get_agenttype_vars_dataframe(AcuteTrust)) == 2 * model.days


def test_the_model_s_own_collector(year):
    table = year.datacollector.get_model_vars_dataframe()
    assert len(table) == year.days
    assert table["date"].iloc[0] == "2015-04-01"
    assert table["date"].iloc[-1] == "2016-03-31"
    system = year.recorder.block("system")[:, 0, year.recorder.column("system", "population")]
    assert table["population"].tolist() == system.tolist()


def test_a_model_that_is_done_leaves_memory():
    model = ICSModel("isle-of-wight", **QUICK)
    model.run_model()
    there = weakref.ref(model)
    people = weakref.ref(model.people)
    release(model)
    del model
    gc.collect()
    assert there() is None
    assert people() is None
