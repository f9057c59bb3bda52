"""How ill people of an age are: tables of health by age, sex and deprivation, and the needs that follow.

A person has a place in the population that never changes: a shared factor (one of ``N_FACTORS`` equal groups)
and a fixed uniform for each condition. They have a condition when its uniform is below the prevalence at
their age, sex and IMD decile given their factor. Conditions keep company through the factor (a one-factor
logistic copula), the margins are the catalogue's, and synthesis at one age and ageing to it agree.

All arithmetic that decides an outcome uses ``icsim.streams`` so that it is the same on every machine.
"""

from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from icsim.compiling import compiled
from icsim.population.columns import FRAILTY_CUTS, N_CONDITIONS, Condition, Frailty
from icsim.streams import exp, log, normal_quantile

if TYPE_CHECKING:
    from icsim.evidence import Catalogue

N_FACTORS = 16  # equal groups of the shared factor: 16 conditions x 16 groups x ages stay in the cache
N_AGES = 111
OLDEST = N_AGES - 1
BAND_MIDDLES = np.array([2.5, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0])
MORTALITY_KEYS = ("under_1_year", "01_14", "15_44", "45_64", "65_74", "75_84", "85plus")
MORTALITY_MIDDLES = np.array([0.5, 7.5, 34.0, 56.0, 70.0, 80.0, 89.5])  # deaths fall late in wide bands
DEPRIVATION_FADES = (65, 85)  # condition_deprivation_left_at_85
NOBODY = -30.0  # log odds of having what nobody has
MENTAL_CLASSES = ("none", "depression_anxiety", "substance_misuse", "severe_mental_illness")
MENTAL = int(Condition.DEPRESSION_ANXIETY | Condition.SEVERE_MENTAL_ILLNESS | Condition.SUBSTANCE_MISUSE)
DISABLING = int(Condition.STROKE | Condition.SEVERE_MENTAL_ILLNESS | Condition.EPILEPSY)
DEMENTIA = int(Condition.DEMENTIA)


class AgeingTables(NamedTuple):
    """Health by sex (0 men, 1 women), IMD decile less one, factor group and age (0 to 110)."""

    prevalence: np.ndarray  # (2, 10, N_FACTORS, N_AGES, 16) float32: share with each condition
    replaced: np.ndarray  # (N_AGES, N_FACTORS, 16): onsets that make up for deaths, cumulated over conditions
    factor: np.ndarray  # (N_FACTORS,): mean of the factor in each group, in standard deviations
    frailty_median: np.ndarray  # (2, 10, N_AGES): natural log of the median eFI
    remission: np.ndarray  # (N_AGES, 16): part of a fall in prevalence with age that deaths do not explain
    frailty_drift: np.ndarray  # (N_AGES,): yearly rise of the standardised log eFI that makes up for deaths
    frailty_sd: float
    frailty_loading: float
    frailty_persistence: float
    frailty_ceiling: float
    mental: np.ndarray  # (4, 3): share with at least some, moderate, severe need, by recorded condition
    mental_per_condition: float
    mental_from_age: float
    social_slope: float
    social_dementia: float
    social_disabling: float
    social_cuts: np.ndarray  # (3,)
    female_share: np.ndarray  # (N_AGES,)


