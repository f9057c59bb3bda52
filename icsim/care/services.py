"""What the day of care works on: each service's capacity and what it has in hand today, as small arrays.

Organisations set the capacities (``agents/``); the day's kernel uses them up. A ``NamedTuple`` of arrays is
passed to compiled code as it is. Shapes: P practices, N neighbourhood teams, S hospital sites, A local
authorities.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from icsim.compiling import kernel


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


RING = 512
"""Days ahead that a stay of an outside patient, or in intermediate care, may end."""

LINK = np.dtype([("following", np.int32), ("before", np.int32)], align=True)
"""The next person in the same queue (-1 at the end) and the person in front (-1 for the first)."""

LINE = np.dtype([("first", np.int32), ("last", np.int32), ("waiting", np.int32)], align=True)
"""A queue: its first and last person (-1 when empty) and how many wait."""


class Queues(NamedTuple):
    """First-in-first-out queues of people as linked lists; a person is in one queue of a family at a time."""

    links: np.recarray  # (n,) LINK
    lines: np.recarray  # (queues,) LINE


def records(n: int, kind: np.dtype) -> np.recarray:
    """``n`` zeroed records of a kind, whose columns are attributes."""
    return np.zeros(n, kind).view(np.recarray)


def new_queues(people: int, queues: int) -> Queues:
    """Empty queues for ``people`` rows."""
    links, lines = records(people, LINK), records(queues, LINE)
    links.following = links.before = -1
    lines.first = lines.last = -1
    return Queues(links, lines)


@kernel
def join(queues: Queues, queue: int, i: int) -> None:
    """Person ``i`` joins the end of a queue."""
    queues.links.following[i] = -1
    queues.links.before[i] = queues.lines.last[queue]
    if queues.lines.last[queue] < 0:
        queues.lines.first[queue] = i
    else:
        queues.links.following[queues.lines.last[queue]] = i
    queues.lines.last[queue] = i
    queues.lines.waiting[queue] += 1


@kernel
def join_front(queues: Queues, queue: int, i: int) -> None:
    """Person ``i``, just called and sent back, waits first in line again."""
    queues.links.before[i] = -1
    queues.links.following[i] = queues.lines.first[queue]
    if queues.lines.first[queue] < 0:
        queues.lines.last[queue] = i
    else:
        queues.links.before[queues.lines.first[queue]] = i
    queues.lines.first[queue] = i
    queues.lines.waiting[queue] += 1


@kernel
def leave(queues: Queues, queue: int, i: int) -> None:
    """Person ``i`` leaves a queue from any place in it."""
    ahead, behind = queues.links.before[i], queues.links.following[i]
    if ahead < 0:
        queues.lines.first[queue] = behind
    else:
        queues.links.following[ahead] = behind
    if behind < 0:
        queues.lines.last[queue] = ahead
    else:
        queues.links.before[behind] = ahead
    queues.links.following[i] = -1
    queues.links.before[i] = -1
    queues.lines.waiting[queue] -= 1


@kernel
def call_next(queues: Queues, queue: int) -> int:
    """Take the first person off a queue; -1 when it is empty."""
    i = queues.lines.first[queue]
    if i >= 0:
        leave(queues, queue, i)
    return i


@kernel
def whole(capacity: float, carried: np.ndarray, at: int) -> int:
    """Today's capacity as a whole number; the fraction is carried to the next day."""
    today = capacity + carried[at]
    units = int(np.floor(today + 1e-9))
    carried[at] = today - units
    return units


GENERAL_PRACTICE = np.dtype(
    [
        ("same_day", np.float64),  # same-day appointments a working day
        ("routine", np.float64),  # routine appointments a working day
        ("same_day_left", np.int64),  # today
        ("diary_day", np.int64),  # first day with a free routine appointment
        ("diary_left", np.int64),  # appointments left on that day
        ("booked", np.int64),  # people with an appointment to come
        ("carried", np.float64, (2,)),  # fractions carried over
        ("expected_wait", np.float64),  # days, as patients have come to expect
        ("continuity", np.float64),  # usual provider of care index, 0-1
        ("referral_habit", np.float64),  # multiplier of the referral probability
    ],
    align=True,
)
"""A practice: appointments a working day, the booking diary, and how it is doing."""


