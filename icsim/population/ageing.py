"""A year older: what a birthday changes, in anyone, whatever care they have had.

Every draw is addressed by (person, purpose, age) and none depends on care, so twins grow old alike.
"""

from typing import Any

import numpy as np

from icsim.compiling import compiled, kernel
from icsim.population.columns import N_CONDITIONS, Residence, Sex
from icsim.population.health import N_FACTORS, OLDEST, AgeingTables, mental_need, social_need
from icsim.population.purposes import CONDITION, FACTOR, FRAILTY_STEP, MENTAL_NEED, ONSET, SOCIAL_NEED
from icsim.prefetch import prefetch
from icsim.streams import exp, log, normal, uniform

_WOMAN = int(Sex.FEMALE)
_CARE_HOME = int(Residence.CARE_HOME)


@compiled
def birthday(birth_day: int, age: int) -> int:
    """Day of the birthday at which someone born on ``birth_day`` reaches ``age`` (years of 365.25 days)."""
    return birth_day + age * 1461 // 4


@kernel
def look_at_tables(person: Any, tables: Any) -> None:
    """Start loading the rows of the tables that a person's next birthday reads; changes nothing."""
    sex = 1 if person.sex == _WOMAN else 0
    factor = int(uniform(person.key, FACTOR, 0) * N_FACTORS)
    row = (sex, person.imd_decile - 1, factor)
    prefetch(tables.prevalence, (*row, int(person.age), 0))
    prefetch(tables.prevalence, (*row, min(person.age + 1, OLDEST), 0))
    last = N_CONDITIONS - 1
    prefetch(tables.replaced, (int(person.age), factor, last))


@compiled
def grow_older(person: Any, tables: AgeingTables) -> None:
    """Give a person (one record of ``PERSON``) a birthday, in place.

    Age rises by one (to 110 at most). Conditions begin or, where the prevalence falls with age (asthma,
    depression, substance misuse), end, so that prevalence by age stays as the catalogue has it. Frailty
    moves; mental-health and social-care need change by what these changes bring, on top of what care has made
    of them. ``residence`` and ``package`` are care's own and stay.
    """
    key = person.key
    before = person.age
    age = min(before + 1, OLDEST)
    sex = 1 if person.sex == _WOMAN else 0
    decile = person.imd_decile - 1
    factor = int(uniform(key, FACTOR, 0) * N_FACTORS)
    u_mental = uniform(key, MENTAL_NEED, 0)
    u_social = uniform(key, SOCIAL_NEED, 0)
    held = int(person.conditions)
    mental = mental_need(held, before, u_mental, tables)
    social = social_need(held, before, person.frailty, u_social, tables)

    then = tables.prevalence[sex, decile, factor, before]
    now = tables.prevalence[sex, decile, factor, age]
    remission = tables.remission[before]
    begun, over = 0, 0
    for c in range(N_CONDITIONS):  # no branches: several conditions at a time
        u = uniform(key, CONDITION, c)
        begun |= (u < now[c]) << c
        over |= ((then[c] - (then[c] - now[c]) * remission[c] <= u) & (u < then[c])) << c
    held = (held & ~over) | begun
    u = uniform(key, ONSET, age)
    if u < tables.replaced[before, factor, N_CONDITIONS - 1]:
        c = 0
        while u >= tables.replaced[before, factor, c]:
            c += 1
        held |= 1 << c

    stay = tables.frailty_persistence
    pull = tables.frailty_loading * tables.factor[factor]
    noise = np.sqrt((1 - stay * stay) * (1 - tables.frailty_loading * tables.frailty_loading))
    z = (log(person.frailty) - tables.frailty_median[sex, decile, before]) / tables.frailty_sd
    z = stay * z + (1 - stay) * pull + tables.frailty_drift[before] + noise * normal(key, FRAILTY_STEP, age)
    frailty = exp(tables.frailty_median[sex, decile, age] + tables.frailty_sd * z)

    person.age = age
    person.conditions = held
    person.frailty = min(frailty, tables.frailty_ceiling)
    mental = mental_need(held, age, u_mental, tables) - mental
    person.mental_health_need = min(3, max(0, person.mental_health_need + mental))
    if person.residence != _CARE_HOME:
        social = social_need(held, age, person.frailty, u_social, tables) - social
        person.social_care_need = min(3, max(0, person.social_care_need + social))
