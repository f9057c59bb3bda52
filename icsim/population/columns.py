"""The columns of a person: one record a row, ordered so that most events touch its first three cache lines.

``people["age"]`` is a NumPy view of one column over all rows. A row is a person for ever: rows of
people who are born or move in during the run exist from the start (status ``EXPECTED``), so identity is the
same in every world.
"""

from enum import IntEnum, IntFlag
from typing import Any

import numpy as np


class Status(IntEnum):
    """Whether a person belongs to the place today."""

    EXPECTED = 0  # will be born or move in on arrival_day
    RESIDENT = 1
    DEAD = 2
    MOVED = 3


class Sex(IntEnum):
    """Person stated sex, as the NHS data dictionary codes it."""

    MALE = 1
    FEMALE = 2


class Residence(IntEnum):
    """Where a person lives."""

    HOME = 0
    CARE_HOME = 1


class Condition(IntFlag):
    """Long-term conditions that matter for hospital use, one bit each of ``conditions``."""

    ASTHMA = 1 << 0
    COPD = 1 << 1
    HEART_FAILURE = 1 << 2
    CORONARY_HEART_DISEASE = 1 << 3
    ATRIAL_FIBRILLATION = 1 << 4
    STROKE = 1 << 5
    HYPERTENSION = 1 << 6
    DIABETES = 1 << 7
    CHRONIC_KIDNEY_DISEASE = 1 << 8
    CANCER = 1 << 9
    EPILEPSY = 1 << 10
    DEMENTIA = 1 << 11
    DEPRESSION_ANXIETY = 1 << 12
    SEVERE_MENTAL_ILLNESS = 1 << 13
    MUSCULOSKELETAL = 1 << 14
    SUBSTANCE_MISUSE = 1 << 15


class Frailty(IntEnum):
    """Groups of the electronic frailty index (Clegg et al. 2016)."""

    FIT = 0
    MILD = 1
    MODERATE = 2
    SEVERE = 3


class Need(IntEnum):
    """Classes of need that arise (model documentation, need arising)."""

    MINOR = 0
    ACSC = 1  # exacerbation of an ambulatory-care-sensitive condition
    MENTAL_HEALTH = 2  # mental-health crisis
    FRAILTY = 3  # fall or frailty crisis
    SOCIAL = 4  # breakdown of a carer or of social support
    ACUTE = 5  # acute severe illness or injury
    PLANNED = 6  # a condition that asks for review, investigation or elective treatment


class Lever(IntEnum):
    """Multipliers of one person that interventions turn; 1 is untouched. The first seven follow ``Need``."""

    NEED_MINOR = 0
    NEED_ACSC = 1
    NEED_MENTAL_HEALTH = 2
    NEED_FRAILTY = 3
    NEED_SOCIAL = 4
    NEED_ACUTE = 5
    NEED_PLANNED = 6
    ADMISSION = 7  # odds of admission once at A&E
    LENGTH_OF_STAY = 8
    READMISSION = 9
    REFERRAL = 10
    AE_CHOICE = 11  # appeal of A&E against the other choices


USE = ("gp_contacts", "ae_attendances", "emergency_admissions", "bed_days")
"""Columns of the care a person used in this financial year."""
N_NEEDS = len(Need)
MORTALITY = N_NEEDS  # index of the death rate in ``rate``
N_LEVERS = len(Lever)
N_CONDITIONS = len(Condition)
NEVER = 2**31 - 1  # a day that does not come
FRAILTY_CUTS = (0.12, 0.24, 0.36)  # eFI at which mild, moderate and severe begin (Clegg et al. 2016)
AGE_BANDS = ("0-4", "5-14", "15-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75-84", "85+")
AGE_BAND_STARTS = np.array([0, 5, 15, 25, 35, 45, 55, 65, 75, 85])
AGE_BAND_OF_AGE = (np.searchsorted(AGE_BAND_STARTS, np.arange(131), side="right") - 1).astype(np.uint8)