def health_tables(catalogue: "Catalogue") -> AgeingTables:
    """Build the tables from the catalogue (``population.csv``); about 50 ms once compiled."""
    value = catalogue.value
    names = [condition.name.lower() for condition in Condition if condition.name]
    ends = value("prevalence_first_band_fall"), value("prevalence_years_on_after_90")
    by_age = np.array([logit_by_age(catalogue.by_age(f"prevalence_{name}"), *ends) for name in names])
    women = np.array([value(f"prevalence_female_odds_{name}") for name in names])
    deprived = np.array([value(f"prevalence_deprived_odds_{name}") for name in names])
    female_share = female_share_by_age()
    factor = _factor_means()
    ages = np.arange(N_AGES)
    left_at_85 = value("condition_deprivation_left_at_85")
    mental = np.array([bool(condition & MENTAL) for condition in Condition if condition.name])
    loading_of = np.where(mental, value("condition_shared_loading_mental"), value("condition_shared_loading"))
    prevalence = _prevalence(
        by_age,
        _logs(women),
        _logs(deprived),
        np.interp(ages, DEPRIVATION_FADES, [1.0, left_at_85]),
        loading_of,
        female_share,
        factor,
    )
    medians = np.interp(ages, BAND_MIDDLES, _logs(catalogue.by_age("frailty_median")))
    sd, loading = value("frailty_log_sd"), value("frailty_shared_loading")
    deaths = mortality_by_age(catalogue)
    shares = _shares(prevalence, female_share)
    ratios = death_ratios(catalogue)
    drift, replaced, remission = _replacement(medians, sd, loading, *ratios, deaths, shares, factor)
    return AgeingTables(
        prevalence,
        replaced,
        factor,
        _spread(medians, _logs(np.array([value("frailty_female_ratio"), value("frailty_deprived_ratio")]))),
        remission,
        drift,
        sd,
        loading,
        value("frailty_persistence"),
        value("frailty_ceiling"),
        np.array(
            [
                [value(f"mental_need_{level}_{name}") for level in ("some", "moderate", "severe")]
                for name in MENTAL_CLASSES
            ]
        ),
        value("mental_need_per_physical_condition"),
        value("mental_need_from_age"),
        value("social_need_frailty_slope"),
        value("social_need_dementia"),
        value("social_need_disabling"),
        np.array([value(f"social_need_cut_{level}") for level in ("some", "substantial", "critical")]),
        female_share,
    )


def female_share_by_age() -> np.ndarray:
    """Share of women at each age 0 to 110 (ONS, England 2023; 90 stands for all above), shape (N_AGES,)."""
    name = "england_female_share_by_age_2023.csv"
    text = resources.files("icsim.evidence").joinpath("data", name).read_text(encoding="utf-8")
    shares = np.array([float(line.split(",")[1]) for line in text.split()[1:]])
    return shares[np.minimum(np.arange(N_AGES), len(shares) - 1)]


def mortality_by_age(catalogue: "Catalogue") -> np.ndarray:
    """Deaths per person a year at each age, log-linear between the published bands, shape (N_AGES,)."""
    rates = np.array([catalogue.value(f"mortality_{key}") / 1000 for key in MORTALITY_KEYS])
    logs = _logs(rates)
    slope = (logs[-1] - logs[-2]) / (MORTALITY_MIDDLES[-1] - MORTALITY_MIDDLES[-2])
    ages = np.arange(N_AGES) + 0.5
    beyond = np.maximum(ages - MORTALITY_MIDDLES[-1], 0.0) * slope
    return np.minimum(
        catalogue.value("mortality_most"), _exps(np.interp(ages, MORTALITY_MIDDLES, logs) + beyond)
    )


def death_ratios(catalogue: "Catalogue") -> tuple[np.ndarray, np.ndarray]:
    """Ratios of the death rate by eFI group, shape (4,), and with each condition, shape (16,)."""
    groups = [catalogue.value(f"rr_death_frailty_{group.name.lower()}") for group in Frailty]
    keys = [f"rr_death_{condition.name.lower()}" for condition in Condition if condition.name]
    conditions = [catalogue.value(key) if key in catalogue else 1.0 for key in keys]
    return np.array(groups), np.array(conditions)


def logit_by_age(bands: np.ndarray, fall: float, years_on: float) -> np.ndarray:
    """Log odds at each year of age from shares in ``AGE_BANDS``, linear between middles; ``NOBODY`` is never.

    They begin ``fall`` lower at the middle of the band before the first with anyone, and go on with the last
    slope for ``years_on`` years from the last middle.
    """
    some = bands > 0
    logits = np.full(len(bands), NOBODY)
    logits[some] = _logs(bands[some]) - _logs(1 - bands[some])
    first = int(np.argmax(some))
    if first > 0:  # the first band with anyone: from nobody at its start, not from NOBODY
        logits[first - 1] = logits[first] - fall
    ages = np.arange(N_AGES) + 0.5
    result = np.interp(ages, BAND_MIDDLES, logits)
    beyond = np.clip(ages - BAND_MIDDLES[-1], 0.0, years_on) * (logits[-1] - logits[-2]) / 10
    result += beyond
    if first > 0:
        result[ages < BAND_MIDDLES[first - 1]] = NOBODY
    result[0] = NOBODY  # newborns have none
    return result


