# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportGeneralTypeIssues=false
"""A model restored from a checkpoint is the one that was kept, in every array and attribute, and lives on."""

import json
import types
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icsim.branching import future
from icsim.checkpoint import Checkpoint, CheckpointError
from icsim.experiment import ExperimentError, load
from icsim.handle import Handle
from icsim.model import ICSModel
from icsim.running import release

pytestmark = pytest.mark.integration
EVENTFUL = {
    "place": "isle-of-wight",
    "name": "eventful",
    "years": 0.6,
    "seed": 11,
    "population": {"sample": 0.02},
    "interventions": [
        {"name": "old", "start": "2015-05-10", "end": "2015-08-20", "levers": {"need_frailty": 0.7},
         "who": {"min_age": 65}},
        {"name": "all", "levers": {"ae_choice": 0.9}},
        {"name": "later", "start": "2015-09-03", "levers": {"admission": 0.6}, "who": {"min_conditions": 2}},
    ],
    "shocks": [
        {"kind": "flu", "date": "2015-06-20", "days": 60},
        {"kind": "bed_closure", "date": "2015-06-25", "end": "2015-09-01"},
        {"kind": "leader_leaves", "date": "2015-05-05"},
        {"kind": "staff_loss", "date": "2015-09-05", "organisation": "gp_practice", "days": 20},
    ],
    "contract": {"form": "virtual", "gp_contracts": "suspended", "break_after_years": 0.2,
                 "steps": [{"date": "2015-06-10", "payment": "block"},
                           {"date": "2015-07-01", "form": "full"},
                           {"date": "2015-09-10", "payment": "activity"}],
                 "pooled_budget": {"start": "2015-05-01", "end": "2015-06-20",
                                   "covers": ["acute", "social_care"]},
                 "performance": {}, "control_totals": {}, "carried_deficits": {}},
    "programme": {"name": "P", "funding_gbp_per_year": 1e6, "end": "2015-08-03"},
    "joint_work": {"who": {"min_age": 40}},
}  # fmt: skip
SCRATCH = {"due_today"}  # written before it is read, every day
NOT_STATE = {
    "_validated", "_memory", "_address", "_numba_type", "built", "_lately", "_catalogue",
    "_event_list", "_event_generators", "_default_schedule", "_scenario", "agent_id_counter",  # of Mesa
}  # fmt: skip


def lived(model: ICSModel, days: int) -> ICSModel:
    for _ in range(days):
        model.step()
    return model


def differences(one: Any, other: Any, path: str = "model", seen: set[int] | None = None) -> list[str]:
    """Where two models are not alike: every array, attribute and item within reach, by path."""
    seen = set() if seen is None else seen
    if isinstance(one, int | float | np.number) and isinstance(other, int | float | np.number):
        return [] if one == other or (one != one and other != other) else [f"{path}: {one!r}, {other!r}"]
    if type(one) is not type(other):
        return [f"{path}: {type(one).__name__}, {type(other).__name__}"]
    if isinstance(one, np.ndarray | np.record):
        one, other = np.asarray(one), np.asarray(other)
        if one.dtype == object:
            return [] if one.tolist() == other.tolist() else [path]
        alike = one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()
        return [] if alike else [path]
    if one is None or isinstance(one, str | bytes | np.generic | type):
        return [] if one == other else [f"{path}: {one!r}, {other!r}"]
    if isinstance(one, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
        return []  # closures over the experiment; what they hold is reached elsewhere
    if id(one) in seen:
        return []
    seen.add(id(one))
    if isinstance(one, tuple | list):
        if len(one) != len(other):
            return [f"{path}: {len(one)} items, {len(other)}"]
        names = getattr(one, "_fields", range(len(one)))
        pairs = zip(names, one, other, strict=True)
        parts = [(f"{path}.{name}", a, b) for name, a, b in pairs if name not in SCRATCH]
    elif isinstance(one, set | frozenset):
        return [] if one == other else [path]
    elif isinstance(one, dict) or hasattr(one, "keys"):
        if len(one) != len(other):
            return [f"{path}: {len(one)} keys, {len(other)}"]
        pairs = zip(one.items(), other.items(), strict=True)  # in the same order too
        parts = [
            (f"{path}[{k}]", a, b) for (k, a), (_, b) in pairs if isinstance(k, str | int | float | tuple)
        ]
        if [k for k in one if isinstance(k, str | int)] != [k for k in other if isinstance(k, str | int)]:
            return [f"{path}: other keys"]
    elif hasattr(one, "getstate"):
        return [] if one.getstate() == other.getstate() else [path]
    elif hasattr(one, "bit_generator"):
        return [] if one.bit_generator.state == other.bit_generator.state else [path]
    elif type(one).__module__.startswith("pandas"):
        return [] if one.equals(other) else [path]
    else:
        slots = (name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ()))
        names = dict.fromkeys([*getattr(one, "__dict__", {}), *getattr(other, "__dict__", {}), *slots])
        parts = [
            (f"{path}.{name}", getattr(one, name, None), getattr(other, name, None))
            for name in names
            if name not in NOT_STATE and not name.startswith("__")
        ]
    return [said for name, a, b in parts for said in differences(a, b, name, seen)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ICSModel], Path]:
    folder = tmp_path_factory.mktemp("kept")

    def keep(model: ICSModel) -> Path:
        return model.checkpoint(folder / f"{len(list(folder.iterdir()))}.icsim")

    return keep