LINE_BYTES = 64  # memory comes to the processor in lines of so many bytes
_PERSON = np.dtype(
    [
        # line 0, the clocks and the need stream: read at every event
        ("key", np.uint64),  # address of the person's luck (icsim.streams)
        ("next_need", np.int32),  # day of the next candidate need; NEVER when none
        ("next_care", np.int32),  # day of the next step of the care episode
        ("next_planned", np.int32),  # day of the next step of planned (outpatient) care
        ("next_life", np.int32),  # day of the next birthday, departure or arrival
        ("need_count", np.uint32),  # candidates drawn so far: the index of the need stream
        ("need_scale", np.float32),  # 1 / log(1 - daily bound): turns a uniform into a gap in days
        ("rate", np.float32, (N_NEEDS + 1,)),  # daily rate by class of need, then of death; exogenous
        # line 1, how the person stands today: read by most events, and by every look at everybody
        ("status", np.uint8),
        ("age", np.uint8),  # whole years
        ("imd_decile", np.uint8),  # 1 most deprived, 10 least, as published
        ("residence", np.uint8),
        ("caseload", np.uint8),  # 0 none, 1 community team, 2 mental health team
        ("package", np.uint8),  # social care received: 0 none, 1 home care, 2 care-home place
        ("mental_health_need", np.uint8),  # 0 none, 1 low-level, 2 moderate, 3 severe
        ("loneliness", np.uint8),  # 0 hardly ever, 1 some of the time, 2 often
        ("neighbourhood", np.uint16),
        ("practice", np.uint16),
        ("trust", np.uint16),  # acute trust used by default
        ("befriended", np.uint8),  # 1 with a place in the voluntary sector
        ("mental_wait", np.uint8),  # months waited for a mental health team, from 1; 0 none, 255 recovered
        ("activation", np.float32),  # Patient Activation Measure, 0-100
        ("deconditioning", np.float32),  # frailty added by time in hospital
        ("unmet_need", np.float32),  # z, as of unmet_day; decays
        ("unmet_day", np.int32),
        ("trust_gp", np.float32),
        ("trust_ae", np.float32),
        ("frailty", np.float32),  # electronic frailty index, 0-1, exogenous course
        ("setting", np.uint8),  # where the care episode stands: icsim.care.services.Setting
        ("need", np.uint8),  # class of need of the episode
        ("step", np.uint8),  # steps taken in the episode: the index of its draws
        ("social_care_need", np.uint8),  # 0 none, 1 some, 2 substantial, 3 critical
        ("episode", np.uint32),  # the candidate that began it
        ("severity", np.float32),  # 0-1
        ("since", np.int32),  # day the present setting was entered
        ("planned", np.uint8),  # where planned care stands: icsim.care.services.Planned
        ("follow_ups", np.uint8),  # outpatient follow-ups still to come
        ("conditions", np.uint16),  # bits of Condition
        # line 2, the levers, what care was used, and where the person lives
        ("lever", np.float32, (N_LEVERS,)),
        ("trust_community", np.float32),
        ("gp_contacts", np.uint16),  # in this financial year, as the next three
        ("ae_attendances", np.uint16),
        ("emergency_admissions", np.uint16),
        ("bed_days", np.uint16),
        ("lsoa", np.uint16),  # row of the place's LSOA table
        ("sex", np.uint8),
        ("support", np.uint8),  # what a delayed discharge waits for
        # line 3, days and stays, and what changes at birthdays; room for more
        ("birth_day", np.int32),  # day of birth, the first day of the run being 0
        ("arrival_day", np.int32),  # first day in the place (0 for everyone present at the start)
        ("departure_day", np.int32),  # day of moving away; NEVER when none
        ("referred", np.int32),  # day the 18-week clock started
        ("admitted", np.int32),  # day of admission of the stay in hand
        ("discharged", np.int32),  # day an inpatient was last discharged; -NEVER when none
        ("stays", np.uint16),  # emergency admissions so far
        ("planned_count", np.uint16),  # planned pathways begun: the index of their draws
        ("susceptibility", np.float32),  # what makes people alike on paper differ; mean 1
        ("authority", np.uint16),
        ("site", np.uint8),  # hospital of the stay
        ("care_plan", np.uint8),
    ],
    align=True,
)


def _in_lines(kind: np.dtype) -> np.dtype:
    """The same record made up to whole cache lines, so that each begins at the start of one."""
    fields: Any = kind.fields
    names = list(fields)
    described: Any = {
        "names": names,
        "formats": [fields[name][0] for name in names],
        "offsets": [fields[name][1] for name in names],
        "itemsize": -(-kind.itemsize // LINE_BYTES) * LINE_BYTES,
    }
    return np.dtype(described, align=True)


PERSON = _in_lines(_PERSON)


def empty_people(n: int) -> np.ndarray:
    """A zeroed structured array of ``n`` people, aligned to cache lines; levers are 1, clocks NEVER."""
    one = np.zeros(1, PERSON)
    one["lever"] = 1.0
    one["susceptibility"] = 1.0
    one["discharged"] = -NEVER
    for clock in ("next_need", "next_care", "next_planned", "next_life", "departure_day"):
        one[clock] = NEVER
    rows = _rows(n)
    rows[:] = one.view(np.uint8)  # a row at a time: memory is walked through once
    return rows.view(PERSON)[:, 0]


def copied(people: np.ndarray) -> np.ndarray:
    """The same people in memory of their own, aligned as by :func:`empty_people`."""
    rows = _rows(len(people))
    rows[:] = people.view(np.uint8).reshape(rows.shape)
    return rows.view(PERSON)[:, 0]


def _rows(n: int) -> np.ndarray:
    """Room for ``n`` people, as bytes, from the start of a cache line."""
    size = PERSON.itemsize
    buffer = np.empty(n * size + LINE_BYTES, dtype=np.uint8)
    offset = -buffer.ctypes.data % LINE_BYTES
    return buffer[offset : offset + n * size].reshape(n, size)


def frailty_group(frailty: np.ndarray) -> np.ndarray:
    """The eFI group (``Frailty``) of each value, shape (n,) uint8."""
    group = np.zeros(np.shape(frailty), np.uint8)
    for cut in np.array(FRAILTY_CUTS):
        group += frailty >= cut
    return group
