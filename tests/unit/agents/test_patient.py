"""Patients answer to Mesa's verbs, over columns, and refuse what would break a run."""

import copy
import pickle
import time
from random import Random
from typing import Any

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet

from icsim.agents.patient import Patient, Patients, PatientsByType
from icsim.experiment.happenings import Selection
from icsim.population.columns import (
    PERSON,
    Condition,
    Frailty,
    Lever,
    Residence,
    Sex,
    Status,
    empty_people,
)
from icsim.streams import entity_key

pytestmark = pytest.mark.unit


class Ward:
    """The least that patients need of a model."""

    def __init__(self, people: np.ndarray) -> None:
        self.people = people
        self.random = Random(1)
        self.day = 0
        self.patients = Patients(self, people)


def made(n: int) -> np.ndarray:
    """``n`` residents of every age, and a fifth as many again who are still to come."""
    people = empty_people(n + n // 5)
    rows = np.arange(len(people))
    people["key"] = [entity_key(7, 1, int(row)) for row in rows] if len(rows) < 1000 else rows * 2_654_435_761
    people["status"] = np.where(rows < n, Status.RESIDENT, Status.EXPECTED)
    people["age"] = rows * 7 % 100
    people["sex"] = 1 + rows % 2
    people["imd_decile"] = 1 + rows % 10
    people["frailty"] = 0.01 + (rows * 13 % 50) / 100
    people["conditions"] = np.where(rows % 4 == 0, Condition.COPD | Condition.ASTHMA, 0)
    return people


@pytest.fixture
def ward() -> Ward:
    return Ward(made(100))


# one patient


def test_a_patient_reads_and_writes_its_row(ward: Ward) -> None:
    patient = Patient(ward, 4)
    assert patient.age == 28
    assert type(patient.age) is int
    assert patient.status is Status.RESIDENT
    assert patient.sex is Sex.MALE
    assert patient.residence is Residence.HOME
    assert patient.conditions is Condition.COPD | Condition.ASTHMA
    assert patient.n_conditions == 2
    assert patient.is_resident
    assert patient.has(Condition.COPD)
    assert not patient.has(Condition.STROKE)

    patient.frailty = 0.2
    patient.lever_admission = 0.9
    patient.conditions |= Condition.STROKE

    assert patient.frailty == 0.2
    assert patient.frailty_group is Frailty.MILD
    assert ward.people["frailty"][4] == np.float32(0.2)
    assert ward.people["lever"][4, Lever.ADMISSION] == np.float32(0.9)
    assert patient.lever[Lever.ADMISSION] == np.float32(0.9)
    assert patient.has(Condition.STROKE)
    assert ward.people["frailty"][5] == np.float32(0.16)


def test_a_patient_is_an_unregistered_mesa_agent_with_a_lasting_identity() -> None:
    class Model(PatientsByType):
        def __init__(self) -> None:
            super().__init__(rng=1)
            self.people = made(10)
            assert Patient not in self.agents_by_type
            self.patients = Patients(self, self.people)

    model = Model()
    first, again = Patient(model, 3), Patient(model, 3)

    assert isinstance(first, mesa.Agent)
    assert len(model.agents) == 0
    assert first.unique_id == 4
    assert first.model is model
    assert first == again
    assert hash(first) == hash(again)
    assert first != Patient(model, 4)
    assert first != Patient(Model(), 3)
    assert first.random is model.random
    assert not hasattr(first, "pos")
    assert "Patient 4: female, 21, resident" in repr(first)
    with pytest.raises(TypeError, match="dying or moving"):
        first.remove()


def test_unknown_attributes_name_the_nearest(ward: Ward) -> None:
    patient = Patient(ward, 0)
    with pytest.raises(AttributeError, match=r"'frailtyy'; nearest: frailty"):
        _ = patient.frailtyy
    with pytest.raises(AttributeError, match="nearest: loneliness"):
        patient.lonliness = 2
    with pytest.raises(AttributeError, match="nearest: age"):
        ward.patients.get("agee")
    assert ward.patients.get("agee", handle_missing="default", default_value=-1).tolist() == [-1] * 100


@pytest.mark.parametrize(
    "name",
    ["key", "need_count", "next_need", "next_care", "next_planned", "next_life", "need_scale", "rate_acsc"],
)
def test_luck_may_not_be_set(ward: Ward, name: str) -> None:
    before = ward.people.tobytes()
    with pytest.raises(AttributeError, match=f"{name}.*luck"):
        ward.patients.set(name, 1)
    with pytest.raises(AttributeError, match="luck"):
        setattr(Patient(ward, 0), name, 1)
    assert ward.people.tobytes() == before


@pytest.mark.parametrize(
    "name", ["status", "setting", "practice", "caseload", "age", "imd_decile", "is_resident"]
)
def test_what_queues_lists_and_calendars_count_may_not_be_set(ward: Ward, name: str) -> None:
    with pytest.raises(AttributeError, match=r"may not be set.*these may: sex"):
        ward.patients.set(name, 1)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("frailty", 0.0, "above 0 to 1, not 0.0"),
        ("frailty", float("nan"), "not nan"),
        ("activation", 101, "from 0 to 100, not 101"),
        ("loneliness", 1.5, "whole numbers"),
        ("conditions", 1 << 16, "65535, not 65536"),
        ("lever_admission", -1, "above 0, not -1"),
        ("lever_admission", float("inf"), "not inf"),
        ("frailty", "high", "numbers, not 'high'"),
        ("frailty", [0.1, 0.2], "for 100 people"),
        ("frailty", [0.1] * 99 + [2.0], "not 2"),
    ],
)
def test_a_value_off_its_scale_changes_nobody(ward: Ward, name: str, value: Any, message: str) -> None:
    before = ward.people.tobytes()
    with pytest.raises(ValueError, match=message):
        ward.patients.set(name, value)
    assert ward.people.tobytes() == before


