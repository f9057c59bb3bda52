"""Who is there at the start, who will be born or move in, who moves away and when: fixed before a run begins.

Deaths are the kernel's; all else here is exogenous, addressed by LSOA and calendar, so that people keep their
identity whatever boundary, sample or length a run has, and in both worlds of a pair.
"""

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from icsim.compiling import compiled
from icsim.population.columns import AGE_BAND_OF_AGE, NEVER
from icsim.population.health import N_AGES, OLDEST
from icsim.population.purposes import (
    AREA,
    ARRIVAL_AGE,
    ARRIVAL_DAY,
    ARRIVALS,
    BIRTHDAY,
    BIRTHS,
    DEPARTURE,
    DEPARTURE_DAY,
    KEEP,
    MOVER,
    NEWBORN,
    OLD_AGE,
    RESIDENT,
)
from icsim.streams import entity_key, poisson, uniform

if TYPE_CHECKING:
    from icsim.evidence import Catalogue

TOP_AGE = 90  # the counts hold 90 and over together


class Calendar(NamedTuple):
    """Calendar months and years that a run touches: address, first day (may be below 0), length in days."""

    months: np.ndarray  # (n, 3) int64
    years: np.ndarray  # (n, 3) int64
    days: int


class DemographyTables(NamedTuple):
    """Yearly rates."""

    births_per_woman: np.ndarray  # (10,) by IMD decile less one, of women aged 15-44
    leaving: np.ndarray  # (N_AGES,) share of people who move away
    net_arrivals: float  # per person, in-movers less out-movers
    oldest: np.ndarray  # (N_AGES - TOP_AGE,) cumulated share of those aged 90 and over, by single year


class Roll(NamedTuple):
    """People by column: one entry a person."""

    key: np.ndarray  # uint64
    lsoa: np.ndarray  # uint16
    age: np.ndarray  # uint8, on the day of arrival
    birth_day: np.ndarray  # int32
    arrival_day: np.ndarray  # int32


def calendar(start: date, days: int) -> Calendar:
    """The months and years from ``start`` for ``days`` days."""
    first = start.toordinal()
    months, years = [], []
    begin = date(start.year, start.month, 1)
    while begin.toordinal() - first < days:
        after = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
        months.append((begin.year * 12 + begin.month, begin.toordinal() - first, (after - begin).days))
        begin = after
    for year in range(start.year, begin.year + 1):
        new_year = date(year, 1, 1).toordinal()
        if new_year - first < days:
            years.append((year, new_year - first, date(year + 1, 1, 1).toordinal() - new_year))
    return Calendar(np.array(months, dtype=np.int64), np.array(years, dtype=np.int64), days)


def demography_tables(catalogue: "Catalogue") -> DemographyTables:
    """Build the tables from the catalogue."""
    ratio = catalogue.value("births_deprived_ratio")
    weight = 1 + (ratio - 1) * (10 - np.arange(1, 11)) / 9
    births = catalogue.value("births_per_1000_women_15_44") / 1000 * weight / weight.mean()
    stays = catalogue.value("survival_at_90") - catalogue.value("survival_fall_per_year_from_90") * np.arange(
        N_AGES - TOP_AGE
    )
    alive = np.concatenate([[1.0], np.cumprod(np.maximum(stays, 0.0))[:-1]])
    return DemographyTables(
        births,
        catalogue.by_age("out_migration")[AGE_BAND_OF_AGE[:N_AGES]],
        catalogue.value("net_migration_per_1000") / 1000,
        np.cumsum(alive) / alive.sum(),
    )


def residents(
    seed: int, codes: np.ndarray, counts: np.ndarray, sample: float, tables: DemographyTables
) -> Roll:
    """The people of the counts (LSOAs, 91), each kept with probability ``sample``."""
    n = int(counts.sum()) if sample >= 1 else _count_residents(seed, codes, counts, sample)
    roll = _empty(n)
    _residents(seed, codes, counts, sample, tables, roll)
    return roll


def arrivals(
    seed: int,
    codes: np.ndarray,
    counts: np.ndarray,
    deciles: np.ndarray,
    women: np.ndarray,
    sample: float,
    dates: Calendar,
    tables: DemographyTables,
) -> Roll:
    """People who will be born or move in during the run, in no order; ``women`` (LSOAs,) aged 15-44."""
    count = _arrivals(seed, codes, counts, deciles, women, sample, dates, tables, _empty(0))
    roll = _empty(count)
    _arrivals(seed, codes, counts, deciles, women, sample, dates, tables, roll)
    return roll


def _empty(n: int) -> Roll:
    return Roll(
        np.empty(n, np.uint64),
        np.empty(n, np.uint16),
        np.empty(n, np.uint8),
        np.empty(n, np.int32),
        np.empty(n, np.int32),
    )


@compiled
def born(key: np.uint64, age: int, today: int) -> int:
    """A day of birth of someone aged ``age`` today, any day of their year of age alike likely."""
    year = (age + 1) * 1461 // 4 - age * 1461 // 4
    return today - age * 1461 // 4 - int(uniform(key, BIRTHDAY, 0) * year)


