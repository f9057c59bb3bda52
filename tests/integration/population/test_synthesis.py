"""One place, person by person: exact counts, identity, order, reproducibility."""

import os
import subprocess
import sys
import time
from datetime import date

import numpy as np
import pandas as pd
import pytest

from icsim import evidence
from icsim.evidence import places
from icsim.population.columns import NEVER, Status
from icsim.population.synthesis import Population, synthesise

pytestmark = pytest.mark.integration

START = date(2015, 4, 1)
PERSONAL = [  # all that synthesis says of a person, wherever their row is
    *("key", "birth_day", "arrival_day", "age", "sex", "imd_decile", "residence", "conditions", "frailty"),
    *("mental_health_need", "social_care_need", "loneliness", "activation", "susceptibility", "package"),
    *("trust_gp", "trust_ae", "trust_community", "departure_day", "status"),
]
DIGEST = """
import hashlib, sys
from datetime import date
import icsim.evidence as evidence
from icsim.evidence import places
from icsim.population.synthesis import synthesise
population = synthesise(places.resolve("harrogate"), seed=7, days=400, sample=0.2, start=date(2015, 4, 1),
                        catalogue=evidence.load())
digest = hashlib.sha256(population.people.tobytes())
for table in (population.neighbourhoods, population.practices, population.authorities):
    digest.update(table.to_csv().encode())
print(digest.hexdigest())
"""


def make(name: object = "salford", *, seed: int = 1, days: int = 400, sample: float = 1.0) -> Population:
    place = places.resolve(name)  # pyright: ignore[reportArgumentType]
    return synthesise(place, seed=seed, days=days, sample=sample, start=START, catalogue=evidence.load())


def by_key(population: Population) -> pd.DataFrame:
    return pd.DataFrame({name: population.people[name] for name in PERSONAL}).set_index("key").sort_index()


@pytest.fixture(scope="module")
def salford() -> Population:
    return make()


def test_counts_are_exact(salford: Population):
    here = salford.people[: salford.n_residents]
    assert salford.n_residents == 251_332
    counts = np.zeros((len(salford.lsoas), 91), dtype=int)
    np.add.at(counts, (here["lsoa"], np.minimum(here["age"], 90)), 1)
    assert (counts == salford.lsoas.filter(regex=r"^age_\d+$").to_numpy()).all()
    assert (here["imd_decile"] == salford.lsoas["imd_decile"].to_numpy()[here["lsoa"]]).all()
    assert (here["status"] == Status.RESIDENT).all()
    assert (here["arrival_day"] == 0).all()
    assert (salford.people["status"][salford.n_residents :] == Status.EXPECTED).all()
    assert len(np.unique(salford.people["key"])) == len(salford.people)


def test_days_of_birth_agree_with_age_and_are_spread_over_the_year(salford: Population):
    people = salford.people
    age, born, there = (people[name].astype(int) for name in ("age", "birth_day", "arrival_day"))
    assert (born + age * 1461 // 4 <= there).all()
    assert (born + (age + 1) * 1461 // 4 > there).all()
    here = slice(0, salford.n_residents)
    since = -(born[here] + age[here] * 1461 // 4)
    months = np.bincount(np.minimum(since * 12 // 365, 11), minlength=12) / salford.n_residents
    assert months.min() > 0.95 / 12
    assert months.max() < 1.05 / 12


def test_tables_agree_with_people(salford: Population):
    here = salford.people[: salford.n_residents]
    for column, table in (("neighbourhood", salford.neighbourhoods), ("authority", salford.authorities)):
        assert list(np.bincount(here[column])) == list(table["population"])
    assert list(np.bincount(here["practice"])) == list(salford.practices["list_size"])
    assert salford.people["practice"].max() < len(salford.practices)
    published = places.practice_list_sizes(places.resolve("salford"))
    assert published is not None
    target = np.sort(published) * salford.n_residents / published.sum()
    np.testing.assert_allclose(np.sort(salford.practices["list_size"]), target, rtol=0.08)


def test_order_carries_no_meaning(salford: Population):
    here = salford.people[: salford.n_residents]
    row = np.arange(len(here))
    for column in ("age", "lsoa", "imd_decile", "frailty", "practice"):
        assert abs(np.corrcoef(row, here[column])[0, 1]) < 4 / np.sqrt(len(here)), column
    assert (np.diff(salford.people["arrival_day"][salford.n_residents :]) >= 0).all()


def test_a_smaller_sample_is_part_of_a_larger_one(salford: Population):
    tenth, half, whole = by_key(make(sample=0.1)), by_key(make(sample=0.5)), by_key(salford)
    for part, larger in ((tenth, half), (half, whole)):
        pd.testing.assert_frame_equal(part, larger.loc[part.index])
    assert len(half) == pytest.approx(len(whole) / 2, rel=0.01)


def test_a_longer_run_adds_rows_at_the_end(salford: Population):
    longer = make(days=800)
    n = len(salford.people)
    for name in PERSONAL:
        one, other = salford.people[name], longer.people[name][:n]
        if name == "departure_day":
            other = np.where(other < 400, other, NEVER)
        assert (one == other).all(), name
    assert (longer.people["arrival_day"][n:] >= 400).all()


def test_people_are_the_same_within_another_boundary(salford: Population):
    part = make({"lsoas": list(salford.lsoas["lsoa"][20:60])})
    here, there = by_key(part), by_key(salford)
    pd.testing.assert_frame_equal(here, there.loc[here.index])
    assert part.n_residents == salford.lsoas.filter(regex=r"^age_\d+$").to_numpy()[20:60].sum()


def test_another_seed_makes_other_people(salford: Population):
    other = make(seed=2)
    assert not set(other.people["key"][:1000]) & set(salford.people["key"])
    assert other.n_residents == salford.n_residents


def test_the_same_in_any_process():
    def digest(threads: int, hash_seed: int) -> str:
        environment = {**os.environ, "NUMBA_NUM_THREADS": str(threads), "PYTHONHASHSEED": str(hash_seed)}
        return subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
        ).stdout

    first = digest(1, 0)
    assert len(first.strip()) == 64
    assert first == digest(2, 1)


@pytest.mark.parametrize(("argument", "value"), [("sample", 0.0), ("sample", 1.5), ("days", 0)])
def test_what_cannot_be_is_refused(argument: str, value: float):
    with pytest.raises(ValueError, match=f"{argument}: expected"):
        make(**{argument: value})  # pyright: ignore[reportArgumentType]


def test_teams_of_another_size():
    place = places.resolve("harrogate")
    population = synthesise(
        place,
        seed=1,
        days=1,
        sample=0.01,
        start=START,
        catalogue=evidence.load(),
        practices=17,
        population_per_team=80_000,
    )
    assert len(population.neighbourhoods) == 2
    assert len(population.practices) == 17


def test_a_place_of_350000_takes_under_3_seconds(salford: Population):
    began = time.process_time()
    population = make("morecambe-bay", days=1096)
    assert population.n_residents == 348_079
    assert time.process_time() - began < 3