def test_everything_that_may_be_set_exists_and_can_be_set(ward: Ward) -> None:
    with pytest.raises(AttributeError) as caught:
        ward.patients.set("key", 1)
    names = str(caught.value).split("these may: ")[1].split(", ")
    assert len(names) > 20
    for name in names:
        assert ward.patients.set(name, 1).get(name).tolist() == [1] * 100


# everyone


def test_the_patients_of_a_model_are_whoever_lives_there_now(ward: Ward) -> None:
    selected = ward.patients.select()
    leaver, comer = Patient(ward, 0), Patient(ward, 100)
    assert (len(ward.patients), leaver in ward.patients, comer in ward.patients) == (100, True, False)

    ward.people["status"][0] = Status.DEAD
    ward.people["status"][100:102] = Status.RESIDENT

    assert (len(ward.patients), leaver in ward.patients, comer in ward.patients) == (101, False, True)
    assert (len(selected), leaver in selected, comer in selected) == (100, True, False)
    assert [patient.row for patient in ward.patients] == list(range(1, 102))
    assert ward.patients.rows.tolist() == list(range(1, 102))
    assert "patient" not in ward.patients


def test_a_filter_means_the_same_on_columns_and_on_each_patient(ward: Ward) -> None:
    patients = ward.patients
    expected = [p.row for p in patients if p.age >= 65 and p.frailty > 0.24]
    assert 0 < len(expected) < 35

    def once(p: Any) -> Any:
        calls.append(p)
        return (p.age >= 65) & (p.frailty > 0.24)

    calls: list[Any] = []
    assert patients.select(once).rows.tolist() == expected
    assert len(calls) == 1
    for each in (
        lambda p: p.age >= 65 and p.frailty > 0.24,
        lambda p: 65 <= p.age <= 120 and p.frailty > 0.24,
        lambda p: p in patients and bool(p.age >= 65) and bool(p.frailty > 0.24),
    ):
        assert patients.select(each).rows.tolist() == expected
    mask = (patients.age >= 65) & (patients.frailty > 0.24)
    assert patients.select(mask).rows.tolist() == expected
    assert patients.count(mask) == patients.count(once) == len(expected)


