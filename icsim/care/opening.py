"""The world on its first day: empty services, everyone's clocks, the queues a health service always has."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np

from icsim.care import purposes as draws
from icsim.care.life import next_change, settle
from icsim.care.planned import planned_queue, refer
from icsim.care.services import (
    COMMUNITY_TEAM,
    GENERAL_PRACTICE,
    HOSPITAL,
    RING,
    SOCIAL_CARE,
    URGENT_CARE,
    Planned,
    Setting,
    join,
    new_queues,
    records,
)
from icsim.care.together import nothing_together
from icsim.care.world import DAY, Tallies, World, reschedule
from icsim.compiling import compiled, kernel, record_of
from icsim.handle import Handle
from icsim.population.columns import AGE_BANDS, Need, Status
from icsim.population.health import AgeingTables
from icsim.prefetch import prefetch_days, prefetch_standing
from icsim.recording.measures import GROUP_MEASURES, MEASURES
from icsim.streams import entity_key, exp, log, normal, poisson, uniform


@dataclass(frozen=True)
class Sizes:
    """How many of each service there are."""

    practices: int
    teams: int
    sites: int
    authorities: int
    mental_site: int


AHEAD = 500
"""Working days are known this many days beyond the end, for bookings."""
ROWS_AHEAD = 16  # people whose records are on their way while one is looked at


def calendar(start: date, run_in: int, year_of_day: np.ndarray) -> np.recarray:
    """Working days of England (weekends and bank holidays are not), seasons and financial years of a run."""
    days = run_in + len(year_of_day) + AHEAD
    first = start - timedelta(days=run_in)
    dates = [first + timedelta(days=k) for k in range(days)]
    closed = _bank_holidays(first.year, dates[-1].year)
    working = np.array([d.weekday() < 5 and d not in closed for d in dates])
    following = np.full(days, days - run_in, np.int64)
    for k in range(days - 2, -1, -1):
        following[k] = k + 1 - run_in if working[k + 1] else following[k + 1]
    table = records(days, DAY)
    table.working = working
    table.next_working = following
    table.day_of_year = [d.timetuple().tm_yday - 1 for d in dates]
    table.year = np.concatenate([np.zeros(run_in, np.int64), year_of_day, np.full(AHEAD, year_of_day[-1])])
    return table


@cache
def _bank_holidays(first: int, last: int) -> frozenset[date]:
    """Those of England in these years."""
    import holidays

    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=range(first, last + 1)))


def open_world(
    people: np.ndarray,
    altered: np.ndarray,
    seed: int,
    sizes: Sizes,
    rules: np.record,
    risk: np.record,
    ageing: AgeingTables,
    days: np.recarray,
    years: int,
    run_in: int,
    areas: int = 1,
) -> Handle:
    """A handle on a world of ``people`` in which every service exists and none has any capacity yet."""
    count = {"gp_practice": sizes.practices, "community_team": sizes.teams, "acute_trust": sizes.sites}
    count["local_authority"] = sizes.authorities
    kinds = [name for name in Tallies._fields if name in MEASURES]
    tallies = Tallies(
        **{kind: np.zeros((count.get(kind, 1), len(MEASURES[kind]))) for kind in kinds},
        by_group=np.zeros((years, len(AGE_BANDS), 5, len(GROUP_MEASURES))),
        person_days=np.zeros((years, len(AGE_BANDS), 5)),
        residents=np.zeros((len(AGE_BANDS), 5), np.int64),
        person_year=np.zeros((len(people), years, 4), np.uint16),
        work=np.zeros(3, np.int64),
    )
    practice = records(sizes.practices, GENERAL_PRACTICE)
    practice.diary_day = -(10**6)
    practice.referral_habit = 1.0
    hospital = records(sizes.sites, HOSPITAL)
    hospital.key = [np.uint64(entity_key(seed, draws.ORGANISATION, k)) for k in range(sizes.sites)]
    hospital.outside_stay = hospital.ed_load = hospital.cancel_above = 1.0
    team = records(sizes.teams, COMMUNITY_TEAM)
    team.intensity = 1.0
    world = World(
        people=people,
        due=np.zeros(len(people), np.int32),
        in_hospital=np.zeros(len(people), np.uint8),
        altered=altered,
        due_today=np.zeros(len(people), np.int32),
        stay_queues=new_queues(len(people), sizes.sites + 3 * sizes.authorities),
        planned_queues=new_queues(len(people), 3 * sizes.sites),
        together=nothing_together(len(people), sizes.practices, sizes.teams),
        travel=np.zeros((areas, 2)),
        gp=practice,
        hospitals=hospital,
        teams=team,
        social=records(sizes.authorities, SOCIAL_CARE),
        urgent=records(1, URGENT_CARE),
        rules=rules,
        risk=risk,
        ageing=record_of(ageing),
        calendar=days,
        tallies=tallies,
        run_in=run_in,
        first_people=max(1, int(np.count_nonzero(people["status"] == Status.RESIDENT))),
        mental_site=sizes.mental_site,
    )
    return Handle(world)


@kernel
def use_hospitals(people: Any, shares: np.ndarray) -> None:
    """Give every person the hospital they use, by hospitals' cumulated shares of residents, shape (S,)."""
    for i in range(len(people)):
        p = people[i]
        u = uniform(p.key, draws.HOSPITAL_USED, 0)
        p.trust = min(np.searchsorted(shares, u, side="right"), len(shares) - 1)