def test_the_walk_finds_what_differs_by_one_bit():
    one, other = ICSModel(EVENTFUL), ICSModel(EVENTFUL)
    assert differences(one, other) == []
    other.people["unmet_need"][7] = np.nextafter(other.people["unmet_need"][7], 9)
    other.accounts.ledger._balances[0] += 1
    other.organisations[1].effort = 0.5  # pyright: ignore[reportAttributeAccessIssue]
    found = differences(one, other)
    assert len(found) >= 3
    for part in ("people", "_balances", "effort"):
        assert any(part in said for said in found), part


@pytest.mark.parametrize("day", [0, 1, 47, 92, 160])
def test_a_restored_model_is_the_same_everywhere_and_stays_the_same(kept, day):
    model = lived(ICSModel(EVENTFUL, replicate=1), day)
    model.random.random()
    model.rng.random()
    model.patients.shuffle()
    other = ICSModel.restore(kept(model))
    assert differences(model, other) == []
    lived(model, 40)
    lived(other, 40)
    assert differences(model, other) == []
    release(model)
    release(other)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 120),
    st.sampled_from(["need_acsc", "admission", "length_of_stay"]),
    st.integers(0, 100),
    st.sampled_from(["flu", "bed_closure", "staff_loss", "social_care_cut", "funding_cut"]),
    st.integers(0, 100),
    st.integers(1, 60),
    st.sampled_from(["activity", "block", "capitation"]),
)
def test_whatever_happens_on_whatever_day(kept, day, lever, begins, shock, strikes, lasts, payment):
    first = date(2015, 4, 1)
    model = ICSModel({
        "place": "isle-of-wight", "years": 0.4, "population": {"sample": 0.005}, "seed": day,
        "interventions": [{"name": "one", "start": str(first + timedelta(begins)), "levers": {lever: 0.5},
                           "who": {"min_age": 40}}],
        "shocks": [{"kind": shock, "date": str(first + timedelta(strikes)), "days": lasts}],
        "contract": {"payment": payment},
    })  # fmt: skip
    lived(model, day)
    other = ICSModel.restore(kept(model))
    assert differences(model, other) == []
    lived(model, 20)
    lived(other, 20)
    assert differences(model, other) == []
    release(model)
    release(other)


def test_a_change_of_capacity_made_in_python_is_kept(kept):
    model = lived(ICSModel(EVENTFUL), 20)
    trust = model.organisations[0]
    trust.capacity["core_beds"] *= 0.5
    trust.open()
    model.turn_service("gp_practice", "appointments", 0.8)
    model.levers.turn("admission", 0.5, np.arange(10), "mine")
    model.patients.add_column("smoker", False)
    model.patients.add_column("street", "High Street")
    other = ICSModel.restore(kept(model))
    assert differences(model, other) == []
    assert differences(lived(model, 30), lived(other, 30)) == []


def test_a_longer_future_is_the_unbroken_longer_run(kept):
    parent = lived(ICSModel(EVENTFUL), 100)
    file = kept(parent)
    for years in (1.2, 0.4):
        longer = future(load(EVENTFUL), {"years": years}, Checkpoint(file).date)
        branch = ICSModel.restore(file, experiment=longer)
        unbroken = ICSModel(load(EVENTFUL, {"years": years}))
        while unbroken.running:
            unbroken.step()
        while branch.running:
            branch.step()
        assert branch.day == unbroken.day
        assert differences(branch.recorder, unbroken.recorder) == []
        assert np.array_equal(branch.person_year, unbroken.person_year)
        for name in branch.people.dtype.names or ():
            assert np.array_equal(branch.people[name], unbroken.people[name]), name


