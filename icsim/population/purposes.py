"""What each stream of the population is for: numbers for ``icsim.streams`` (1-99; care has 100 and above).

A number once used keeps its meaning: changing one changes everybody's life.
"""

from typing import cast

import numpy as np


def _number(n: int) -> int:
    """A typed number: Numba compiles a function anew for each literal it is called with."""
    return cast(int, np.int64(n))


# kinds of entity
RESIDENT = _number(1)  # (LSOA, age, k): present when the run starts
NEWBORN = _number(2)  # (LSOA, calendar month, k)
MOVER = _number(3)  # (LSOA, calendar year, k): moves in
AREA = _number(4)  # (LSOA)

# of a person; index 0 unless said
KEEP = _number(1)  # in a sample
ORDER = _number(2)  # row among the people present at the start
SEX = _number(3)
BIRTHDAY = _number(4)  # day within the year of age
OLD_AGE = _number(5)  # age of someone counted as 90 and over
FACTOR = _number(6)  # factor shared by conditions and frailty
CONDITION = _number(7)  # index: the condition
ONSET = _number(8)  # index: age; onsets that replace those whom deaths take
FRAILTY = _number(9)
FRAILTY_STEP = _number(10)  # index: age
MENTAL_NEED = _number(11)
SOCIAL_NEED = _number(12)
CARE_HOME = _number(13)
HOME_CARE = _number(14)
ACTIVATION = _number(15)
LONELINESS = _number(16)
SUSCEPTIBILITY = _number(17)
TRUST_GP = _number(18)
PRACTICE = _number(19)
DEPARTURE = _number(20)  # index: calendar year
DEPARTURE_DAY = _number(21)  # index: calendar year
ARRIVAL_AGE = _number(22)
ARRIVAL_DAY = _number(23)
TRUST_AE = _number(24)
TRUST_COMMUNITY = _number(25)

# of an area
BIRTHS = _number(40)  # index: calendar month
ARRIVALS = _number(41)  # index: calendar year
TRAVEL_GP = _number(42)
TRAVEL_AE = _number(43)
