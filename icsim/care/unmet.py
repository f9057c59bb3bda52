"""Unmet need between contacts: where it builds up unseen, and the first visit that uncovers it."""

from typing import Any

import numpy as np

from icsim.care import purposes as draws
from icsim.care.services import Setting
from icsim.care.world import add_unmet, reschedule, unmet_need
from icsim.compiling import compiled, kernel
from icsim.population.columns import FRAILTY_CUTS, Need, Residence
from icsim.prefetch import prefetch_standing
from icsim.streams import uniform

AHEAD = 8  # people whose records are on their way while one is looked at
UNCOVERED = 1 << 24  # the first number of an episode that a visit began: far above the candidates'


@kernel
def frailty_group_of(p: Any) -> int:
    """The group (``Frailty``) of a person's electronic frailty index."""
    group = 0
    for cut in FRAILTY_CUTS:
        if p.frailty >= cut:
            group += 1
    return group


@compiled
def need_goes_unseen(w: Any, failing: np.ndarray, distressed: np.ndarray, months: float, day: int) -> None:
    """What builds up in ``months`` in people at home whom nobody sees or supports.

    Of those of 65 and over in the frail and in those with social-care need and no package, who all are
    ``failing`` (:mod:`icsim.population.survey`); and in those in mental distress whom no team treats.
    """
    r = w.rules
    for k in range(len(failing)):
        if k + AHEAD < len(failing):
            prefetch_standing(w.people, failing[k + AHEAD])
        p = w.people[failing[k]]
        if p.residence == Residence.HOME:
            amount = r.unmet_frail[frailty_group_of(p)]
            if p.package == 0:
                amount += r.unmet_unsupported[p.social_care_need]
            if amount > 0.0:
                add_unmet(w, p, day, amount * months)
    for k in range(len(distressed)):
        if k + AHEAD < len(distressed):
            prefetch_standing(w.people, distressed[k + AHEAD])
        p = w.people[distressed[k]]
        if p.caseload != 2 and r.unmet_untreated[p.mental_health_need] > 0.0:
            add_unmet(w, p, day, r.unmet_untreated[p.mental_health_need] * months)


@compiled
def first_visits(w: Any, rows: np.ndarray, day: int, month: int) -> int:
    """Teams see new people for the first time and uncover part of their unmet need; returns for how many.

    What is found is unmet no longer: the person is asked to see the GP, as any exacerbation, within days.
    """
    r = w.rules
    found = 0
    for i in rows:
        p = w.people[i]
        z = unmet_need(w, p, day)
        if p.setting != Setting.HOME or uniform(p.key, draws.UNCOVERED, month) >= r.team_uncovers * z:
            continue
        found += 1
        p.unmet_need = z * (1.0 - r.unmet_team)
        p.episode = UNCOVERED + month
        p.step = 0
        p.need = Need.ACSC
        p.severity = r.uncovered_severity * uniform(p.key, draws.UNCOVERED_SEVERITY, month)
        p.setting = Setting.FOLLOW_UP
        p.next_care = day + 1 + int(r.uncovered_days * uniform(p.key, draws.UNCOVERED_DAY, month))
        reschedule(w, i)
    return found