@compiled
def _single_age(key: np.uint64, age: int, tables: DemographyTables) -> int:
    if age < TOP_AGE:
        return age
    return min(OLDEST, TOP_AGE + int(np.searchsorted(tables.oldest, uniform(key, OLD_AGE, 0))))


@compiled
def _count_residents(seed: int, codes: np.ndarray, counts: np.ndarray, sample: float) -> int:
    n = 0
    for row in range(len(codes)):
        for age in range(counts.shape[1]):
            for k in range(counts[row, age]):
                if uniform(entity_key(seed, RESIDENT, codes[row], age, k), KEEP, 0) < sample:
                    n += 1
    return n


@compiled
def _residents(
    seed: int, codes: np.ndarray, counts: np.ndarray, sample: float, tables: DemographyTables, roll: Roll
) -> None:
    i = 0
    for row in range(len(codes)):
        for age in range(counts.shape[1]):
            for k in range(counts[row, age]):
                key = entity_key(seed, RESIDENT, codes[row], age, k)
                if sample < 1.0 and uniform(key, KEEP, 0) >= sample:
                    continue
                single = _single_age(key, age, tables)
                roll.key[i] = key
                roll.lsoa[i] = row
                roll.age[i] = single
                roll.birth_day[i] = born(key, single, 0)
                roll.arrival_day[i] = 0
                i += 1


@compiled
def _arrivals(
    seed: int,
    codes: np.ndarray,
    counts: np.ndarray,
    deciles: np.ndarray,
    women: np.ndarray,
    sample: float,
    dates: Calendar,
    tables: DemographyTables,
    roll: Roll,
) -> int:
    """Write arrivals into ``roll`` as far as it goes; how many there are."""
    n = np.int64(0)
    for row in range(len(codes)):
        area = entity_key(seed, AREA, codes[row])
        for m in range(len(dates.months)):
            address, first, length = dates.months[m]
            mean = women[row] * tables.births_per_woman[deciles[row] - 1] / 12.0
            for k in range(poisson(mean, uniform(area, BIRTHS, address))):
                key = entity_key(seed, NEWBORN, codes[row], address, k)
                day = first + int(uniform(key, ARRIVAL_DAY, 0) * length)
                if day <= 0 or day >= dates.days or (sample < 1.0 and uniform(key, KEEP, 0) >= sample):
                    continue
                if n < len(roll.key):
                    _write(roll, n, key, row, np.int64(0), day, day)
                n += 1
        leaving = 0.0
        people = 0
        for age in range(counts.shape[1]):
            leaving += counts[row, age] * tables.leaving[age]
            people += counts[row, age]
        mean = max(0.0, leaving + people * tables.net_arrivals)
        for y in range(len(dates.years)):
            address, first, length = dates.years[y]
            for k in range(poisson(mean, uniform(area, ARRIVALS, address))):
                key = entity_key(seed, MOVER, codes[row], address, k)
                day = first + int(uniform(key, ARRIVAL_DAY, 0) * length)
                if day <= 0 or day >= dates.days or (sample < 1.0 and uniform(key, KEEP, 0) >= sample):
                    continue
                if n < len(roll.key):
                    age = _mover_age(key, counts[row], leaving, tables)
                    _write(roll, n, key, row, age, born(key, age, day), day)
                n += 1
    return int(n)


@compiled
def _mover_age(key: np.uint64, counts: np.ndarray, leaving: float, tables: DemographyTables) -> int:
    """Age of an in-mover: as those who leave the same area."""
    u = uniform(key, ARRIVAL_AGE, 0) * leaving
    age = np.int64(0)
    u -= counts[0] * tables.leaving[0]
    while u >= 0.0 and age < TOP_AGE:
        age += 1
        u -= counts[age] * tables.leaving[age]
    return _single_age(key, int(age), tables)


@compiled
def _write(
    roll: Roll, i: np.int64, key: np.uint64, row: int, age: int | np.int64, birth_day: int, day: int
) -> None:
    roll.key[i] = key
    roll.lsoa[i] = row
    roll.age[i] = age
    roll.birth_day[i] = birth_day
    roll.arrival_day[i] = day


@compiled
def departure_day(
    key: np.uint64, birth_day: int, arrival_day: int, dates: Calendar, tables: DemographyTables
) -> int:
    """Day on which a person moves away, after arriving; NEVER if not in the years of the run."""
    for y in range(len(dates.years)):
        address, first, length = dates.years[y]
        if first + length <= arrival_day:
            continue
        age = min(OLDEST, max(0, (first - birth_day) * 4 // 1461))
        if uniform(key, DEPARTURE, address) < tables.leaving[age]:
            day = first + int(uniform(key, DEPARTURE_DAY, address) * length)
            if day > arrival_day and day < dates.days:
                return day
    return NEVER
