"""A people that ages with no new births keeps the health of its ages, though the frail die first."""

from datetime import date

import numpy as np
import pytest
from numba import njit

from icsim import evidence
from icsim.evidence import places
from icsim.population.ageing import grow_older
from icsim.population.columns import FRAILTY_CUTS, Condition, Residence, Status
from icsim.population.health import death_ratios, mortality_by_age
from icsim.population.synthesis import synthesise
from icsim.streams import uniform

pytestmark = pytest.mark.integration

YEARS = 10
BANDS = [(15, 24), (25, 44), (45, 64), (65, 74), (75, 84), (85, 94)]


@njit
def ratio_of(person, of_frailty, of_condition):
    group = 0
    for cut in FRAILTY_CUTS:
        if person.frailty >= cut:
            group += 1
    ratio = of_frailty[group]
    for c in range(len(of_condition)):
        if person.conditions & (1 << c):
            ratio *= of_condition[c]
    return ratio


@njit
def mean_ratios(people, of_frailty, of_condition):
    """Over people within two years of each age."""
    total, count = np.zeros(111), np.zeros(111)
    for i in range(len(people)):
        person = people[i]
        for age in range(max(0, person.age - 2), min(110, person.age + 2) + 1):
            total[age] += ratio_of(person, of_frailty, of_condition)
            count[age] += 1
    return total / count


@njit
def pass_years(people, tables, deaths, of_frailty, of_condition, mean, years):
    """Years of deaths, by frailty and conditions, and birthdays."""
    for year in range(years):
        for i in range(len(people)):
            person = people[i]
            if person.status != 1:
                continue
            ratio = ratio_of(person, of_frailty, of_condition) / mean[min(person.age, 97)]
            if uniform(person.key, 99, year) < 1 - np.exp(-deaths[person.age] * ratio):
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
    ratios = death_ratios(catalogue)
    now = then.copy()
    mean = mean_ratios(then, *ratios)
    pass_years(now, population.ageing, mortality_by_age(catalogue), *ratios, mean, YEARS)
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
        # past 85 one in six dies each year, and what is lost is made up for only to second order
        near = 0.08 if last < 85 else 0.15
        assert other == pytest.approx(one, rel=near, abs=4 * error + 1e-4), name


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