@kernel
def settle_everyone(w: Any, day: int) -> None:
    """Start the clocks of everyone present, and the arrival clock of those to come."""
    for i in range(len(w.people)):
        p = w.people[i]
        if p.status == Status.RESIDENT:
            settle(w, p, day)
        else:
            p.next_life = p.arrival_day
        reschedule(w, i)


@kernel
def change_length(w: Any, departures: np.ndarray, known: int) -> None:
    """Fit people in mid-run to a run of another length, in which they leave on these ``departures`` (n,).

    The first ``known`` rows have lived; start the clock of those after them.
    """
    for i in range(len(w.people)):
        p = w.people[i]
        p.departure_day = departures[i]
        if p.status == Status.RESIDENT:
            p.next_life = next_change(p)
        elif i >= known:
            p.next_life = p.arrival_day
        reschedule(w, i)


@compiled
def _draw_waiting(
    w: Any, day: int, outpatients: float, listed: float, following: float, mean_wait: float, mean_rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Who waits at the start, and since when.

    0 does not wait, 1 waits for clinic, 2 for a day case, 3 for a bed, 4 is followed up.
    """
    n = len(w.people)
    state = np.zeros(n, np.int64)
    since = np.zeros(n, np.int64)
    for i in range(n):
        p = w.people[i]
        if p.status != Status.RESIDENT:
            continue
        relative = p.rate[Need.PLANNED] / mean_rate
        u = uniform(p.key, draws.WAITING_AT_START, 0)
        if u < outpatients * relative:
            state[i] = 1
        elif u < (outpatients + listed) * relative:
            state[i] = 2 if uniform(p.key, draws.WAITING_AT_START, 1) < w.rules.day_case else 3
        elif u < (outpatients + listed + following) * relative:
            state[i] = 4
        waited = int(-mean_wait * log(uniform(p.key, draws.WAITING_AT_START, 2)))
        since[i] = day - (waited if state[i] == 1 else 2 * waited)
    return state, since


@kernel
def _take_place(w: Any, order: np.ndarray, state: np.ndarray, since: Any, day: int) -> None:
    sites = len(w.hospitals.key)
    for i in order:
        p = w.people[i]
        if state[i] == 1:
            refer(w, i, p, since[i])
        elif state[i] == 4:
            p.planned = Planned.FOLLOWED_UP
            u = uniform(p.key, draws.WAITING_AT_START, 4)
            p.follow_ups = 1 + poisson(0.5 * w.rules.follow_ups_planned, u)  # of a course under way
            u = uniform(p.key, draws.WAITING_AT_START, 3)
            p.next_planned = day + 1 + int(2.0 * w.rules.follow_up_gap * u)
        else:
            p.planned = Planned.AWAITING_DAY_CASE if state[i] == 2 else Planned.AWAITING_INPATIENT
            p.referred = since[i]
            p.planned_count += 1
            join(w.planned_queues, (state[i] - 1) * sites + p.trust, i)
        reschedule(w, i)


def fill_waiting_lists(w: Handle, day: int, per_1000: tuple[float, float, float], mean_wait: float) -> None:
    """Put people on the outpatient queue, the waiting list and follow-up, longest waits first.

    ``per_1000``: people in each at the start, per 1,000 residents of mean need for planned care.
    """
    here = w.people["status"] == Status.RESIDENT
    mean_rate = float(w.people["rate"][here, Need.PLANNED].mean(dtype=np.float64))
    if not mean_rate:
        return  # nobody needs planned care
    outpatients, listed, following = (value / 1000 for value in per_1000)
    state, since = _draw_waiting(w, day, outpatients, listed, following, mean_wait, mean_rate)
    rows = np.flatnonzero(state)
    _take_place(w, rows[np.argsort(since[rows], kind="stable")], state, since, day)


@kernel
def _full(h: Any, site: int) -> bool:
    """Whether every bed of a hospital is in use."""
    return h.occupied[site] >= h.core_beds[site] + h.escalation_beds[site]


@kernel
def _fill_beds(w: Any, nights: np.ndarray, rates: np.ndarray, counts: np.ndarray, day: int) -> None:
    """Put people into beds, each part of the way through an emergency stay.

    Those in a bed on a given day are there for long stays more often than those who come: by the length of
    the stay. ``rates`` and ``counts`` are zeros of the shape of ``nights``.
    """
    for i in range(len(w.people)):
        p = w.people[i]
        if p.status == Status.RESIDENT:
            band, fifth = w.risk.band[p.age], (p.imd_decile - 1) // 2
            rates[band, fifth] += p.rate[Need.ACSC] + p.rate[Need.FRAILTY] + p.rate[Need.ACUTE]
            counts[band, fifth] += 1.0
    sigma = w.rules.stay_sigma
    for i in range(len(w.people)):
        p = w.people[i]
        if p.status != Status.RESIDENT:
            continue
        band, fifth = w.risk.band[p.age], (p.imd_decile - 1) // 2
        rate = p.rate[Need.ACSC] + p.rate[Need.FRAILTY] + p.rate[Need.ACUTE]
        chance = nights[band, fifth] * rate * counts[band, fifth] / max(rates[band, fifth], 1e-300)
        if uniform(p.key, draws.IN_BED_AT_START, 0) >= chance or _full(w.hospitals, p.trust):
            continue
        p.stays += 1
        p.severity = 1.0 - 0.5 * uniform(p.key, draws.IN_BED_AT_START, 1)
        z = normal(p.key, draws.IN_BED_AT_START, 2)
        stay = min(w.rules.stay_mean[band] * exp(sigma * z + 0.5 * sigma * sigma), w.rules.longest_stay)
        gone = stay * uniform(p.key, draws.IN_BED_AT_START, 3)
        p.need = Need.ACUTE
        p.site = p.trust
        p.admitted = day - int(gone)
        p.since = p.admitted
        p.next_care = day + 1 + int(stay - gone)
        p.setting = Setting.WARD
        w.hospitals.occupied[p.site] += 1
        reschedule(w, i)
    h = w.hospitals
    for s in range(len(h.key)):
        beds = poisson(
            h.outside_admissions[s] * h.outside_stay[s], uniform(h.key[s], draws.OUTSIDE_AT_START, 0)
        )
        for k in range(beds):
            if _full(h, s):
                break
            z = normal(h.key[s], draws.OUTSIDE_AT_START, 2 * k + 1)
            stay = min(h.outside_stay[s] * exp(sigma * z + 0.5 * sigma * sigma), RING - 1.0)
            left = stay * uniform(h.key[s], draws.OUTSIDE_AT_START, 2 * k + 2)
            h.outside_leaving[s, (day + 1 + int(left)) % RING] += 1
            h.occupied[s] += 1
            h.outside_occupied[s] += 1


def fill_beds(w: Handle, day: int, nights: np.ndarray) -> None:
    """Fill hospitals as they are on any day: half of the beds are held by stays longer than most that begin.

    Without it the longest stays would be missing until they have come one by one, beyond any run-in.

    Args:
        w: the world, with hospitals open and people settled.
        day: the first of the run-in.
        nights: nights in hospital a day and person by age band and fifth, (10, 5).
    """
    _fill_beds(w, nights, np.zeros(nights.shape), np.zeros(nights.shape), day)


@compiled
def waiting_over(w: Any, rows: np.ndarray, day: int, days: int) -> np.ndarray:
    """People whose 18-week clock has run for more than ``days`` days by site, shape (S,).

    ``rows``: of everyone on a planned pathway.
    """
    over = np.zeros(len(w.hospitals.key), np.int64)
    for k in range(len(rows)):
        if k + ROWS_AHEAD < len(rows):
            prefetch_standing(w.people, rows[k + ROWS_AHEAD])
            prefetch_days(w.people, rows[k + ROWS_AHEAD])
        p = w.people[rows[k]]
        if planned_queue(w, p) >= 0 and day - p.referred > days:
            over[p.trust] += 1
    return over
