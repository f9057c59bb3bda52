"""Luck belongs to people and days: one seed gives one world, and a policy moves only what it touches."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from icsim.population.columns import Sex, Status
from icsim.running import release

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]

HUGE = 1000  # within the limits of every capacity
ROOM_FOR_ALL = {
    "organisations": {
        "acute_trusts": [
            {
                "name": "One",
                "code": "R1F",
                "resident_share": 1.0,
                "core_beds": 1e6,
                "escalation_beds": 1e6,
                "ae_attendances_per_year": 1e7,
                "elective_capacity": HUGE,
                "day_case_capacity": HUGE,
                "clinic_capacity": HUGE,
            }
        ],
        "gp_practices": {"gp_fte_per_1000": HUGE},
        "community_teams": {
            "staff_per_1000": HUGE,
            "caseload_per_1000": HUGE,
            "rapid_response_per_day_per_100_000": 1e5,
            "discharge_slots_per_day_per_100_000": 1e5,
        },
        "local_authorities": {
            "home_care_packages_per_1000_65plus": HUGE,
            "home_care_starts_per_week_per_1000_65plus": HUGE,
            "care_home_placements_per_week_per_1000_65plus": HUGE,
            "assessments_per_week_per_1000_65plus": HUGE,
        },
        "mental_health_trusts": {
            "crisis_contacts_per_day_per_100_000": 1e5,
            "community_caseload_per_1000": HUGE,
        },
        "urgent_care": {
            "nhs_111_calls_per_1000_per_year": 1e5,
            "ambulance_responses_per_1000_per_year": 1e5,
            "out_of_hours_contacts_per_1000_per_year": 1e5,
        },
        "voluntary_sector": {"places_per_1000": HUGE},
        "care_homes": {"places_per_1000_65plus": HUGE},
    },
    "parameters": {"mh_beds_per_100_000": HUGE},
}
"""An experiment in which nobody ever waits for anybody else."""

FOR_WOMEN = {
    "name": "for women",
    "who": {"sex": "female"},
    "levers": {
        "need_minor": 0.5, "need_acsc": 0.3, "need_acute": 0.5, "need_planned": 2.0, "admission": 0.4,
        "length_of_stay": 0.5, "referral": 1.5, "readmission": 0.5, "ae_choice": 0.5,
    },
}  # fmt: skip

IN_ANOTHER_PROCESS = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("luck", sys.argv[1])
luck = importlib.util.module_from_spec(spec)
spec.loader.exec_module(luck)
from icsim.model import ICSModel
print(luck.fingerprint(luck.lived(ICSModel(luck.ROUTINE, **luck.QUICK))))
"""
ROUTINE = {"extends": "isle-of-wight", "name": "isle-of-wight", "programme": "none", "shocks": []}
QUICK = {"population.sample": 0.03, "years": 0.35, "start": "2015-11-20"}


def lived(model, days=None):
    for _ in range(model.days if days is None else days):
        model.step()
    return model


def fingerprint(model):
    """A digest of every column of everybody and of every count of every day, money included."""
    digest = hashlib.sha256()
    for column in model.people.dtype.names:
        digest.update(np.ascontiguousarray(model.people[column]).tobytes())
    for kind in model.recorder.measures:
        digest.update(model.recorder.block(kind).tobytes())
    tallies = model.world.tallies
    for part in (tallies.by_group, tallies.person_days, model.person_year):
        digest.update(part.tobytes())
    digest.update(model.accounts.ledger.balances_pence.tobytes())
    return digest.hexdigest()


def different(one, other, rows=slice(None), but=("lever",)):
    """Names of the columns in which people of two worlds differ."""
    names = [name for name in one.people.dtype.names if name not in but]
    return [name for name in names if not np.array_equal(one.people[name][rows], other.people[name][rows])]


@pytest.fixture(scope="module")
def same(make_model):
    """What a seed gives in this process."""
    return fingerprint(lived(make_model(**QUICK)))


def test_the_same_seed_gives_the_same_world_again(make_model, same):
    assert fingerprint(lived(make_model(**QUICK))) == same


def test_two_models_do_not_disturb_each_other(make_model, same):
    one, other = make_model(**QUICK), make_model(**QUICK, seed=99)
    one.random.random()  # Mesa's generator decides nothing
    for _ in range(one.days):
        one.step()
        other.step()
    assert fingerprint(one) == same
    assert fingerprint(other) != same


@pytest.mark.parametrize(("threads", "hashes"), [("1", "0"), ("2", "1")])
def test_the_same_seed_gives_the_same_world_in_another_process(same, threads, hashes):
    environment = {**os.environ, "NUMBA_NUM_THREADS": threads, "PYTHONHASHSEED": hashes}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, __file__]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
    assert said.stdout.split() == [same]


def test_replicates_are_other_worlds_with_the_seeds_that_follow(make_model, same):
    replicate = fingerprint(lived(make_model(**QUICK, replicate=1)))
    assert replicate != same
    model = make_model(**QUICK)
    assert replicate == fingerprint(lived(make_model(**QUICK, seed=model.experiment.seed + 1)))


