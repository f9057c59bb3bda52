"""Everything one day of care reads and writes, handed to compiled code as one ``NamedTuple``."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from icsim.care.services import Queues, Setting
from icsim.care.together import Together
from icsim.compiling import kernel
from icsim.keeping import lay
from icsim.streams import exp

DAY = np.dtype(
    [
        ("working", np.bool_),  # practices and clinics are open
        ("next_working", np.int64),  # first working day after this one, the first day of the run being 0
        ("day_of_year", np.int64),  # 0-365
        ("year", np.int64),  # index of the financial year; 0 in the run-in
    ],
    align=True,
)
"""Facts about a day. The calendar holds one for each day from the first of the run-in."""


class Tallies(NamedTuple):
    """Counts of today by kind of organisation (columns: ``icsim.recording.measures``), and running totals."""

    system: np.ndarray  # (1, measures) float64
    gp_practice: np.ndarray  # (P, measures)
    community_team: np.ndarray  # (N, measures)
    acute_trust: np.ndarray  # (S, measures), mental health wards and hospitals elsewhere included
    local_authority: np.ndarray  # (A, measures)
    mental_health_trust: np.ndarray  # (1, measures)
    urgent_care: np.ndarray  # (1, measures)
    care_homes: np.ndarray  # (1, measures)
    by_group: np.ndarray  # (years, B, 5, measures) float64
    person_days: np.ndarray  # (years, B, 5) float64
    residents: np.ndarray  # (B, 5) int64 now
    person_year: np.ndarray  # (n, years, 4) uint16: USE of the years that are over (``ICSModel.person_year``)
    work: np.ndarray  # int64: candidate needs, needs past the bound, care events


class World(NamedTuple):
    """The state of a run. ``people`` and ``due`` have a row for each person who ever lives here.

    Services are arrays of records (``icsim.care.services``): few arguments, so that compiled code is quick to
    build and to call.
    """

    people: np.ndarray  # (n,) PERSON
    due: np.ndarray  # (n,) int32: the first of the person's clocks
    # (n,) uint8: 1 where the setting is BOARDING or beyond, so that few need to be looked at
    in_hospital: np.ndarray
    # (n,) bool: who has changed since services last looked; whatever writes to people marks them here
    altered: np.ndarray
    due_today: np.ndarray  # (n,) int32: scratch
    stay_queues: Queues
    planned_queues: Queues
    together: Together
    travel: np.ndarray  # (LSOAs, 2): utility of a practice and of A&E for how far they are
    gp: np.recarray  # (P,) GENERAL_PRACTICE
    hospitals: np.recarray  # (S,) HOSPITAL
    teams: np.recarray  # (N,) COMMUNITY_TEAM
    social: np.recarray  # (A,) SOCIAL_CARE
    urgent: np.recarray  # (1,) URGENT_CARE
    rules: np.record  # RULES
    risk: np.record  # RISK
    ageing: np.record  # AgeingTables
    calendar: np.recarray  # (days,) DAY
    tallies: Tallies
    run_in: int  # days before day 0
    first_people: int  # rows of the people present on day 0, which come first
    mental_site: int  # hospital site of the mental health wards, -1 when there is none


MADE_ANEW = ("due_today", "ageing", "calendar", "run_in", "first_people", "mental_site")
"""Fields of a world that follow from the experiment; a checkpoint keeps all others."""


def _fields(part: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Arrays of a named tuple by name: a tuple within becomes a mapping, a record an array without axes."""
    found = {}
    for name in names:
        value: Any = getattr(part, name)
        found[name] = _fields(value, tuple(value._fields)) if hasattr(value, "_fields") else np.asarray(value)
    return found


def state_of_world(world: Any) -> dict[str, Any]:
    """What a checkpoint keeps of a world: its own arrays, not copies."""
    return _fields(world, tuple(name for name in World._fields if name not in MADE_ANEW))


def put_world_back(world: Any, state: Mapping[str, Any]) -> None:
    """Write what was kept into a world of the same place, in which more or fewer people may be expected.

    Raises ValueError where the world is laid out otherwise.
    """

    def put(part: Any, kept: Mapping[str, Any], names: tuple[str, ...]) -> None:
        if set(names) != set(kept):
            raise ValueError(f"the world has other parts: {', '.join(sorted(set(names) ^ set(kept)))}")
        for name in names:
            value: Any = getattr(part, name)
            if hasattr(value, "_fields"):
                put(value, kept[name], value._fields)
            elif isinstance(value, np.record):
                if value.dtype != kept[name].dtype:
                    raise ValueError(f"{name}: laid out otherwise")
                for field in value.dtype.names or ():
                    value[field] = kept[name][field]
            else:
                lay(value, kept[name], name)

    put(world, state, tuple(name for name in World._fields if name not in MADE_ANEW))


# tallies.work columns
CANDIDATES, PAST_BOUND, EVENTS = range(3)


RECOVERED = 255  # mental_wait of those whom treatment has helped and who may relapse
FORGOTTEN = 1e-3  # unmet need too small to matter


@kernel
def reschedule(w: Any, i: int) -> None:
    """Note when the person next has anything to do, the first of the four clocks, and whether in hospital."""
    p = w.people[i]
    w.in_hospital[i] = p.setting >= Setting.BOARDING
    w.due[i] = min(min(p.next_need, p.next_care), min(p.next_planned, p.next_life))


@kernel
def unmet_need(w: Any, p: Any, day: int) -> float:
    """Bring a person's unmet need (z) and deconditioning up to today: both fade, z faster with support."""
    days = day - p.unmet_day
    if days > 0:
        p.unmet_day = day
        if p.unmet_need > 0.0:
            fade = w.rules.unmet_decay
            if p.caseload == 1:
                fade += w.rules.unmet_caseload_decay * w.teams.intensity[p.neighbourhood]
            elif p.caseload == 2:
                fade += w.rules.unmet_treatment_decay
            if p.package > 0:
                fade += w.rules.unmet_support_decay
            p.unmet_need *= exp(-fade * days)
            if p.unmet_need < FORGOTTEN:
                p.unmet_need = 0.0
        if p.deconditioning > 0.0:
            p.deconditioning *= exp(-w.rules.deconditioning_recovery * days)
    return p.unmet_need


@kernel
def add_unmet(w: Any, p: Any, day: int, amount: float) -> None:
    """Need goes unseen, is refused or delayed: unmet need rises, up to a most."""
    p.unmet_need = min(unmet_need(w, p, day) + amount, w.rules.unmet_most)


@kernel
def drop_appointment(w: Any, p: Any) -> None:
    """The person no longer waits for the GP appointment booked, if any: it is kept now, or missed."""
    if p.setting == Setting.AWAITING_GP:
        w.gp.booked[p.practice] -= 1
