"""What a population would use at England's published rates: the measure by which services are sized.

Published rates by age and deprivation times the people of the place; nothing here comes from the model's own
output.
"""

from dataclasses import dataclass

import numpy as np

from icsim.evidence import Catalogue
from icsim.population.columns import AGE_BAND_OF_AGE, AGE_BANDS, Status
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


def counts_by_age_and_fifth(people: np.ndarray) -> np.ndarray:
    """Residents by age band and fifth of deprivation (0 the most deprived), shape (10, 5), float64."""
    here = people["status"] == Status.RESIDENT
    fifth = (people["imd_decile"][here].astype(np.int64) - 1) // 2
    cell = AGE_BAND_OF_AGE[people["age"][here]].astype(np.int64) * 5 + fifth
    return np.bincount(cell, minlength=5 * len(AGE_BANDS)).reshape(-1, 5).astype(np.float64)


def age_weight(catalogue: Catalogue, rates: np.ndarray) -> np.ndarray:
    """A rate by age relative to England's mean, shape (10,)."""
    england = catalogue.by_age("england_share")
    return rates / (rates * england).sum() * england.sum()


def referrals_by_age(catalogue: Catalogue) -> np.ndarray:
    """Referrals for a first outpatient attendance by age, shape (10,), in proportion: GP, A&E, the wards."""
    v = catalogue.value
    planned = catalogue.by_age("gp_planned_share")
    from_gp = catalogue.by_age("gp_consult_rate") * (
        planned * v("referral_planned") + (1 - planned) * v("referral_minor")
    )
    spells = catalogue.by_age("emerg_rate") / 1000
    from_ae = (catalogue.by_age("ae_rate") / 1000 - spells) * v("ae_referral")
    return from_gp + from_ae + spells * v("aftercare")


def expected(counts: np.ndarray, catalogue: Catalogue) -> Demand:
    """Expected use a year of a population given as counts (10, 5)."""
    v = catalogue.value
    by_age = counts.sum(axis=1)
    attendances = (catalogue.by_age("ae_rate") / 1000)[:, None] * spread(v("ae_imd_ratio_fifths")) * counts
    spells_by_age = (
        (catalogue.by_age("emerg_rate") / 1000)[:, None] * deprivation_gradient(catalogue) * counts
    ).sum(axis=1)
    planned = age_weight(
        catalogue, catalogue.by_age("gp_consult_rate") * catalogue.by_age("gp_planned_share")
    )
    weighted = float((by_age * planned).sum()) / 1000
    elective = weighted * v("elective_list_per_1000")
    first = weighted * v("first_outpatients_per_1000")
    inpatients = elective * (1 - v("day_case"))
    delays = v("dtoc_days_acute") * 1e6 / v("pop2017_england") * counts.sum()
    return Demand(
        ae_attendances=float(attendances.sum()),
        emergency_spells=float(spells_by_age.sum()),
        elective_inpatients=inpatients,
        day_cases=elective - inpatients,
        first_outpatients=first,
        follow_up_outpatients=first * v("first_follow_ups"),
        bed_days=float((spells_by_age * catalogue.by_age("emerg_los")).sum()) * v("emerg_los_scale")
        + inpatients * v("elective_stay")
        + delays,
        need_index=float(spells_by_age.sum() / (catalogue.by_age("emerg_rate") / 1000 * by_age).sum()),
    )
