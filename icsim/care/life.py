"""Coming and going: arrival, birthdays, moving away, death; and the needs that arise between them."""

from typing import Any

from icsim.care import purposes as draws
from icsim.care.general_practice import ask_gp, consult
from icsim.care.hospital import free_bed
from icsim.care.planned import end_elective_stay, end_pathway
from icsim.care.seeking import seek_help, turned_away
from icsim.care.services import Setting, Support
from icsim.care.together import lever
from icsim.care.unmet import frailty_group_of
from icsim.care.world import CANDIDATES, PAST_BOUND, drop_appointment, unmet_need
from icsim.compiling import kernel
from icsim.population.ageing import birthday, grow_older
from icsim.population.columns import MORTALITY, NEVER, Need, Residence, Status
from icsim.population.health import OLDEST
from icsim.population.risk import set_rates
from icsim.recording.measures import columns, group_columns
from icsim.streams import exp, log, uniform

S = columns("system")
G = group_columns()


@kernel
def next_candidate(p: Any, day: int) -> None:
    """Draw the day of the next candidate need after ``day``: a geometric gap at the person's bound."""
    p.need_count += 1
    gap = 1.0 + log(uniform(p.key, draws.NEED_GAP, p.need_count)) * p.need_scale
    p.next_need = day + int(min(gap, 1e8))


@kernel
def next_change(p: Any) -> int:
    """Day of the next birthday, or of moving away if that comes first."""
    on = birthday(p.birth_day, p.age + 1) if p.age < OLDEST else NEVER
    return min(on, p.departure_day)


@kernel
def next_birthday(p: Any, risk: Any, day: int) -> None:
    """Set the rates until the next birthday, and the clocks of the next need and of what comes first:

    that birthday, or moving away.
    """
    on = birthday(p.birth_day, p.age + 1) if p.age < OLDEST else NEVER
    set_rates(p, risk, day, on)
    next_candidate(p, day)
    p.next_life = next_change(p)


