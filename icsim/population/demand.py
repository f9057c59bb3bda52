"""What a population would use at England's published rates: the measure by which services are sized.

Published rates by age and deprivation times the people of the place; nothing here comes from the model's own
output.
"""

from dataclasses import dataclass

import numpy as np

from icsim.evidence import Catalogue
from icsim.population.columns import AGE_BAND_OF_AGE, AGE_BANDS
from icsim.population.residents import Residents
from icsim.population.risk import deprivation_gradient, spread


@dataclass(frozen=True)
class Demand:
    """Expected use a year by the residents counted."""

    ae_attendances: float
    emergency_spells: float
    elective_inpatients: float
    day_cases: float
    first_outpatients: float
    follow_up_outpatients: float
    bed_days: float
    need_index: float
    """Emergency spells over those of a population of the same age at England's mean deprivation."""


def counts_by_age_and_fifth(people: Residents) -> np.ndarray:
    """Residents by age band and fifth of deprivation (0 the most deprived), shape (10, 5), float64."""
    cell = AGE_BAND_OF_AGE[people.age].astype(np.int64) * 5 + people.fifth
    return np.bincount(cell, minlength=5 * len(AGE_BANDS)).reshape(-1, 5).astype(np.float64)


def consultations(catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray]:
    """Published consultations a year by age band and fifth, planned and all others, each (10, 5)."""
    rate, planned = catalogue.by_age("gp_consult_rate"), catalogue.by_age("gp_planned_share")
    return (
        (rate * planned)[:, None] * spread(catalogue.value("need_imd_ratio_planned")),
        (rate * (1 - planned))[:, None] * spread(catalogue.value("need_imd_ratio_minor")),
    )


def attendances(catalogue: Catalogue) -> np.ndarray:
    """Published A&E attendances a year by age band and fifth, (10, 5)."""
    return (catalogue.by_age("ae_rate") / 1000)[:, None] * spread(catalogue.value("ae_imd_ratio_fifths"))


def spells(catalogue: Catalogue) -> np.ndarray:
    """Published emergency admissions a year by age band and fifth, (10, 5)."""
    return (catalogue.by_age("emerg_rate") / 1000)[:, None] * deprivation_gradient(catalogue)


def nights_in_hospital(catalogue: Catalogue) -> np.ndarray:
    """Nights of emergency stays a year by age band and fifth, (10, 5)."""
    stay = catalogue.by_age("emerg_los") * catalogue.value("emerg_los_scale")
    return spells(catalogue) * stay[:, None]


def referrals(catalogue: Catalogue) -> np.ndarray:
    """Referrals for a first outpatient attendance by age band and fifth, (10, 5): by GPs, A&E, the wards."""
    v = catalogue.value
    planned, other = consultations(catalogue)
    admitted = spells(catalogue)
    sent_home = np.maximum(attendances(catalogue) - admitted, 0.0)
    from_gp = planned * v("referral_planned") + other * v("referral_minor")
    return from_gp + sent_home * v("ae_referral") + admitted * v("aftercare")


def leaving_with_support(catalogue: Catalogue) -> np.ndarray:
    """People a year who leave hospital with support, by age band and fifth, (10, 5)."""
    overnight = (1 - catalogue.by_age("emerg_zero_day_share")) * catalogue.by_age("discharge_support")
    return spells(catalogue) * overnight[:, None]


def over_england(catalogue: Catalogue, rates: np.ndarray) -> np.ndarray:
    """Rates by age band and fifth relative to England's mean, (10, 5): its fifths are of equal size."""
    england = catalogue.by_age("england_share")
    return rates / ((rates.mean(axis=1) * england).sum() / england.sum())


def expected(counts: np.ndarray, catalogue: Catalogue) -> Demand:
    """Expected use a year of a population given as counts (10, 5)."""
    v = catalogue.value
    by_age = counts.sum(axis=1)
    spells_by_age = (spells(catalogue) * counts).sum(axis=1)
    weighted = float((over_england(catalogue, referrals(catalogue)) * counts).sum()) / 1000
    elective = weighted * v("elective_list_per_1000")
    first = weighted * v("first_outpatients_per_1000")
    inpatients = elective * (1 - v("day_case"))
    delays = v("dtoc_days_acute") * 1e6 / v("pop2017_england") * counts.sum()
    return Demand(
        ae_attendances=float((attendances(catalogue) * counts).sum()),
        emergency_spells=float(spells_by_age.sum()),
        elective_inpatients=inpatients,
        day_cases=elective - inpatients,
        first_outpatients=first,
        follow_up_outpatients=first * v("first_follow_ups"),
        bed_days=float((nights_in_hospital(catalogue) * counts).sum())
        + inpatients * v("elective_stay")
        + delays,
        need_index=float(spells_by_age.sum() / (catalogue.by_age("emerg_rate") / 1000 * by_age).sum()),
    )