def test_filters_that_only_seem_to_work_on_columns_see_each_patient(ward: Ward) -> None:
    few = ward.patients[:12]  # as many as there are levers
    ward.patients[3:4].set("lever_need_minor", 0.5)
    assert few.select(lambda p: p.lever[0] < 1).rows.tolist() == [3]
    assert few.select(lambda p: p.sex is Sex.FEMALE).rows.tolist() == [1, 3, 5, 7, 9, 11]
    assert 20 < len(ward.patients.select(lambda p: p.random.random() < 0.5)) < 80
    assert ward.patients.select(lambda p: p.conditions & Condition.COPD).count() == 25
    assert ward.patients.select(lambda p: p.has(Condition.COPD) & ~p.is_resident).count() == 0
    assert ward.patients[:1].select(lambda p: ~p.is_resident).count() == 0
    assert ward.patients.select(lambda p: p.age - 50 > 0).count() == ward.patients.count(lambda p: p.age > 50)
    with pytest.raises(AttributeError, match="nearest: age"):
        ward.patients.select(lambda p: p.agee > 3)


def test_select_takes_a_selection_of_an_experiment(ward: Ward) -> None:
    old = ward.patients.sort("age").select(Selection(min_age=90))
    assert old.age.tolist() == sorted((a for a in ward.patients.age.tolist() if a >= 90), reverse=True)