@kernel
def settle(w: Any, p: Any, day: int) -> None:
    """Set clocks and rates of a resident, at the start of the run or on arrival."""
    next_birthday(p, w.risk, day)
    p.unmet_day = day
    w.tallies.residents[w.risk.band[p.age], (p.imd_decile - 1) // 2] += 1
    if p.package == 1:
        w.social.home_care_used[p.authority] += 1
    elif p.package == 2:
        w.social.care_home_used[p.authority] += 1


@kernel
def leave_place(w: Any, i: int, p: Any, day: int, status: int) -> None:
    """Death or moving away: give back whatever the person used and stop every clock."""
    if p.setting == Setting.ELECTIVE_WARD:
        end_elective_stay(w, i, p, day)
    elif p.setting >= Setting.BOARDING:
        free_bed(w, i, p, day)
    drop_appointment(w, p)
    end_pathway(w, i, p)
    if p.caseload == 1:
        w.teams.caseload[p.neighbourhood] -= 1
    elif p.caseload == 2:
        w.urgent.mental_caseload[0] -= 1
    if p.package == 1:
        w.social.home_care_used[p.authority] -= 1
    elif p.package == 2:
        w.social.care_home_used[p.authority] -= 1
    p.caseload = 0
    p.befriended = 0
    p.mental_wait = 0
    p.package = 0
    p.setting = Setting.HOME
    p.support = Support.NONE
    p.status = status
    w.altered[i] = True
    p.next_need = NEVER
    p.next_care = NEVER
    p.next_planned = NEVER
    p.next_life = NEVER
    w.tallies.residents[w.risk.band[p.age], (p.imd_decile - 1) // 2] -= 1


@kernel
def die(w: Any, i: int, p: Any, day: int) -> None:
    """The person dies."""
    year = w.calendar.year[day + w.run_in]
    w.tallies.system[0, S.DEATHS] += 1
    w.tallies.by_group[year, w.risk.band[p.age], (p.imd_decile - 1) // 2, G.DEATHS] += 1
    leave_place(w, i, p, day, Status.DEAD)


@kernel
def life_due(w: Any, i: int, p: Any, day: int) -> None:
    """Arrival, birthday or departure. At a birthday the need stream starts afresh, at the new rates."""
    w.altered[i] = True
    if p.status == Status.EXPECTED:
        p.status = Status.RESIDENT
        born = p.birth_day == p.arrival_day
        w.tallies.system[0, S.BIRTHS if born else S.ARRIVALS] += 1
        settle(w, p, day)
    elif day >= p.departure_day:
        w.tallies.system[0, S.DEPARTURES] += 1
        leave_place(w, i, p, day, Status.MOVED)
    else:
        band, fifth = w.risk.band[p.age], (p.imd_decile - 1) // 2
        grow_older(p, w.ageing)
        w.tallies.residents[band, fifth] -= 1
        w.tallies.residents[w.risk.band[p.age], fifth] += 1
        next_birthday(p, w.risk, day)


@kernel
def actual_over_rate(w: Any, i: int, p: Any, c: int, day: int) -> float:
    """How the rate of class ``c`` today compares with the exogenous rate.

    Season, levers, unmet need and frailty lost move it.
    """
    r = w.rules
    m = r.season[c, w.calendar.day_of_year[day + w.run_in]]
    if p.residence == Residence.CARE_HOME:
        m *= w.risk.care_home[c, w.risk.band[p.age]]
    slope = w.risk.activation[c]
    if slope != 0.0:
        m *= max(r.activation_least, 1.0 + slope * (p.activation - r.activation_reference) / 20.0)
    x = r.unmet_effect[c] * unmet_need(w, p, day) + r.deconditioning_effect[c] * p.deconditioning
    m *= r.unmet_usual[c, frailty_group_of(p)]
    if p.befriended:
        m *= r.befriended[c]
    if x != 0.0:
        m *= exp(x)
    if c != MORTALITY:
        m *= lever(w, i, p, c)
    return m


@kernel
def need_due(w: Any, i: int, p: Any, day: int) -> None:
    """A candidate need falls due: its class, whether it is real today (thinning), and what the person does.

    The candidate, its class mark, its thinning mark and its severity belong to the person and no policy moves
    them.
    """
    r = w.rules
    k = p.need_count
    w.tallies.work[CANDIDATES] += 1
    bound = 0.0
    for c in range(MORTALITY + 1):
        bound += p.rate[c] * r.headroom[c]
    mark = uniform(p.key, draws.NEED_CLASS, k) * bound
    c = 0
    while c < MORTALITY and mark >= p.rate[c] * r.headroom[c]:
        mark -= p.rate[c] * r.headroom[c]
        c += 1
    next_candidate(p, day)
    actual = actual_over_rate(w, i, p, c, day)
    if actual > r.headroom[c]:
        w.tallies.work[PAST_BOUND] += 1
    if uniform(p.key, draws.NEED_ACCEPTED, k) * r.headroom[c] >= actual:
        return
    if c == MORTALITY:
        if day >= 0:
            die(w, i, p, day)
        return
    w.tallies.system[0, S.NEEDS_MINOR + c] += 1
    if p.setting >= Setting.BOARDING:
        return  # met on the ward
    if p.setting != Setting.HOME and not more_pressing(c, p):
        return  # dealt with together with the need in hand
    drop_appointment(w, p)
    p.episode = k
    p.step = 0
    p.need = c
    p.severity = uniform(p.key, draws.NEED_SEVERITY, k)
    seek_help(w, i, p, day)


@kernel
def more_pressing(c: int, p: Any) -> bool:
    """Whether a new need displaces the episode in hand: crises displace what is light, the acute all else."""
    if c == Need.MINOR or c == Need.PLANNED:
        return False
    light = p.need == Need.MINOR or p.need == Need.PLANNED or p.setting == Setting.RECOVERING
    return light or (c == Need.ACUTE and p.need != Need.ACUTE)


@kernel
def care_due(w: Any, i: int, p: Any, day: int) -> None:
    """The next step of a care episode outside hospital."""
    if p.setting == Setting.AWAITING_GP:
        drop_appointment(w, p)
        waited = float(day - p.since)
        p.step += 1
        consult(w, i, p, day, waited, True)
    elif p.setting == Setting.FOLLOW_UP:
        p.step += 1
        if not ask_gp(w, i, p, day):
            turned_away(w, i, p, day)
    else:  # worsening, or a relapse after discharge
        p.step += 1
        seek_help(w, i, p, day)