HOSPITAL = np.dtype(
    [
        ("key", np.uint64),  # address of the site's luck
        ("core_beds", np.int64),
        ("escalation_beds", np.int64),
        ("occupied", np.int64),  # beds now, everyone's
        ("outside_occupied", np.int64),  # of these by people from outside the place
        ("outside_leaving", np.int64, (RING,)),  # outside patients by day of leaving
        ("outside_boarding", np.int64),  # outside patients waiting for a bed
        ("outside_attendances", np.float64),  # mean a day
        ("outside_admissions", np.float64),  # mean overnight admissions a day
        ("outside_stay", np.float64),  # mean nights
        ("ed_capacity", np.float64),  # attendances a day that the department is staffed for
        ("ed_today", np.int64),
        ("ed_load", np.float64),  # attendances over capacity, smoothed
        ("delayed", np.int64),  # residents who are fit and wait for support
        ("occupancy", np.float64),  # beds occupied over core beds at the last midnight
        ("day_case_slots", np.float64),  # a working day
        ("inpatient_slots", np.float64),  # elective admissions a working day
        ("clinic_slots", np.float64),  # outpatient attendances a working day, first and follow-up
        ("clinic_left", np.int64),  # today
        ("carried", np.float64, (3,)),  # fractions carried over
        ("cancel_above", np.float64),  # occupancy above which electives are cancelled
    ],
    align=True,
)
"""A hospital site: an acute trust, the hospitals elsewhere, or mental health wards."""


COMMUNITY_TEAM = np.dtype(
    [
        ("rapid_slots", np.float64),  # two-hour responses a day
        ("rapid_left", np.int64),  # today
        ("carried", np.float64, (1,)),  # fractions carried over
        ("authority", np.int64),  # whose people its intermediate care takes
        ("slots", np.int64),  # intermediate-care places
        ("slots_used", np.int64),
        ("slots_free_on", np.int64, (RING,)),  # places that become free, by day
        ("visits", np.float64),  # visits a day the team can make
        ("caseload", np.int64),
        ("caseload_limit", np.int64),
        ("intensity", np.float64),  # visits made over visits planned, 0-1
    ],
    align=True,
)
"""A neighbourhood team."""


SOCIAL_CARE = np.dtype(
    [
        ("home_care_starts", np.float64),  # packages a working day that can begin
        ("home_care_left", np.int64),  # today
        ("home_care_packages", np.int64),  # most packages at once
        ("home_care_used", np.int64),
        ("care_home_starts", np.float64),  # placements a working day
        ("care_home_left", np.int64),  # today
        ("care_home_places", np.int64),
        ("care_home_used", np.int64),
        ("carried", np.float64, (2,)),  # fractions carried over
    ],
    align=True,
)
"""A local authority's adult social care."""


URGENT_CARE = np.dtype(
    [
        ("calls", np.float64),  # 111 calls that can be answered on a day that practices are open
        ("calls_shut", np.float64),  # on a day that they are shut
        ("calls_left", np.int64),  # today
        ("out_of_hours", np.float64),  # out-of-hours GP contacts on a day that practices are shut
        ("out_of_hours_left", np.int64),  # today
        ("conveyances", np.float64),  # ambulance journeys a day without delay
        ("conveyances_left", np.int64),  # today
        ("crisis", np.float64),  # mental health crisis contacts a day
        ("crisis_left", np.int64),  # today
        ("mental_caseload", np.int64),  # people on the mental health teams' caseload
        ("mental_caseload_limit", np.int64),
        ("carried", np.float64, (4,)),  # fractions carried over
    ],
    align=True,
)
"""111, out-of-hours, 999 and the mental health crisis team of the place."""
