"""How a person lives on entering the model: residence, social care, activation, loneliness, trust."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from icsim.compiling import compiled
from icsim.population.columns import AGE_BAND_OF_AGE, Condition, Residence
from icsim.population.health import N_AGES, N_FACTORS, AgeingTables, frailty_group_of
from icsim.population.purposes import (
    ACTIVATION,
    CARE_HOME,
    HOME_CARE,
    LONELINESS,
    SUSCEPTIBILITY,
    TRUST_AE,
    TRUST_COMMUNITY,
    TRUST_GP,
)
from icsim.streams import exp, log, normal, normal_quantile, uniform

if TYPE_CHECKING:
    from icsim.evidence import Catalogue

OLD = 65  # care homes and home care for older people begin
CARE_HOME_AGES = (70.0, 80.0, 90.0)  # care_home_share_at_*
_DEMENTIA = Condition.DEMENTIA.value


class CircumstanceTables(NamedTuple):
    """Numbers of :func:`settle`."""

    care_home: np.ndarray  # (N_AGES,): share in a care home among the fit without dementia
    care_home_dementia: float
    care_home_frailty: np.ndarray  # (4,) by eFI group
    home_care: float
    activation: (
        np.ndarray
    )  # mean, sd, added without conditions, with mental need, in the most deprived decile
    lonely: np.ndarray  # (N_AGES, 2): share often, share at least some of the time
    lonely_deprived: float  # log odds
    lonely_mental: float  # log odds
    susceptibility: float
    trust: np.ndarray  # means for GP, A&E, community; spread; least and most


def circumstance_tables(catalogue: "Catalogue", health: AgeingTables) -> CircumstanceTables:
    """Build the tables from the catalogue."""
    value = catalogue.value
    ages = np.arange(N_AGES) + 0.5
    at = CARE_HOME_AGES
    shares = np.array([value(f"care_home_share_at_{age:.0f}") for age in at])
    logs = np.array([log(share) for share in shares])
    steep = np.diff(logs) / np.diff(at)
    line = np.interp(ages, at, logs) + np.minimum(ages - at[0], 0) * steep[0]
    line += np.maximum(ages - at[-1], 0) * (steep[1] * value("care_home_slope_left_after_90"))
    most = value("care_home_share_most")
    care_home = np.array([min(most, exp(x)) for x in line])
    care_home[:OLD] = 0.0
    dementia = value("care_home_ratio_dementia")
    ratios = np.array([1.0] + [value(f"care_home_ratio_{group}") for group in ("mild", "moderate", "severe")])
    bands = AGE_BAND_OF_AGE[:N_AGES]
    often = catalogue.by_age("loneliness_often")
    some = often + catalogue.by_age("loneliness_sometimes")
    trust = ("gp_start", "ae_start", "community_start", "start_sd", "start_least", "start_most")
    activation = ("mean", "sd", "without_conditions", "mental_need", "most_deprived")
    return CircumstanceTables(
        _base_shares(care_home, dementia, ratios, health),
        dementia,
        ratios,
        value("home_care_share_of_substantial_need"),
        np.array([value(f"activation_{name}") for name in activation]),
        np.stack([often[bands], some[bands]], axis=1),
        log(value("loneliness_deprived_odds")),
        log(value("loneliness_mental_need_odds")),
        value("susceptibility_sigma"),
        np.array([value(f"trust_{name}") for name in trust]),
    )


@compiled
def _base_shares(target: np.ndarray, dementia: float, ratios: np.ndarray, health: AgeingTables) -> np.ndarray:
    """Share among the fit without dementia such that the share of all people of each age is ``target``."""
    bit = 0
    while (1 << bit) != _DEMENTIA:
        bit += 1
    parts = 16
    base = target.copy()
    for age in range(OLD, N_AGES):
        mean = 0.0
        for sex in range(2):
            weight = health.female_share[age] if sex == 1 else 1 - health.female_share[age]
            for decile in range(10):
                for g in range(N_FACTORS):
                    with_dementia = health.prevalence[sex, decile, g, age, bit]
                    ratio = 0.0
                    for part in range(parts):
                        z = health.frailty_loading * health.factor[g]
                        spread = np.sqrt(1 - health.frailty_loading**2)
                        z += spread * normal_quantile((part + 0.5) / parts)
                        frailty = exp(health.frailty_median[sex, decile, age] + health.frailty_sd * z)
                        ratio += ratios[frailty_group_of(frailty)] / parts
                    mean += weight * ratio * (1 + with_dementia * (dementia - 1)) / (10 * N_FACTORS)
        base[age] = target[age] / mean
    return base


@compiled
def _shifted(share: float, log_odds: float) -> float:
    """A share whose odds are multiplied."""
    if share <= 0.0:
        return 0.0
    odds = share / (1.0 - share) * exp(log_odds)
    return odds / (1.0 + odds)


@compiled
def settle(person: Any, tables: CircumstanceTables) -> None:
    """Fill a person's circumstances from age, conditions, frailty and needs, which are already there."""
    key = person.key
    age = int(person.age)
    deprived = (5.5 - person.imd_decile) / 9.0
    if age >= OLD:
        share = tables.care_home[age] * tables.care_home_frailty[frailty_group_of(person.frailty)]
        if person.conditions & _DEMENTIA:
            share *= tables.care_home_dementia
        if uniform(key, CARE_HOME, 0) < share:
            person.residence = Residence.CARE_HOME.value
            person.package = 2
            person.social_care_need = 3
        elif person.social_care_need >= 2 and uniform(key, HOME_CARE, 0) < tables.home_care:
            person.package = 1

    activation = tables.activation[0] + tables.activation[1] * normal(key, ACTIVATION, 0)
    if person.conditions == 0:
        activation += tables.activation[2]
    if person.mental_health_need > 0:
        activation += tables.activation[3]
    activation += tables.activation[4] * deprived
    person.activation = min(100.0, max(0.0, activation))

    shift = tables.lonely_deprived * deprived
    if person.mental_health_need > 0:
        shift += tables.lonely_mental
    u = uniform(key, LONELINESS, 0)
    if u < _shifted(tables.lonely[age, 0], shift):
        person.loneliness = 2
    elif u < _shifted(tables.lonely[age, 1], shift):
        person.loneliness = 1

    sigma = tables.susceptibility
    person.susceptibility = exp(sigma * normal(key, SUSCEPTIBILITY, 0) - 0.5 * sigma * sigma)
    person.trust_gp = _trust(tables.trust, 0, normal(key, TRUST_GP, 0))
    person.trust_ae = _trust(tables.trust, 1, normal(key, TRUST_AE, 0))
    person.trust_community = _trust(tables.trust, 2, normal(key, TRUST_COMMUNITY, 0))


@compiled
def _trust(trust: np.ndarray, whom: int, deviation: float) -> float:
    return min(trust[5], max(trust[4], trust[whom] + trust[3] * deviation))
