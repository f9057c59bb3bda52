"""A people that ages with no new births keeps the health of its ages, though the frail die first."""

from datetime import date

import numpy as np
import pytest
from numba import njit

from icsim import evidence
from icsim.evidence import places
from icsim.population.ageing import grow_older
from icsim.population.columns import FRAILTY_CUTS, Condition, Residence, Status
from icsim.population.health import mortality_by_age
from icsim.population.synthesis import synthesise
from icsim.streams import uniform

pytestmark = pytest.mark.integration

YEARS = 10
BANDS = [(15, 24), (25, 44), (45, 64), (65, 74), (75, 84), (85, 94)]


@njit
def pass_years(people, tables, deaths, ratio, mean, years):
    """Ten years of deaths by frailty group (Clegg et al. 2016), and birthdays."""
    for year in range(years):
        for i in range(len(people)):
            person = people[i]
            if person.status != 1:
                continue
            group = 0
            for cut in FRAILTY_CUTS:
                if person.frailty >= cut:
                    group += 1
            if uniform(person.key, 99, year) < min(
                0.95, deaths[person.age] * ratio[group] / mean[person.age]
            ):
                person.status = 2
            else:
                grow_older(person, tables)


@pytest.fixture(scope="module")
def then_and_now() -> tuple[np.ndarray, np.ndarray]:
    catalogue = evidence.load()
    population = synthesise(
        places.resolve("England"), seed=3, days=1, sample=0.01, start=date(2015, 4, 1), catalogue=catalogue
    )
    then = population.people[: population.n_residents]
    ratio = np.array([1.0] + [catalogue.value(f"efi_mort_hr_{g}") for g in ("mild", "moderate", "severe")])
    group = ratio[np.searchsorted(FRAILTY_CUTS, then["frailty"], side="right")]
    age = then["age"].astype(int)
    mean = np.array([group[np.abs(age - min(a, 95)) <= 2].mean() for a in range(111)])
    now = then.copy()
    pass_years(now, population.ageing, mortality_by_age(catalogue), ratio, mean, YEARS)
    return then, now[now["status"] == Status.RESIDENT]


def shares(then: np.ndarray, now: np.ndarray, what, first: int, last: int) -> tuple[float, float, float]:
    """The share then, now at the ages of then, and the standard error of their difference."""
    before = then[(then["age"] >= first) & (then["age"] <= last)]
    after = now[(now["age"] >= first) & (now["age"] <= last)]
    weight = np.bincount(before["age"], minlength=111) / np.maximum(
        np.bincount(after["age"], minlength=111), 1
    )
    one, other = what(before).mean(), np.average(what(after), weights=weight[after["age"]])
    return one, other, np.sqrt(one * (1 - one) * (1 / len(before) + 1 / len(after)))


@pytest.mark.parametrize(("first", "last"), BANDS)
def test_health_by_age_stays_as_it_was(then_and_now: tuple[np.ndarray, np.ndarray], first: int, last: int):
    then, now = then_and_now
    kinds = {
        "two conditions": lambda p: np.bitwise_count(p["conditions"]) >= 2,
        "moderately frail": lambda p: p["frailty"] >= FRAILTY_CUTS[1],
        "mental need": lambda p: p["mental_health_need"] >= 1,
    } | {c.name: lambda p, c=c: (p["conditions"] & c.value) > 0 for c in Condition}
    for name, what in kinds.items():
        one, other, error = shares(then, now, what, first, last)
        assert other == pytest.approx(one, rel=0.08, abs=4 * error + 1e-4), name


def test_the_test_can_fail(then_and_now: tuple[np.ndarray, np.ndarray]):
    """Without birthdays of health, 75-84 year-olds would have the health of 65-74."""
    then, now = then_and_now
    frozen = then.copy()
    frozen["age"] = np.minimum(frozen["age"] + YEARS, 110)
    one, other, error = shares(then, frozen, lambda p: np.bitwise_count(p["conditions"]) >= 2, 75, 84)
    assert other != pytest.approx(one, rel=0.08, abs=4 * error)
    assert len(now) < len(then)


def test_care_is_not_exogenous(then_and_now: tuple[np.ndarray, np.ndarray]):
    """Nobody enters a care home by birthday alone."""
    then, now = then_and_now
    was = dict(zip(then["key"], then["residence"], strict=True))
    assert all(was[key] == home for key, home in zip(now["key"], now["residence"], strict=True))
    assert (now["residence"] == Residence.CARE_HOME).sum() < (then["residence"] == Residence.CARE_HOME).sum()
