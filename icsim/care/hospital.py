"""Accident and emergency, emergency admission, the stay, and leaving hospital."""

from typing import Any

from icsim.care import purposes as draws
from icsim.care.crisis_team import HELPED, crisis_response
from icsim.care.episode import draw, home
from icsim.care.planned import count_nights, refer
from icsim.care.services import RING, Setting, Support, call_next, join, leave
from icsim.care.together import lever
from icsim.care.world import add_unmet, reschedule, unmet_need
from icsim.compiling import kernel
from icsim.population.columns import NEVER, Lever, Need, Residence
from icsim.recording.measures import columns, group_columns
from icsim.streams import exp, log, normal, uniform

A = columns("acute_trust")
U = columns("urgent_care")
M = columns("mental_health_trust")
L = columns("local_authority")
H = columns("care_homes")
G = group_columns()


@kernel
def pressure(w: Any, site: int) -> float:
    """Occupancy above the threshold at which a hospital feels it, 0 below."""
    return max(0.0, w.hospitals.occupancy[site] - w.rules.pressure_from)


@kernel
def breach_log_odds(w: Any, site: int) -> float:
    """Log odds that an attendance takes over four hours, before knowing whether the person is admitted."""
    r = w.rules
    load = max(0.0, w.hospitals.ed_load[site] - 1.0)
    return r.four_hour_base + r.four_hour_load * load + r.four_hour_occupancy * pressure(w, site)


@kernel
def gets_there(w: Any, i: int, p: Any, day: int, band: int, site: int) -> bool:
    """Whether the person reaches A&E today: by their own means, or by an ambulance if they need one.

    The crew may leave someone with the community team. When no crew is free the person gets worse, and comes
    by their own means all the same or waits for tomorrow.
    """
    r = w.rules
    if draw(p, draws.AMBULANCE) >= r.ambulance[band] * (1.0 + p.severity - r.admitted_severity):
        return True
    w.tallies.urgent_care[0, U.AMBULANCE_CALLS] += 1
    if w.urgent.conveyances_left[0] <= 0:
        w.tallies.urgent_care[0, U.AMBULANCES_DELAYED] += 1
        add_unmet(w, p, day, r.ambulance_delay_unmet)
        p.severity = min(1.0, p.severity + r.ambulance_delay_severity)
        if p.step > r.attempts_elsewhere or draw(p, draws.OWN_WAY) < r.ambulance_own_way:
            return True
        p.setting = Setting.WORSENING
        p.next_care = day + 1
        return False
    w.urgent.conveyances_left[0] -= 1
    crisis = p.need == Need.FRAILTY or p.need == Need.SOCIAL or p.need == Need.ACSC
    asked = crisis and p.severity < r.team_below_severity and draw(p, draws.CREW_ASKS) < r.crew_asks_team
    if asked and crisis_response(w, p, day) == HELPED:
        home(p)
        return False
    w.tallies.urgent_care[0, U.CONVEYANCES] += 1
    w.tallies.acute_trust[site, A.AMBULANCE_ARRIVALS] += 1
    return True


@kernel
def attend_ae(w: Any, i: int, p: Any, day: int) -> None:
    """A&E: seen, then admitted or sent home. Four hours depend on load, occupancy and finding a bed."""
    r = w.rules
    site = p.trust
    band, fifth = w.risk.band[p.age], (p.imd_decile - 1) // 2
    if not gets_there(w, i, p, day, band, site):
        return
    year = w.calendar.year[day + w.run_in]
    w.hospitals.ed_today[site] += 1
    w.tallies.acute_trust[site, A.AE_ATTENDANCES] += 1
    w.tallies.by_group[year, band, fifth, G.AE_ATTENDANCES] += 1
    p.ae_attendances += 1
    x = r.admission[p.need] + r.admission_severity * (p.severity - 0.5) + r.admission_band[band]
    x += r.admission_pressure * pressure(w, site)
    if p.residence == Residence.CARE_HOME:
        x += r.admission_care_home
        w.tallies.care_homes[0, H.ATTENDANCES_OF_RESIDENTS] += 1
    odds = exp(x) * lever(w, i, p, Lever.ADMISSION)
    admitted = draw(p, draws.ADMISSION) < odds / (1.0 + odds)
    y = breach_log_odds(w, site)
    if admitted:
        y += r.four_hour_admitted
    breached = draw(p, draws.FOUR_HOURS) < 1.0 / (1.0 + exp(-y))
    if admitted:
        admit(w, i, p, day)
        if p.site == site:
            w.tallies.acute_trust[site, A.ADMITTED_FROM_AE] += 1
        breached = breached or p.setting == Setting.BOARDING
    else:
        home(p)
        if draw(p, draws.AE_REFERRAL) < r.ae_referral:
            refer(w, i, p, day)
    if breached:
        w.tallies.acute_trust[site, A.AE_BREACHES] += 1
    p.trust_ae += r.trust_learning * ((0.0 if breached else 1.0) - p.trust_ae)


