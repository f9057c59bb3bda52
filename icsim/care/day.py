"""One day of care for everybody: the kernel.

Order of a day: services open with today's capacity; stays that end free beds; those who wait are served;
everyone else who is due acts, starting each day with another person so that nobody is always first; people
from outside the place use its hospitals; clinics and the waiting list are served; levels are counted.
"""

from typing import Any

import numpy as np

from icsim.care import purposes as draws
from icsim.care.hospital import (
    beds_for_boarders,
    serve_support,
    stay_due,
)
from icsim.care.life import care_due, die, life_due, need_due
from icsim.care.planned import end_elective_stay, follow_up_due, serve_clinics, serve_waiting_list
from icsim.care.services import RING, Setting, whole
from icsim.care.world import EVENTS, reschedule
from icsim.compiling import kernel
from icsim.population.ageing import look_at_tables
from icsim.population.columns import Need, Status
from icsim.prefetch import prefetch, prefetch_days, prefetch_most
from icsim.recording.measures import columns
from icsim.scan import rows_at_most
from icsim.streams import bits, exp, normal, poisson, uniform

AHEAD = 16  # people whose records are on their way while one acts
SOON = 6  # people whose records have come, and tell what else is needed
S = columns("system")
P = columns("gp_practice")
T = columns("community_team")
A = columns("acute_trust")
L = columns("local_authority")
M = columns("mental_health_trust")
H = columns("care_homes")


@kernel
def open_services(w: Any, day: int) -> None:
    """Set what each service can do today."""
    working = w.calendar.working[day + w.run_in]
    gp, h, t, s, u = w.gp, w.hospitals, w.teams, w.social, w.urgent
    for p in range(len(gp.same_day)):
        if working:
            owed = min(0, gp.same_day_left[p])
            gp.same_day_left[p] = whole(gp.same_day[p], gp.carried[p], 1) + owed
        w.tallies.gp_practice[p, P.CAPACITY] = gp.same_day[p] + gp.routine[p] if working else 0.0
    for x in range(len(h.key)):
        h.ed_today[x] = 0
        h.clinic_left[x] = whole(h.clinic_slots[x], h.carried[x], 0) if working else 0
    for n in range(len(t.rapid_slots)):
        kept = min(t.rapid_left[n], 1) if t.rapid_slots[n] < 1.0 else 0  # until it is used
        t.rapid_left[n] = whole(t.rapid_slots[n], t.carried[n], 0) + kept
        slot = day % RING
        t.slots_used[n] -= t.slots_free_on[n, slot]
        t.slots_free_on[n, slot] = 0
        planned = t.caseload[n] * w.rules.visits_each
        made = min(t.visits[n], planned)
        t.intensity[n] = made / planned if planned > 0 else 1.0
        w.tallies.community_team[n, T.VISITS] += made
    for a in range(len(s.home_care_starts)):
        s.home_care_left[a] = whole(s.home_care_starts[a], s.carried[a], 0) if working else 0
        s.care_home_left[a] = whole(s.care_home_starts[a], s.carried[a], 1) if working else 0
    u.calls_left[0] = whole(u.calls[0] if working else u.calls_shut[0], u.carried[0], 0)
    u.out_of_hours_left[0] = 0 if working else whole(u.out_of_hours[0], u.carried[0], 1)
    u.conveyances_left[0] = whole(u.conveyances[0], u.carried[0], 2)
    u.crisis_left[0] = whole(u.crisis[0], u.carried[0], 3)


@kernel
def gather_due(w: Any, day: int) -> int:
    """List who is due today into ``due_today``, starting at another row each day; returns how many.

    The first is one of those present on day 0: a longer run has more rows, and must not change the order.
    """
    first = int(bits(w.hospitals.key[0], draws.ROTATION, day + w.run_in) % w.first_people)
    found = rows_at_most(w.due, np.int32(day), first, len(w.due), w.due_today, 0)
    return rows_at_most(w.due, np.int32(day), 0, first, w.due_today, found)