def _spread(medians: np.ndarray, log_ratios: np.ndarray) -> np.ndarray:
    female, deprived = log_ratios
    sex = np.array([-0.5, 0.5]) * female
    decile = (5.5 - np.arange(1, 11)) / 9 * deprived
    return sex[:, None, None] + decile[None, :, None] + medians[None, None, :]


@compiled
def _logs(values: np.ndarray) -> np.ndarray:
    out = np.empty(len(values))
    for i in range(len(values)):
        out[i] = log(values[i])
    return out


@compiled
def _exps(values: np.ndarray) -> np.ndarray:
    out = np.empty(len(values))
    for i in range(len(values)):
        out[i] = exp(values[i])
    return out


@compiled
def _factor_means() -> np.ndarray:
    """Mean of a standard normal within each of ``N_FACTORS`` equal groups, scaled to unit variance."""
    fine = 64
    means = np.zeros(N_FACTORS)
    for group in range(N_FACTORS):
        for part in range(fine):
            means[group] += normal_quantile((group + (part + 0.5) / fine) / N_FACTORS) / fine
    return means / np.sqrt((means**2).mean())


@compiled
def _logistic(x: float) -> float:
    return 1.0 / (1.0 + exp(-x))


@compiled
def _prevalence(
    by_age: np.ndarray,
    women: np.ndarray,
    deprived: np.ndarray,
    gradient: np.ndarray,
    loading: np.ndarray,
    female_share: np.ndarray,
    factor: np.ndarray,
) -> np.ndarray:
    """Share with each condition; the mean over sexes, deciles and factor groups is that of ``by_age``."""
    table = np.zeros((2, 10, N_FACTORS, N_AGES, N_CONDITIONS), dtype=np.float32)
    for c in range(N_CONDITIONS):
        for age in range(N_AGES):
            if by_age[c, age] <= NOBODY + 1.0:
                continue
            target = _logistic(by_age[c, age])
            base = by_age[c, age]
            for _ in range(6):  # Newton's steps
                mean = 0.0
                slope = 0.0
                for sex in range(2):
                    weight = (female_share[age] if sex == 1 else 1 - female_share[age]) / (10 * N_FACTORS)
                    for decile in range(10):
                        shift = (sex - 0.5) * women[c] + (4.5 - decile) / 9 * deprived[c] * gradient[age]
                        for g in range(N_FACTORS):
                            p = _logistic(base + shift + loading[c] * factor[g])
                            mean += weight * p
                            slope += weight * p * (1 - p)
                if slope <= 0.0:
                    break  # nobody, or everybody
                step = (target - mean) / slope
                base += min(1.0, max(-1.0, step))
                if abs(step) < 1e-4:
                    break
            for sex in range(2):
                for decile in range(10):
                    shift = (sex - 0.5) * women[c] + (4.5 - decile) / 9 * deprived[c] * gradient[age]
                    for g in range(N_FACTORS):
                        table[sex, decile, g, age, c] = _logistic(base + shift + loading[c] * factor[g])
    return table


@compiled
def _shares(prevalence: np.ndarray, female_share: np.ndarray) -> np.ndarray:
    """Share with each condition by age and factor group over sexes and deciles, (N_AGES, N_FACTORS, 16)."""
    shares = np.zeros((N_AGES, N_FACTORS, N_CONDITIONS))
    for age in range(N_AGES):
        for g in range(N_FACTORS):
            for decile in range(10):
                for c in range(N_CONDITIONS):
                    shares[age, g, c] += 0.1 * (1 - female_share[age]) * prevalence[0, decile, g, age, c]
                    shares[age, g, c] += 0.1 * female_share[age] * prevalence[1, decile, g, age, c]
    return shares


