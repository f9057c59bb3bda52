"""A look at everybody at the end of a month, in one pass: counts, and whom organisations look at closer."""

from typing import Any, NamedTuple

import numpy as np

from icsim.compiling import compiled
from icsim.population.columns import FRAILTY_CUTS, Status
from icsim.prefetch import prefetch_standing, prefetch_use
from icsim.streams import exp

OLDER = 65
HOME_CARE = 1  # package
SUBSTANTIAL = 2  # social-care need
OFTEN = 2  # loneliness: often
MODERATE = 2  # mental-health need
TREATED = 2  # caseload: the mental health teams'
AHEAD = 24  # people whose records are on their way while one is looked at


class Survey(NamedTuple):
    """What a pass over the people found; rows are in ascending order."""

    lists: np.ndarray  # (P,) int64 registered patients of each practice
    unmet_need: float  # sum over residents
    older: np.ndarray  # rows of residents of 65 and over
    failing: np.ndarray  # of these, with moderate frailty or substantial social-care need
    cared_for: np.ndarray  # of these, with social-care need or a package
    younger_supported: np.ndarray  # rows of residents under 65 with home care
    lonely: np.ndarray  # rows of residents who are often lonely
    distressed: np.ndarray  # rows of residents in mental distress, in treatment or after it
    planned: np.ndarray  # rows of residents on a planned pathway


@compiled
def survey(people: Any, practices: int, day: int, fade: np.ndarray) -> Survey:
    """Survey the residents of structured array ``people`` at the end of ``day``.

    ``practices`` is their number; ``fade`` (4,) how much of unmet need a day takes: from everybody, further
    on a team's caseload, on the mental health teams', and with social care.
    """
    lists = np.zeros(practices, np.int64)
    older = np.empty(len(people), np.int32)
    failing = np.empty(len(people), np.int32)
    cared_for = np.empty(len(people), np.int32)
    supported = np.empty(len(people), np.int32)
    lonely = np.empty(len(people), np.int32)
    distressed = np.empty(len(people), np.int32)
    planned = np.empty(len(people), np.int32)
    unmet = 0.0
    n_older, n_failing, n_cared_for = 0, 0, 0
    n_supported, n_lonely, n_distressed, n_planned = 0, 0, 0, 0
    for i in range(len(people)):
        if i + AHEAD < len(people):
            prefetch_standing(people, i + AHEAD)
        p = people[i]
        if p.status != Status.RESIDENT:
            continue
        lists[p.practice] += 1
        if p.unmet_need > 0.0:
            daily = fade[0] + (fade[p.caseload] if p.caseload > 0 else 0.0)
            daily += fade[3] if p.package > 0 else 0.0
            unmet += p.unmet_need * exp(-daily * (day - p.unmet_day))
        if p.age >= OLDER:
            older[n_older] = i
            n_older += 1
            if p.frailty >= FRAILTY_CUTS[1] or p.social_care_need >= SUBSTANTIAL:
                failing[n_failing] = i
                n_failing += 1
            if p.social_care_need > 0 or p.package > 0:
                cared_for[n_cared_for] = i
                n_cared_for += 1
        elif p.package == HOME_CARE:
            supported[n_supported] = i
            n_supported += 1
        if p.loneliness == OFTEN:
            lonely[n_lonely] = i
            n_lonely += 1
        if p.mental_health_need >= MODERATE or p.caseload == TREATED or p.mental_wait > 0:
            distressed[n_distressed] = i
            n_distressed += 1
        if p.planned > 0:
            planned[n_planned] = i
            n_planned += 1
    return Survey(
        lists,
        unmet,
        older[:n_older],
        failing[:n_failing],
        cared_for[:n_cared_for],
        supported[:n_supported],
        lonely[:n_lonely],
        distressed[:n_distressed],
        planned[:n_planned],
    )


@compiled
def count_use(people: Any, used: np.ndarray, forget: bool) -> None:
    """Put down what people have used so far, ``used`` (n, ``USE``); to ``forget`` is to count anew."""
    for i in range(len(people)):
        if i + AHEAD < len(people):
            prefetch_use(people, i + AHEAD)
        p = people[i]
        used[i, 0] = p.gp_contacts
        used[i, 1] = p.ae_attendances
        used[i, 2] = p.emergency_admissions
        used[i, 3] = p.bed_days
        if forget:
            p.gp_contacts = 0
            p.ae_attendances = 0
            p.emergency_admissions = 0
            p.bed_days = 0
