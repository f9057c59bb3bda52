from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim import evidence
from icsim.population.ageing import birthday
from icsim.population.columns import NEVER
from icsim.population.demography import (
    Roll,
    arrivals,
    born,
    calendar,
    demography_tables,
    departure_day,
    residents,
)
from icsim.streams import entity_key

pytestmark = pytest.mark.unit

CODES = np.array([1000001, 1000002], dtype=np.int64)
COUNTS = np.full((2, 91), 20, dtype=np.int64)
DECILES = np.array([1, 10], dtype=np.int64)
WOMEN = np.array([400.0, 400.0])


def people(roll: Roll) -> dict[int, tuple]:
    return {int(key): tuple(int(column[i]) for column in roll[1:]) for i, key in enumerate(roll.key)}


def coming(days: int, sample: float = 1.0, seed: int = 1, start: date = date(2015, 4, 1)) -> dict[int, tuple]:
    tables = demography_tables(evidence.load())
    return people(arrivals(seed, CODES, COUNTS, DECILES, WOMEN, sample, calendar(start, days), tables))


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.integers(1, 4_000))
def test_the_calendar_covers_the_run_without_gaps(start: date, days: int):
    dates = calendar(start, days)
    for spans in (dates.months, dates.years):
        first, length = spans[:, 1], spans[:, 2]
        assert first[0] <= 0
        assert (first[1:] == (first + length)[:-1]).all()
        assert first[-1] < days <= first[-1] + length[-1]
    assert dates.months[0, 0] == start.year * 12 + start.month
    assert dates.years[0, 0] == start.year


@given(st.integers(0, 2**40), st.integers(0, 110), st.integers(0, 4_000))
def test_someone_is_born_within_the_year_of_their_age(number: int, age: int, today: int):
    day = born(np.uint64(entity_key(1, 1, number, 0, 0)), age, today)
    assert birthday(day, age) <= today < birthday(day, age + 1)


def test_everybody_counted_is_there():
    roll = residents(1, CODES, COUNTS, 1.0, demography_tables(evidence.load()))
    assert len(set(roll.key)) == len(roll.key) == COUNTS.sum()
    young = roll.age < 90
    counted = np.zeros_like(COUNTS)
    np.add.at(counted, (roll.lsoa[young], roll.age[young]), 1)
    assert (counted[:, :90] == COUNTS[:, :90]).all()
    assert (roll.age[~young] >= 90).sum() == COUNTS[:, 90].sum()
    assert 91 <= roll.age[~young].max() <= 110


def test_a_smaller_sample_is_part_of_a_larger_one():
    tables = demography_tables(evidence.load())
    rolls = [people(residents(1, CODES, COUNTS, s, tables)) for s in (0.1, 0.5, 1.0)]
    assert rolls[0].items() <= rolls[1].items() <= rolls[2].items()
    assert len(rolls[1]) == pytest.approx(0.5 * COUNTS.sum(), rel=0.1)
    movers = [coming(2_000, s) for s in (0.1, 0.5, 1.0)]
    assert movers[0].items() <= movers[1].items() <= movers[2].items()
    assert len(movers[0]) > 0


def test_a_longer_run_begins_alike_and_a_later_one_shares_its_arrivals():
    short, long = coming(700), coming(3_000)
    assert short == {key: person for key, person in long.items() if person[3] < 700}
    later = coming(1_000, start=date(2016, 4, 1))
    shift = (date(2016, 4, 1) - date(2015, 4, 1)).days
    same = {k: p for k, p in long.items() if shift < p[3] < shift + 1_000}
    assert {k: (*p[:2], p[2] + shift, p[3] + shift) for k, p in later.items()} == same


def test_seeds_differ():
    assert coming(700).keys().isdisjoint(coming(700, seed=2).keys())


def test_numbers_born_and_moving_are_the_catalogues():
    years = 40
    catalogue = evidence.load()
    tables = demography_tables(catalogue)
    everyone = np.array(list(coming(round(years * 365.25)).values()))
    newborn = (everyone[:, 1] == 0) & (everyone[:, 2] == everyone[:, 3])
    wanted = float(WOMEN @ tables.births_per_woman[DECILES - 1]) * years
    assert newborn.sum() == pytest.approx(wanted, abs=4 * wanted**0.5)
    assert tables.births_per_woman.mean() * 1000 == pytest.approx(
        catalogue.value("births_per_1000_women_15_44")
    )
    moving = COUNTS @ tables.leaving[:91] + COUNTS.sum(axis=1) * tables.net_arrivals
    assert (~newborn).sum() == pytest.approx(moving.sum() * years, abs=4 * (moving.sum() * years) ** 0.5)


def test_people_leave_after_they_arrive_and_the_young_leave_most():
    tables = demography_tables(evidence.load())
    dates = calendar(date(2015, 4, 1), 1_826)
    gone = {}
    for age, arrival in ((25, 0), (70, 0), (25, 900)):
        keys = [np.uint64(entity_key(1, 1, 5, age, k)) for k in range(4_000)]
        days = np.array([departure_day(key, arrival - age * 366, arrival, dates, tables) for key in keys])
        left = days[days < NEVER]
        assert left.min() > arrival
        assert left.max() < 1_826
        gone[age, arrival] = len(left) / len(days)
    leaving = evidence.load().value("out_migration_25-34")
    assert gone[25, 0] == pytest.approx(1 - (1 - leaving) ** 5, abs=0.03)
    assert gone[70, 0] < gone[25, 900] < gone[25, 0]
