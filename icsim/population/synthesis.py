"""People from counts: every resident of a place, one record each, and everyone who will be born or move in.

A person is the same whatever boundary, sample or length of run they are looked at through: the key comes from
seed, LSOA, age and number, and everything else from the key.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from icsim.compiling import compiled
from icsim.evidence.remembering import remembered
from icsim.population import demography, neighbourhoods, practices
from icsim.population.circumstances import CircumstanceTables, circumstance_tables, settle
from icsim.population.columns import N_CONDITIONS, Sex, Status, copied, empty_people
from icsim.population.demography import Calendar, DemographyTables, Roll
from icsim.population.health import N_FACTORS, AgeingTables, health_tables, mental_need, social_need
from icsim.population.purposes import (
    CONDITION,
    FACTOR,
    FRAILTY,
    MENTAL_NEED,
    ORDER,
    PRACTICE,
    SEX,
    SOCIAL_NEED,
)
from icsim.population.ready import ReadyMade, find
from icsim.streams import bits, exp, normal, uniform

if TYPE_CHECKING:
    from icsim.evidence import Catalogue
    from icsim.evidence.places import Place

CHILDBEARING = slice(15, 45)  # births_per_1000_women_15_44


@dataclass(frozen=True)
class Population:
    """The people of a place and the areas and practices they belong to.

    ``people``: records of ``PERSON``; the first ``n_residents`` are present on day 0, in an order without
    meaning, and the rest (status ``EXPECTED``) follow by day of arrival, so that a longer run only adds rows
    at the end. The columns of people and of the tables refer to rows of these tables: ``lsoas``,
    ``neighbourhoods`` (name, authority, population), ``practices`` (name, neighbourhood, list_size on day 0)
    and ``authorities`` (name, code, population). ``population`` counts residents at 1:1, ``list_size`` the
    people modelled. ``ageing`` is what :func:`icsim.population.ageing.grow_older` needs.
    """

    people: np.ndarray
    n_residents: int
    lsoas: pd.DataFrame
    neighbourhoods: pd.DataFrame
    practices: pd.DataFrame
    authorities: pd.DataFrame
    ageing: AgeingTables


def synthesise(
    place: "Place",
    *,
    seed: int,
    days: int,
    sample: float = 1.0,
    start: date,
    catalogue: "Catalogue",
    practices: int | list | None = None,
    population_per_team: float | None = None,
) -> Population:
    """Make the people of ``place`` for a run of ``days`` days from ``start``.

    ``sample`` keeps a share of the people (those of a smaller sample are all in a larger one); ``practices``
    is a number of practices or a list of names, list sizes or mappings of both; ``population_per_team`` sets
    the size of a neighbourhood. Where the same people are at hand (:mod:`icsim.population.ready`) they are
    copied. Raises ``ValueError`` for a sample outside (0, 1] or no days.
    """
    asked = {"seed": seed, "days": days, "sample": sample, "start": start, "practices": practices,
             "population_per_team": population_per_team}  # fmt: skip
    found = find(asked, place, catalogue)
    if found is None:
        return _made(place, catalogue, **asked)
    return replace(
        found,
        people=copied(found.people),
        lsoas=found.lsoas.copy(),
        neighbourhoods=found.neighbourhoods.copy(),
        practices=found.practices.copy(),
        authorities=found.authorities.copy(),
        ageing=_tables(catalogue)[0],
    )


def ready_made(place: "Place", catalogue: "Catalogue", **asked: Any) -> ReadyMade:
    """The people that :func:`synthesise` makes, ready for several runs; ``asked`` are its other arguments."""
    own = catalogue.apart()
    population = synthesise(place, catalogue=own, **asked)
    return ReadyMade(asked, own.values_read, replace(population, ageing=cast("Any", None)))


@remembered
def _tables(catalogue: "Catalogue") -> tuple[AgeingTables, CircumstanceTables, DemographyTables]:
    health = health_tables(catalogue)
    return health, circumstance_tables(catalogue, health), demography.demography_tables(catalogue)


def _made(
    place: "Place",
    catalogue: "Catalogue",
    *,
    seed: int,
    days: int,
    sample: float,
    start: date,
    practices: int | list | None,
    population_per_team: float | None,
) -> Population:
    if not 0 < sample <= 1:
        raise ValueError(f"sample: expected more than 0 and at most 1, got {sample}")
    if days < 1:
        raise ValueError(f"days: expected at least 1, got {days}")
    lsoas = place.lsoas.reset_index(drop=True)
    counts = lsoas.filter(regex=r"^age_\d+$").to_numpy(dtype=np.int64)
    population = counts.sum(axis=1)
    grouping = _grouping(lsoas, catalogue, population_per_team)
    registration = _registration(place, grouping, population, practices, catalogue)
    health, circumstances, moves = _tables(catalogue)
    dates = demography.calendar(start, days)
    codes = np.array([int(str(code)[1:]) for code in lsoas["lsoa"]], dtype=np.int64)
    deciles = lsoas["imd_decile"].to_numpy(dtype=np.int64)
    women = counts[:, CHILDBEARING] @ health.female_share[CHILDBEARING]

    here = demography.residents(seed, codes, counts, sample, moves)
    coming = demography.arrivals(seed, codes, counts, deciles, women, sample, dates, moves)
    here_order = np.argsort(_order(here.key), kind="stable")
    coming_order = np.lexsort((_order(coming.key), coming.arrival_day))
    people = empty_people(len(here.key) + len(coming.key))
    areas = np.stack([deciles, grouping.neighbourhood, grouping.authority], axis=1)
    lists = (registration.start, registration.practice, registration.until)
    tables = (health, circumstances, moves, dates)
    n = len(here.key)
    _fill(people[:n], here, here_order, areas, lists, tables, Status.RESIDENT.value)
    _fill(people[n:], coming, coming_order, areas, lists, tables, Status.EXPECTED.value)
    registered = np.bincount(people["practice"][:n], minlength=len(registration.practices))
    return Population(
        people,
        n,
        lsoas,
        grouping.neighbourhoods,
        registration.practices.assign(list_size=registered),
        grouping.authorities,
        health,
    )


def _grouping(
    lsoas: pd.DataFrame, catalogue: "Catalogue", population_per_team: float | None
) -> neighbourhoods.Grouping:
    size = catalogue["mdt_population_size"]
    published = catalogue.value("mdt_population_size")
    wanted = published if population_per_team is None else float(population_per_team)
    if wanted <= 0:
        raise ValueError(f"population_per_team: expected more than 0, got {population_per_team}")
    low = (size.low or published) * wanted / published
    high = (size.high or published) * wanted / published
    return neighbourhoods.group(lsoas, wanted, low, high)


def _registration(
    place: "Place",
    grouping: neighbourhoods.Grouping,
    population: np.ndarray,
    asked: int | list | None,
    catalogue: "Catalogue",
) -> practices.Registration:
    from icsim.evidence.places import practice_list_sizes

    return practices.register(grouping, population, asked, practice_list_sizes(place), catalogue)


@compiled
def _order(keys: np.ndarray) -> np.ndarray:
    order = np.empty(len(keys), np.uint64)
    for i in range(len(keys)):
        order[i] = bits(keys[i], ORDER, 0)
    return order


@compiled
def _fill(
    people: np.ndarray,
    roll: Roll,
    order: np.ndarray,
    areas: np.ndarray,
    lists: tuple[np.ndarray, np.ndarray, np.ndarray],
    tables: tuple[AgeingTables, CircumstanceTables, DemographyTables, Calendar],
    status: int,
) -> None:
    """Write one record a person, in ``order``."""
    health, circumstances, moves, dates = tables
    start, practice, until = lists
    for i in range(len(people)):
        j = int(order[i])
        person = people[i]
        key = roll.key[j]
        row = roll.lsoa[j]
        person.key = key
        person.status = status
        person.age = roll.age[j]
        person.birth_day = roll.birth_day[j]
        person.arrival_day = roll.arrival_day[j]
        person.departure_day = demography.departure_day(
            key, roll.birth_day[j], roll.arrival_day[j], dates, moves
        )
        person.sex = (
            Sex.FEMALE.value if uniform(key, SEX, 0) < health.female_share[roll.age[j]] else Sex.MALE.value
        )
        person.lsoa = row
        person.imd_decile = areas[row, 0]
        person.neighbourhood = areas[row, 1]
        person.authority = areas[row, 2]
        u = uniform(key, PRACTICE, 0)
        person.practice = practice[
            start[row] + np.searchsorted(until[start[row] : start[row + 1]], u, side="right")
        ]
        _fall_ill(person, health)
        settle(person, circumstances)


@compiled
def _conditions(key: np.uint64, shares: np.ndarray) -> int:
    held = 0
    for c in range(N_CONDITIONS):
        if uniform(key, CONDITION, c) < shares[c]:
            held |= 1 << c
    return held


@compiled
def _fall_ill(person: Any, tables: AgeingTables) -> None:
    """Conditions, frailty and needs of a person entering the model, by age, sex and IMD decile."""
    key = person.key
    age = int(person.age)
    sex = person.sex - Sex.MALE.value
    decile = person.imd_decile - 1
    factor = int(uniform(key, FACTOR, 0) * N_FACTORS)
    shares = tables.prevalence[sex, decile, factor, age]
    held = _conditions(key, shares)
    z = tables.frailty_loading * tables.factor[factor]
    z += np.sqrt(1 - tables.frailty_loading * tables.frailty_loading) * normal(key, FRAILTY, 0)
    frailty = exp(tables.frailty_median[sex, decile, age] + tables.frailty_sd * z)
    person.conditions = held
    person.frailty = min(frailty, tables.frailty_ceiling)
    person.mental_health_need = mental_need(held, age, uniform(key, MENTAL_NEED, 0), tables)
    person.social_care_need = social_need(held, age, person.frailty, uniform(key, SOCIAL_NEED, 0), tables)
