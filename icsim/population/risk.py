"""How often needs arise: from published activity by age and deprivation to a daily rate for each person.

Published figures count contacts and admissions, the model needs the needs behind them. ``need_rates`` divides
the published activity of each age band by what one need of each class leads to on the model's own path of
care (``pathway_yield``), with the catalogue's values for that path. An experiment that changes the path, say
better GP treatment, leaves the needs as they are: it changes activity. Persons then differ around the rate of
their age band and deprivation fifth by conditions, frailty and circumstances, with the mean of the band kept.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from icsim import evidence
from icsim.compiling import compiled, kernel
from icsim.evidence import Catalogue, published
from icsim.evidence.remembering import remembered
from icsim.population.columns import (
    AGE_BAND_OF_AGE,
    AGE_BAND_STARTS,
    AGE_BANDS,
    FRAILTY_CUTS,
    MORTALITY,
    N_CONDITIONS,
    N_NEEDS,
    Condition,
    Frailty,
    Need,
    Residence,
)
from icsim.streams import exp, log

DAYS_A_YEAR = 365.25
SMALL_CELL = 200
"""People below which an age band by fifth takes the mean of its age band."""
CHOICES = ("self_care", "pharmacy_111", "gp", "team", "ae")
SEVERITIES = 20
"""Steps of severity over which the path of care is averaged."""
OPEN_SHARE = 253 / 365.25
"""Share of days on which practices are open."""
MEASURED_ON = date(2016, 10, 1)
"""Middle of the year of the published activity, 2016/17."""
ADMITTED = (Need.ACSC, Need.MENTAL_HEALTH, Need.FRAILTY, Need.SOCIAL, Need.ACUTE)
SUREST = 0.9
"""Chance a day of a need that no stream goes beyond: its scale is a logarithm."""
MIDDLES = np.append((AGE_BAND_STARTS[:-1] + AGE_BAND_STARTS[1:]) // 2, 90)
"""Year of age in the middle of each band."""


PAPER_BANDS = {"0-19": 0, "20-37": 20, "38-52": 38, "53-66": 53, "67+": 67}
"""Age bands of Pereira Gray 2017 by their first year of age."""


R, B, YEARS = N_NEEDS + 1, len(AGE_BANDS), 131
RISK = np.dtype(
    [
        ("base", np.float64, (R, B, 5)),  # daily rate of a person whose multipliers are all 1
        ("death", np.float64, (YEARS,)),  # factor on the death rate by year of age, within its band
        ("death_power", np.float64, (B,)),  # power of the product of a person's ratios of death
        ("growth", np.float64, (R,)),  # growth of the rate a day, in logs
        ("from_day", np.float64),  # day at which growth is nil, the first day of the run being 0
        ("condition", np.float64, (R, N_CONDITIONS)),  # rate ratio of each condition
        ("frailty", np.float64, (R, len(Frailty))),  # rate ratio of each frailty group
        ("lonely", np.float64, (R,)),  # rate ratio of the often lonely
        ("susceptible", np.float64, (R,)),  # 1 where susceptibility multiplies the rate
        ("headroom", np.float64, (R,)),  # bound of the need stream over the rate
        ("band", np.int64, (YEARS,)),  # age band of each year of age
        # applied as needs arise, not to the bound, because policy may change them
        ("care_home", np.float64, (R, B)),  # rate ratio of care-home residents
        ("activation", np.float64, (R,)),  # change of the rate for each 20 points of activation
    ],
    align=True,
)
"""What turns attributes into rates. R = classes of need and death, B age bands, fifth 0 the most deprived."""


@dataclass(frozen=True)
class PathwayYield:
    """What one need leads to on average, at reference conditions; each of shape (n,)."""

    gp: np.ndarray
    ae: np.ndarray
    admissions: np.ndarray


def pathway_yield(
    catalogue: Catalogue, need: str, *, ae_to_gp: np.ndarray | None = None, log_odds: np.ndarray | None = None
) -> PathwayYield:
    """Follow one need of a class along the path of care until it is resolved, at usual waits and capacity.

    The same choices and chances as ``icsim.care``, averaged over severity and over days that practices are
    open or shut. For n kinds of people at once: ``ae_to_gp`` (n,) replaces the catalogue's odds of A&E
    against the GP (minor needs, which differ by age), ``log_odds`` (n,) are added to those of admission.
    """
    v = catalogue.value
    n = len(ae_to_gp) if ae_to_gp is not None else len(log_odds) if log_odds is not None else 1
    share = np.tile([v(f"choice_{need}_{choice}") for choice in CHOICES], (n, 1))
    if ae_to_gp is not None:
        both = share[:, 2] + share[:, 4]
        share[:, 4] = both * ae_to_gp / (1 + ae_to_gp)
        share[:, 2] = both - share[:, 4]
    severity = (np.arange(SEVERITIES) + 0.5) / SEVERITIES
    slopes = np.array([v(f"choice_severity_{choice}") for choice in CHOICES])
    open_days = np.maximum(share, 1e-9)[:, :, None] * np.exp(np.outer(slopes, severity - 0.5))
    shut_days = open_days.copy()
    shut_days[:, 2] *= np.exp(v("choice_closed") * severity)
    odds = v(f"admission_{need}") / (1 - v(f"admission_{need}"))
    more = np.zeros(n) if log_odds is None else log_odds
    odds = odds * np.exp(v("admission_severity") * (severity - 0.5) + more[:, None])

    def unresolved(chance: float) -> np.ndarray:
        return 1 - np.clip(chance - v("severity_effect") * (severity - 0.5), 0.0, 1.0)

    by_team, alone = unresolved(v(f"resolved_team_{need}")), unresolved(v(f"resolved_self_{need}"))
    by_111 = unresolved(v(f"resolved_self_{need}") + v("resolved_111_gain"))
    by_gp = unresolved(v(f"resolved_gp_{need}")) if need != "minor" else None
    direct = v("direct_admission") if need not in ("minor", "mental_health") else 0.0
    worse = round(v("worsening_severity") * SEVERITIES)
    gp, ae, admissions = np.zeros(n), np.zeros(n), np.zeros(n)
    waiting = np.full((n, SEVERITIES), 1 / SEVERITIES)
    for step in range(5):
        if step == 2:
            open_days[:, 0] = shut_days[:, 0] = 0.0
        chosen = OPEN_SHARE * open_days / open_days.sum(axis=1, keepdims=True)
        chosen += (1 - OPEN_SHARE) * shut_days / shut_days.sum(axis=1, keepdims=True)
        chosen *= waiting[:, None]
        gp += chosen[:, 2].sum(axis=1)
        arriving = chosen[:, 4] + chosen[:, 3] * by_team
        if by_gp is not None:
            sent = chosen[:, 2] * by_gp
            admissions += direct * sent.sum(axis=1)
            arriving = arriving + (1 - direct) * sent
        ae += arriving.sum(axis=1)
        admissions += (arriving * odds / (1 + odds)).sum(axis=1)
        back = chosen[:, 0] * alone + chosen[:, 1] * by_111
        waiting = np.zeros((n, SEVERITIES))
        waiting[:, worse:] = back[:, : SEVERITIES - worse]
        waiting[:, -1] += back[:, SEVERITIES - worse :].sum(axis=1)
    return PathwayYield(gp, ae, admissions)


def minor_odds(catalogue: Catalogue, ae_for_each_gp: np.ndarray) -> np.ndarray:
    """The odds of choosing A&E against the GP for a minor need that lead to these ratios of contacts."""
    odds = ae_for_each_gp
    for _ in range(20):
        one = pathway_yield(catalogue, "minor", ae_to_gp=odds)
        odds = odds * ae_for_each_gp * one.gp / one.ae
    return odds


@dataclass(frozen=True)
class NeedRates:
    """Needs a person-year by class (R, B, 5), and the odds of A&E against the GP for minor needs (B, 5)."""

    a_year: np.ndarray
    ae_to_gp: np.ndarray


def deprivation_gradient(catalogue: Catalogue) -> np.ndarray:
    """Emergency admissions by age band and fifth over the mean of the age band, shape (B, 5).

    Fifths run from the most deprived. From the table of Pereira Gray and others (2017), whose bands are 0-19,
    20-37, 38-52, 53-66 and 67 and over. Within such a band the most deprived are of other ages than the least
    (more small children, fewer of the very old): what that explains is taken out, by the people of England.
    """
    rates = np.array(
        [[catalogue.value(f"emerg_adm_rate_age{b}_imdq{q}") for q in (5, 4, 3, 2, 1)] for b in PAPER_BANDS]
    )
    people = published.england_by_age_and_fifth()
    by_age = catalogue.by_age("emerg_rate")[:, None]
    inside = _years_shared()
    from_ages = inside @ (by_age * people) / (inside @ people)
    relative = rates / np.maximum(from_ages, 1e-9)
    relative = relative / np.maximum(relative.mean(axis=1, keepdims=True), 1e-9)
    return relative[[0, 0, 0, 1, 1, 2, 3, 4, 4, 4]]


def _years_shared() -> np.ndarray:
    """The part of each age band of the model that lies in each of ``PAPER_BANDS``, (5, B)."""
    first, end = np.array(list(PAPER_BANDS.values())), np.append(list(PAPER_BANDS.values())[1:], YEARS)
    starts, ends = AGE_BAND_STARTS, np.append(AGE_BAND_STARTS[1:], YEARS)
    years = np.minimum(end[:, None], ends) - np.maximum(first[:, None], starts)
    return np.maximum(years, 0) / (ends - starts)


def spread(ratio: float) -> np.ndarray:
    """Five factors with mean 1 falling evenly (in logs) from the most to the least deprived fifth."""
    factors = ratio ** np.linspace(0.5, -0.5, 5)
    return factors / factors.mean()


def mortality_by_year_of_age(catalogue: Catalogue) -> np.ndarray:
    """Deaths a person-year at ages 0-130, shape (131,): published bands joined by straight lines in logs."""
    keys = ["01_14", "15_44", "45_64", "65_74", "75_84", "85plus"]
    ages = [0.0, 1.0, *(catalogue.value(f"mortality_mean_age_{key}") for key in keys), 100.0]
    keys = ["under_1_year", "01_14", *keys]
    rates = [max(catalogue.value(f"mortality_{key}") / 1000, 1e-9) for key in keys]  # 0 has no log
    last = rates[-1] * max(1e-3, catalogue.value("mortality_100_over_85plus"))
    rates.append(min(catalogue.value("mortality_most_at_100"), last))
    return np.exp(np.interp(np.arange(YEARS), np.maximum.accumulate(ages), np.log(rates)))


def need_rates(targets: Catalogue, path: Catalogue) -> NeedRates:
    """Needs a person-year that lead to the published activity.

    Args:
        targets: published activity, shares of classes and scales (an experiment may override them).
        path: the catalogue as shipped, for the path of care that published activity went along.
    """
    t = targets.value
    from_relapse = np.minimum(targets.by_age("relapse") * t("relapse_admitted"), t("relapse_share_most"))
    emergency = targets.by_age("emerg_rate") / 1000 * (1 - from_relapse)
    gradient = deprivation_gradient(targets)
    rates = np.zeros((N_NEEDS + 1, len(AGE_BANDS), 5))
    gp = np.zeros((len(AGE_BANDS), 5))
    ae = np.zeros((len(AGE_BANDS), 5))
    added = path.by_age("admission_log_odds")
    for need in ADMITTED:
        name = need.name.lower()
        share = targets.by_age(f"emerg_share_{name}")
        one = pathway_yield(path, name, log_odds=added)
        rates[need] = (emergency * share)[:, None] * gradient / one.admissions[:, None]
        gp += rates[need] * one.gp[:, None]
        ae += rates[need] * one.ae[:, None]
    consultations = targets.by_age("gp_consult_rate") / (1 + t("gp_follow_up_share"))
    planned = targets.by_age("gp_planned_share") * consultations
    rates[Need.PLANNED] = planned[:, None] * spread(t("need_imd_ratio_planned"))
    other = (consultations - planned)[:, None] * spread(t("need_imd_ratio_minor")) - gp
    minor_gp = np.maximum(other, max(t("gp_minor_least"), 1e-3))
    attended = targets.by_age("ae_rate")[:, None] / 1000 * spread(t("ae_imd_ratio_fifths"))
    relapsed = (emergency * from_relapse * t("ae_for_each_relapse_admission"))[:, None]
    minor_ae = t("ae_minor_scale") * np.maximum(attended - ae - relapsed, t("ae_minor_least") * attended)
    odds = minor_odds(path, (minor_ae / minor_gp).ravel())
    each = pathway_yield(path, "minor", ae_to_gp=odds).gp
    rates[Need.MINOR] = minor_gp / each.reshape(minor_gp.shape)
    odds = odds.reshape(minor_gp.shape)
    # a need that arises while another is in hand is dealt with together with it
    together = 1 + (rates[Need.MINOR] + rates[Need.PLANNED]) * t("episode_days") / DAYS_A_YEAR
    rates[[Need.MINOR, Need.PLANNED]] *= together
    for need in Need:
        rates[need] *= t(f"need_scale_{need.name.lower()}")
    by_age = mortality_by_year_of_age(targets)
    at_mid = by_age[MIDDLES]
    in_hospital = targets.by_age("emerg_rate") / 1000 * targets.by_age("emerg_fatality")
    outside = np.maximum(1 - in_hospital / at_mid, t("death_outside_least")) * t("need_scale_death")
    rates[MORTALITY] = (at_mid * outside)[:, None] * spread(t("mortality_imd_ratio_fifths"))
    return NeedRates(np.round(rates, 12), np.round(odds, 12))


@remembered
def usual_need_rates(catalogue: Catalogue) -> NeedRates:
    """As :func:`need_rates` on the path of care of the catalogue as shipped."""
    return need_rates(catalogue, evidence.load())


def _ratios(catalogue: Catalogue, suffix: str, missing: float = 1.0) -> np.ndarray:
    names = [need.name.lower() for need in Need] + ["death"]
    keys = [f"rr_{name}_{suffix}" for name in names]
    return np.array([catalogue.value(key) if key in catalogue else missing for key in keys])


def risk_tables(
    catalogue: Catalogue, rates: NeedRates, headroom: np.ndarray, people: np.ndarray, start: date
) -> np.record:
    """Tables (a record of ``RISK``) whose mean rates over ``people`` of an age band and fifth are ``rates``.

    Args:
        catalogue: rate ratios of conditions, frailty and circumstances (``rr_*``).
        rates: from :func:`need_rates`.
        headroom: bound over rate for each class and death, shape (R,).
        people: the residents at the start (structured array of ``PERSON``).
        start: first day of the run. The published activity is that of ``MEASURED_ON``; needs grow before
            and after it by ``need_growth_*``.
    """
    by_age = mortality_by_year_of_age(catalogue)
    band = np.append(AGE_BAND_OF_AGE, AGE_BAND_OF_AGE[-1])[:YEARS].astype(np.int64)
    at_mid = by_age[MIDDLES]
    tables = np.zeros(1, RISK).view(np.recarray)[0]
    tables.base = 1.0
    tables.death = np.round(by_age / at_mid[band], 12)
    tables.condition = np.stack(
        [_ratios(catalogue, str(condition.name).lower()) for condition in Condition], axis=1
    )
    groups = [_ratios(catalogue, f"frailty_{group.name.lower()}") for group in Frailty]
    tables.frailty = np.stack(groups, axis=1)
    tables.care_home = _ratios(catalogue, "care_home")[:, None]
    tables.care_home[MORTALITY] = catalogue.by_age("rr_death_care_home")
    tables.death_power = catalogue.by_age("death_rr_power")
    growth = [catalogue.value(f"need_growth_{need.name.lower()}") for need in Need]
    tables.growth = np.round(np.log1p([*growth, 0.0]) / DAYS_A_YEAR, 12)
    tables.from_day = float((MEASURED_ON - start).days)
    tables.lonely = _ratios(catalogue, "lonely")
    tables.activation = _ratios(catalogue, "activation", missing=0.0)
    tables.susceptible = [1.0] * N_NEEDS + [0.0]
    tables.band = band
    tables.headroom = headroom
    means, counts = _mean_multipliers(people, tables)
    by_band = (means * counts).sum(axis=2) / np.maximum(counts.sum(axis=1), 1)
    means = np.where(counts[None] >= SMALL_CELL, means, by_band[:, :, None])
    means[means <= 0] = 1.0
    tables.base = rates.a_year / DAYS_A_YEAR / means
    return tables


@compiled
def _mean_multipliers(people: Any, tables: Any) -> tuple[np.ndarray, np.ndarray]:
    total = np.zeros((R, B, 5))
    counts = np.zeros((B, 5))
    for i in range(len(people)):
        p = people[i]
        if p.status == 1:
            b, q = tables.band[p.age], (p.imd_decile - 1) // 2
            counts[b, q] += 1
            for c in range(R):
                here = tables.care_home[c, b] if p.residence == Residence.CARE_HOME else 1.0
                total[c, b, q] += multiplier(p, c, tables) * here
    return total / np.maximum(counts, 1.0), counts


@kernel
def multiplier(p: Any, c: int, tables: Any) -> float:
    """How the person's rate of class ``c`` compares with a person of the same age and deprivation at 1."""
    m = 1.0
    conditions = p.conditions
    bit = 0
    while conditions:
        if conditions & 1:
            m *= tables.condition[c, bit]
        conditions >>= 1
        bit += 1
    group = 0
    for cut in FRAILTY_CUTS:
        if p.frailty >= cut:
            group += 1
    m *= tables.frailty[c, group]
    if p.loneliness == 2:
        m *= tables.lonely[c]
    if tables.susceptible[c] > 0:
        m *= p.susceptibility
    if c == MORTALITY:
        m = exp(tables.death_power[tables.band[p.age]] * log(m)) * tables.death[p.age]
    return m


@kernel
def set_rates(p: Any, tables: Any, day: int, until: int) -> None:
    """Write the daily rates of a person and the scale of the need stream, from exogenous attributes alone.

    They hold from ``day`` to the birthday ``until``, with the growth of need to the middle of that time.
    """
    b, q = tables.band[p.age], (p.imd_decile - 1) // 2
    grown = 0.5 * (day + min(until, day + 365)) - tables.from_day
    bound = 0.0
    growth, factor = 0.0, 1.0
    for c in range(R):
        if tables.growth[c] != growth:  # most classes grow alike
            growth = tables.growth[c]
            factor = exp(growth * grown)
        p.rate[c] = tables.base[c, b, q] * multiplier(p, c, tables) * factor
        bound += p.rate[c] * tables.headroom[c]
    p.need_scale = 1.0 / log(1.0 - min(bound, SUREST))