@kernel
def stays_end(w: Any, day: int, found: int) -> None:
    """Everyone whose stay comes to a step today, before anybody else is seen."""
    for k in range(found):
        i = w.due_today[k]
        if w.in_hospital[i] == 0:
            continue
        p = w.people[i]
        if p.next_care <= day:
            w.tallies.work[EVENTS] += 1
            if p.setting == Setting.ELECTIVE_WARD:
                end_elective_stay(w, i, p, day)
            elif stay_due(w, i, p, day):
                die(w, i, p, day)
            reschedule(w, i)


@kernel
def look_ahead(w: Any, k: int, found: int, day: int, together: bool) -> None:
    """Start loading what those who act soon after the ``k``-th of today will need; changes nothing.

    ``together``: whether anybody's levers are turned in common.
    """
    if k + AHEAD < found:
        prefetch_most(w.people, w.due_today[k + AHEAD])
        if together:
            prefetch(w.together.reached, w.due_today[k + AHEAD])
    if k + SOON < found:
        i = w.due_today[k + SOON]
        p = w.people[i]
        if p.next_life <= day:
            prefetch_days(w.people, i)
            if p.status == Status.RESIDENT:
                look_at_tables(p, w.ageing)


@kernel
def people_act(w: Any, day: int, found: int) -> None:
    """Everyone else who is due: life, the care episode, planned care, a new need."""
    together = w.together.in_force.any()
    for k in range(found):
        look_ahead(w, k, found, day, together)
        i = w.due_today[k]
        p = w.people[i]
        if p.next_life <= day:
            w.tallies.work[EVENTS] += 1
            life_due(w, i, p, day)
        if p.status != Status.RESIDENT:
            reschedule(w, i)
            continue
        if p.next_care <= day and p.setting < Setting.BOARDING:
            w.tallies.work[EVENTS] += 1
            care_due(w, i, p, day)
        if p.next_planned <= day:
            w.tallies.work[EVENTS] += 1
            follow_up_due(w, i, p, day)
        if p.next_need <= day:
            w.tallies.work[EVENTS] += 1
            need_due(w, i, p, day)
        reschedule(w, i)


@kernel
def outside_patients_leave(w: Any, day: int) -> None:
    """Patients from outside the place whose stay is over give back their beds."""
    h = w.hospitals
    slot = day % RING
    for s in range(len(h.key)):
        leaving = h.outside_leaving[s, slot]
        h.outside_leaving[s, slot] = 0
        boarding = min(h.outside_boarding[s], max(0, leaving - h.outside_occupied[s]))
        h.outside_boarding[s] -= boarding
        h.outside_occupied[s] -= leaving - boarding
        h.occupied[s] -= leaving - boarding


@kernel
def outside_patients_come(w: Any, day: int) -> None:
    """Patients from outside the place attend A&E and are admitted: the trust's background load."""
    h, r = w.hospitals, w.rules
    at = day + w.run_in
    season = r.season[Need.ACUTE, w.calendar.day_of_year[at]]
    for s in range(len(h.key)):
        attend = poisson(h.outside_attendances[s], uniform(h.key[s], draws.OUTSIDE_ATTENDANCES, at))
        h.ed_today[s] += attend
        w.tallies.acute_trust[s, A.OUTSIDE_ATTENDANCES] += attend
        admit = poisson(h.outside_admissions[s] * season, uniform(h.key[s], draws.OUTSIDE_ADMISSIONS, at))
        w.tallies.acute_trust[s, A.OUTSIDE_ADMISSIONS] += admit
        for k in range(admit):
            z = normal(h.key[s], draws.OUTSIDE_STAY, at * 4096 + k)
            stay = h.outside_stay[s] * exp(r.stay_sigma * z - 0.5 * r.stay_sigma * r.stay_sigma)
            nights = max(1, min(int(stay + 0.5), RING - 1))
            h.outside_leaving[s, (day + nights) % RING] += 1
            if h.occupied[s] < h.core_beds[s] + h.escalation_beds[s]:
                h.occupied[s] += 1
                h.outside_occupied[s] += 1
            else:
                h.outside_boarding[s] += 1