@kernel
def length_of_stay(w: Any, i: int, p: Any, day: int) -> int:
    """Nights of the stay: lognormal around the mean of the age band, longer for the severe; at least one."""
    r = w.rules
    mean = r.mental_stay_mean
    if p.site != w.mental_site:
        mean = r.stay_mean[w.risk.band[p.age]] * (1.0 + r.stay_severity * (p.severity - r.admitted_severity))
    mean *= exp(r.stay_trend * (day - w.risk.from_day))
    z = normal(p.key, draws.LENGTH_OF_STAY, p.stays)
    stay = mean * lever(w, i, p, Lever.LENGTH_OF_STAY)
    stay *= exp(r.stay_sigma * z - 0.5 * r.stay_sigma * r.stay_sigma)
    return max(1, min(int(stay + 0.5), r.longest_stay))


@kernel
def zero_day_chance(w: Any, p: Any, band: int) -> float:
    """Chance that an emergency admission leaves the same day."""
    r = w.rules
    return min(
        r.zero_day[band] * (1.0 - r.zero_day_severity * (p.severity - r.admitted_severity)), r.zero_day_most
    )


@kernel
def admit(w: Any, i: int, p: Any, day: int) -> None:
    """Emergency admission: home the same day, into a bed, or boarding in A&E until there is one."""
    r, h = w.rules, w.hospitals
    band, fifth = w.risk.band[p.age], (p.imd_decile - 1) // 2
    year = w.calendar.year[day + w.run_in]
    p.stays += 1
    p.site = p.trust
    p.admitted = day
    p.since = day
    if p.need == Need.MENTAL_HEALTH and w.mental_site >= 0:
        free = h.core_beds[w.mental_site] > h.occupied[w.mental_site]
        if free and uniform(p.key, draws.MENTAL_WARD, p.stays) < r.mental_ward:
            p.site = w.mental_site
            h.occupied[p.site] += 1
            p.setting = Setting.WARD
            p.next_care = day + length_of_stay(w, i, p, day)
            w.tallies.mental_health_trust[0, M.ADMISSIONS] += 1
            return
    w.tallies.acute_trust[p.site, A.EMERGENCY_ADMISSIONS] += 1
    w.tallies.by_group[year, band, fifth, G.EMERGENCY_ADMISSIONS] += 1
    p.emergency_admissions += 1
    if p.need == Need.ACSC:
        w.tallies.by_group[year, band, fifth, G.ACSC_ADMISSIONS] += 1
    if p.residence == Residence.CARE_HOME:
        w.tallies.care_homes[0, H.ADMISSIONS_OF_RESIDENTS] += 1
    if day - p.discharged <= 30:
        w.tallies.acute_trust[p.site, A.READMISSIONS_30D] += 1
    if uniform(p.key, draws.ZERO_DAY, p.stays) < zero_day_chance(w, p, band):
        w.tallies.acute_trust[p.site, A.ZERO_DAY_ADMISSIONS] += 1
        w.tallies.by_group[year, band, fifth, G.ZERO_DAY_ADMISSIONS] += 1
        go_home(w, i, p, day)
        return
    p.next_care = day + length_of_stay(w, i, p, day)
    if h.occupied[p.site] < h.core_beds[p.site] + h.escalation_beds[p.site]:
        h.occupied[p.site] += 1
        p.setting = Setting.WARD
    else:
        p.setting = Setting.BOARDING
        join(w.stay_queues, p.site, i)


