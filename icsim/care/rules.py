"""The numbers that the day of care reads, gathered once from the evidence catalogue into plain arrays.

Shapes: C classes of need (``Need``), B age bands (``AGE_BANDS``), K choices (``Choice``).
"""

from enum import IntEnum
from functools import lru_cache
from math import erfc

import numpy as np

from icsim.care.services import records
from icsim.evidence import Catalogue
from icsim.population.columns import AGE_BANDS, N_NEEDS, Frailty, Need


class Choice(IntEnum):
    """Where a person in need may turn."""

    SELF_CARE = 0
    PHARMACY_111 = 1
    GP = 2
    TEAM = 3  # community or mental health crisis team
    AE = 4


CLASSES = tuple(need.name.lower() for need in Need)
CHOICES = tuple(choice.name.lower() for choice in Choice)


DAYS_A_YEAR = 365.25
LEAST_STAY = 0.05  # a lognormal this short is a single night
ROUNDS = 30
WEEKEND_WAIT = 2 / 7 * 1.5
"""Mean nights that a stay waits which could end on any day and ends on working days only."""
FARTHEST = 400
"""Days ahead of which diaries and calendars know: they hold some 500 beyond the end of a run."""
C, R, B, K, G = N_NEEDS, N_NEEDS + 1, len(AGE_BANDS), len(Choice), len(Frailty)
RULES = np.dtype(
    [
        ("headroom", np.float64, (R,)),  # bound of the need stream over the exogenous rate; last is death
        ("season", np.float64, (R, 366)),  # factor by day of the year from 1 January, mean 1
        ("season_ae", np.float64, (366,)),  # utility of A&E for a minor need, by day of the year
        ("unmet_effect", np.float64, (R,)),  # log rate for each unit of unmet need
        (
            "deconditioning_effect",
            np.float64,
            (R,),
        ),  # log rate for each unit of frailty index lost in hospital
        # help-seeking
        ("choice", np.float64, (C, B, 5, K)),  # log share of each choice at reference conditions
        ("choice_severity", np.float64, (K,)),  # utility for each unit of severity away from the middle
        ("choice_wait", np.float64),  # utility for each day of expected GP wait beyond the reference
        ("choice_wait_reference", np.float64),
        ("choice_closed", np.float64),  # utility of the GP on a day that practices are shut, at full severity
        ("choice_trust", np.float64),  # utility for each unit of trust above the reference
        ("choice_trust_reference", np.float64),
        ("choice_activation", np.float64),  # utility of self-care for each 20 points of activation
        ("activation_reference", np.float64),  # activation at which rates and shares hold
        ("activation_least", np.float64),  # the least that activation makes of a rate
        ("attempts_alone", np.int64),  # attempts to have a need met of which people may deal with it alone,
        ("attempts_light", np.int64),  # after which a minor or planned need is given up or has passed,
        ("attempts_elsewhere", np.int64),  # and after which all other needs go to A&E
        ("trust_learning", np.float64),
        # self-care, 111
        ("resolved_self", np.float64, (C,)),
        ("resolved_111_gain", np.float64),
        ("calls_111_open", np.float64),  # share calling 111 rather than a pharmacy, practices open
        ("calls_111_shut", np.float64),
        ("worsening_days", np.float64),
        ("worsening_severity", np.float64),
        ("worsening_unmet", np.float64),
        # general practice
        ("duty_overrun", np.float64),  # same-day appointments run over and made up later, a share
        ("direct_admission", np.float64),  # share of those a GP cannot help who go to a ward without A&E
        ("out_of_hours_severity", np.float64),  # above it the urgent call out of hours; others wait
        ("urgent_severity", np.float64),
        ("resolved_gp", np.float64, (C,)),
        ("referral", np.float64, (C,)),
        ("follow_up", np.float64, (C,)),
        ("follow_up_days", np.float64),
        ("consultations_most", np.int64),  # steps of a minor or planned episode after which none follows
        ("attempts_by_day", np.int64),  # attempts after which the less severe no longer wait for the practice
        ("booking_horizon", np.int64),
        ("patience_days", np.float64),  # mean wait that an urgent patient accepts
        ("refused_unmet", np.float64),
        ("wait_smoothing", np.float64),
        # crisis teams
        ("resolved_team", np.float64, (C,)),
        (
            "resolved_known",
            np.float64,
        ),  # gain in the chance of being helped for each unit of continuity above the reference
        ("known_reference", np.float64),
        ("gp_asks_team", np.float64),  # share of those a GP cannot help for whom a crisis team is asked
        ("team_below_severity", np.float64),  # below it the GP asks a crisis team before A&E
        (
            "severity_effect",
            np.float64,
        ),  # fall of the chance of being helped outside hospital, low to high severity
        # accident and emergency
        ("admission", np.float64, (C,)),  # log odds at middle severity, middle age
        ("admission_severity", np.float64),
        ("admission_band", np.float64, (B,)),  # log odds by age
        ("admission_care_home", np.float64),
        ("admission_pressure", np.float64),  # log odds for each unit of occupancy above the threshold
        ("pressure_from", np.float64),
        ("ambulance", np.float64, (B,)),  # share of attendances brought by ambulance at middle severity
        ("ambulance_delay_unmet", np.float64),
        ("ambulance_delay_severity", np.float64),
        ("ambulance_own_way", np.float64),  # share who come without an ambulance when no crew is free
        ("crew_asks_team", np.float64),  # share of crises for which the crew asks for a rapid response
        ("four_hour_base", np.float64),  # log odds of a breach in an easy department
        ("four_hour_load", np.float64),
        ("four_hour_occupancy", np.float64),
        ("four_hour_admitted", np.float64),
        ("ae_referral", np.float64),
        ("load_smoothing", np.float64),
        # the hospital stay
        ("admitted_severity", np.float64),  # severity at which shares and means of stays hold
        ("zero_day_severity", np.float64),
        ("zero_day", np.float64, (B,)),  # share of emergency admissions with no night
        ("stay_mean", np.float64, (B,)),  # days, of stays of at least a night, at reference severity
        ("stay_sigma", np.float64),
        ("stay_trend", np.float64),  # change of the mean stay a day, in logs
        ("longest_stay", np.int64),
        ("zero_day_most", np.float64),
        ("stay_severity", np.float64),
        ("fatality", np.float64, (B,)),  # deaths for each emergency admission at middle severity
        ("fatality_severity", np.float64),
        ("weekend_discharge", np.float64),
        ("support_band", np.float64, (B,)),  # share of overnight stays that need support to leave
        ("support_frailty", np.float64),
        ("support_frailty_reference", np.float64),
        ("support_care_home_frailty", np.float64),
        ("relapse_severity", np.float64),  # the least
        ("support_home_care", np.float64),
        ("support_care_home", np.float64),
        ("assessment_days", np.float64),
        ("deconditioning_day", np.float64),
        ("deconditioning_most", np.float64),
        ("deconditioning_recovery", np.float64),  # a day
        ("intermediate_days", np.int64),
        ("relapse", np.float64, (B,)),
        ("relapse_again", np.float64),  # ratio of the chance after a readmission
        ("relapse_days", np.float64),
        ("aftercare", np.float64),
        ("mental_ward", np.float64),  # share of mental health admissions to a mental health bed
        ("mental_stay_mean", np.float64),
        # planned care
        ("not_ready", np.float64),  # share of those called from a waiting list who wait again
        ("elective_protected", np.float64),  # share of a day's inpatients admitted while there is any bed
        ("first_to_list", np.float64),
        ("follow_ups_planned", np.float64),
        ("follow_up_gap", np.float64),
        ("day_case", np.float64),
        ("elective_stay", np.float64),
        # unmet need
        ("unmet_decay", np.float64),  # a day
        ("unmet_most", np.float64),
        ("unmet_consultation", np.float64),  # share of unmet need met in a consultation with the usual GP
        ("unmet_team", np.float64),
        ("unmet_caseload_decay", np.float64),  # further decay a day on a fully visited caseload
        ("unmet_treatment_decay", np.float64),  # on the mental health teams' caseload
        ("unmet_support_decay", np.float64),  # with home care or in a care home
        ("unmet_usual", np.float64, (R, G)),  # one over the mean effect of unmet need, by frailty group
        ("unmet_frail", np.float64, (G,)),  # a month, by frailty group
        ("unmet_unsupported", np.float64, (4,)),  # a month without a package, by social-care need
        ("unmet_untreated", np.float64, (4,)),  # a month without treatment, by mental-health need
        ("self_care_unmet", np.float64),  # left by self-care of a crisis at full severity
        ("wait_unmet", np.float64),  # for each day of a GP wait beyond the reference
        ("discharge_unmet", np.float64),  # left by discharge without the support needed
        ("team_uncovers", np.float64),  # chance for each unit of unmet need at a team's first visit
        ("uncovered_severity", np.float64),  # the most
        ("uncovered_days", np.float64),  # the most
        ("befriended", np.float64, (R,)),  # rate of the often lonely with a voluntary place over without
        ("caseload_referral", np.float64),
        ("visits_each", np.float64),  # visits a day that each person on a caseload should have
    ],
    align=True,
)
"""Constants of the day of care. Probabilities are 0-1, times are days, rates are a day, unless said."""


