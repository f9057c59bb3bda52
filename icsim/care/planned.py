"""Planned care: referral, first outpatient attendance, follow-up, the waiting list and elective admission."""

from typing import Any

from icsim.care import purposes as draws
from icsim.care.services import Planned, Setting, call_next, join, join_front, leave
from icsim.care.world import drop_appointment, reschedule
from icsim.compiling import kernel
from icsim.population.columns import NEVER
from icsim.prefetch import prefetch
from icsim.recording.measures import columns, group_columns
from icsim.streams import exp, log, normal, poisson, uniform

A = columns("acute_trust")
G = group_columns()
STEPS = draws.STEPS
AHEAD = 8  # people of a queue whose records are on their way while one is served
FORTNIGHTS = 1024  # of waiting that have a draw of their own


@kernel
def planned_queue(w: Any, p: Any) -> int:
    """The queue a person on a planned pathway waits in, -1 when not waiting."""
    sites = len(w.hospitals.key)
    if p.planned == Planned.AWAITING_OUTPATIENT:
        return p.trust
    if p.planned == Planned.AWAITING_DAY_CASE:
        return sites + p.trust
    if p.planned == Planned.AWAITING_INPATIENT:
        return 2 * sites + p.trust
    return -1


@kernel
def refer(w: Any, i: int, p: Any, day: int) -> None:
    """Start the 18-week clock: the person joins the queue for a first outpatient attendance.

    A person who already waits stays where they are; one who is followed up waits as a new referral, and the
    follow-ups come afterwards.
    """
    if p.planned != Planned.NONE and p.planned != Planned.FOLLOWED_UP:
        return
    p.next_planned = NEVER
    p.planned = Planned.AWAITING_OUTPATIENT
    p.referred = day
    p.planned_count += 1
    join(w.planned_queues, p.trust, i)


@kernel
def end_pathway(w: Any, i: int, p: Any) -> None:
    """The person stops waiting or being followed up, for whatever reason."""
    queue = planned_queue(w, p)
    if queue >= 0:
        leave(w.planned_queues, queue, i)
    p.planned = Planned.NONE
    p.follow_ups = 0
    p.next_planned = NEVER


@kernel
def plan_follow_ups(w: Any, i: int, p: Any, day: int) -> None:
    """Draw how many follow-up attendances come and book the first."""
    at = p.planned_count * STEPS + 1
    mean = w.rules.follow_ups_planned
    p.follow_ups = min(p.follow_ups + poisson(mean, uniform(p.key, draws.OUTPATIENT_GAP, at)), 200)
    if p.follow_ups > 0:
        p.planned = Planned.FOLLOWED_UP
        p.next_planned = (
            day + 1 + int(w.rules.follow_up_gap * uniform(p.key, draws.OUTPATIENT_GAP, at + 1) * 2.0)
        )
    else:
        p.planned = Planned.NONE
        p.next_planned = NEVER


@kernel
def follow_up_due(w: Any, i: int, p: Any, day: int) -> None:
    """A follow-up attendance falls due: it needs a clinic slot, or waits for the next day."""
    s = p.trust
    if p.planned != Planned.FOLLOWED_UP:
        p.next_planned = NEVER
    elif p.setting >= Setting.BOARDING or not w.calendar.working[day + w.run_in]:
        p.next_planned = w.calendar.next_working[day + w.run_in]
    elif w.hospitals.clinic_left[s] <= 0:
        p.next_planned = day + 1
    else:
        w.hospitals.clinic_left[s] -= 1
        w.tallies.acute_trust[s, A.FOLLOW_UP_OUTPATIENTS] += 1
        p.follow_ups -= 1
        if p.follow_ups > 0:
            at = p.planned_count * STEPS + 2 + min(p.follow_ups, 12)
            gap = w.rules.follow_up_gap * uniform(p.key, draws.OUTPATIENT_GAP, at) * 2.0
            p.next_planned = day + 1 + int(gap)
        else:
            p.planned = Planned.NONE
            p.next_planned = NEVER


@kernel
def first_attendance(w: Any, i: int, p: Any, day: int) -> None:
    """See the person in clinic: list for treatment, follow up, or discharge to the GP."""
    s = p.trust
    band, fifth = w.risk.band[p.age], (p.imd_decile - 1) // 2
    w.tallies.acute_trust[s, A.FIRST_OUTPATIENTS] += 1
    w.tallies.by_group[w.calendar.year[day + w.run_in], band, fifth, G.FIRST_OUTPATIENTS] += 1
    at = p.planned_count * STEPS
    sites = len(w.hospitals.key)
    if uniform(p.key, draws.FIRST_OUTPATIENT, at) < w.rules.first_to_list:
        if uniform(p.key, draws.DAY_CASE, at) < w.rules.day_case:
            p.planned = Planned.AWAITING_DAY_CASE
            join(w.planned_queues, sites + s, i)
        else:
            p.planned = Planned.AWAITING_INPATIENT
            join(w.planned_queues, 2 * sites + s, i)
    else:
        plan_follow_ups(w, i, p, day)