def test_another_future_begins_on_the_day(kept):
    parent = lived(ICSModel(EVENTFUL), 100)
    file = kept(parent)
    changed = future(
        load(EVENTFUL),
        {"parameters.resolved_gp_acsc": 0.2, "organisations.gp_practices.gp_fte_per_1000": 0.3,
         "shocks.+": {"kind": "flu", "date": "2015-07-20"}, "interventions.all.end": "2015-07-30"},
        Checkpoint(file).date,
    )  # fmt: skip
    branch = ICSModel.restore(file, experiment=changed)
    for kind in parent.recorder.measures:
        before = [m.recorder.block(kind)[:100] for m in (parent, branch)]
        assert np.array_equal(*before, equal_nan=True)
    assert branch.catalogue.value("resolved_gp_acsc") == 0.2
    assert not np.array_equal(branch.world.rules.resolved_gp, parent.world.rules.resolved_gp)
    assert (branch.world.gp.routine < parent.world.gp.routine).all()
    assert np.array_equal(branch.world.hospitals.core_beds, parent.world.hospitals.core_beds)
    lived(branch, 60)
    lived(parent, 60)
    appointments = branch.recorder.column("gp_practice", "appointments")
    made = [m.recorder.block("gp_practice")[100:160, :, appointments].sum() for m in (branch, parent)]
    assert made[0] < made[1]
    again = ICSModel.restore(kept(branch))  # a checkpoint of a branch
    assert differences(branch, again) == []
    assert differences(lived(branch, 30), lived(again, 30)) == []


def test_what_can_no_longer_act_is_refused(kept):
    file = kept(lived(ICSModel(EVENTFUL), 40))
    day = Checkpoint(file).date
    for key, value in (("emerg_rate_85+", 500), ("trust_occupancy_planned", 0.5), ("need_headroom_acsc", 9)):
        changed = future(load(EVENTFUL), {f"parameters.{key}": value}, day)
        with pytest.raises(ExperimentError, match=r"parameters\..*can no longer change"):
            ICSModel.restore(file, experiment=changed)
    for key, value in (("gp_morale_learning", 0.2), ("team_caseload_end", 0.3), ("stay_scale", 1.1)):
        ICSModel.restore(file, experiment=future(load(EVENTFUL), {f"parameters.{key}": value}, day))


class Walking(ICSModel):
    """A model with state of its own, as docs/extending.md describes."""

    STATE = ("walkers", "turn")

    def __init__(self, experiment: Any = "salford", *, share: float = 0.5, **settings: Any) -> None:
        super().__init__(experiment, **settings)
        self.walkers = int(share * 100)
        self.turn = self.levers.turn("need_frailty", 0.9, self.patients.rows[:50], "walks")

    def step(self) -> None:
        if self.date.day == 1:
            self.walkers += 1
            self.levers.release(self.turn)
            self.turn = self.levers.turn("need_frailty", 0.9, self.patients.rows[: self.walkers], "walks")
        super().step()


class Forgetful(Walking):
    def step(self) -> None:
        self.secret = self.day
        super().step()


def test_a_subclass_keeps_what_it_names_and_may_not_forget(kept):
    model = Walking(EVENTFUL, share=0.3)
    lived(model, 70)
    file = kept(model)
    with pytest.raises(CheckpointError, match="Walking"):
        ICSModel.restore(file)
    other = Walking.restore(file, share=0.3)
    assert (other.walkers, other.turn in other.levers.turns) == (model.walkers, True)
    assert differences(lived(model, 40), lived(other, 40)) == []
    with pytest.raises(CheckpointError, match=r"'secret'.*STATE"):
        lived(Forgetful(EVENTFUL), 2).checkpoint(file.with_name("no.icsim"))
    assert not file.with_name("no.icsim").exists()


def test_the_header_says_what_it_is(kept):
    file = kept(lived(ICSModel(EVENTFUL, replicate=2), 31))
    one = Checkpoint(file)
    assert (one.date.isoformat(), one.replicate, one.header["luck"]) == ("2015-05-02", 2, 13)
    assert load(one.header["experiment"]) == load(EVENTFUL)
    json.dumps(one.header)
    assert isinstance(ICSModel.restore(one).world, Handle)