@kernel
def beds_for_boarders(w: Any, site: int, day: int) -> None:
    """Beds freed overnight go to those waiting in A&E, residents and others in proportion to numbers."""
    h = w.hospitals
    index = (day + w.run_in) * 4096
    while h.occupied[site] < h.core_beds[site] + h.escalation_beds[site]:
        here, outside = w.stay_queues.lines.waiting[site], h.outside_boarding[site]
        if here == 0 and outside == 0:
            return
        h.occupied[site] += 1
        index += 1
        if uniform(h.key[site], draws.BOARDERS_TURN, index) * (here + outside) < here:
            w.people[call_next(w.stay_queues, site)].setting = Setting.WARD
        else:
            h.outside_boarding[site] -= 1
            h.outside_occupied[site] += 1


@kernel
def support_queue(w: Any, p: Any) -> int:
    """The queue in which a person who is fit waits for support."""
    sites, authorities = len(w.hospitals.key), len(w.social.home_care_used)
    if p.support == Support.HOME_CARE:
        return sites + p.authority
    if p.support == Support.CARE_HOME:
        return sites + authorities + p.authority
    return sites + 2 * authorities + p.authority


@kernel
def support_needed(w: Any, p: Any) -> int:
    """What an overnight patient needs to be able to leave (``Support``)."""
    r = w.rules
    if p.residence == Residence.CARE_HOME or p.site == w.mental_site:
        return Support.NONE
    frail = p.frailty + p.deconditioning
    chance = r.support_band[w.risk.band[p.age]] * (
        1.0 + r.support_frailty * (frail - r.support_frailty_reference)
    )
    u = uniform(p.key, draws.SUPPORT, p.stays)
    if u >= chance:
        return Support.NONE
    u /= chance
    if u < r.support_home_care:
        return Support.HOME_CARE if p.package == 0 else Support.INTERMEDIATE_CARE
    if u < r.support_home_care + r.support_care_home * frail / r.support_care_home_frailty:
        return Support.CARE_HOME
    return Support.INTERMEDIATE_CARE


@kernel
def dies_in_stay(w: Any, p: Any) -> bool:
    """Whether the illness of this stay is fatal, wherever it is treated."""
    r = w.rules
    band = w.risk.band[p.age]
    risk = (
        r.fatality[band]
        / (1.0 - r.zero_day[band])
        * (1.0 + r.fatality_severity * (p.severity - r.admitted_severity))
    )
    risk *= 1.0 + r.deconditioning_effect[len(r.deconditioning_effect) - 1] * p.deconditioning
    return uniform(p.key, draws.CASE_FATALITY, p.stays) < risk


@kernel
def stay_due(w: Any, i: int, p: Any, day: int) -> bool:
    """A step of the stay falls due. Returns True when the person has died.

    On the planned last day: death, discharge, or the wait for support; on a weekend it may wait for Monday.
    """
    r = w.rules
    at = day + w.run_in
    if p.setting == Setting.DELAYED:  # assessed: now waits for the support itself
        p.next_care = NEVER
        join(w.stay_queues, support_queue(w, p), i)
        return False
    if not w.calendar.working[at] and uniform(p.key, draws.WEEKEND, p.stays) > r.weekend_discharge:
        p.next_care = w.calendar.next_working[at]
        return False
    if day >= 0 and p.site != w.mental_site and dies_in_stay(w, p):
        w.tallies.acute_trust[p.site, A.DEATHS_IN_HOSPITAL] += 1
        return True
    p.support = support_needed(w, p)
    if p.support == Support.NONE or p.setting == Setting.BOARDING:
        if p.support != Support.NONE:
            add_unmet(w, p, day, r.discharge_unmet)  # from A&E without the support needed
        discharge(w, i, p, day)
        return False
    p.setting = Setting.DELAYED
    p.since = day
    w.hospitals.delayed[p.site] += 1
    w.tallies.acute_trust[p.site, A.BECAME_DELAYED] += 1
    wait = -r.assessment_days * log(uniform(p.key, draws.ASSESSMENT, p.stays))
    p.next_care = day + 1 + int(wait)
    return False