@kernel
def sent_back(w: Any, i: int, p: Any, queue: int, day: int) -> bool:
    """Whether a person who is called cannot come this fortnight and waits again at the end of the queue.

    In hospital, not fit, awaiting a test, or the date does not suit.
    """
    fortnight = min((day - p.referred) // 14, FORTNIGHTS - 1)
    ready = uniform(p.key, draws.READY, p.planned_count * FORTNIGHTS + fortnight) >= w.rules.not_ready
    if ready and p.setting < Setting.BOARDING:
        return False
    join(w.planned_queues, queue, i)
    return True


@kernel
def look_along(w: Any, i: int) -> int:
    """Start loading the record of ``i`` (nobody: -1) of a planned queue; returns who waits behind."""
    if i < 0:
        return i
    prefetch(w.people, i)
    return w.planned_queues.links.following[i]


@kernel
def serve_clinics(w: Any, s: int, day: int) -> None:
    """Give a site's remaining clinic slots to those who have waited longest for a first attendance."""
    ahead = w.planned_queues.lines.first[s]
    for _ in range(AHEAD):
        ahead = look_along(w, ahead)
    for _ in range(w.planned_queues.lines.waiting[s]):
        if w.hospitals.clinic_left[s] <= 0:
            return
        ahead = look_along(w, ahead)
        i = call_next(w.planned_queues, s)
        p = w.people[i]
        if sent_back(w, i, p, s, day):
            continue
        w.hospitals.clinic_left[s] -= 1
        first_attendance(w, i, p, day)
        reschedule(w, i)


@kernel
def serve_waiting_list(w: Any, s: int, day: int, day_cases: int, inpatients: int) -> None:
    """Treat day cases and admit elective inpatients from the waiting list of a site, longest waits first.

    Part of each day's inpatients (cancer and the urgent) is admitted while there is any bed. The rest needs a
    core bed, and emergencies come first: above the site's threshold of occupancy they are cancelled and keep
    their place.
    """
    h = w.hospitals
    sites = len(h.key)
    year = w.calendar.year[day + w.run_in]
    queue = sites + s
    for _ in range(w.planned_queues.lines.waiting[queue]):
        if day_cases == 0:
            break
        i = call_next(w.planned_queues, queue)
        p = w.people[i]
        if sent_back(w, i, p, queue, day):
            continue
        day_cases -= 1
        w.tallies.acute_trust[s, A.DAY_CASES] += 1
        w.tallies.by_group[year, w.risk.band[p.age], (p.imd_decile - 1) // 2, G.DAY_CASES] += 1
        plan_follow_ups(w, i, p, day)
        reschedule(w, i)
    queue = 2 * sites + s
    share = inpatients * w.rules.elective_protected
    # a whole number whose mean is the share, in a sample too
    protected = int(share + uniform(h.key[s], draws.PROTECTED, day + w.run_in))
    for _ in range(w.planned_queues.lines.waiting[queue]):
        if inpatients == 0:
            break
        i = call_next(w.planned_queues, queue)
        p = w.people[i]
        if sent_back(w, i, p, queue, day):
            continue
        beds = h.core_beds[s] * h.cancel_above[s]
        if protected > 0:
            beds = h.core_beds[s] + h.escalation_beds[s]
        if h.occupied[s] >= beds:
            join_front(w.planned_queues, queue, i)
            waiting = w.planned_queues.lines.waiting[queue]
            w.tallies.acute_trust[s, A.ELECTIVES_CANCELLED] += min(inpatients, waiting)
            return
        inpatients -= 1
        protected -= 1
        h.occupied[s] += 1
        drop_appointment(w, p)
        p.setting = Setting.ELECTIVE_WARD
        p.site = s
        p.admitted = day
        p.since = day
        p.planned = Planned.NONE
        spread = w.rules.stay_sigma
        z = normal(p.key, draws.ELECTIVE_STAY, p.planned_count)
        mean = log(w.rules.elective_stay) + w.rules.stay_trend * (day - w.risk.from_day)
        stay = exp(mean - 0.5 * spread * spread + spread * z)
        p.next_care = day + max(1, int(stay + 0.5))
        w.tallies.acute_trust[s, A.ELECTIVE_ADMISSIONS] += 1
        w.tallies.by_group[year, w.risk.band[p.age], (p.imd_decile - 1) // 2, G.ELECTIVE_ADMISSIONS] += 1
        reschedule(w, i)


@kernel
def count_nights(w: Any, site: int, nights: int) -> None:
    """Count an inpatient's stay as it ends, and its nights beyond the 7th, 14th and 21st."""
    tally = w.tallies.acute_trust
    tally[site, A.DISCHARGES] += 1
    tally[site, A.BED_DAYS_AFTER_7] += max(0, nights - 7)
    tally[site, A.BED_DAYS_AFTER_14] += max(0, nights - 14)
    tally[site, A.BED_DAYS_AFTER_21] += max(0, nights - 21)


@kernel
def end_elective_stay(w: Any, i: int, p: Any, day: int) -> None:
    """An elective inpatient goes home."""
    w.hospitals.occupied[p.site] -= 1
    nights = day - p.admitted
    count_nights(w, p.site, nights)
    p.discharged = day
    year = w.calendar.year[day + w.run_in]
    w.tallies.by_group[year, w.risk.band[p.age], (p.imd_decile - 1) // 2, G.BED_DAYS] += nights
    p.bed_days += nights
    p.setting = Setting.HOME
    p.next_care = NEVER
    plan_follow_ups(w, i, p, day)