def _by_class(catalogue: Catalogue, prefix: str, missing: float | None = None) -> np.ndarray:
    values = [
        catalogue.value(f"{prefix}_{name}") if missing is None or f"{prefix}_{name}" in catalogue else missing
        for name in CLASSES
    ]
    return np.array(values, dtype=np.float64)


def _with_death(values: np.ndarray, death: float) -> np.ndarray:
    return np.append(values, death)


def _log_odds(share: np.ndarray) -> np.ndarray:
    p = np.clip(share, 1e-9, 1 - 1e-9)  # never and always are shares too
    return np.log(p / (1 - p))


def _winter(catalogue: Catalogue) -> np.ndarray:
    """1 in mid-winter, -1 in mid-summer, by day of the year, (366,)."""
    return np.cos(2 * np.pi * (np.arange(366) - catalogue.value("season_peak_day")) / 365.25)


def seasons(catalogue: Catalogue) -> np.ndarray:
    """Seasonal factor of each class, shape (C+1, 366): a cosine peaking in mid-winter, mean 1."""
    wave = _winter(catalogue)
    size = _with_death(_by_class(catalogue, "season_amplitude"), catalogue.value("season_amplitude_death"))
    return np.round(1 + size[:, None] * wave[None, :], 9)


def _usual_effect(catalogue: Catalogue) -> np.ndarray:
    """One over the mean effect of unmet need on each rate, shape (C+1, G).

    Published rates hold with the unmet need that people have: an effect that all have on average is in them.
    """
    factors = np.ones((R, G))
    for c, need in enumerate(CLASSES):
        if f"unmet_effect_{need}" in catalogue:
            for g, group in enumerate(Frailty):
                usual = catalogue.value(f"unmet_usual_{need}_{group.name.lower()}")
                factors[c, g] = np.exp(-catalogue.value(f"unmet_effect_{need}") * usual)
    return np.round(factors, 12)