@kernel
def free_bed(w: Any, i: int, p: Any, day: int) -> None:
    """Give back the bed, or the place in A&E, of a person in hospital, and count the nights."""
    h = w.hospitals
    if p.setting == Setting.BOARDING:
        leave(w.stay_queues, p.site, i)
    else:
        h.occupied[p.site] -= 1
    band, fifth = w.risk.band[p.age], (p.imd_decile - 1) // 2
    year = w.calendar.year[day + w.run_in]
    if p.setting == Setting.DELAYED:
        h.delayed[p.site] -= 1
        w.tallies.by_group[year, band, fifth, G.DELAYED_TRANSFERS] += day - p.since
        if p.next_care == NEVER:
            leave(w.stay_queues, support_queue(w, p), i)
    nights = day - p.admitted
    count_nights(w, p.site, nights)
    w.tallies.by_group[year, band, fifth, G.BED_DAYS] += nights
    if p.site != w.mental_site:
        w.tallies.by_group[year, band, fifth, G.EMERGENCY_BED_DAYS] += nights
    p.bed_days += nights
    if p.age >= 65:
        unmet_need(w, p, day)
        p.deconditioning = min(
            p.deconditioning + w.rules.deconditioning_day * nights, w.rules.deconditioning_most
        )


@kernel
def discharge(w: Any, i: int, p: Any, day: int) -> None:
    """An emergency patient leaves the ward."""
    free_bed(w, i, p, day)
    go_home(w, i, p, day)


@kernel
def go_home(w: Any, i: int, p: Any, day: int) -> None:
    """After an emergency stay: home, perhaps to relapse within weeks, perhaps to be seen in clinic.

    Whoever was in hospital within a month of this stay is likelier to come back again.
    """
    r = w.rules
    home(p)
    again = p.admitted - p.discharged <= 30
    p.discharged = day
    band = w.risk.band[p.age]
    if uniform(p.key, draws.AFTERCARE, p.stays) < r.aftercare:
        refer(w, i, p, day)
    chance = r.relapse[band] * (1.0 + p.frailty + p.deconditioning) * lever(w, i, p, Lever.READMISSION)
    if again:
        chance *= r.relapse_again
    if uniform(p.key, draws.RELAPSE, p.stays) < chance:
        p.setting = Setting.RECOVERING
        u = uniform(p.key, draws.RELAPSE_DAY, p.stays)
        p.next_care = day + 1 + int(-r.relapse_days * log(u))
        least = r.relapse_severity
        p.severity = least + (1.0 - least) * uniform(p.key, draws.RELAPSE_SEVERITY, p.stays)


@kernel
def serve_support(w: Any, day: int) -> None:
    """Start support for those who are fit and have waited longest, as far as today's capacity goes."""
    sites, authorities = len(w.hospitals.key), len(w.social.home_care_used)
    s = w.social
    for a in range(authorities):
        queue = sites + a
        while s.home_care_left[a] > 0 and s.home_care_used[a] < s.home_care_packages[a]:
            i = w.stay_queues.lines.first[queue]
            if i < 0:
                break
            start_home_care(w, w.people[i])
            discharge(w, i, w.people[i], day)
            reschedule(w, i)
        queue = sites + authorities + a
        while s.care_home_left[a] > 0 and s.care_home_used[a] < s.care_home_places[a]:
            i = w.stay_queues.lines.first[queue]
            if i < 0:
                break
            p = w.people[i]
            discharge(w, i, p, day)
            move_to_care_home(w, i, p)
            reschedule(w, i)
    t = w.teams
    for n in range(len(t.slots)):
        queue = sites + 2 * authorities + t.authority[n]
        while t.slots_used[n] < t.slots[n]:
            i = w.stay_queues.lines.first[queue]
            if i < 0:
                break
            t.slots_used[n] += 1
            t.slots_free_on[n, (day + w.rules.intermediate_days) % RING] += 1
            discharge(w, i, w.people[i], day)
            reschedule(w, i)


@kernel
def start_home_care(w: Any, p: Any) -> None:
    """A home-care package begins; the caller has seen that there is capacity."""
    a = p.authority
    w.social.home_care_left[a] -= 1
    if p.package == 0:
        w.social.home_care_used[a] += 1
        p.package = 1
    w.tallies.local_authority[a, L.HOME_CARE_STARTS] += 1


@kernel
def move_to_care_home(w: Any, i: int, p: Any) -> None:
    """The person moves into a care home; the caller has seen that there is a place."""
    a = p.authority
    w.social.care_home_left[a] -= 1
    w.social.care_home_used[a] += 1
    if p.package == 1:
        w.social.home_care_used[a] -= 1
    p.package = 2
    p.residence = Residence.CARE_HOME
    w.altered[i] = True
    w.tallies.care_homes[0, H.MOVES_IN] += 1
