"""The numbers that the day of care reads, gathered once from the evidence catalogue into plain arrays.

Shapes: C classes of need (``Need``), B age bands (``AGE_BANDS``), K choices (``Choice``).
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from icsim.evidence import Catalogue
from icsim.population.columns import AGE_BANDS, N_NEEDS, Need


class Choice(IntEnum):
    """Where a person in need may turn."""

    SELF_CARE = 0
    PHARMACY_111 = 1
    GP = 2
    TEAM = 3  # community or mental health crisis team
    AE = 4


CLASSES = tuple(need.name.lower() for need in Need)
CHOICES = tuple(choice.name.lower() for choice in Choice)


class Rules(NamedTuple):
    """Constants of the day of care. Probabilities are 0-1, times are days, rates are a day, unless said."""

    headroom: np.ndarray  # (C+1,) bound of the need stream over the exogenous rate; last is death
    season: np.ndarray  # (C+1, 366) factor by day of the year from 1 January, mean 1
    unmet_effect: np.ndarray  # (C+1,) log rate for each unit of unmet need
    deconditioning_effect: np.ndarray  # (C+1,) log rate for each unit of frailty index lost in hospital
    # help-seeking
    choice: np.ndarray  # (C, B, 5 IMD fifths, K) log share of each choice at reference conditions
    choice_severity: np.ndarray  # (K,) utility for each unit of severity away from the middle
    choice_wait: float  # utility for each day of expected GP wait beyond the reference
    choice_wait_reference: float
    choice_closed: float  # utility of the GP on a day that practices are shut, at full severity
    choice_trust: float  # utility for each unit of trust above the reference
    choice_trust_reference: float
    choice_activation: float  # utility of self-care for each 20 points of activation above 60
    trust_learning: float
    # self-care, 111
    resolved_self: np.ndarray  # (C,)
    resolved_111_gain: float
    worsening_days: float
    worsening_severity: float
    worsening_unmet: float
    # general practice
    urgent_severity: float
    resolved_gp: np.ndarray  # (C,)
    referral: np.ndarray  # (C,)
    follow_up: np.ndarray  # (C,)
    follow_up_days: float
    booking_horizon: int
    patience_days: float  # mean wait that an urgent patient accepts
    refused_unmet: float
    wait_smoothing: float
    # crisis teams
    resolved_team: np.ndarray  # (C,)
    resolved_known: float  # gain in the chance of being helped for each unit of continuity above the reference
    known_reference: float
    team_below_severity: float  # below it the GP asks a crisis team before A&E
    severity_effect: float  # fall of the chance of being helped outside hospital, low to high severity
    # accident and emergency
    admission: np.ndarray  # (C,) log odds at middle severity, middle age
    admission_severity: float
    admission_band: np.ndarray  # (B,) log odds by age
    admission_care_home: float
    admission_pressure: float  # log odds for each unit of occupancy above the threshold
    pressure_from: float
    ambulance: np.ndarray  # (B,) share of attendances brought by ambulance at middle severity
    ambulance_delay_unmet: float
    four_hour_base: float  # log odds of a breach in an easy department
    four_hour_load: float
    four_hour_occupancy: float
    four_hour_admitted: float
    ae_referral: float
    load_smoothing: float
    # the hospital stay
    zero_day: np.ndarray  # (B,) share of emergency admissions with no night
    stay_mean: np.ndarray  # (B,) days, of stays of at least a night, at reference severity
    stay_sigma: float
    stay_severity: float
    fatality: np.ndarray  # (B,) deaths for each emergency admission at middle severity
    fatality_severity: float
    weekend_discharge: float
    support_band: np.ndarray  # (B,) share of overnight stays that need support to leave
    support_frailty: float
    support_home_care: float
    support_care_home: float
    assessment_days: float
    deconditioning_day: float
    deconditioning_most: float
    deconditioning_recovery: float  # a day
    intermediate_days: int
    relapse: np.ndarray  # (B,)
    relapse_days: float
    aftercare: float
    mental_ward: float  # share of mental health admissions to a mental health bed
    mental_stay_mean: float
    # planned care
    first_to_list: float
    first_follow_ups: float
    follow_up_gap: float
    day_case: float
    elective_stay: float
    # unmet need
    unmet_decay: float  # a day
    unmet_most: float
    unmet_consultation: float  # share of unmet need met in a consultation with the usual GP
    unmet_team: float
    unmet_caseload_decay: float  # further decay a day on a fully visited caseload
    caseload_referral: float
    visits_each: float  # visits a day that each person on a caseload should have


def _by_class(catalogue: Catalogue, prefix: str, missing: float | None = None) -> np.ndarray:
    values = [
        catalogue.value(f"{prefix}_{name}") if missing is None or f"{prefix}_{name}" in catalogue else missing
        for name in CLASSES
    ]
    return np.array(values, dtype=np.float64)


def _with_death(values: np.ndarray, death: float) -> np.ndarray:
    return np.append(values, death)


def _log_odds(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


def seasons(catalogue: Catalogue) -> np.ndarray:
    """Seasonal factor of each class, shape (C+1, 366): a cosine peaking in mid-winter, mean 1."""
    days = np.arange(366)
    wave = np.cos(2 * np.pi * (days - catalogue.value("season_peak_day")) / 365.25)
    size = _with_death(_by_class(catalogue, "season_amplitude"), catalogue.value("season_amplitude_death"))
    return np.round(1 + size[:, None] * wave[None, :], 9)


def log_choice_shares(catalogue: Catalogue, ae_to_gp: np.ndarray) -> np.ndarray:
    """Log share of each choice at reference conditions, shape (C, B, 5, K).

    ``ae_to_gp`` (B, 5) is the odds of A&E against the GP for minor needs, from published attendances and
    consultations by age and deprivation (``icsim.population.risk``); other classes take the catalogue's shares.
    """
    shares = np.zeros((N_NEEDS, len(AGE_BANDS), 5, len(CHOICES)))
    for c, need in enumerate(CLASSES):
        for k, option in enumerate(CHOICES):
            shares[c, :, :, k] = catalogue.value(f"choice_{need}_{option}")
    minor = shares[Need.MINOR]
    both = minor[..., Choice.GP] + minor[..., Choice.AE]
    minor[..., Choice.AE] = both * ae_to_gp / (1 + ae_to_gp)
    minor[..., Choice.GP] = both - minor[..., Choice.AE]
    shares = np.maximum(shares, 1e-6)
    return np.round(np.log(shares / shares.sum(axis=-1, keepdims=True)), 9)


def gather(catalogue: Catalogue, ae_to_gp: np.ndarray) -> Rules:
    """The rules of a run; ``ae_to_gp`` as for :func:`log_choice_shares`."""
    v = catalogue.value
    zero = np.clip(catalogue.by_age("emerg_zero_day_share"), 0.0, 0.95)
    scalars = {
        name: v(name)
        for name in Rules._fields
        if Rules.__annotations__[name] is float and name not in ("four_hour_base",)
    }
    arrays = {
        "headroom": _with_death(_by_class(catalogue, "need_headroom"), v("need_headroom_death")),
        "season": seasons(catalogue),
        "unmet_effect": _with_death(_by_class(catalogue, "unmet_effect", 0.0), 0.0),
        "deconditioning_effect": _with_death(
            _by_class(catalogue, "deconditioning_effect", 0.0), v("deconditioning_effect_death")
        ),
        "choice": log_choice_shares(catalogue, ae_to_gp),
        "choice_severity": np.array([v(f"choice_severity_{name}") for name in CHOICES]),
        "resolved_self": _by_class(catalogue, "resolved_self"),
        "resolved_gp": _by_class(catalogue, "resolved_gp"),
        "referral": _by_class(catalogue, "referral"),
        "follow_up": _by_class(catalogue, "follow_up"),
        "resolved_team": _by_class(catalogue, "resolved_team"),
        "admission": np.round(_log_odds(_by_class(catalogue, "admission")), 9),
        "admission_band": catalogue.by_age("admission_log_odds"),
        "ambulance": catalogue.by_age("ambulance_share"),
        "zero_day": zero,
        "stay_mean": catalogue.by_age("emerg_los") / (1 - zero),
        "fatality": catalogue.by_age("emerg_fatality"),
        "support_band": catalogue.by_age("discharge_support"),
        "relapse": catalogue.by_age("relapse"),
    }
    base = float(np.round(_log_odds(np.array(v("four_hour_base_breach"))), 9))
    return Rules(
        **scalars,
        **arrays,
        four_hour_base=base,
        booking_horizon=int(v("booking_horizon")),
        intermediate_days=int(v("intermediate_days")),
    )