def _befriended(catalogue: Catalogue) -> np.ndarray:
    """What a voluntary place takes of the excess of the often lonely, as a ratio of rates, shape (C+1,)."""
    lonely = [f"rr_{name}_lonely" for name in (*CLASSES, "death")]
    excess = np.array([catalogue.value(key) if key in catalogue else 1.0 for key in lonely])
    return np.round(1 - catalogue.value("voluntary_lonely_relief") * (1 - 1 / np.maximum(excess, 1.0)), 12)


def log_choice_shares(catalogue: Catalogue, ae_to_gp: np.ndarray) -> np.ndarray:
    """Log share of each choice at reference conditions, shape (C, B, 5, K).

    ``ae_to_gp`` (B, 5) is the odds of A&E against the GP for minor needs, from published attendances and
    consultations by age and deprivation (``icsim.population.risk``); other classes take the catalogue's
    shares.
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


@lru_cache(maxsize=1000)
def nights(mean: float, sigma: float, most: int) -> float:
    """Mean nights of a lognormal stay of this mean, in whole nights from 1 to ``most``."""
    if mean <= 0 or sigma <= 0:
        return min(max(1.0, float(int(mean + 0.5))), most)
    over = (np.log(np.arange(1, most) + 0.5) - np.log(mean) + sigma * sigma / 2) / (sigma * np.sqrt(2))
    return 1.0 + float(sum(0.5 * erfc(x) for x in over))


def stay_means(catalogue: Catalogue, zero: np.ndarray) -> np.ndarray:
    """Means of the lognormal of stays of at least a night, (B,), whose whole nights have the published mean.

    Stays are at least a night, and those that end on a weekend may wait for Monday: both make short stays
    longer than the lognormal, and are taken off here.
    """
    v = catalogue.value
    wanted = v("stay_scale") * v("emerg_los_scale") * catalogue.by_age("emerg_los") / (1 - zero)
    wanted = wanted - (1 - v("weekend_discharge")) * WEEKEND_WAIT
    sigma, most = v("stay_sigma"), int(v("longest_stay"))
    means = np.maximum(wanted, LEAST_STAY)
    for _ in range(ROUNDS):  # longer by what whole nights fall short, until they do not
        short = wanted - [nights(mean, sigma, most) for mean in means]
        means = np.maximum(means + short, LEAST_STAY)
    return np.round(means, 9)


def gather(catalogue: Catalogue, ae_to_gp: np.ndarray) -> np.record:
    """The rules of a run (a record of ``RULES``); ``ae_to_gp`` as for :func:`log_choice_shares`."""
    v = catalogue.value
    rules = records(1, RULES)[0]
    zero = np.clip(catalogue.by_age("emerg_zero_day_share"), 0.0, min(v("zero_day_most"), 1 - 1e-6))
    derived = {
        "headroom": _with_death(_by_class(catalogue, "need_headroom"), v("need_headroom_death")),
        "season": seasons(catalogue),
        "season_ae": np.round(v("choice_season_minor_ae") * _winter(catalogue), 9),
        "unmet_effect": _with_death(_by_class(catalogue, "unmet_effect", 0.0), 0.0),
        "deconditioning_effect": _with_death(
            _by_class(catalogue, "deconditioning_effect", 0.0), v("deconditioning_effect_death")
        ),
        "unmet_usual": _usual_effect(catalogue),
        "unmet_frail": [0.0, 0.0, v("unmet_frail_moderate"), v("unmet_frail_severe")],
        "unmet_unsupported": [0.0, 0.0, v("unmet_unsupported_substantial"), v("unmet_unsupported_critical")],
        "unmet_untreated": [0.0, 0.0, v("unmet_untreated_moderate"), v("unmet_untreated_severe")],
        "befriended": _befriended(catalogue),
        "choice": log_choice_shares(catalogue, ae_to_gp),
        "choice_severity": np.array([v(f"choice_severity_{name}") for name in CHOICES]),
        "admission": np.round(_log_odds(_by_class(catalogue, "admission")), 9),
        "admission_band": catalogue.by_age("admission_log_odds"),
        "four_hour_base": float(np.round(_log_odds(np.array(v("four_hour_base_breach"))), 9)),
        "ambulance": catalogue.by_age("ambulance_share"),
        "zero_day": zero,
        "stay_mean": stay_means(catalogue, zero),
        "stay_trend": float(np.round(np.log1p(v("stay_growth")) / DAYS_A_YEAR, 12)),
        "fatality": catalogue.by_age("emerg_fatality"),
        "support_band": catalogue.by_age("discharge_support"),
        "relapse": catalogue.by_age("relapse"),
    }
    for name in RULES.names or ():
        if name in derived:
            rules[name] = derived[name]
        elif RULES[name].shape:
            rules[name] = _by_class(catalogue, name)
        else:
            rules[name] = v(name)
    rules["booking_horizon"] = min(v("booking_horizon"), FARTHEST)
    rules["intermediate_days"] = min(max(v("intermediate_days"), 1), FARTHEST)
    rules["longest_stay"] = min(max(v("longest_stay"), 1), FARTHEST)
    return rules