@kernel
def serve_planned_care(w: Any, day: int) -> None:
    """Clinics and the waiting list of every site on a working day."""
    h = w.hospitals
    for s in range(len(h.key)):
        day_cases = whole(h.day_case_slots[s], h.carried[s], 1)
        inpatients = whole(h.inpatient_slots[s], h.carried[s], 2)
        serve_clinics(w, s, day)
        serve_waiting_list(w, s, day, day_cases, inpatients)


@kernel
def count_levels(w: Any, day: int) -> None:
    """Count, at the end of the day, what there is rather than what happened."""
    gp, h, t, s = w.gp, w.hospitals, w.teams, w.social
    sites, authorities = len(h.key), len(s.home_care_used)
    tally = w.tallies.acute_trust
    for x in range(sites):
        load = h.ed_today[x] / h.ed_capacity[x] if h.ed_capacity[x] > 0 else 0.0
        h.ed_load[x] += w.rules.load_smoothing * (load - h.ed_load[x])
        h.occupancy[x] = h.occupied[x] / h.core_beds[x] if h.core_beds[x] > 0 else 1.0
        escalation = max(0, h.occupied[x] - h.core_beds[x])
        tally[x, A.BEDS_OPEN] = h.core_beds[x] + escalation
        tally[x, A.BEDS_OCCUPIED] = h.occupied[x]
        tally[x, A.ESCALATION_BEDS_USED] = escalation
        tally[x, A.BOARDING] = w.stay_queues.lines.waiting[x] + h.outside_boarding[x]
        tally[x, A.BED_DAYS] = h.occupied[x] - h.outside_occupied[x]
        tally[x, A.DELAYED_TRANSFERS] = h.delayed[x]
        tally[x, A.OUTSIDE_BEDS] = h.outside_occupied[x]
        waiting = w.planned_queues.lines.waiting
        tally[x, A.ELECTIVE_WAITING] = waiting[x] + waiting[sites + x] + waiting[2 * sites + x]
        if x == w.mental_site:
            w.tallies.mental_health_trust[0, M.BEDS_OCCUPIED] = h.occupied[x]
    w.tallies.mental_health_trust[0, M.CASELOAD] = w.urgent.mental_caseload[0]
    for p in range(len(gp.booked)):
        w.tallies.gp_practice[p, P.BACKLOG] = gp.booked[p]
        w.tallies.gp_practice[p, P.ROUTINE_WAIT_DAYS] = gp.expected_wait[p]
    for n in range(len(t.caseload)):
        w.tallies.community_team[n, T.CASELOAD] = t.caseload[n]
        w.tallies.community_team[n, T.INTERMEDIATE_CARE_IN_USE] = t.slots_used[n]
    for a in range(authorities):
        w.tallies.local_authority[a, L.HOME_CARE_IN_USE] = s.home_care_used[a]
        w.tallies.local_authority[a, L.HOME_CARE_WAITING] = w.stay_queues.lines.waiting[sites + a]
        w.tallies.local_authority[a, L.CARE_HOME_PLACES_IN_USE] = s.care_home_used[a]
        w.tallies.local_authority[a, L.CARE_HOME_WAITING] = w.stay_queues.lines.waiting[
            sites + authorities + a
        ]
        w.tallies.care_homes[0, H.RESIDENTS] += s.care_home_used[a]
        w.tallies.care_homes[0, H.PLACES] += s.care_home_places[a]
    year = w.calendar.year[day + w.run_in]
    population = 0
    for b in range(w.tallies.residents.shape[0]):
        for q in range(5):
            w.tallies.person_days[year, b, q] += w.tallies.residents[b, q]
            population += w.tallies.residents[b, q]
    w.tallies.system[0, S.POPULATION] = population


@kernel
def live_day(w: Any, day: int) -> None:
    """Let everybody live one day. Days before 0 are the run-in: nobody is born, ages, moves or dies."""
    open_services(w, day)
    outside_patients_leave(w, day)
    found = gather_due(w, day)
    stays_end(w, day, found)
    for s in range(len(w.hospitals.key)):
        beds_for_boarders(w, s, day)
    serve_support(w, day)
    people_act(w, day, found)
    outside_patients_come(w, day)
    if w.calendar.working[day + w.run_in]:
        serve_planned_care(w, day)
    count_levels(w, day)