@compiled
def _replacement(
    medians: np.ndarray,
    sd: float,
    loading: float,
    of_frailty: np.ndarray,
    of_condition: np.ndarray,
    deaths: np.ndarray,
    shares: np.ndarray,
    factor: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What ageing must add each year because the frail and the ill die first.

    Without new frailty and new onsets, those who survive a year would be healthier than people of their age.
    New onsets fall on people like those lost: more in the higher factor groups, so that conditions keep
    company. Where prevalence falls with age, deaths explain what they can of it and remission the rest.
    """
    parts = 16
    drift = np.zeros(N_AGES)
    replaced = np.zeros((N_AGES, N_FACTORS, N_CONDITIONS))
    remission = np.zeros((N_AGES, N_CONDITIONS))
    z = np.empty((N_FACTORS, parts))
    ratio = np.empty((N_FACTORS, parts))
    spread = np.empty(N_FACTORS)  # squared coefficient of variation of the ratio through conditions
    for age in range(N_AGES):
        for g in range(N_FACTORS):
            ill = 1.0
            spread[g] = 1.0
            for c in range(N_CONDITIONS):
                p, more = shares[age, g, c], of_condition[c] - 1.0
                ill *= 1.0 + p * more
                spread[g] *= 1.0 + p * (1.0 - p) * (more / (1.0 + p * more)) ** 2
            spread[g] -= 1.0
            for part in range(parts):
                noise = normal_quantile((part + 0.5) / parts)
                z[g, part] = loading * factor[g] + np.sqrt(1 - loading * loading) * noise
                ratio[g, part] = ill * of_frailty[frailty_group_of(exp(medians[age] + sd * z[g, part]))]
        ratio /= ratio.mean()
        living = 0.0
        for g in range(N_FACTORS):
            for part in range(parts):
                survive = _surviving(deaths[age] * ratio[g, part], spread[g])
                living += survive
                drift[age] -= survive * z[g, part]
        drift[age] /= living
        for c in range(N_CONDITIONS):
            ill_living = 0.0
            living = 0.0
            room = 1e-12
            for g in range(N_FACTORS):
                p = shares[age, g, c]
                well = deaths[age] / (1.0 + p * (of_condition[c] - 1.0))
                for part in range(parts):
                    hazard = well * ratio[g, part]
                    ill_living += p * _surviving(hazard * of_condition[c], spread[g])
                    living += (1.0 - p) * _surviving(hazard, spread[g])
                room += p * (1.0 - p) / N_FACTORS
            lost = max(0.0, shares[age, :, c].mean() - ill_living / (ill_living + living))
            fall = shares[age, :, c].mean() - shares[min(age + 1, OLDEST), :, c].mean()
            if fall > 0.0:
                remission[age, c] = max(0.0, 1.0 - lost / fall)
                lost = max(0.0, lost - fall)
            for g in range(N_FACTORS):
                before = replaced[age, g, c - 1] if c > 0 else 0.0
                replaced[age, g, c] = before + lost / room * shares[age, g, c]
    return drift, replaced, remission


@compiled
def _surviving(hazard: float, spread: float) -> float:
    """Share alive after a year at a hazard of this mean and squared coefficient of variation (gamma)."""
    if spread < 1e-6:
        return exp(-hazard)
    return exp(-log(1.0 + hazard * spread) / spread)


@compiled
def frailty_group_of(frailty: float) -> int:
    """The eFI group (``Frailty``) of one value."""
    group = 0
    for cut in FRAILTY_CUTS:
        if frailty >= cut:
            group += 1
    return group


@compiled
def mental_need(conditions: int, age: int, u: float, tables: AgeingTables) -> int:
    """Mental-health need (0 to 3) of a person whose place in the population is the uniform ``u``."""
    if age < tables.mental_from_age:
        return 0
    physical = 0
    rest = conditions & ~MENTAL
    while rest:
        rest &= rest - 1
        physical += 1
    group = 0
    if conditions & Condition.SEVERE_MENTAL_ILLNESS.value:
        group = 3
    elif conditions & Condition.SUBSTANCE_MISUSE.value:
        group = 2
    elif conditions & Condition.DEPRESSION_ANXIETY.value:
        group = 1
    hidden = 1.0 + tables.mental_per_condition * physical if group == 0 else 1.0
    need = 0
    for level in range(3):
        if u < tables.mental[group, level] * hidden:
            need = level + 1
    return need


@compiled
def social_need(conditions: int, age: int, frailty: float, u: float, tables: AgeingTables) -> int:
    """Social-care need (0 to 3) of an adult whose place in the population is the uniform ``u``."""
    if age < 18:
        return 0
    x = tables.social_slope * log(frailty / FRAILTY_CUTS[0]) + log(u / (1.0 - u))
    if conditions & DEMENTIA:
        x += tables.social_dementia
    if conditions & DISABLING:
        x += tables.social_disabling
    need = 0
    for level in range(3):
        if x > tables.social_cuts[level]:
            need = level + 1
    return need
