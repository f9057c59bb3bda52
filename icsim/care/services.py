"""What the day of care works on: each service's capacity and what it has in hand today, as small arrays.

Organisations set the capacities (``agents/``); the day's kernel uses them up. A ``NamedTuple`` of arrays is passed
to compiled code as it is. Shapes: P practices, N neighbourhood teams, S hospital sites, A local authorities.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from icsim.compiling import compiled


class Setting(IntEnum):
    """Where a person's care episode stands. From ``BOARDING`` on the person is in hospital."""

    HOME = 0
    WORSENING = 1  # waiting to see whether it passes
    FOLLOW_UP = 2  # asked by the GP to come back
    AWAITING_GP = 3  # has an appointment
    RECOVERING = 4  # home from hospital, heading for a relapse
    BOARDING = 5  # to be admitted, waiting for a bed in A&E
    WARD = 6
    DELAYED = 7  # medically fit, waiting for support
    ELECTIVE_WARD = 8


class Support(IntEnum):
    """What a person who is medically fit waits for."""

    NONE = 0
    HOME_CARE = 1
    CARE_HOME = 2
    INTERMEDIATE_CARE = 3


class Planned(IntEnum):
    """Where a person's planned pathway stands."""

    NONE = 0
    AWAITING_OUTPATIENT = 1
    FOLLOWED_UP = 2
    AWAITING_DAY_CASE = 3
    AWAITING_INPATIENT = 4


class Queues(NamedTuple):
    """First-in-first-out queues of people as linked lists; a person is in one queue of a family at a time."""

    following: np.ndarray  # (n,) int32: the next person in the same queue, -1 at the end
    before: np.ndarray  # (n,) int32: the person in front, -1 for the first
    first: np.ndarray  # (queues,) int32
    last: np.ndarray  # (queues,) int32
    waiting: np.ndarray  # (queues,) int32


def new_queues(people: int, queues: int) -> Queues:
    """Empty queues for ``people`` rows."""
    return Queues(
        following=np.full(people, -1, np.int32),
        before=np.full(people, -1, np.int32),
        first=np.full(queues, -1, np.int32),
        last=np.full(queues, -1, np.int32),
        waiting=np.zeros(queues, np.int32),
    )


@compiled
def join(queues: Queues, queue: int, i: int) -> None:
    """Person ``i`` joins the end of a queue."""
    queues.following[i] = -1
    queues.before[i] = queues.last[queue]
    if queues.last[queue] < 0:
        queues.first[queue] = i
    else:
        queues.following[queues.last[queue]] = i
    queues.last[queue] = i
    queues.waiting[queue] += 1


@compiled
def join_front(queues: Queues, queue: int, i: int) -> None:
    """Person ``i``, just called and sent back, waits first in line again."""
    queues.before[i] = -1
    queues.following[i] = queues.first[queue]
    if queues.first[queue] < 0:
        queues.last[queue] = i
    else:
        queues.before[queues.first[queue]] = i
    queues.first[queue] = i
    queues.waiting[queue] += 1


@compiled
def leave(queues: Queues, queue: int, i: int) -> None:
    """Person ``i`` leaves a queue from any place in it."""
    ahead, behind = queues.before[i], queues.following[i]
    if ahead < 0:
        queues.first[queue] = behind
    else:
        queues.following[ahead] = behind
    if behind < 0:
        queues.last[queue] = ahead
    else:
        queues.before[behind] = ahead
    queues.following[i] = -1
    queues.before[i] = -1
    queues.waiting[queue] -= 1


@compiled
def call_next(queues: Queues, queue: int) -> int:
    """Take the first person off a queue; -1 when it is empty."""
    i = queues.first[queue]
    if i >= 0:
        leave(queues, queue, i)
    return i


@compiled
def whole(capacity: float, carried: np.ndarray, at: tuple) -> int:
    """Today's capacity as a whole number; the fraction is carried to the next day."""
    today = capacity + carried[at]
    units = np.int64(np.floor(today + 1e-9))
    carried[at] = today - units
    return units


