"""General practice: booking, same-day and routine appointments, out of hours, consultation, crisis teams."""

from typing import Any

from icsim.care import purposes as draws
from icsim.care.crisis_team import HELPED, crisis_response, helped
from icsim.care.episode import draw, home
from icsim.care.hospital import admit, attend_ae
from icsim.care.planned import refer
from icsim.care.services import Setting, whole
from icsim.care.together import lever
from icsim.care.world import RECOVERED, add_unmet, unmet_need
from icsim.compiling import kernel
from icsim.population.columns import NEVER, Lever, Need
from icsim.recording.measures import columns, group_columns

P = columns("gp_practice")
U = columns("urgent_care")
G = group_columns()


@kernel
def book(w: Any, practice: int, day: int) -> int:
    """Book the first free routine appointment after today; its day, or -1 beyond the booking horizon."""
    gp, calendar = w.gp, w.calendar
    if gp.diary_day[practice] <= day:
        gp.diary_day[practice] = calendar.next_working[day + w.run_in]
        gp.diary_left[practice] = whole(gp.routine[practice], gp.carried[practice], 0)
    while gp.diary_left[practice] <= 0:
        if gp.diary_day[practice] - day > w.rules.booking_horizon or gp.routine[practice] <= 0.0:
            return NEVER
        gp.diary_day[practice] = calendar.next_working[gp.diary_day[practice] + w.run_in]
        gp.diary_left[practice] = whole(gp.routine[practice], gp.carried[practice], 0)
    if gp.diary_day[practice] - day > w.rules.booking_horizon:
        return NEVER
    gp.diary_left[practice] -= 1
    return gp.diary_day[practice]


@kernel
def take_on(w: Any, p: Any) -> None:
    """The GP may put a frail patient, or one in mental distress, on a team's caseload if it has room."""
    if p.caseload > 0 or draw(p, draws.FOLLOW_UP) > w.rules.caseload_referral:
        return
    if p.need == Need.MENTAL_HEALTH:
        if p.mental_wait == 0 or p.mental_wait == RECOVERED:
            p.mental_wait = 1  # referred: waits for a place
    elif p.need == Need.FRAILTY or p.need == Need.ACSC or p.need == Need.SOCIAL:
        n = p.neighbourhood
        if p.age >= 65 and w.teams.caseload[n] < w.teams.caseload_limit[n]:
            w.teams.caseload[n] += 1
            p.caseload = 1


@kernel
def consult(w: Any, i: int, p: Any, day: int, waited: float, usual_practice: bool) -> None:
    """A consultation: resolve, ask back, refer, call a crisis team, or send to A&E.

    Args:
        waited: days the person waited for it.
        usual_practice: False out of hours, where nobody knows the person.
    """
    r = w.rules
    practice = p.practice
    band, fifth = w.risk.band[p.age], (p.imd_decile - 1) // 2
    year = w.calendar.year[day + w.run_in]
    w.tallies.by_group[year, band, fifth, G.GP_APPOINTMENTS] += 1
    p.gp_contacts += 1
    if usual_practice:
        w.tallies.gp_practice[practice, P.APPOINTMENTS] += 1
        known = w.gp.continuity[practice]
    else:
        w.tallies.urgent_care[0, U.OUT_OF_HOURS_CONTACTS] += 1
        known = 0.0
    content = max(0.0, 1.0 - waited / (2.0 * r.patience_days))
    p.trust_gp += r.trust_learning * (content - p.trust_gp)
    unmet = unmet_need(w, p, day) + r.wait_unmet * max(0.0, waited - r.choice_wait_reference)
    p.unmet_need = min(unmet, r.unmet_most) * (1.0 - r.unmet_consultation * known)
    if p.need == Need.MINOR or p.need == Need.PLANNED:
        refers(w, i, p, day)
        if draw(p, draws.FOLLOW_UP) < r.follow_up[p.need] and p.step < r.consultations_most:
            p.setting = Setting.FOLLOW_UP
            p.severity = min(p.severity, r.urgent_severity)
            p.next_care = day + 1 + int(r.follow_up_days * (0.5 + draw(p, draws.WAITING)))
            return
        home(p)
        return
    take_on(w, p)
    if helped(
        w, p, r.resolved_gp[p.need] + r.resolved_known * (known - r.known_reference), draws.CONSULTATION
    ):
        refers(w, i, p, day)
        home(p)
        return
    asked = p.severity < r.team_below_severity and draw(p, draws.ASKS_TEAM) < r.gp_asks_team
    if asked and crisis_response(w, p, day) == HELPED:
        home(p)
        return
    if p.need != Need.MENTAL_HEALTH and draw(p, draws.DIRECT) < r.direct_admission:
        admit(w, i, p, day)
    else:
        attend_ae(w, i, p, day)


@kernel
def refers(w: Any, i: int, p: Any, day: int) -> None:
    """The GP may refer to hospital, by the case, the practice's habit and any advice at hand."""
    chance = w.rules.referral[p.need] * w.gp.referral_habit[p.practice] * lever(w, i, p, Lever.REFERRAL)
    if draw(p, draws.REFERRAL) < chance:
        w.tallies.gp_practice[p.practice, P.REFERRALS] += 1
        refer(w, i, p, day)


@kernel
def ask_gp(w: Any, i: int, p: Any, day: int) -> bool:
    """Ask the practice for an appointment. Returns False when the person turns away without one.

    The urgent are seen today while same-day appointments last, and somewhat beyond; then they are asked to
    call again when the practice next opens, and the most severe turn away. With practices shut the most
    severe call out of hours. Everyone else is offered the first free routine appointment.
    """
    r = w.rules
    practice = p.practice
    urgent = p.severity > r.urgent_severity and p.need != Need.PLANNED
    open_today = w.calendar.working[day + w.run_in]
    if urgent and open_today:
        if w.gp.same_day_left[practice] > -w.gp.same_day[practice] * r.duty_overrun:
            w.gp.same_day_left[practice] -= 1
            w.tallies.gp_practice[practice, P.SAME_DAY_APPOINTMENTS] += 1
            consult(w, i, p, day, 0.0, True)
            return True
        w.tallies.gp_practice[practice, P.REQUESTS_REFUSED] += 1
        add_unmet(w, p, day, r.refused_unmet)
    if urgent:
        if p.severity <= r.out_of_hours_severity and p.step < r.attempts_by_day:
            p.setting = Setting.FOLLOW_UP  # asks again when the practice opens next
            p.next_care = w.calendar.next_working[day + w.run_in]
            return True
        if open_today or w.urgent.out_of_hours_left[0] <= 0:
            return False
        w.urgent.out_of_hours_left[0] -= 1
        consult(w, i, p, day, 0.0, False)
        return True
    on = book(w, practice, day)
    waited = float(r.booking_horizon if on == NEVER else on - day)
    w.gp.expected_wait[practice] += r.wait_smoothing * (waited - w.gp.expected_wait[practice])
    if on == NEVER:
        w.tallies.gp_practice[practice, P.REQUESTS_REFUSED] += 1
        add_unmet(w, p, day, r.refused_unmet)
        return False
    w.gp.booked[practice] += 1
    p.setting = Setting.AWAITING_GP
    p.next_care = on
    p.since = day
    return True