def test_at_most_and_inplace_follow_mesa(ward: Ward) -> None:
    class Person(mesa.Agent):
        def __init__(self, model: mesa.Model, age: int) -> None:
            super().__init__(model)
            self.age = age

    model = mesa.Model(rng=1)
    agents = AgentSet([Person(model, int(age)) for age in ward.patients.age], random=model.random)
    for at_most in (0, 3, 1, 0.05, 1.0, 0.0, float("inf"), 1000):
        for filter_func in (None, lambda p: p.age > 50):
            ours = ward.patients.select(filter_func, at_most=at_most).age.tolist()
            assert ours == agents.select(filter_func, at_most=at_most).get("age")
    for ascending in (True, False):
        for key in ("age", lambda p: p.age % 10, lambda p: (p.age % 10, -p.age)):
            ours = ward.patients.sort(key, ascending=ascending).age.tolist()
            assert ours == agents.sort(key, ascending=ascending).get("age")
    theirs = agents.groupby(lambda p: p.age // 10)
    assert ward.patients.groupby(lambda p: p.age // 10).count() == theirs.count()
    assert ward.patients.groupby(lambda p: p.age // 10).agg("age", sum) == theirs.agg("age", sum)
    assert ward.patients.agg("age", [min, max, sum]) == agents.agg("age", [min, max, sum])

    chosen = ward.patients.select()
    assert chosen.select(lambda p: p.age > 50, inplace=True) is chosen
    assert len(chosen) < 100
    with pytest.raises(ValueError, match="always everyone"):
        ward.patients.select(lambda p: p.age > 50, inplace=True)
    assert ward.patients.select(agent_type=Patient).count() == 100
    assert ward.patients.select(agent_type=AnotherKind).count() == 0


class AnotherKind(mesa.Agent):
    """Not a patient."""


@pytest.mark.parametrize("mask", [np.ones(99, dtype=bool), np.arange(100), [True]])
def test_a_filter_of_another_shape_is_refused(ward: Ward, mask: Any) -> None:
    with pytest.raises(ValueError, match="each of the 100 people"):
        ward.patients.select(mask)


def test_slices_but_no_single_index(ward: Ward) -> None:
    assert ward.patients[10:13].rows.tolist() == [10, 11, 12]
    assert ward.patients.to_list()[2] == Patient(ward, 2)
    with pytest.raises(TypeError, match="slice"):
        ward.patients[0]  # type: ignore[index]


def test_selections_combine_as_sets(ward: Ward) -> None:
    low, high = ward.patients[:6], ward.patients[4:8]
    assert (low & high).rows.tolist() == [4, 5]
    assert (low | high).rows.tolist() == list(range(8))
    assert (low - high).rows.tolist() == [0, 1, 2, 3]


def test_set_takes_one_value_or_one_each(ward: Ward) -> None:
    older = ward.patients.select(lambda p: p.age >= 65)
    assert older.set("loneliness", 2) is older
    older.set("activation", np.linspace(0, 100, len(older)))
    assert (older.loneliness == 2).all()
    assert older.activation[-1] == 100
    assert ward.patients.count(lambda p: p.loneliness == 2) == len(older)
    with pytest.raises(ValueError, match="read-only"):
        ward.patients.frailty[:] = 0.1


def test_get_and_agg(ward: Ward) -> None:
    both = ward.patients.get(["age", "frailty"])
    assert both.shape == (100, 2)
    assert both[4, 0] == 28
    assert ward.patients.agg("age", {"mean": np.mean, "n": len}) == {
        "mean": pytest.approx(np.mean(ward.patients.age)),
        "n": 100,
    }
    assert isinstance(ward.patients.agg("frailty", np.mean), float)
    with pytest.raises(ValueError, match="handle_missing"):
        ward.patients.get("age", handle_missing="skip")  # type: ignore[arg-type]


def test_groups(ward: Ward) -> None:
    groups = ward.patients.groupby("imd_decile")
    assert list(groups.count().items()) == [(decile, 10) for decile in range(1, 11)]
    assert len(groups) == 10
    assert {decile: len(group) for decile, group in groups} == groups.count()
    assert groups.agg("age", max)[1] == 90
    assert groups.map("agg", "age", min)[1] == 0
    assert groups.map(len) == groups.count()
    assert groups.do("set", "loneliness", 1) is groups
    assert (ward.patients.loneliness == 1).all()
    assert ward.patients.groupby("frailty_group").count()[Frailty.SEVERE] == ward.patients.count(
        lambda p: p.frailty >= 0.36
    )
    by_name = ward.patients.groupby(lambda p: "old" if p.age > 64 else "young", result_type="list")
    assert isinstance(by_name.groups["old"][0], Patient)
    assert sum(by_name.count().values()) == 100
    assert ward.patients[:0].groupby("age").count() == {}
    with pytest.raises(ValueError, match="several values"):
        ward.patients.groupby("lever")


def test_do_map_and_their_order(ward: Ward) -> None:
    def visit(patient: Patient, strength: float, *, floor: float) -> None:
        patient.frailty = max(floor, patient.frailty * strength)

    before = ward.patients.frailty
    assert ward.patients.do(visit, 0.5, floor=0.1) is ward.patients
    assert ward.patients.frailty.tolist() == pytest.approx(np.maximum(0.1, before * 0.5).tolist())
    assert ward.patients[:3].map(lambda p: p.unique_id) == [1, 2, 3]
    assert ward.patients[:3].map("has", Condition.COPD) == [True, False, False]

    seen: list[int] = []
    ward.patients.shuffle_do(lambda p: seen.append(p.row))
    assert sorted(seen) == list(range(100))
    assert seen != sorted(seen)


def test_shuffles_are_addressed(ward: Ward) -> None:
    def orders() -> list[list[int]]:
        twin = Ward(made(100))
        found = []
        for day in (0, 0, 1):
            twin.day = day
            found.append(twin.patients.shuffle().rows.tolist())
        twin.random.random()
        return found

    state = ward.random.getstate()
    first, second, third = orders()
    assert [first, second, third] == orders()
    assert len({tuple(first), tuple(second), tuple(third)}) == 3
    ward.patients.shuffle()
    assert ward.random.getstate() == state

    other = Ward(made(100))
    other.people["status"][::3] = Status.MOVED
    assert other.patients.shuffle().rows.tolist() == [row for row in first if row % 3]


# columns of a modeller


def test_a_column_of_a_modeller_belongs_to_everyone(ward: Ward) -> None:
    patients = ward.patients
    older = patients.select(lambda p: p.age >= 65)
    patients.add_column("telecare", False)
    patients.add_column("visits", np.arange(100), default=-1)
    patients.add_column("key_worker", "none")
    older.add_column("risk", lambda p: p.age / 100 + p.frailty)
    patients.add_column("town", lambda p: "Hale" if p.age > 50 else "Sale", default="?")

    older.set("telecare", True)
    Patient(ward, 3).visits += 10
    Patient(ward, 3).key_worker = "a district nurse with a long name"

    assert patients.count(lambda p: p.telecare) == len(older)
    assert Patient(ward, 3).visits == 13
    assert patients.extra["visits"][100:].tolist() == [-1] * 20
    assert patients.key_worker[3] == "a district nurse with a long name"
    assert (patients.risk[patients.age < 65] == 0).all()
    assert older.agg("risk", min) > 0.65
    assert set(patients.groupby("town").count()) == {"Hale", "Sale"}
    assert patients.extra["telecare"].shape == (120,)
    ward.people["status"][100] = Status.RESIDENT
    assert Patient(ward, 100) in patients
    assert not Patient(ward, 100).telecare
    with pytest.raises(ValueError, match="true or false"):
        patients.set("telecare", 2)
    with pytest.raises(ValueError, match="whole numbers"):
        patients.set("visits", 0.5)


@pytest.mark.parametrize(
    "name", ["age", "lever_admission", "do", "step", "model", "pos", "two words", "_a", "rows"]
)
def test_a_column_may_not_take_a_name_in_use(ward: Ward, name: str) -> None:
    with pytest.raises(ValueError, match=r"taken|identifier"):
        ward.patients.add_column(name, 0)
    ward.patients.add_column("telecare", 0)
    with pytest.raises(ValueError, match="exists already"):
        ward.patients.add_column("telecare", 0)


def test_to_frame(ward: Ward) -> None:
    ward.patients.add_column("telecare", False)
    frame = ward.patients[5:8].to_frame()
    assert frame.index.tolist() == [6, 7, 8]
    assert frame.index.name == "unique_id"
    assert {"age", "telecare", "lever_admission", "frailty"} <= set(frame)
    assert not {"key", "next_need", "rate_acsc"} & set(frame)
    chosen = ward.patients.to_frame(["age", "frailty_group", "rate_acsc"])
    assert list(chosen) == ["age", "frailty_group", "rate_acsc"]
    assert chosen["age"].tolist() == ward.patients.age.tolist()


# Mesa around them


class Town(PatientsByType):
    """A Mesa model with patients and one organisation."""

    def __init__(self) -> None:
        super().__init__(rng=1)
        self.people = made(20)
        self.patients = Patients(self, self.people)
        self.practice = AnotherKind(self)
        self.data = mesa.DataCollector(
            model_reporters={"mean_age": lambda m: m.patients.agg("age", np.mean)},
            agenttype_reporters={Patient: {"age": "age", "group": lambda p: p.frailty_group}},
        )

    def step(self) -> None:
        self.data.collect(self)


def test_mesa_finds_the_patients_by_type() -> None:
    town = Town()
    assert town.agents_by_type[Patient] is town.patients
    assert set(town.agent_types) == {Patient, AnotherKind}
    assert len(town.agents) == 1

    town.step()
    collected = town.data.get_agenttype_vars_dataframe(Patient)
    assert collected["age"].tolist() == town.patients.age.tolist()
    assert town.data.get_model_vars_dataframe()["mean_age"].iloc[0] == pytest.approx(town.patients.age.mean())


def test_patients_survive_copying_and_pickling(ward: Ward) -> None:
    ward.patients.add_column("telecare", 1)
    twin = copy.deepcopy(ward)
    twin.patients.set("telecare", 2)
    assert set(ward.patients.telecare.tolist()) == {1}

    attributes, patient = pickle.loads(pickle.dumps((ward.patients.attributes, Patient(ward, 3))))
    assert attributes.extra["telecare"].tolist() == [1] * 120
    assert patient.age == 21


def test_verbs_over_a_whole_place_take_milliseconds() -> None:
    """Half a second where about 20 ms are usual: a loop over people would take several seconds."""
    ward = Ward(made(350_000))
    ward.patients.shuffle()  # compiled before the clock starts
    began = time.perf_counter()
    frail = ward.patients.select(lambda p: (p.age >= 65) & (p.frailty > 0.24))
    mean = frail.agg("frailty", np.mean)
    counts = ward.patients.groupby("imd_decile").count()
    frail.set("lever_admission", 0.9)
    took = time.perf_counter() - began

    assert len(frail) > 50_000
    assert mean > 0.24
    assert sum(counts.values()) == 350_000
    assert took < 0.5


def test_every_column_of_a_person_can_be_read(ward: Ward) -> None:
    for name in PERSON.names or ():
        assert len(ward.patients.get(name)) == 100