class GeneralPractice(NamedTuple):
    """Practices: appointments a working day, the booking diary, and how they are doing. Arrays (P,)."""

    same_day: np.ndarray  # float64 same-day appointments a working day
    routine: np.ndarray  # float64 routine appointments a working day
    same_day_left: np.ndarray  # int64 today
    diary_day: np.ndarray  # int64 first day with a free routine appointment
    diary_left: np.ndarray  # int64 appointments left on that day
    booked: np.ndarray  # int64 people with an appointment to come
    carried: np.ndarray  # (P, 2) float64 fractions of an appointment carried over
    expected_wait: np.ndarray  # float64 days, as patients have come to expect
    continuity: np.ndarray  # float64 usual provider of care index, 0-1
    referral_habit: np.ndarray  # float64 multiplier of the referral probability


class Hospitals(NamedTuple):
    """Hospital sites: acute trusts, the hospitals elsewhere, mental health wards. Arrays (S,) unless said."""

    key: np.ndarray  # uint64 address of the site's luck
    core_beds: np.ndarray  # int64
    escalation_beds: np.ndarray  # int64
    occupied: np.ndarray  # int64 beds now, everyone's
    outside_occupied: np.ndarray  # int64 of these by people from outside the place
    outside_leaving: np.ndarray  # (S, RING) int64 outside patients by day of leaving
    outside_boarding: np.ndarray  # int64 outside patients waiting for a bed
    outside_attendances: np.ndarray  # float64 mean a day
    outside_admissions: np.ndarray  # float64 mean overnight admissions a day
    outside_stay: np.ndarray  # float64 mean nights
    ed_capacity: np.ndarray  # float64 attendances a day that the department is staffed for
    ed_today: np.ndarray  # int64
    ed_load: np.ndarray  # float64 attendances over capacity, smoothed
    delayed: np.ndarray  # int64 residents who are fit and wait for support
    occupancy: np.ndarray  # float64 beds occupied over core beds at the last midnight
    day_case_slots: np.ndarray  # float64 a working day
    inpatient_slots: np.ndarray  # float64 elective admissions a working day
    clinic_slots: np.ndarray  # float64 outpatient attendances a working day, first and follow-up
    clinic_left: np.ndarray  # int64 today
    carried: np.ndarray  # (S, 3) float64
    cancel_above: np.ndarray  # float64 occupancy above which electives are cancelled


RING = 512
"""Days ahead that a stay of an outside patient may end."""


class CommunityTeams(NamedTuple):
    """Neighbourhood teams. Arrays (N,) unless said."""

    rapid_slots: np.ndarray  # float64 two-hour responses a day
    rapid_left: np.ndarray  # int64 today
    carried: np.ndarray  # float64
    slots: np.ndarray  # int64 intermediate-care places
    slots_used: np.ndarray  # int64
    slots_free_on: np.ndarray  # (N, RING) int64 places that become free, by day
    visits: np.ndarray  # float64 visits a day the team can make
    caseload: np.ndarray  # int64
    caseload_limit: np.ndarray  # int64
    intensity: np.ndarray  # float64 visits made over visits planned, 0-1


class SocialCare(NamedTuple):
    """Local authorities. Arrays (A,)."""

    home_care_starts: np.ndarray  # float64 packages a working day that can begin
    home_care_left: np.ndarray  # int64 today
    home_care_packages: np.ndarray  # int64 most packages at once
    home_care_used: np.ndarray  # int64
    care_home_starts: np.ndarray  # float64 placements a working day
    care_home_left: np.ndarray  # int64 today
    care_home_places: np.ndarray  # int64
    care_home_used: np.ndarray  # int64
    carried: np.ndarray  # (A, 2) float64


class UrgentCare(NamedTuple):
    """111, out-of-hours, 999 and the mental health crisis team of the place. Arrays (1,)."""

    calls: np.ndarray  # float64 111 calls a day that are answered
    calls_left: np.ndarray  # int64 today
    out_of_hours: np.ndarray  # float64 out-of-hours GP contacts on a day that practices are shut
    out_of_hours_left: np.ndarray  # int64 today
    conveyances: np.ndarray  # float64 ambulance journeys a day without delay
    conveyances_left: np.ndarray  # int64 today
    crisis: np.ndarray  # float64 mental health crisis contacts a day
    crisis_left: np.ndarray  # int64 today
    mental_caseload: np.ndarray  # int64 people on the mental health teams' caseload
    mental_caseload_limit: np.ndarray  # int64
    carried: np.ndarray  # (1, 4) float64