def test_a_late_intervention_leaves_every_earlier_day_as_it_was(make_model):
    settings = {"years": 0.5, "population__sample": 0.1}
    plain = make_model(**settings)
    late = make_model(**settings, interventions=[{**FOR_WOMEN, "start": "2015-07-19"}])
    lived(plain, 109)  # 1 April to 18 July
    lived(late, 109)
    assert not different(plain, late, but=())
    assert fingerprint(plain) == fingerprint(late)
    lived(plain, 30)
    lived(late, 30)
    assert different(plain, late)
    for kind in plain.recorder.measures:
        before, after = plain.recorder.block(kind), late.recorder.block(kind)
        assert np.array_equal(before[:109], after[:109]), kind


def test_where_no_capacity_binds_a_policy_moves_only_those_it_is_for(make_model):
    plain = make_model(**ROOM_FOR_ALL, years=1)
    policy = make_model(**ROOM_FOR_ALL, years=1, interventions=[{**FOR_WOMEN, "start": "2015-05-01"}])
    women = plain.people["sex"] == Sex.FEMALE
    while plain.running:
        plain.step()
        policy.step()
        if plain.day % 10 == 0 or not plain.running:
            assert not different(plain, policy, ~women, but=()), f"day {plain.day}"
    assert np.array_equal(plain.person_year[~women], policy.person_year[~women])
    moved = plain.people["next_care"][women] != policy.people["next_care"][women]
    moved |= plain.people["stays"][women] != policy.people["stays"][women]
    moved |= plain.people["trust_gp"][women] != policy.people["trust_gp"][women]
    assert moved.mean() > 0.1
    admitted = [m.person_year[women][..., 2].sum() for m in (plain, policy)]
    assert admitted[1] < 0.7 * admitted[0]


def test_where_capacity_binds_others_feel_the_policy(make_model):
    """The reason for the room in the test above: without it, one patient's place is another's wait."""
    plain = make_model(years=0.5)
    policy = make_model(years=0.5, interventions=[FOR_WOMEN])
    men = plain.people["sex"] == Sex.MALE
    lived(plain)
    lived(policy)
    assert different(plain, policy, men)


def test_people_born_or_arriving_are_the_same_in_both_worlds(make_model):
    plain = make_model(years=1, population__sample=0.05)
    policy = make_model(years=1, population__sample=0.05, interventions=[FOR_WOMEN])
    later = plain.people["status"] == Status.EXPECTED
    assert later.sum() > 50
    lived(plain)
    lived(policy)
    who = ("key", "birth_day", "arrival_day", "departure_day", "sex", "imd_decile", "lsoa", "neighbourhood",
           "practice", "authority", "trust", "susceptibility")  # fmt: skip
    for column in who:
        assert np.array_equal(plain.people[column], policy.people[column]), column
    for model in (plain, policy):
        come = model.people["arrival_day"][later] < model.days
        assert not (model.people["status"][later][come] == Status.EXPECTED).any()
    born = later & (plain.people["birth_day"] == plain.people["arrival_day"])
    assert 0 < born.sum() < later.sum()
    both = [m.people["status"] == Status.RESIDENT for m in (plain, policy)]
    grown = both[0] & both[1]
    assert np.array_equal(plain.people["age"][grown], policy.people["age"][grown])
    assert np.array_equal(plain.people["conditions"][grown], policy.people["conditions"][grown])
    assert np.array_equal(plain.people["frailty"][grown], policy.people["frailty"][grown])


def test_a_longer_run_begins_like_a_shorter_one(make_model):
    shorter = lived(make_model(years=91 / 365.25))  # 1 April to 30 June, whole months
    longer = lived(make_model(years=2), 91)
    n = len(shorter.people)
    assert len(longer.people) > n
    for column in shorter.people.dtype.names:
        one, other = shorter.people[column], longer.people[column][:n]
        if column in ("departure_day", "next_life"):  # who leaves when is drawn as far as the run goes
            one, other = np.minimum(one, 91), np.minimum(other, 91)
        assert np.array_equal(one, other), column
    for kind in shorter.recorder.measures:
        assert np.array_equal(shorter.recorder.block(kind), longer.recorder.block(kind)[:91]), kind


def test_the_people_of_a_smaller_sample_are_in_a_larger_one(make_model, monkeypatch):
    """As they are made: in the run-in some move into homes, where a sample's few places allow it."""
    monkeypatch.setattr("icsim.model.ICSModel._run_in", lambda model: None)
    small = make_model(years=0.2, population__sample=0.02)
    large = make_model(years=0.2, population__sample=0.05)
    where = {int(key): row for row, key in enumerate(large.people["key"])}
    rows = np.array([where[int(key)] for key in small.people["key"]])
    for column in ("birth_day", "arrival_day", "departure_day", "status", "age", "sex", "lsoa", "practice",
                   "conditions", "frailty", "residence", "activation", "susceptibility"):  # fmt: skip
        assert np.array_equal(small.people[column], large.people[column][rows]), column
    release(small)
    release(large)
